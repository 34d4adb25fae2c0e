/* The suites of this floor, one for each noun.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CONF_SUITES_H
#define TESTS_CONF_SUITES_H

#include "tests/runner.h"

extern const struct suite text_suite;
extern const struct suite json_suite;
extern const struct suite units_suite;
extern const struct suite scanner_suite;
extern const struct suite reader_suite;
extern const struct suite validate_suite;
extern const struct suite validate_tls_suite;
extern const struct suite pattern_suite;
extern const struct suite expansion_suite;
extern const struct suite writer_suite;
extern const struct suite schema_suite;
extern const struct suite document_suite;
extern const struct suite manual_suite;

#endif
