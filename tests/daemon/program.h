/* Programs that a test runs: never for ever, and never longer than the test.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DAEMON_PROGRAM_H
#define TESTS_DAEMON_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

/* How a program is started. */
struct program_order {
    const char *const *arguments; /* the first is the program, looked for in PATH; ends with NULL */
    const char *out;              /* file for standard output */
    const char *err;              /* file for standard error; NULL: the same */
    const char *in;               /* file for standard input; NULL: nothing */
    unsigned descriptors;         /* limit of open files; 0: as it is */
};

/* Starts it; it is killed should the test end before it. -1 when it cannot be. */
pid_t program_start(const struct program_order *order);

/* Waits at most `seconds` for its end. Returns its exit status, 128 and the signal that ended it, or -1 when
 * it still runs. */
int program_wait(pid_t pid, unsigned seconds);

/* Tells it to end, and kills it when it has not within `seconds`. Returns as program_wait. */
int program_stop(pid_t pid, unsigned seconds);

/* Runs one to its end, for at most 30 seconds. Its standard output is in `out` then, its standard error in
 * "err". Returns as program_wait. */
int program_run(const char *const *arguments, const char *out);

/* The whole file as text, freed by the caller; "" when there is none. */
char *program_read(const char *file);

#endif
