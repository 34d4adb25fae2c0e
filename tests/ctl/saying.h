/* Runs splicectl to its end, and what it said.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CTL_SAYING_H
#define TESTS_CTL_SAYING_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct said {
    int code; /* exit status, or 128 and the signal */
    char *out;
    char *err;
};

/* The address of a socket in the test's folder, as splicectl takes it: "admin.sock" is the harness's daemon.
 * Borrowed until the next but three calls. */
const char *saying_at(const char *socket);

/* Runs it with these words, separated by single spaces. It asks the daemon of the harness unless the words
 * begin with -s. Borrowed until the next call; a report of a sanitizer fails the test. */
const struct said *saying(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Asserts the exit status, and that standard output or standard error has the text; says what it was when
 * not. */
bool saying_has(const struct said *said, int code, const char *out, const char *err);

/* Asserts that it ended well and that a row of its output has just these words, however far apart. */
void saying_row(const struct said *said, const char *row);

/* Standard output as JSON, freed by the caller. Asserts. */
cJSON *saying_json(const struct said *said);

/* How many lines standard output has. */
unsigned saying_lines(const struct said *said);

#endif
