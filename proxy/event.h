/* What happened, in order: one bounded ring of events for the whole process.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Telling costs one atomic addition, which numbers the event, and the writing of one slot: of its two cache
 * lines mostly the first alone. No lock, no allocation, no system call. A slot says which event it holds and
 * is published by a release store of that; a reader checks it before and after copying, so it never sees half
 * an event. Who does not keep up has lost the numbers that were overwritten, and is told how many. Readers
 * come and look: nobody who tells knows of them.
 *
 * A ring of 65536 events takes 9 MiB of address space, and of memory as much as it has been filled. */
#ifndef PROXY_EVENT_H
#define PROXY_EVENT_H

#include "proxy/address.h"
#include "proxy/reason.h"
#include "proxy/report.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EVENT_TEXTS = 3, /* texts of one event at most */
    EVENT_TEXT = 512 /* bytes of all of them, each with its NUL; more is cut off */
};

/* EVENT(WHAT, word, number, texts): the keys of its number and of its texts, "" when it has none. In the
 * order of a life, which is the same for both kinds of connection. */
#define EVENT_TABLE(EVENT)                                                                                   \
    EVENT(LISTENER_OPEN, "listener.open", "", "address")                                                     \
    EVENT(LISTENER_HOLD, "listener.hold", "for_ms", "")                                                      \
    EVENT(LISTENER_RESUME, "listener.resume", "", "")                                                        \
    EVENT(LISTENER_DRAIN, "listener.drain", "", "")                                                          \
    EVENT(LISTENER_CLOSE, "listener.close", "", "")                                                          \
    EVENT(LISTENER_OVERFLOW, "listener.overflow", "drops", "")                                               \
    EVENT(LISTENER_FAILED, "listener.failed", "", "detail")                                                  \
    EVENT(CONNECTION_ACCEPT, "connection.accept", "waited_ms", "")                                           \
    EVENT(CONNECTION_LOOKUP, "connection.lookup", "", "")                                                    \
    EVENT(CONNECTION_REQUEST, "connection.request", "", "")                                                  \
    EVENT(CONNECTION_SECURE, "connection.secure", "", "")                                                    \
    EVENT(CONNECTION_COMPLETE, "connection.complete", "", "server_name certificate fingerprint")             \
    EVENT(CONNECTION_FIRST_READ, "connection.first_read", "", "")                                            \
    EVENT(CONNECTION_FIRST_WRITE, "connection.first_write", "", "")                                          \
    EVENT(CONNECTION_HALF_CLOSE, "connection.half_close", "", "")                                            \
    EVENT(CONNECTION_ERROR, "connection.error", "", "server_name detail certificate")                        \
    EVENT(CONNECTION_CLOSE, "connection.close", "", "")                                                      \
    EVENT(SPLICE_OPEN, "splice.open", "", "")                                                                \
    EVENT(SPLICE_CLOSE, "splice.close", "", "server_name detail label")                                      \
    EVENT(SERVER_ADDED, "server.added", "", "")                                                              \
    EVENT(SERVER_REMOVED, "server.removed", "", "")                                                          \
    EVENT(SERVER_UP, "server.up", "", "detail")                                                              \
    EVENT(SERVER_DOWN, "server.down", "", "detail")                                                          \
    EVENT(SERVER_DRAIN, "server.drain", "", "")                                                              \
    EVENT(CERTIFICATE_LOADED, "certificate.loaded", "", "file subject")                                      \
    EVENT(CERTIFICATE_FAILED, "certificate.failed", "", "file detail")                                       \
    EVENT(CERTIFICATE_EXPIRING, "certificate.expiring", "days", "file subject")                              \
    EVENT(CONFIG_APPLIED, "config.applied", "", "detail")                                                    \
    EVENT(CONFIG_REJECTED, "config.rejected", "", "detail")                                                  \
    EVENT(PROCESS_READY, "process.ready", "", "detail")                                                      \
    EVENT(PROCESS_DRAINING, "process.draining", "", "detail")                                                \
    EVENT(PROCESS_STOPPING, "process.stopping", "", "detail")                                                \
    EVENT(ADMIN_REQUEST, "admin.request", "status", "method path who")

