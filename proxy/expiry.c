/* When a certificate expires that a listener or an upstream depends on, told for reports.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/expiry.h"

#include <stdio.h>

void expiry_report(const struct certs_description *described, struct report_expiry *report)
{
    *report = (struct report_expiry){.not_before_at = -1, .not_after_at = -1};
    if (!described)
        return;
    report->is_present = true;
    report->not_before_at = described->not_before_ms;
    report->not_after_at = described->not_after_ms;
    snprintf(report->file, sizeof report->file, "%s", described->file);
    snprintf(report->subject, sizeof report->subject, "%s", described->subject);
    snprintf(report->fingerprint, sizeof report->fingerprint, "%s", described->fingerprint);
}
