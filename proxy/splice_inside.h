/* The inside of a splice, shared by the few rooms that make it up: what happens next (splice.c), where it
 * leads (splice_route.c), when things have to happen (splice_time.c), what an operator has set (splice_tap.c)
 * and how it ends (splice_end.c).
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * All of it runs on the splice's worker. */
#ifndef PROXY_SPLICE_INSIDE_H
#define PROXY_SPLICE_INSIDE_H

#include "proxy/splice.h"

/* The time of its loop, in ms. */
static inline uint64_t splice_now(const struct splice *splice)
{
    return splice->worker->loop.now;
}

/* Where it came in. */
static inline struct entrance *splice_entrance(const struct splice *splice)
{
    return splice->service->entrance;
}

/* Its worker's counters there. */
static inline struct entrance_counters *splice_counters(const struct splice *splice)
{
    return entrance_counters(splice_entrance(splice), splice->worker);
}

static inline struct splice_counts splice_counts(const struct splice *splice)
{
    return (struct splice_counts){
        .server_received = splice->server.received,
        .server_sent = splice->server.sent,
        .client_received = splice->client.received,
        .client_sent = splice->client.sent,
    };
}

/* How long its phases took. */
struct report_phases splice_phases(const struct splice *splice);

/* Whether its client is still about to say who it is, or is shaking hands. */
static inline bool splice_is_securing(const struct splice *splice)
{
    return splice->server.state == CONNECTION_PREFACE || splice->server.state == CONNECTION_SECURING;
}

/* Listens to the preface of the server connection, and chooses upstream and transport by it. IO_MOVED: the
 * server connection is SECURING, or COMPLETE where it is passed on. Else as preface_read. */
enum io splice_route(struct splice *splice);

/* Goes as far as it goes. After every event of either connection; harmless when nothing has happened, and
 * once it is condemned. */
void splice_turn(struct splice *splice);

/* Sets the timer to the next deadline. After every turn. */
void splice_arm(struct splice *splice);

/* The timer's function. */
void splice_time_is_up(struct timer *timer);

/* Notes why one of its connections ended, if it did: the first end counts, unless a failure follows it. */
void splice_note_reason(struct splice *splice, const struct connection *connection);

/* Why a connection that has failed did. */
static inline enum reason splice_failure(const struct connection *connection)
{
    return connection->failure ? connection->failure : REASON_IO_ERROR;
}

/* Who ends a connection for that reason. */
enum by splice_by_whom(const struct connection *connection, enum reason reason);

/* Keeps what is known of a failure beyond its reason, in words; NULL or "": nothing. */
void splice_note_detail(struct splice *splice, const char *detail);

/* Begins to end it because one of its connections failed before both were complete. */
void splice_fail(struct splice *splice, const struct connection *connection);

/* Begins to end it since both flows are over, for the reason noted. */
void splice_conclude(struct splice *splice);

/* Sets both connections' rates as the tap has them. Once both are complete. */
void splice_open_tap(struct splice *splice);

/* The pace of what is written towards that side, see proxy/tap.h; NULL: there is none. */
struct pace *splice_pace(const struct splice *splice, unsigned side);

/* Fills the paces of both flows up to now; when one of them is worth another turn, 0: none. */
void splice_fill_paces(struct splice *splice);
uint64_t splice_pace_due(const struct splice *splice);

/* Goes on with ending: closes what can be closed; condemned once both are. */
void splice_settle(struct splice *splice);

#endif
