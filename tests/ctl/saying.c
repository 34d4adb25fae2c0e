/* Runs splicectl to its end, and what it said.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ctl/saying.h"

#include "tests/daemon/program.h"
#include "tests/runner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WORDS = 64
};

const char *saying_at(const char *socket)
{
    static char texts[4][256];
    static unsigned turn;
    char folder[128], *text = texts[turn++ % 4];
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(folder, sizeof folder));
    snprintf(text, sizeof texts[0], "unix:%s/%s", folder, socket);
    return text;
}

static void assert_sane(const char *text)
{
    if (!strstr(text, "Sanitizer") && !strstr(text, "runtime error:"))
        return;
    printf("\n%s\n", text);
    CU_FAIL("a sanitizer reports");
}

const struct said *saying(const char *format, ...)
{
    static struct said said;
    const char *words[WORDS] = {SPLICECTL};
    size_t count = 1;
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    CU_ASSERT_TRUE_FATAL(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    char *rest = text;
    for (char *word; count < WORDS - 1 && (word = strsep(&rest, " "));)
        words[count++] = word;
    setenv("SPLICED_ADMIN", saying_at("admin.sock"), 1);
    free(said.out);
    free(said.err);
    said.code = program_run(words, "said");
    said.out = program_read("said");
    said.err = program_read("err");
    assert_sane(said.err);
    free(text);
    return &said;
}

bool saying_has(const struct said *said, int code, const char *out, const char *err)
{
    bool has = said->code == code && strstr(said->out, out) && strstr(said->err, err);
    if (!has)
        printf("\n    exit status %d instead of %d, or not \"%s\", \"%s\":\n%s\n%s\n", said->code, code, out,
               err, said->out, said->err);
    CU_ASSERT_TRUE(has);
    return has;
}

/* Whether the line, up to its end, is the row but for the number of spaces between. */
static bool is_row(const char *line, const char *row)
{
    for (; *row && *row == *line; row++) {
        line++;
        if (*row == ' ')
            line += strspn(line, " ");
    }
    return *row == '\0' && line[strspn(line, " ")] == '\n';
}

void saying_row(const struct said *said, const char *row)
{
    bool has = false;
    for (const char *line = said->out; line && !has; line = strchr(line, '\n')) {
        line += *line == '\n';
        has = is_row(line, row);
    }
    if (!has || said->code != 0)
        printf("\n    exit status %d, or no row \"%s\":\n%s\n%s\n", said->code, row, said->out, said->err);
    CU_ASSERT_TRUE(has && said->code == 0);
}

cJSON *saying_json(const struct said *said)
{
    cJSON *json = cJSON_Parse(said->out);
    if (!json)
        printf("\n    this is no JSON:\n%s\n%s\n", said->out, said->err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    return json;
}

unsigned saying_lines(const struct said *said)
{
    unsigned lines = 0;
    for (const char *at = said->out; (at = strchr(at, '\n')); at++)
        lines++;
    return lines;
}
