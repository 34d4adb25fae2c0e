/* Ties a server connection to a client connection, hears the events of both, and ends them together.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 *         their client                    our process                           their service
 *              |        +------------------------------------------------+           |
 *              +=======>| server connection  --- flow up  --->  client   |==========>|
 *              |<=======|                    <-- flow down ---  connection|<==========|
 *                       +--------------------- one splice ---------------+
 *
 * The words, which are the only names used in code, JSON, logs and documents:
 *
 * - listener: a passive half connection: one address, one queue of client requests kept by the kernel.
 * - server connection: the connection that a listener forms when it accepts a request: the end towards their
 *   client.
 * - client connection: the connection that we initiate: it describes a server, looks it up, requests, and is
 *   complete when accepted: the end towards their service.
 * - complete: usable, after the TLS handshake where there is one; from here on both kinds are the same type
 *   with the same abilities.
 * - splice: one server connection, one client connection, two flows.
 * - flow: one direction: `up` from the server connection to the client connection, `down` back.
 * - upstream: a named set of servers, one of which a client connection is made to.
 *
 * They are the reverse of what many proxies say: "client" is the end that *we* open.
 *
 * A splice is one piece of memory of its worker. What happens next is derived from the state of its two
 * connections after every event. Bytes begin to flow when both are complete, not before. It is over when both
 * flows are; a failed end is passed on to the other as a reset once nothing is queued there any more. Nobody
 * frees a splice inside an event: it is condemned, and reaped at the end of the turn. */
#ifndef PROXY_SPLICE_H
#define PROXY_SPLICE_H

#include "proxy/connection.h"
#include "proxy/dialer.h"
#include "proxy/entrance.h"
#include "proxy/flow.h"
#include "proxy/permit.h"
#include "proxy/service.h"
#include "proxy/slowness.h"
#include "proxy/tap.h"
#include "proxy/worker.h"

/* A client request as it was accepted. */
struct arrival {
    int fd;
    struct address peer;
    int64_t waited_ms; /* in the kernel's queue */
    bool has_spoken;   /* bytes of its client are there */
    struct permit permit;
};

/* What each message needs stands in front. */
struct splice {
    struct worker *worker;
    struct service *service; /* a reference */
    struct tap *tap;         /* NULL: nobody has laid a hand on it */
    uint64_t opened;         /* ms of the loop */
    uint64_t server_moved;
    uint64_t client_moved;
    struct silence silence;
    int32_t first_byte_down_ms; /* -1: not reached, as in the other phases */
    uint8_t told[2];            /* what events have told of each end, see splice_tell.c */
    uint8_t reason;             /* enum reason: of the first failure, else of the first end */
    uint8_t by;                 /* enum by */
    bool may_secure : 1;        /* it is its turn for a part of a handshake */
    bool is_ending : 1;
    bool is_abortive : 1; /* the ends that are well get a reset, not an orderly end */
    bool is_cut : 1;      /* by an order: nothing is waited for any more */
    bool has_spliced : 1; /* splice(2) was used */
    struct flow up;
    struct flow down;
    struct connection server;
    struct connection client;
    struct dialer dialer;
    struct timer timer;
    struct again again; /* for a turn; once it is condemned and wants none any more, its place among those */
    uint64_t id;
    struct permit permit;
    int64_t opened_at; /* ms since the epoch */
    uint64_t ending_since;
    struct slowness_past *slowness; /* NULL: nobody has asked yet */
    char *detail; /* what is known of a failure beyond its reason, in words; NULL: nothing */
    int32_t queue_ms;
    int32_t secure_server_ms;
};

/* What its connections have moved so far. */
struct splice_counts {
    uint64_t server_received;
    uint64_t server_sent;
    uint64_t client_received;
    uint64_t client_sent;
};

/* [worker] Begins a splice with a fresh server connection that came in at the entrance of `service`, where a
 * place is used for it: from now on, whatever happens, the splice's to release. Adds a reference to
 * `service`.
 */
void splice_begin(struct worker *worker, struct service *service, const struct arrival *arrival);

/* [worker] Ends it: both ends in order, or by a reset where bytes for that end would be withheld. One that is
 * ending already ends at once. */
void splice_end(struct splice *splice, enum reason reason, enum by by);

/* [worker] Cuts it at once, whatever is under way. In order: both ends get close_notify and FIN, though bytes
 * that they would not take are withheld. Or both are reset, and what the kernel still holds for them is lost.
 */
void splice_cut(struct splice *splice, bool with_reset, enum reason reason, enum by by);

/* [worker] Changes what an operator may change while it lives. False: memory is out. */
bool splice_change(struct splice *splice, const struct tap_change *change);

/* [worker] Ends every splice of the worker, with REASON_DRAINED. */
void splice_end_all(struct worker *worker);

/* [worker] Frees what was condemned. At the end of a turn. */
void splice_reap(struct worker *worker);

/* What the state of its two connections says. Half closed: one direction has ended, or will have when it is
 * read. */
bool splice_is_complete(const struct splice *splice); /* both are */
bool splice_is_half_closed(const struct splice *splice);
uint64_t splice_last_moved(const struct splice *splice); /* when a byte last moved, in ms of the loop */

/* [worker] Tells about it. `with_kernel`: the kernel's figures of both ends as well, and why it is slow,
 * which is counted from the last such asking. */
void splice_report(struct splice *splice, bool with_kernel, struct report_splice *report);

#endif
