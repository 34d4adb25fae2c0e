/* A yard where workers are turned by hand: real sockets on both sides of real splices, and no thread.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PROXY_YARD_H
#define TESTS_PROXY_YARD_H

#include "proxy/gate.h"
#include "proxy/splice.h"
#include "tests/proxy/sockets.h"

enum {
    YARD_WORKERS = 2,
    YARD_SERVERS = 3,
    YARD_FILL = 8,
    YARD_EVENTS = 1024,      /* that are kept */
    YARD_PATIENCE_MS = 5000, /* for what has to happen */
};

/* How one server of the upstream behaves. */
enum yard_server {
    YARD_NONE,
    YARD_TCP,     /* listens, see yard_accept */
    YARD_UNIX,    /* listens at a file */
    YARD_NAMED,   /* listens, and is described as "localhost" */
    YARD_REFUSES, /* a port where nobody listens */
    YARD_SILENT,  /* TCP: its queue is full, so that nothing answers */
    YARD_FULL,    /* unix: its queue is full, see yard_make_room */
    YARD_UNKNOWN, /* a name that nobody has */
};

struct yard_plan {
    enum yard_server servers[YARD_SERVERS]; /* YARD_NONE ends them; none at all: one YARD_TCP */
    enum pair_kind arrives_by;              /* the kind of their client's sockets */
    struct conf_listener_timeouts timeouts; /* 0: none */
    int64_t connect_timeout;                /* 0: none */
    int64_t retries;
    int64_t max_connections; /* 0: no limit */
    unsigned workers;        /* 0: one */
    unsigned max_pipes;
    struct conf_upstream_tls *tls;   /* the upstream's */
    struct certs *certs;             /* of the listener; taken over */
    const struct conf_route *routes; /* all to the one upstream */
    size_t route_count;
    bool requires_name;
};

/* A yard. Its insides are yard.c's, but for the workers and what splices and gates are begun with. */
struct yard {
    struct commons commons;
    struct worker *worker; /* the first */
    struct worker *workers[YARD_WORKERS];
    struct entrance *entrance;
    struct service *service;
    struct loop control;
    struct mailbox mailbox;
    enum pair_kind arrives_by;
    enum yard_server servers[YARD_SERVERS];
    int listening[YARD_SERVERS];
    uint16_t ports[YARD_SERVERS];
    int filling[YARD_SERVERS][YARD_FILL];
    char folder[32];
    char *log; /* what was logged, once the yard is closed */
    int log_ends[2];
    unsigned descriptors;
};

/* Both peers of one splice. `up` is written by their client and read by their service, `down` the other way.
 */
struct yard_pair {
    int client;
    int service;
    struct stream up;
    struct stream down;
};

/* Opens it. Asserts. */
void yard_open(struct yard *yard, const struct yard_plan *plan);

/* Ends what still lives and closes it; asserts that every splice is freed, every place and server given back,
 * and every descriptor closed. The peers' sockets must be closed before. yard_told may be asked afterwards,
 * and its events (yard->commons.events) read; yard_forget ends. */
void yard_close(struct yard *yard);
bool yard_told(const struct yard *yard, const char *pattern); /* an extended regular expression in the log */
void yard_forget(struct yard *yard);

/* One turn of each worker, and of control, none of which waits longer than a few milliseconds. */
void yard_turn(struct yard *yard);

/* Their client arrives: begins a splice on the first worker, like a gate does, and returns the client's
 * socket. -1 when there is no place. */
int yard_arrive(struct yard *yard);

/* Turns until a connection comes in at that server; -1: none did. */
int yard_accept(struct yard *yard, unsigned server);

/* Accepts those who fill up a YARD_FULL server, and hangs up on them. */
void yard_make_room(struct yard *yard, unsigned server);

/* Both: a splice between two peers, through server 0. Asserts. */
void yard_meet(struct yard *yard, struct yard_pair *pair);

/* Closes what is open of it, in order, and asserts that nothing was garbled. */
void yard_part(struct yard_pair *pair);

/* Moves so many bytes each way at the same time, reading as they come. Asserts that all arrive. */
void yard_pass(struct yard *yard, struct yard_pair *pair, uint64_t up, uint64_t down);

/* Turns and reads both ways until both streams have ended or failed, or patience has. */
void yard_read_ends(struct yard *yard, struct yard_pair *pair);

/* Turns until no splice is left. False: some still were after so many ms. */
bool yard_wait_empty(struct yard *yard, unsigned most_ms);

/* Turns for so long. */
void yard_linger(struct yard *yard, unsigned ms);

/* The first worker's first splice; NULL: none. */
struct splice *yard_splice(const struct yard *yard);

/* Tells about it. False: there is none. */
bool yard_report(const struct yard *yard, struct report_splice *report);

/* How many splices have ended for this reason, on any worker. */
uint64_t yard_ended(const struct yard *yard, enum reason reason);

unsigned yard_count(const struct yard *yard); /* of splices, on any worker */

#endif
