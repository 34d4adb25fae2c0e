/* When a certificate expires that a listener or an upstream depends on, told for reports.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_EXPIRY_H
#define PROXY_EXPIRY_H

#include "certs/certs.h"
#include "proxy/report.h"

/* `described` may be NULL: there is none. */
void expiry_report(const struct certs_description *described, struct report_expiry *report);

#endif
