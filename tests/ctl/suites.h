/* The suites of the command-line client, one for each noun or theme.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CTL_SUITES_H
#define TESTS_CTL_SUITES_H

#include "tests/runner.h"

extern const struct suite human_suite;
extern const struct suite table_suite;
extern const struct suite client_suite;
extern const struct suite answers_suite;
extern const struct suite token_suite;
extern const struct suite usage_suite;
extern const struct suite pages_suite;
extern const struct suite commands_suite;
extern const struct suite wait_suite;
extern const struct suite health_suite;
extern const struct suite close_suite;
extern const struct suite top_suite;

#endif
