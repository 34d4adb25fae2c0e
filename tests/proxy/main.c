/* The tests of the floor that listens, dials and splices.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/suites.h"

#include <stddef.h>

int main(int argc, char **argv)
{
    /* One a line, so that a new suite is one line more. */
    /* clang-format off */
    static const struct suite *const suites[] = {
        &access_suite,
        &address_suite,
        &reason_suite,
        &kernel_suite,
        &ktls_suite,
        &log_suite,
        &log_writer_suite,
        &lookup_suite,
        &lookup_time_suite,
        &tls_suite,
        &tls_handshake_suite,
        &tls_sessions_suite,
        &census_suite,
        &tls_abuse_suite,
        &tls_bio_suite,
        &tls_calls_suite,
        &timer_suite,
        &loop_suite,
        &mailbox_suite,
        &slots_suite,
        &silence_suite,
        &pace_suite,
        &tap_suite,
        &slowness_suite,
        &sketch_suite,
        &pressure_suite,
        &roster_suite,
        &buffer_suite,
        &pipe_suite,
        &flow_suite,
        &flow_schedules_suite,
        &connection_suite,
        &deadline_suite,
        &listening_suite,
        &upstream_suite,
        &flow_sockets_suite,
        &hello_suite,
        &routes_suite,
        &splice_route_suite,
        &splice_suite,
        &splice_ends_suite,
        &splice_times_suite,
        &dialer_suite,
        &spares_suite,
        &gate_suite,
        &calls_suite,
        &walk_suite,
        &event_suite,
        &failures_suite,
        &notice_suite,
        &splice_tell_suite,
        NULL,
    };
    /* clang-format on */
    return run_suites(suites, argc, argv);
}
