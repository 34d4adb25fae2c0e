/* Waits for descriptors and clocks and calls back. One loop belongs to one thread.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The only room that knows epoll(7). A turn: wait, call every watch that has an event, call every timer that
 * is due, call whoever asked for another go with loop_again, then some of those who asked with loop_later,
 * then the end-of-turn function. Nobody is freed
 * inside a turn but in the end-of-turn function, so a pointer that the kernel handed out stays good for the
 * whole turn. */
#ifndef PROXY_LOOP_H
#define PROXY_LOOP_H

#include "proxy/list.h"
#include "proxy/timer.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LOOP_READABLE = 1,
    LOOP_WRITABLE = 2,
    LOOP_HANGUP = 4, /* the peer ended or reset; read on until the read says so */
    LOOP_URGENT = 8, /* a mark of urgent data is ahead, at which reads stop short (tcp(7)) */
    LOOP_GONE = 16,  /* both directions are over: the peer reset it, or ended it after we did */
};

struct epoll_event;
struct watch;
typedef void watch_function(struct watch *watch, unsigned events);

struct watch {
    watch_function *ready;
    int fd;
};

/* Someone who has more to do than one turn's budget allowed. */
struct again {
    struct list_node node; /* unlinked when not waiting */
    void (*go)(struct again *again);
};

struct loop {
    int epoll;
    bool is_stopping;
    uint64_t now;       /* CLOCK_MONOTONIC in ms, taken once a turn */
    int64_t wall;       /* the wall clock when it was asked for last, see loop_wall_now */
    uint64_t walled_at; /* loop->now at that moment */
    struct timers timers;
    struct list agains;
    struct list laters;
    struct epoll_event *announced; /* what the kernel told in this turn and nobody has heard yet */
    struct epoll_event *announced_end;
    void (*turn_end)(struct loop *loop); /* may be NULL */
    void *owner;
};

/* Opens a loop. NULL when well, else a sentence (freed by the caller). */
char *loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* Runs turns until loop_stop, which is called from inside one. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* One turn that waits at most `most_ms` (-1: as long as it takes). For loop_run and tests. */
void loop_turn(struct loop *loop, int most_ms);

/* Registers watch->fd for reading and writing, edge-triggered, once and for all. 0 or errno. */
int loop_add(struct loop *loop, struct watch *watch);

/* Registers watch->fd for reading, level-triggered: mailboxes, signals. 0 or errno. */
int loop_add_level(struct loop *loop, struct watch *watch);

/* Registers a listening socket that other loops share: level-triggered, EPOLLEXCLUSIVE, so that a request
 * wakes few. It cannot be changed afterwards: a pause is loop_remove, and resuming is adding it again. 0 or
 * errno. */
int loop_add_shared(struct loop *loop, struct watch *watch);

/* Takes the descriptor out. To be called before it is closed. What this turn has yet to announce of it is
 * never heard, so that the watch may go on at once with another one. */
void loop_remove(struct loop *loop, struct watch *watch);

/* The same, and closes the descriptor, which alone takes it out where nobody else has the same socket open
 * (epoll(7)): no duplicate, no other process. */
void loop_remove_and_close(struct loop *loop, struct watch *watch);

/* Calls again->go in the next turn, which then does not wait. Asking twice is asking once. */
void loop_again(struct loop *loop, struct again *again);
void loop_again_cancel(struct again *again);

/* Calls again->go behind everything else of this turn or a later one: of all who asked for that, two in each
 * turn, in their order. For what takes as long as a handshake, so that however many begin at once, others
 * wait for two of them at most. Asking for both is asking for the first; the same function cancels. */
void loop_later(struct loop *loop, struct again *again);

/* The wall clock in ms since the epoch; and: the same at loop->now, asked for at most once a millisecond. */
int64_t loop_wall_ms(void);
int64_t loop_wall_now(struct loop *loop);

/* The monotonic clock in ms, as loop->now. */
uint64_t loop_clock_ms(void);
uint64_t loop_clock_us(void); /* the same in µs */

#endif
