/* Tells one state of the files that TLS is made of from any other, without reading them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certs.h"

#include <sys/stat.h>

/* Of no file at all: where FNV-1a begins. */
static const uint64_t no_files = UINT64_C(0xcbf29ce484222325);

/* Mixes what stat(2) says, which changes whenever a file is written, or another one comes to its path. */
static void add_file(void *context, const char *path)
{
    uint64_t *stamp = context;
    struct stat status = {0};
    stat(path, &status);
    const uint64_t facts[] = {(uint64_t)status.st_dev,          (uint64_t)status.st_ino,
                              (uint64_t)status.st_size,         (uint64_t)status.st_mtim.tv_sec,
                              (uint64_t)status.st_mtim.tv_nsec, (uint64_t)status.st_ctim.tv_sec,
                              (uint64_t)status.st_ctim.tv_nsec};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        *stamp = (*stamp ^ facts[i]) * UINT64_C(0x100000001b3);
}

uint64_t certs_stamp_files(const struct conf_listener_tls *tls)
{
    uint64_t stamp = no_files;
    certs_tell_files(tls, add_file, &stamp);
    return stamp;
}

uint64_t certs_stamp_upstream_files(const struct conf_upstream_tls *tls)
{
    uint64_t stamp = no_files;
    certs_tell_upstream_files(tls, add_file, &stamp);
    return stamp;
}
