/* The tests of the floor that describes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/conf/suites.h"

#include <stddef.h>

int main(int argc, char **argv)
{
    static const struct suite *const suites[] = {
        &text_suite,         &json_suite,      &units_suite,  &scanner_suite, &reader_suite,
        &validate_suite,     &expansion_suite, &writer_suite, &schema_suite,  &document_suite,
        &validate_tls_suite, &pattern_suite,   &manual_suite, NULL,
    };
    return run_suites(suites, argc, argv);
}
