/* What the kernel's settings say that matters to a listener: read from /proc/sys when somebody asks.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/signs.h"

#include <inttypes.h>
#include <stdio.h>

/* The number in column `column` (from 0) of a file of one line. */
static int64_t number_in(const char *path, unsigned column)
{
    int64_t number = -1;
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    for (unsigned i = 0; i <= column; i++) {
        if (fscanf(file, "%" SCNd64, &number) != 1)
            number = -1;
    }
    fclose(file);
    return number;
}

void signs_read(struct signs *signs)
{
    *signs = (struct signs){
        .somaxconn = number_in("/proc/sys/net/core/somaxconn", 0),
        .syncookies = number_in("/proc/sys/net/ipv4/tcp_syncookies", 0),
        .migrate_requests = number_in("/proc/sys/net/ipv4/tcp_migrate_req", 0),
        .abort_on_overflow = number_in("/proc/sys/net/ipv4/tcp_abort_on_overflow", 0),
        .files_open = number_in("/proc/sys/fs/file-nr", 0),
        .files_most = number_in("/proc/sys/fs/file-nr", 2),
    };
}
