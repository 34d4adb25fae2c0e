/* Asks the admin API: one request, one answer, one connection each, bounded in time and size.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What goes wrong is a sentence for the caller to free, which names the server. An answer of any status is
 * none that goes wrong. */
#ifndef ADMIN_CTL_CLIENT_H
#define ADMIN_CTL_CLIENT_H

#include "admin/ctl/exchange.h"

/* Where the daemon's admin API is found when nobody says otherwise. */
#define CLIENT_SERVER "unix:/run/spliced/admin.sock"

struct client {
    struct conf_address address;
    char *shown;        /* the server as a person writes it */
    char *host;         /* for the Host header */
    char *token;        /* NULL: none */
    int64_t timeout_ms; /* of a whole answer; of a stream, for its head and between two pieces. 0: for ever */
    size_t most;        /* bytes of a body, or of a line of a stream */
};

/* An answer. The body is NUL-terminated and the owner's to free with client_answer_end. */
struct answer {
    struct answer_head head;
    char *body;
    size_t length;
};

/* Takes "unix:/path", "http://host:port" or "host:port". NULL, or a sentence; to be ended in either case. */
char *client_begin(struct client *client, const char *server);

/* Takes an address of the description, which it copies. To be ended. */
void client_begin_at(struct client *client, const struct conf_address *address);

void client_end(struct client *client);

/* Takes the token out of a file (token_read). */
char *client_take_token(struct client *client, const char *path);

/* Asks; host and token of the order are the client's own. *answer is to be ended in either case. */
char *client_ask(struct client *client, struct order order, struct answer *answer);

/* Called for each line, with its end if it has one, as it comes. False: enough, the rest is not wanted. */
typedef bool client_line_function(void *context, const char *line, size_t length);

/* Asks for a stream. An answer of status 300 or above comes whole, in *answer, and takes no lines. *answer is
 * to be ended in either case. */
char *client_stream(struct client *client, struct order order, client_line_function *line, void *context,
                    struct answer *answer);

void client_answer_end(struct answer *answer);

/* Percent-encodes what must not stand as it is in a segment of a path or in a query (RFC 3986, section 2.3).
 * The caller frees. */
char *client_encode(const char *text);

#endif
