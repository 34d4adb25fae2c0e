/* A file that the configuration names, read whole into memory that is wiped afterwards.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_SOURCE_H
#define CERTS_SOURCE_H

#include <openssl/bio.h>
#include <stddef.h>

enum {
    SOURCE_MOST = 8 * 1024 * 1024 /* bytes; the bundle of a whole operating system has a quarter of a MiB */
};

struct source {
    const char *path; /* borrowed from the configuration */
    char *place;      /* of the key that names it: `listeners "web": tls.certificates[0].chain` */
    unsigned char *bytes;
    size_t length;
};

/* Reads the file `path`, which the member `key` of `place` names (`key` may be NULL: `place` is the key
 * itself). NULL when well, else a sentence that the caller frees: missing, unreadable, empty, too big. Either
 * way the caller ends it. */
char *source_begin(struct source *source, const char *path, const char *place, const char *key);

/* A BIO that reads what is in memory (BIO_s_mem(3)), freed by the caller with BIO_free before source_end. */
BIO *source_open(const struct source *source);

/* Wipes and frees. Accepts the half-made. */
void source_end(struct source *source);

#endif
