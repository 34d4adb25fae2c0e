/* What the server says when it says no (RFC 9457).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_PROBLEM_H
#define ADMIN_CTL_PROBLEM_H

#include "admin/ctl/client.h"

#include <stdio.h>

/* Tells title and detail of an answer that is a problem, a line for each of its errors, and else the status
 * and its reason. */
void problem_tell(const struct answer *answer, FILE *out);

/* The same in one line without the errors, which the caller frees. */
char *problem_sentence(const struct answer *answer);

#endif
