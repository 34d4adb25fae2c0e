/* Runs CUnit suites that are written as tables, and tells by its exit status whether all of them held.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A test's name is a sentence. A noun has one file of tests and one `struct suite`, listed in its floor's
 * main. */
#ifndef TESTS_RUNNER_H
#define TESTS_RUNNER_H

#include <CUnit/CUnit.h>

struct test {
    const char *sentence;
    void (*run)(void);
};

struct suite {
    const char *noun;
    const struct test *tests; /* ends with { 0 } */
    int (*begin)(void);       /* may be NULL; 0 when well */
    int (*end)(void);         /* may be NULL */
};

/* Makes a row of a table out of a function: TEST(a_full_vessel_stops_reading). */
#define TEST(function)                                                                                       \
    {                                                                                                        \
#function, function                                                                                  \
    }

/* Runs all suites (the array ends with NULL), or only those whose noun is among the arguments.
 * Returns the process's exit status: 0 only when at least one test ran and no assertion failed. */
int run_suites(const struct suite *const *suites, int argc, char **argv);

#endif
