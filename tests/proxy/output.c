/* What the log puts out, caught for a test.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/output.h"

#include "proxy/log.h"
#include "tests/runner.h"

#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct conf_log output_json = {.level = CONF_LOG_INFO, .format = CONF_LOG_JSON, .access = true};
const struct conf_log output_text = {.level = CONF_LOG_INFO, .format = CONF_LOG_TEXT, .access = true};

void output_read(int fd, char *text)
{
    size_t length = 0;
    ssize_t got;
    while (length < OUTPUT_MOST - 1 && (got = read(fd, text + length, OUTPUT_MOST - 1 - length)) > 0)
        length += (size_t)got;
    text[length] = '\0';
}

char *output_hear(const struct conf_log *conf, void (*say)(void))
{
    char *text = malloc(OUTPUT_MOST);
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    log_begin(ends[1], conf, "here");
    say();
    log_end();
    close(ends[1]);
    output_read(ends[0], text);
    close(ends[0]);
    return text;
}

size_t output_lines(const char *text)
{
    size_t count = 0;
    for (; (text = strchr(text, '\n')); text++)
        count++;
    return count;
}

bool output_matches(const char *text, const char *pattern)
{
    regex_t regex;
    CU_ASSERT_EQUAL_FATAL(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool does_match = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    if (!does_match)
        printf("\n    \"%.300s\" does not match \"%s\"", text, pattern);
    return does_match;
}

static int stderr_before, stderr_ends[2];

void output_stderr_begin(void)
{
    stderr_before = dup(STDERR_FILENO);
    CU_ASSERT_EQUAL_FATAL(pipe2(stderr_ends, O_CLOEXEC), 0);
    dup2(stderr_ends[1], STDERR_FILENO);
    close(stderr_ends[1]);
}

char *output_stderr_end(void)
{
    char *text = malloc(OUTPUT_MOST);
    dup2(stderr_before, STDERR_FILENO);
    close(stderr_before);
    output_read(stderr_ends[0], text);
    close(stderr_ends[0]);
    return text;
}
