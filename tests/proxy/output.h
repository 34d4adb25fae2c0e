/* What the log puts out, caught for a test.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PROXY_OUTPUT_H
#define TESTS_PROXY_OUTPUT_H

#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    OUTPUT_MOST = 8 * 1024 * 1024, /* bytes of all that a test may put out */
};

extern const struct conf_log output_json;
extern const struct conf_log output_text;

/* Reads `fd` to its end into `text`, which has room for OUTPUT_MOST bytes and is then NUL-terminated. */
void output_read(int fd, char *text);

/* Has `say` log through a pipe, as the instance "here", and returns all that came out: the caller frees it.
 */
char *output_hear(const struct conf_log *conf, void (*say)(void));

/* Catches standard error until output_stderr_end, which returns what was caught: the caller frees it. */
void output_stderr_begin(void);
char *output_stderr_end(void);

size_t output_lines(const char *text);

/* Whether the text matches the extended regular expression; when not, both are printed. */
bool output_matches(const char *text, const char *pattern);

#endif
