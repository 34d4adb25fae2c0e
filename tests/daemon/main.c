/* The tests of the daemon, with real peers over loopback.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/suites.h"

#include <stddef.h>

int main(int argc, char **argv)
{
    /* One a line, so that a new suite is one line more. */
    /* clang-format off */
    static const struct suite *const suites[] = {
        &plain_suite,
        &terminate_suite,
        &choice_suite,
        &flood_suite,
        &storm_suite,
        &real_suite,
        &routes_suite,
        &halfclose_suite,
        &reset_suite,
        &bulk_suite,
        &queue_suite,
        &doctor_suite,
        &hold_suite,
        &ktls_suite,
        &limits_suite,
        &upstreams_suite,
        &timeouts_suite,
        &drain_suite,
        &endings_suite,
        &followers_suite,
        &slow_suite,
        &tap_suite,
        &churn_suite,
        &review_suite,
        &reload_suite,
        &counters_suite,
        &bad_input_suite,
        &demo_suite,
        &client_certificate_suite,
        &upstream_tls_suite,
        &far_suite,
        &full_suite,
        &exhaustion_suite,
        &renewal_suite,
        &credentials_suite,
        &resumption_suite,
        &ocsp_suite,
        &asked_suite,
        &crowded_suite,
        NULL,
    };
    /* clang-format on */
    return run_suites(suites, argc, argv);
}
