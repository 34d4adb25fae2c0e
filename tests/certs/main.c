/* The tests of the floor that proves identity.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/suites.h"

#include <stddef.h>

int main(int argc, char **argv)
{
    static const struct suite *const suites[] = {
        &names_suite,        &pieces_suite,     &certificate_suite,
        &context_suite,      &choice_suite,     &authorities_suite,
        &certs_suite,        &throwaway_suite,  &admission_suite,
        &verification_suite, &renewal_suite,    &ocsp_suite,
        &tickets_suite,      &sessions_suite,   &lookout_suite,
        &stamp_suite,        &derivation_suite, NULL,
    };
    return run_suites(suites, argc, argv);
}