enum event_what {
#define EVENT_ENUM(what, word, number, texts) EVENT_##what,
    EVENT_TABLE(EVENT_ENUM)
#undef EVENT_ENUM
    EVENT_COUNT
};

/* Which end of its splice a connection is: the letter of its id, as in "4711c". */
enum event_end {
    EVENT_NO_END = 0,
    EVENT_SERVER_END = 's',
    EVENT_CLIENT_END = 'c',
};

/* One event as it is told. What is zero is left out. */
struct event {
    enum event_what what;
    enum event_end end;
    int64_t at;         /* ms since the epoch; 0: now */
    uint64_t splice;    /* its id */
    uint16_t listener;  /* names, see event_name_hold */
    uint16_t upstream;  /* likewise */
    uint16_t server;    /* likewise: as described, "app:8080" */
    bool has_counts;    /* the three below are told, zero or not */
    uint64_t received;  /* payload bytes */
    uint64_t sent;      /* likewise */
    int64_t age_ms;     /* of the connection or splice */
    int64_t number;     /* what the table says; told where the table has a key for it */
    enum reason reason; /* REASON_NONE: it is no end */
    enum by by;
    const struct address *peer;         /* NULL: unknown; a path is not kept */
    const struct report_phases *phases; /* NULL: none */
    const char *texts[EVENT_TEXTS];     /* in the table's order; NULL: none */
};

/* The same as it is read: values only. */
struct event_report {
    uint64_t id; /* the number of the event, from 1 */
    enum event_what what;
    enum event_end end;
    int64_t at;
    uint64_t splice;
    char listener[ADDRESS_TEXT]; /* "" when there is none */
    char upstream[ADDRESS_TEXT];
    char server[ADDRESS_TEXT];
    bool has_counts;
    bool has_phases;
    uint64_t received;
    uint64_t sent;
    int64_t age_ms;
    int64_t number;
    enum reason reason;
    enum by by;
    struct address peer; /* AF_UNSPEC when there is none; a unix one has no path */
    struct report_phases phases;
    const char *texts[EVENT_TEXTS]; /* into .text; NULL when there is none, or it was overwritten */
    char text[EVENT_TEXT];
};

struct event_ring;

/* Makes a ring for at least so many events, rounded up to a power of two. NULL when memory is out, or when
 * `size` is 0: no events. Every function below accepts that NULL. */
struct event_ring *event_ring_create(uint64_t size);

/* Nobody may tell or read any more. */
void event_ring_destroy(struct event_ring *ring);

/* [any] Tells. */
void event_tell(struct event_ring *ring, const struct event *event);

/* [any, not on the path of a connection: it locks] The short form of a name for events; 0 when there is no
 * ring, or when more than 65535 names are told of. Each hold is given back by one drop. */
uint16_t event_name_hold(struct event_ring *ring, const char *name);
void event_name_drop(struct event_ring *ring, uint16_t name);

/* [any] The number given last, 0 before the first; and that of the oldest event still held. */
uint64_t event_last(struct event_ring *ring);
uint64_t event_oldest(struct event_ring *ring);

/* Somebody who reads the events one after the other. */
struct event_reader {
    uint64_t next;    /* the number it reads next; its owner sets it at first */
    uint64_t resumed; /* where it went on after its last loss */
};

enum event_reading {
    EVENT_READ,
    EVENT_NOT_YET, /* nothing of that number has been told so far */
    EVENT_LOST,    /* it was overwritten */
};

/* [any] Reads the next event into *report and moves on. EVENT_LOST: it moves behind the numbers that are
 * gone, and *lost is how many they are; when it is overtaken again and again, it leaves out a few that could
 * still be read, so as to lose many at once and then none for a while. EVENT_NOT_YET: it stays. */
enum event_reading event_read(struct event_ring *ring, struct event_reader *reader,
                              struct event_report *report, uint64_t *lost);

/* [any] How many events all readers together have lost. */
uint64_t event_lost_total(struct event_ring *ring);

/* The table's columns; the texts' keys are separated by spaces. */
const char *event_word(enum event_what what);
const char *event_number_key(enum event_what what);
const char *event_text_keys(enum event_what what);

/* "server", "client"; NULL for EVENT_NO_END. */
const char *event_end_word(enum event_end end);

#endif
