/* The suites of this floor, one for each noun.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CERTS_SUITES_H
#define TESTS_CERTS_SUITES_H

#include "tests/runner.h"

extern const struct suite names_suite;
extern const struct suite pieces_suite;
extern const struct suite certificate_suite;
extern const struct suite context_suite;
extern const struct suite choice_suite;
extern const struct suite authorities_suite;
extern const struct suite certs_suite;
extern const struct suite throwaway_suite;
extern const struct suite admission_suite;
extern const struct suite verification_suite;
extern const struct suite renewal_suite;
extern const struct suite ocsp_suite;
extern const struct suite tickets_suite;
extern const struct suite sessions_suite;
extern const struct suite lookout_suite;
extern const struct suite stamp_suite;
extern const struct suite derivation_suite;

#endif
