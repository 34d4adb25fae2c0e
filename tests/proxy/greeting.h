/* Writes ClientHellos by hand, good and bad ones, in records of any size.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PROXY_GREETING_H
#define TESTS_PROXY_GREETING_H

#include <stddef.h>

enum {
    GREETING_MOST = 2 * 64 * 1024
};

/* What a hello is to say. All zero: no extensions at all, in one record. */
struct greeting_plan {
    const char *server_name; /* NULL: none */
    const char *second_name; /* a second extension of the kind, behind the first */
    const char *const *alpn; /* ends with NULL; NULL: none */
    size_t padding;          /* bytes of an extension that says nothing (RFC 7685) in front of the others */
    size_t record;           /* bytes of the message in each record; 0: as many as may be */
    const char *more;        /* bytes behind it, as they are */
    int is_short;            /* bytes by which the extensions are said to be longer than they are */
};

struct greeting {
    unsigned char bytes[GREETING_MOST];
    size_t length;
};

/* Writes it. Asserts that it fits. */
void greeting_write(struct greeting *greeting, const struct greeting_plan *plan);

#endif
