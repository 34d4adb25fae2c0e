/* The tests of the command-line client: its parts, against a scripted server, and against a real daemon.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ctl/suites.h"

#include <locale.h>
#include <stddef.h>

int main(int argc, char **argv)
{
    /* One a line, so that a new suite is one line more. */
    /* clang-format off */
    static const struct suite *const suites[] = {
        &human_suite,
        &table_suite,
        &client_suite,
        &answers_suite,
        &token_suite,
        &usage_suite,
        &pages_suite,
        &commands_suite,
        &wait_suite,
        &health_suite,
        &close_suite,
        &top_suite,
        NULL,
    };
    /* clang-format on */
    setlocale(LC_CTYPE, "C.UTF-8");
    return run_suites(suites, argc, argv);
}
