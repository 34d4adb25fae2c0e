/* Who may ask: the level of an address, tokens, and what browsers must not be tricked into.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_ACCESS_H
#define ADMIN_ACCESS_H

#include "admin/request.h"
#include "admin/tokens.h"
#include "conf/conf.h"

enum {
    ACCESS_NONE = -1 /* below every enum conf_access: a token is asked for and none was shown */
};

/* How an address is guarded. */
struct gate {
    enum conf_access level; /* nobody who comes through may do more */
    struct tokens *tokens;  /* NULL: no token is asked for */
};

struct verdict {
    unsigned status;       /* 0: it may go on; else the status of the refusal */
    const char *detail;    /* why, a constant sentence */
    int level;             /* when it may go on: what it may do, or ACCESS_NONE */
    char who[TOKENS_NAME]; /* the name of its token, "" without one */
};

/* Judges a request: 400 for headers that say two things, 421 for a Host on loopback that is not loopback's
 * (a name that was pointed here to get past the same-origin policy), 403 for one that a foreign page made
 * (Origin, Sec-Fetch-Site), 401 for a token that is not known. */
struct verdict access_judge(const struct gate *gate, const struct request *request);

#endif
