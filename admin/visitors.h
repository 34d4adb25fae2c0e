/* Who is at the admin server: a bounded number of places, and how long each may be held.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Every connection that is handed to libmicrohttpd has a place here first. Deadlines are the house's own: a
 * library's timeout restarts with every byte, so that a byte now and then holds a place for ever; and with a
 * timeout of its own libmicrohttpd 0.9.75 polls without waiting for the last second of it. What is overdue is
 * shut down, and the thread that serves it notices.
 *
 * When all places are taken, who has waited longest without asking anything gives way to a newcomer.
 *
 * Any thread may call any function. */
#ifndef ADMIN_VISITORS_H
#define ADMIN_VISITORS_H

#include "proxy/address.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct visitors_limits {
    size_t places;
    size_t streams;     /* of those, at most so many with an answer that takes long */
    uint64_t asking_ms; /* from accept, or the last answer, until the next request's headers are there */
    uint64_t answer_ms; /* from there until the answer is sent, unless it is a stream */
};

enum visitor_state {
    VISITOR_FREE,      /* nobody */
    VISITOR_WAITING,   /* between requests, or a request's headers are on their way */
    VISITOR_ANSWERED,  /* a request is being read and answered */
    VISITOR_STREAMING, /* the answer is one of those that take long */
    VISITOR_LEAVING,   /* shut down; its thread has yet to notice */
};

/* A connection that somebody accepted. */
struct arrival {
    int fd;
    struct address peer;   /* whom to tell as the client */
    bool is_over_loopback; /* TCP to an address of this machine's own loopback */
    void *door;            /* through which it came: handed on with each request */
};

struct visitor {
    struct visitors *visitors;
    enum visitor_state state;
    struct arrival arrival;
    bool is_met;       /* libmicrohttpd has begun to serve it */
    bool has_asked;    /* it has been answered before: what it has is a kept-alive connection */
    bool is_producing; /* its stream is waiting for the house, not for its client */
    bool is_following; /* its stream has no end */
    uint64_t since;    /* when the state began, ms */
    uint64_t handed;   /* bytes of a stream handed over for sending */
    uint64_t taken;    /* what the client had taken of it at the last beat */
    unsigned stuck;    /* beats since it took something */
};

struct visitors {
    pthread_mutex_t mutex;
    struct visitors_limits limits;
    size_t slot_count;
    struct visitor *slots;
};

/* False when memory is out. */
bool visitors_begin(struct visitors *visitors, const struct visitors_limits *limits);

/* Nobody may be left. Accepts one that is all zero. */
void visitors_end(struct visitors *visitors);

/* Finds a place for a connection that arrived. NULL: every place is taken. The descriptor stays the caller's;
 * it must stay open until visitor_leaves. */
struct visitor *visitors_admit(struct visitors *visitors, const struct arrival *arrival, uint64_t now);

/* The visitor who was admitted with that descriptor and is met for the first time; NULL if there is none. */
struct visitor *visitors_meet(struct visitors *visitors, int fd);

/* The connection is about to be closed. Accepts NULL. */
void visitor_leaves(struct visitor *visitor);

/* A request's headers are there; and: its answer is sent. */
void visitor_asks(struct visitor *visitor, uint64_t now);
void visitor_rests(struct visitor *visitor, uint64_t now);

/* Takes one of the places for streams until visitor_rests. */
bool visitor_streams(struct visitor *visitor, uint64_t now);

/* A stream begins or ends to wait for the house; and: it handed over so many bytes. */
void visitor_produces(struct visitor *visitor, bool is_producing, size_t handed);

/* Its stream has no end: its client may pause for longer. */
void visitor_follows(struct visitor *visitor);

/* Whether the client has ended or reset its connection, as far as the kernel knows. */
bool visitor_has_hung_up(const struct visitor *visitor);

/* Once a second: shuts down who is overdue, and streams whose client took nothing for two beats, and a
 * minute's beats where they follow. */
void visitors_beat(struct visitors *visitors, uint64_t now);

/* Shuts down everybody who came through `door`; NULL: everybody. */
void visitors_dismiss(struct visitors *visitors, const void *door);

/* How many follow a stream without end. */
size_t visitors_following(struct visitors *visitors);

/* How many hold a place, and how many still came through `door`, leaving ones included. */
size_t visitors_now(struct visitors *visitors);
size_t visitors_through(struct visitors *visitors, const void *door);

#endif
