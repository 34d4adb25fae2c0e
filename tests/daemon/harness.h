/* The daemon in a folder of its own, started, asked and stopped by a test.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * One daemon lives at a time. A test begins with harness_begin and ends with harness_end; what a failed test
 * has left behind is cleaned up by the next beginning. All but harness_is_long belongs to the main thread and
 * asserts. */
#ifndef TESTS_DAEMON_HARNESS_H
#define TESTS_DAEMON_HARNESS_H

#include "tests/daemon/asking.h"
#include "tests/runner.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The member of every configuration by which a test asks the daemon. */
#define HARNESS_ADMIN "'admin':{'listen':[{'address':'unix:@/admin.sock','access':'write'}]}"

/* Makes a folder, goes into it, and sets the clock: a test that takes longer ends the whole program. */
void harness_begin(unsigned seconds);

/* Stops the daemon if it runs, which must go well, and removes the folder. */
void harness_end(void);

/* Writes the file "spliced.json". In the text ' stands for ", and @/ for the folder. */
void harness_configure(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Starts the daemon with that file and waits until it is ready. `descriptors`: its limit of open files, 0 for
 * as it is. */
void harness_start(void);
void harness_start_limited(unsigned descriptors);

/* Sends a signal; waits for the daemon's end, at most so long: its exit status, -1 when it still runs. Once
 * it has ended, whatever a sanitizer had to say fails the test. */
void harness_signal(int signal);
int harness_wait(unsigned seconds);

/* Tells the daemon to end and asserts that it does so within some seconds, with exit status 0. */
void harness_stop(void);

/* The daemon's process id. */
pid_t harness_pid(void);

/* Runs the program itself with these arguments (the last is NULL) to its end; its output is in "out", its
 * errors in "err". Returns the exit status. */
int harness_run(const char *argument, ...) __attribute__((sentinel));

/* The address of the admin API, for peers that ask in threads of their own. */
const char *harness_admin(void);

/* Where a listener is: the host given, with the listener's real port. Borrowed until the next but three
 * calls. */
const char *harness_at(const char *host, const char *listener);

/* GET of the admin API: the answer of status 200 as JSON, freed by the caller. */
cJSON *harness_get(const char *path);

/* The status of a GET alone, 0 when there is no answer. */
int harness_status(const char *path);

/* Sends "PATCH /v1/x" with a body of JSON, in which ' stands for "; returns the status. *answer, when asked
 * for, is the answer's JSON, freed by the caller. */
int harness_order(const char *line, const char *body, cJSON **answer);

/* What comes back for exactly these bytes, freed by the caller: for questions that no client would ask. It
 * gives up when nothing comes for so long. */
char *harness_ask_raw(const char *bytes, size_t length, unsigned patience_s);

/* One number out of an answer, e.g. ("/v1/listeners/web", "queue.depth"). */
int64_t harness_number(const char *path, const char *member);

/* Waits until that number is `wanted`, some seconds at most, and asserts that it is. */
void harness_await(const char *path, const char *member, int64_t wanted);

/* Waits until the log has the text, behind what `harness_await_log` found before; asserts that it comes. */
void harness_await_log(const char *text);

/* Whether the log has the text anywhere. */
bool harness_log_has(const char *text);

/* Whether the log has a line with all these texts, of which the last is NULL. */
bool harness_log_has_line(const char *const *texts);

/* What the daemon takes: open descriptors (but the pipes, which it keeps for the next), resident memory, CPU
 * time. */
unsigned harness_descriptors(void);
long harness_resident_kb(void);
long harness_cpu_ms(void);

/* Waits until the daemon has no more descriptors open than that, and asserts it. Fewer is no leak: `wanted`
 * may have counted a question that was still being closed. */
void harness_await_descriptors(unsigned wanted);

/* Whether the long form is asked for (SPLICED_LONG). */
bool harness_is_long(void);

/* A seed that is printed, or the one of the environment's SPLICED_SEED. */
uint64_t harness_seed(void);

/* The clock in ms. */
uint64_t harness_now_ms(void);

#endif
