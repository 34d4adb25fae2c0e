/* Runs the tests of the floor admin/.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/runner.h"

extern const struct suite target_suite;
extern const struct suite heap_suite;
extern const struct suite report_suite;
extern const struct suite report_house_suite;
extern const struct suite process_suite;
extern const struct suite rates_suite;
extern const struct suite exposition_suite;
extern const struct suite filter_suite;
extern const struct suite query_suite;
extern const struct suite access_suite;
extern const struct suite tokens_suite;
extern const struct suite routes_suite;
extern const struct suite body_suite;
extern const struct suite listener_orders_suite;
extern const struct suite splice_orders_suite;
extern const struct suite events_suite;
extern const struct suite followers_suite;
extern const struct suite listing_suite;
extern const struct suite house_suite;
extern const struct suite metrics_suite;
extern const struct suite visitors_suite;
extern const struct suite doors_suite;
extern const struct suite server_suite;
extern const struct suite share_suite;
extern const struct suite examination_suite;
extern const struct suite strange_suite;
extern const struct suite crowd_suite;
extern const struct suite demo_suite;

int main(int argc, char **argv)
{
    /* One a line, so that a new suite is one line more. */
    /* clang-format off */
    static const struct suite *const suites[] = {
        &target_suite,
        &heap_suite,
        &report_suite,
        &report_house_suite,
        &process_suite,
        &rates_suite,
        &exposition_suite,
        &filter_suite,
        &query_suite,
        &access_suite,
        &tokens_suite,
        &routes_suite,
        &body_suite,
        &listener_orders_suite,
        &splice_orders_suite,
        &listing_suite,
        &house_suite,
        &events_suite,
        &followers_suite,
        &metrics_suite,
        &visitors_suite,
        &doors_suite,
        &server_suite,
        &strange_suite,
        &crowd_suite,
        &demo_suite,
        &share_suite,
        &examination_suite,
        NULL,
    };
    /* clang-format on */
    return run_suites(suites, argc, argv);
}
