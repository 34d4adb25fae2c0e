/* The suites of the link.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_LINK_SUITES_H
#define TESTS_LINK_SUITES_H

#include "tests/runner.h"

extern const struct suite lane_suite;
extern const struct suite link_suite;

#endif
