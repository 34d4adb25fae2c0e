/* The suites of this floor, one for each noun.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PROXY_SUITES_H
#define TESTS_PROXY_SUITES_H

#include "tests/runner.h"

extern const struct suite calls_suite;
extern const struct suite access_suite;
extern const struct suite address_suite;
extern const struct suite reason_suite;
extern const struct suite kernel_suite;
extern const struct suite ktls_suite;
extern const struct suite log_suite;
extern const struct suite log_writer_suite;
extern const struct suite lookup_suite;
extern const struct suite lookup_time_suite;
extern const struct suite tls_suite;
extern const struct suite tls_handshake_suite;
extern const struct suite tls_sessions_suite;
extern const struct suite census_suite;
extern const struct suite tls_abuse_suite;
extern const struct suite tls_bio_suite;
extern const struct suite tls_calls_suite;
extern const struct suite timer_suite;
extern const struct suite loop_suite;
extern const struct suite mailbox_suite;
extern const struct suite slots_suite;
extern const struct suite silence_suite;
extern const struct suite pace_suite;
extern const struct suite tap_suite;
extern const struct suite slowness_suite;
extern const struct suite sketch_suite;
extern const struct suite pressure_suite;
extern const struct suite roster_suite;
extern const struct suite buffer_suite;
extern const struct suite pipe_suite;
extern const struct suite flow_suite;
extern const struct suite flow_schedules_suite;
extern const struct suite connection_suite;
extern const struct suite deadline_suite;
extern const struct suite listening_suite;
extern const struct suite upstream_suite;
extern const struct suite flow_sockets_suite;
extern const struct suite hello_suite;
extern const struct suite routes_suite;
extern const struct suite splice_route_suite;
extern const struct suite splice_suite;
extern const struct suite splice_ends_suite;
extern const struct suite splice_times_suite;
extern const struct suite dialer_suite;
extern const struct suite spares_suite;
extern const struct suite gate_suite;
extern const struct suite walk_suite;
extern const struct suite event_suite;
extern const struct suite failures_suite;
extern const struct suite notice_suite;
extern const struct suite splice_tell_suite;

#endif
