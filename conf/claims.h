/* What may stand only once in a description, and who claims it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_CLAIMS_H
#define CONF_CLAIMS_H

#include "conf/validation.h"

struct claim {
    char *text;
    const void *member;
    uint32_t place;
};

struct claims {
    struct claim *items;
    size_t count;
};

/* Room for so many claims. */
void claims_begin(struct claims *claims, size_t room);

/* Claims `text` for the member that holds it. Takes ownership of `text`; NULL, and a value that is wrong or
 * missing, claim nothing. */
void claims_add(struct claims *claims, const struct validation *validation, char *text, const void *member);

/* Blames each claim that somebody earlier in the text has made, and frees the claims. `what` is claimed:
 * "listener name". */
void claims_settle(struct claims *claims, struct validation *validation, const char *what);

#endif
