/* What all commands of one call of splicectl share: whom to ask, how to show it, and how to end.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_SESSION_H
#define ADMIN_CTL_SESSION_H

#include "admin/ctl/client.h"
#include "admin/ctl/style.h"

#include <cjson/cJSON.h>

/* Exit statuses. */
enum ctl_exit {
    CTL_WELL = 0,
    CTL_FAILED = 1, /* the server said no, or cannot be reached, or a condition did not come true */
    CTL_USAGE = 2,
};

struct session {
    struct client client;
    bool is_json;       /* the server's JSON is printed unchanged */
    bool is_following;  /* what happens is shown as it happens */
    bool is_dry_run;    /* what would be closed is counted only */
    const char *rate;   /* how many are closed a second; NULL: none was given */
    int64_t timeout_ms; /* 0: none was given */
    struct style style;
};

struct view;

/* A command: `words` are its arguments, as many as its row in the table allows, and end with NULL. Returns an
 * exit status; whatever went wrong has been told. */
typedef enum ctl_exit command_function(struct session *session, const struct view *view, char *const *words);

/* Asks with GET. CTL_WELL: *answer is of a status below 300. Else what went wrong has been told. *answer is
 * to be ended in either case. */
enum ctl_exit session_get(struct session *session, const char *target, struct answer *answer);

/* The same, and parses the answer: *json is the caller's (cJSON_Delete). */
enum ctl_exit session_get_json(struct session *session, const char *target, cJSON **json);

/* The same with any method; `body` is JSON, or NULL. */
enum ctl_exit session_order(struct session *session, const char *method, const char *target, const char *body,
                            struct answer *answer);

/* Asks with GET and prints the answer as it came. */
enum ctl_exit session_print(struct session *session, const char *target);

/* The answer's JSON, freed by the caller with cJSON_Delete; NULL: it is none, which has been told. */
cJSON *session_parse(const struct session *session, const struct answer *answer);

/* Writes a body as it came, with an end of line where it has none. */
void session_write(const char *body, size_t length);

/* Tells on standard error what went wrong and frees the sentence. */
enum ctl_exit session_fail(char *wrong);

#endif
