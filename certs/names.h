/* Which certificate answers to which server name: exact, else a wildcard one label deep, else none.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Names are compared without regard to case, and a final dot counts for nothing (RFC 4343; RFC 6125, section
 * 6.4). A wildcard is "*" as the whole leftmost label and stands for exactly one label (RFC 6125, section
 * 6.4.3). Where two certificates bear one name, the one that was added first answers. */
#ifndef CERTS_NAMES_H
#define CERTS_NAMES_H

#include <stddef.h>

enum {
    NAMES_LONGEST = 255 /* bytes of a DNS name (RFC 1035, section 2.3.4) */
};

struct names;

/* An empty set, owned by the caller. */
struct names *names_create(void);

/* Accepts NULL. */
void names_destroy(struct names *names);

/* Says that `which` answers to `name`, which may be a wildcard. Names longer than DNS allows are left out. */
void names_add(struct names *names, const char *name, size_t which);

/* Puts the names in order: nothing is added afterwards, and any number of threads may look. */
void names_seal(struct names *names);

/* The one that answers to `name`, or -1. To be called after names_seal. */
long names_find(const struct names *names, const char *name);

/* Writes `name` in the form in which names are compared. Returns its length, or 0 when it is empty or too
 * long. */
size_t names_normalise(const char *name, char normal[NAMES_LONGEST + 1]);

#endif
