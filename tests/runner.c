/* Runs CUnit suites that are written as tables, and tells by its exit status whether all of them held.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/runner.h"

#include <CUnit/Basic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_asked_for(const char *noun, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], noun) == 0)
            return true;
    }
    return argc <= 1;
}

static void add_suite(const struct suite *suite)
{
    CU_pSuite added = CU_add_suite(suite->noun, suite->begin, suite->end);
    for (const struct test *test = suite->tests; added && test->sentence; test++) {
        if (!CU_add_test(added, test->sentence, test->run))
            added = NULL;
    }
    if (!added) {
        fprintf(stderr, "cannot register suite %s: %s\n", suite->noun, CU_get_error_msg());
        exit(1);
    }
}

int run_suites(const struct suite *const *suites, int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    for (; *suites; suites++) {
        if (is_asked_for((*suites)->noun, argc, argv))
            add_suite(*suites);
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    bool held = CU_get_number_of_tests_run() > 0 && CU_get_number_of_failures() == 0 &&
                CU_get_number_of_suites_failed() == 0 && CU_get_number_of_failure_records() == 0;
    CU_cleanup_registry();
    return held ? 0 : 1;
}
