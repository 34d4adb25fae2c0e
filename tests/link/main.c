/* The tests of the link that other tests are made over.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/link/suites.h"

#include <stddef.h>

int main(int argc, char **argv)
{
    static const struct suite *const suites[] = {&lane_suite, &link_suite, NULL};
    return run_suites(suites, argc, argv);
}
