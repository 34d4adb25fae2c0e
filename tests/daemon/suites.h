/* The suites of the daemon, one for each theme.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DAEMON_SUITES_H
#define TESTS_DAEMON_SUITES_H

#include "tests/runner.h"

extern const struct suite plain_suite;
extern const struct suite terminate_suite;
extern const struct suite choice_suite;
extern const struct suite real_suite;
extern const struct suite routes_suite;
extern const struct suite renewal_suite;
extern const struct suite credentials_suite;
extern const struct suite resumption_suite;
extern const struct suite ocsp_suite;
extern const struct suite halfclose_suite;
extern const struct suite reset_suite;
extern const struct suite bulk_suite;
extern const struct suite queue_suite;
extern const struct suite far_suite;
extern const struct suite full_suite;
extern const struct suite exhaustion_suite;
extern const struct suite doctor_suite;
extern const struct suite hold_suite;
extern const struct suite ktls_suite;
extern const struct suite limits_suite;
extern const struct suite upstreams_suite;
extern const struct suite timeouts_suite;
extern const struct suite drain_suite;
extern const struct suite endings_suite;
extern const struct suite followers_suite;
extern const struct suite slow_suite;
extern const struct suite tap_suite;
extern const struct suite churn_suite;
extern const struct suite review_suite;
extern const struct suite reload_suite;
extern const struct suite counters_suite;
extern const struct suite bad_input_suite;
extern const struct suite demo_suite;
extern const struct suite client_certificate_suite;
extern const struct suite upstream_tls_suite;
extern const struct suite flood_suite;
extern const struct suite storm_suite;
extern const struct suite asked_suite;
extern const struct suite crowded_suite;

#endif
