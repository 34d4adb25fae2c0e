/* The access log: one line per splice, when it ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_ACCESS_H
#define PROXY_ACCESS_H

#include "proxy/reason.h"
#include "proxy/report.h"

/* Logs the end of a splice out of its last report. `detail` is what else is known of a failure, "" when
 * nothing. */
void access_log(const struct report_splice *report, enum reason reason, enum by by, const char *detail);

#endif
