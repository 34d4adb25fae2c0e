/* Waits for descriptors and clocks and calls back. One loop belongs to one thread.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/loop.h"

#include "conf/text.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS_A_TURN = 128,
    LATERS_A_TURN = 2,
};

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t loop_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t loop_wall_now(struct loop *loop)
{
    if (loop->walled_at != loop->now) {
        loop->wall = loop_wall_ms();
        loop->walled_at = loop->now;
    }
    return loop->wall;
}

uint64_t loop_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t loop_clock_ms(void)
{
    return (uint64_t)clock_ms(CLOCK_MONOTONIC);
}

char *loop_open(struct loop *loop)
{
    *loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC), .now = loop_clock_ms()};
    timers_begin(&loop->timers, loop->now);
    list_begin(&loop->agains);
    list_begin(&loop->laters);
    if (loop->epoll < 0)
        return text_format("cannot open an event loop: %s", strerror(errno));
    return NULL;
}

void loop_close(struct loop *loop)
{
    if (loop->epoll >= 0)
        close(loop->epoll);
    loop->epoll = -1;
}

static int add(struct loop *loop, struct watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->fd, &event) == 0 ? 0 : errno;
}

int loop_add(struct loop *loop, struct watch *watch)
{
    return add(loop, watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET);
}

int loop_add_level(struct loop *loop, struct watch *watch)
{
    return add(loop, watch, EPOLLIN);
}

int loop_add_shared(struct loop *loop, struct watch *watch)
{
    return add(loop, watch, EPOLLIN | EPOLLEXCLUSIVE);
}

/* What is still to be announced to the watch is not. */
static void silence(struct loop *loop, const struct watch *watch)
{
    for (struct epoll_event *event = loop->announced; event < loop->announced_end; event++) {
        if (event->data.ptr == watch)
            event->data.ptr = NULL;
    }
}

void loop_remove(struct loop *loop, struct watch *watch)
{
    struct epoll_event ignored = {0};
    if (watch->fd >= 0)
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, &ignored);
    silence(loop, watch);
}

void loop_remove_and_close(struct loop *loop, struct watch *watch)
{
    close(watch->fd);
    watch->fd = -1;
    silence(loop, watch);
}

void loop_again(struct loop *loop, struct again *again)
{
    if (!list_is_linked(&again->node))
        list_append(&loop->agains, &again->node);
}

void loop_again_cancel(struct again *again)
{
    list_remove(&again->node);
}

void loop_later(struct loop *loop, struct again *again)
{
    if (!list_is_linked(&again->node))
        list_append(&loop->laters, &again->node);
}

/* An error or a hang-up ends every wait: only trying tells what it means. */
static unsigned announced(uint32_t events)
{
    unsigned result = 0;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        result |= LOOP_READABLE;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        result |= LOOP_WRITABLE;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        result |= LOOP_HANGUP;
    if (events & (EPOLLHUP | EPOLLERR))
        result |= LOOP_GONE;
    if (events & EPOLLPRI)
        result |= LOOP_READABLE | LOOP_URGENT;
    return result;
}

static int time_to_wait(struct loop *loop, int most_ms)
{
    if (!list_is_empty(&loop->agains) || !list_is_empty(&loop->laters))
        return 0;
    /* The turn before may have taken its time: loop->now is of its beginning. */
    int wait = timers_wait(&loop->timers, loop_clock_ms());
    return wait < 0 || (most_ms >= 0 && most_ms < wait) ? most_ms : wait;
}

static void run_agains(struct loop *loop)
{
    struct list asked;
    list_move(&loop->agains, &asked);
    for (struct list_node *node; (node = list_first(&asked));) {
        struct again *again = list_owner(node, struct again, node);
        list_remove(node);
        again->go(again);
    }
}

static void run_laters(struct loop *loop)
{
    struct list_node *node;
    for (unsigned count = 0; count < LATERS_A_TURN && (node = list_first(&loop->laters)); count++) {
        struct again *again = list_owner(node, struct again, node);
        list_remove(node);
        again->go(again);
    }
}

void loop_turn(struct loop *loop, int most_ms)
{
    struct epoll_event events[EVENTS_A_TURN];
    int count = epoll_wait(loop->epoll, events, EVENTS_A_TURN, time_to_wait(loop, most_ms));
    loop->now = loop_clock_ms();
    loop->announced = events;
    loop->announced_end = events + (count > 0 ? count : 0);
    while (loop->announced < loop->announced_end) {
        const struct epoll_event *event = loop->announced++;
        struct watch *watch = event->data.ptr;
        if (watch)
            watch->ready(watch, announced(event->events));
    }
    timers_run(&loop->timers, loop->now);
    run_agains(loop);
    run_laters(loop);
    if (loop->turn_end)
        loop->turn_end(loop);
}

void loop_run(struct loop *loop)
{
    loop->is_stopping = false;
    while (!loop->is_stopping)
        loop_turn(loop, -1);
}

void loop_stop(struct loop *loop)
{
    loop->is_stopping = true;
}
