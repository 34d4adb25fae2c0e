/* What a splice tells of itself while it lives: events of its two connections in the order of their lives,
 * and its own.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What is told follows from the state of the connections: entering a state, the first byte, the first
 * direction that ended, the failure. All of it runs on the splice's worker, and costs a comparison while no
 * events are kept. */
#ifndef PROXY_SPLICE_TELL_H
#define PROXY_SPLICE_TELL_H

#include "proxy/splice.h"

/* Of the splice itself: EVENT_SPLICE_OPEN, EVENT_SPLICE_CLOSE. */
void splice_tell(struct splice *splice, enum event_what what);

/* The server connection was accepted. */
void splice_tell_accept(struct splice *splice);

/* The connection has entered the state that it is in; of some there is nothing to tell. */
void splice_tell_state(struct splice *splice, const struct connection *connection);

/* The connection, or an attempt at it, has failed; `detail` in words, NULL or "": nothing more is known. Of
 * one attempt the first failure is told. */
void splice_tell_failure(struct splice *splice, const struct connection *connection, enum reason reason,
                         const char *detail);

/* A turn has moved bytes or met ends: tells what is new since then. */
void splice_tell_moved(struct splice *splice, const struct splice_counts *before);

/* Tells of the connections that are closed by now, and that anything was told of before. */
void splice_tell_closed(struct splice *splice);

#endif
