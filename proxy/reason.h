/* Why connections end: one table of word, side, layer and sentence.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The enum, the words of JSON and logs, and later counters and metrics all come from the rows below. */
#ifndef PROXY_REASON_H
#define PROXY_REASON_H

#include <stdbool.h>

/* REASON(NAME, word, side, layer, sentence); the side is who ends a connection for that reason: its PEER, or
 * the PROXY. */
#define REASON_TABLE(REASON)                                                                                 \
    REASON(NONE, "none", NOBODY, "none", "it has not ended")                                                 \
    REASON(PEER_ENDED, "peer_ended", PEER, "transport", "the peer ended its direction in order")             \
    REASON(PEER_TRUNCATED, "peer_truncated", PEER, "tls", "the peer ended without close_notify")             \
    REASON(PEER_RESET, "peer_reset", PEER, "transport", "the peer reset the connection")                     \
    REASON(PEER_TIMED_OUT, "peer_timed_out", PEER, "transport", "the peer's kernel stopped answering")       \
    REASON(QUEUE_DEADLINE, "queue_deadline", PROXY, "proxy",                                                 \
           "it had waited in the queue longer than queue_deadline")                                          \
    REASON(LEFT_BEFORE_ACCEPT, "left_before_accept", PEER, "transport",                                      \
           "the client left the queue before it was accepted, without a byte")                               \
    REASON(REFUSED, "refused", PEER, "transport", "the server refused the request")                          \
    REASON(UNREACHABLE, "unreachable", PEER, "transport", "the server cannot be reached")                    \
    REASON(CONNECT_TIMEOUT, "connect_timeout", PROXY, "transport",                                           \
           "the server did not answer the request in time")                                                  \
    REASON(LOOKUP_FAILED, "lookup_failed", PROXY, "name", "the server's name could not be looked up")        \
    REASON(NO_SERVER, "no_server", PROXY, "proxy", "the upstream has no server to ask")                      \
    REASON(HANDSHAKE_FAILED, "handshake_failed", PEER, "tls", "the TLS handshake failed")                    \
    REASON(VERIFY_FAILED, "verify_failed", PROXY, "tls", "the peer's certificate was not believed")          \
    REASON(CERTIFICATE_REQUIRED, "certificate_required", PROXY, "tls", "the peer showed no certificate")     \
    REASON(CERTIFICATE_EXPIRED, "certificate_expired", PROXY, "tls", "the peer's certificate has expired")   \
    REASON(CERTIFICATE_REVOKED, "certificate_revoked", PROXY, "tls", "the peer's certificate was revoked")   \
    REASON(NOT_ALLOWED, "not_allowed", PROXY, "tls", "the peer's certificate is not among those let in")     \
    REASON(NOT_TLS, "not_tls", PEER, "tls", "the peer does not speak TLS")                                   \
    REASON(NO_ROUTE, "no_route", PROXY, "tls", "no server of the name that was asked for is known here")     \
    REASON(HANDSHAKE_TIMEOUT, "handshake_timeout", PROXY, "tls", "the TLS handshake took too long")          \
    REASON(TLS_ERROR, "tls_error", PEER, "tls", "the peer broke the TLS protocol or sent an alert")          \
    REASON(IDLE_TIMEOUT, "idle_timeout", PROXY, "proxy", "no byte moved for too long")                       \
    REASON(HALF_CLOSE_TIMEOUT, "half_close_timeout", PROXY, "proxy",                                         \
           "one direction had ended and no byte moved in the other")                                         \
    REASON(LIFETIME, "lifetime", PROXY, "proxy", "it had lived as long as it may")                           \
    REASON(SOURCE_LIMIT, "source_limit", PROXY, "proxy", "its source had as many connections as it may")     \
    REASON(SECURING_LIMIT, "securing_limit", PROXY, "proxy", "too many were in the TLS handshake already")   \
    REASON(OUT_OF_RESOURCES, "out_of_resources", PROXY, "proxy", "descriptors or memory ran out")            \
    REASON(DRAINED, "drained", PROXY, "proxy", "the process is closing")                                     \
    REASON(ADDRESS_DENIED, "address_denied", PROXY, "proxy", "its address is denied, or not allowed")        \
    REASON(ADMIN_CLOSED, "admin_closed", PROXY, "proxy", "an operator closed it")                            \
    REASON(IO_ERROR, "io_error", PEER, "transport", "the kernel reported an error")

enum reason {
#define REASON_ENUM(name, word, side, layer, sentence) REASON_##name,
    REASON_TABLE(REASON_ENUM)
#undef REASON_ENUM
    REASON_COUNT
};

/* Who ended it: `by` in JSON and logs. */
enum by {
    BY_NOBODY,
    BY_THEIR_CLIENT,
    BY_THEIR_SERVICE,
    BY_PROXY,
    BY_ADMIN,
    BY_COUNT
};

/* Whether it is us who end a connection for that reason, not its peer. */
bool reason_is_ours(enum reason reason);

/* Whether it is one of those who end connections for that reason, as a rule. */
bool reason_is_usual(enum reason reason, enum by by);

const char *reason_word(enum reason reason);
const char *reason_layer(enum reason reason);
const char *reason_sentence(enum reason reason);
const char *by_word(enum by by);

#endif
