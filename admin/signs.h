/* What the kernel's settings say that matters to a listener: read from /proc/sys when somebody asks.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_SIGNS_H
#define ADMIN_SIGNS_H

#include <stdint.h>

/* -1: it cannot be read. See ip-sysctl.rst of the kernel's documentation, and proc(5). */
struct signs {
    int64_t somaxconn;
    int64_t syncookies;
    int64_t migrate_requests;  /* tcp_migrate_req */
    int64_t abort_on_overflow; /* tcp_abort_on_overflow */
    int64_t files_open;        /* in the whole system: fs.file-nr */
    int64_t files_most;
};

/* Those of this network namespace. */
void signs_read(struct signs *signs);

#endif
