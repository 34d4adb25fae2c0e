/* The access log: one line per splice, when it ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_ACCESS_H
#define PROXY_ACCESS_H

#include "proxy/reason.h"
#include "proxy/report.h"

/* Lines a second about splices that failed before they were complete, for each reason. */
enum {
    ACCESS_FAILURES = 20
};

/* Logs the end of a splice out of its last report. `detail` is what else is known of a failure, "" when
 * nothing. Of splices that were never complete, which anybody can make by the thousand, no more are told than
 * ACCESS_FAILURES; the next line for that reason has how many were left out ("left_out"). */
void access_log(const struct report_splice *report, bool was_complete, enum reason reason, enum by by,
                const char *detail);

/* How a client's address stands in a line: whole, or its network where that is asked for. Returns `text`. */
const char *access_peer(const struct address *peer, char text[ADDRESS_TEXT]);

#endif
