/* Who is at the admin server: a bounded number of places, and how long each may be held.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/visitors.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
    LEAVING_FACTOR = 4, /* slots per place: who leaves keeps a slot until its thread has noticed */
    GRACE_MS = 250,     /* who came just now is not sent away for a newcomer: its request is on its way */
    STUCK_BEATS = 2,    /* a stream's client that took nothing for so long is given up */
    FOLLOW_BEATS = 60,  /* the same for one that has no end: its client may be busy */
    UNMET_MS = 10000,   /* the library never served it: it has closed the socket by itself */
};

bool visitors_begin(struct visitors *visitors, const struct visitors_limits *limits)
{
    *visitors = (struct visitors){.limits = *limits, .slot_count = LEAVING_FACTOR * limits->places};
    visitors->slots = calloc(visitors->slot_count, sizeof *visitors->slots);
    if (!visitors->slots)
        return false;
    pthread_mutex_init(&visitors->mutex, NULL);
    return true;
}

void visitors_end(struct visitors *visitors)
{
    if (visitors->slots)
        pthread_mutex_destroy(&visitors->mutex);
    free(visitors->slots);
    *visitors = (struct visitors){0};
}

static void enter(struct visitor *visitor, enum visitor_state state, uint64_t now)
{
    if (visitor->state == VISITOR_LEAVING)
        return;
    visitor->has_asked |= visitor->state != VISITOR_WAITING;
    visitor->state = state;
    visitor->since = now;
}

/* The descriptor is open: visitor_leaves comes before it is closed, and waits for the lock. */
static void shut(struct visitor *visitor)
{
    if (visitor->is_met)
        shutdown(visitor->arrival.fd, SHUT_RDWR);
    visitor->state = VISITOR_LEAVING;
}

static size_t count_states(const struct visitors *visitors, enum visitor_state first, enum visitor_state last)
{
    size_t count = 0;
    for (size_t i = 0; i < visitors->slot_count; i++)
        count += visitors->slots[i].state >= first && visitors->slots[i].state <= last;
    return count;
}

static struct visitor *find_free(struct visitors *visitors)
{
    for (size_t i = 0; i < visitors->slot_count; i++) {
        if (visitors->slots[i].state == VISITOR_FREE)
            return &visitors->slots[i];
    }
    return NULL;
}

/* Its request has arrived and waits for its thread. */
static bool has_said_something(const struct visitor *visitor)
{
    int unread = 0;
    return ioctl(visitor->arrival.fd, SIOCINQ, &unread) == 0 && unread > 0;
}

static struct visitor *find_longest_waiting(struct visitors *visitors, uint64_t now)
{
    struct visitor *longest = NULL;
    for (size_t i = 0; i < visitors->slot_count; i++) {
        struct visitor *visitor = &visitors->slots[i];
        uint64_t grace = visitor->has_asked ? 0 : GRACE_MS;
        if (visitor->state != VISITOR_WAITING || !visitor->is_met || visitor->since + grace > now)
            continue;
        if ((!longest || visitor->since < longest->since) && !has_said_something(visitor))
            longest = visitor;
    }
    return longest;
}

/* Room for one more, which somebody may have to make. */
static bool has_room(struct visitors *visitors, uint64_t now)
{
    if (count_states(visitors, VISITOR_WAITING, VISITOR_STREAMING) < visitors->limits.places)
        return true;
    struct visitor *longest = find_longest_waiting(visitors, now);
    if (longest)
        shut(longest);
    return longest;
}

struct visitor *visitors_admit(struct visitors *visitors, const struct arrival *arrival, uint64_t now)
{
    pthread_mutex_lock(&visitors->mutex);
    struct visitor *place = find_free(visitors);
    if (place && !has_room(visitors, now))
        place = NULL;
    if (place)
        *place = (struct visitor){
            .visitors = visitors, .state = VISITOR_WAITING, .arrival = *arrival, .since = now};
    pthread_mutex_unlock(&visitors->mutex);
    return place;
}

struct visitor *visitors_meet(struct visitors *visitors, int fd)
{
    struct visitor *found = NULL;
    pthread_mutex_lock(&visitors->mutex);
    for (size_t i = 0; i < visitors->slot_count; i++) {
        struct visitor *visitor = &visitors->slots[i];
        if (visitor->state == VISITOR_FREE || visitor->is_met || visitor->arrival.fd != fd)
            continue;
        /* An older one with the same number was never served: the library closed its socket. */
        if (found)
            (found->since < visitor->since ? found : visitor)->state = VISITOR_FREE;
        if (!found || found->state == VISITOR_FREE)
            found = visitor;
    }
    if (found) {
        found->is_met = true;
        if (found->state == VISITOR_LEAVING)
            shut(found);
    }
    pthread_mutex_unlock(&visitors->mutex);
    return found;
}

void visitor_leaves(struct visitor *visitor)
{
    if (!visitor)
        return;
    struct visitors *visitors = visitor->visitors;
    pthread_mutex_lock(&visitors->mutex);
    visitor->state = VISITOR_FREE;
    pthread_mutex_unlock(&visitors->mutex);
}

static void enter_locked(struct visitor *visitor, enum visitor_state state, uint64_t now)
{
    pthread_mutex_lock(&visitor->visitors->mutex);
    enter(visitor, state, now);
    pthread_mutex_unlock(&visitor->visitors->mutex);
}

void visitor_asks(struct visitor *visitor, uint64_t now)
{
    enter_locked(visitor, VISITOR_ANSWERED, now);
}

void visitor_rests(struct visitor *visitor, uint64_t now)
{
    enter_locked(visitor, VISITOR_WAITING, now);
}

bool visitor_streams(struct visitor *visitor, uint64_t now)
{
    struct visitors *visitors = visitor->visitors;
    pthread_mutex_lock(&visitors->mutex);
    bool is_free = count_states(visitors, VISITOR_STREAMING, VISITOR_STREAMING) < visitors->limits.streams;
    if (is_free) {
        enter(visitor, VISITOR_STREAMING, now);
        visitor->is_producing = true;
        visitor->is_following = false;
        visitor->handed = visitor->taken = 0;
        visitor->stuck = 0;
    }
    pthread_mutex_unlock(&visitors->mutex);
    return is_free;
}

void visitor_produces(struct visitor *visitor, bool is_producing, size_t handed)
{
    pthread_mutex_lock(&visitor->visitors->mutex);
    visitor->is_producing = is_producing;
    visitor->handed += handed;
    pthread_mutex_unlock(&visitor->visitors->mutex);
}

void visitor_follows(struct visitor *visitor)
{
    int on = 1, idle = 15, interval = 5;
    pthread_mutex_lock(&visitor->visitors->mutex);
    visitor->is_following = true;
    pthread_mutex_unlock(&visitor->visitors->mutex);
    /* One whose machine is gone says nothing any more; unix sockets have no need and refuse. */
    if (setsockopt(visitor->arrival.fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle) == 0) {
        setsockopt(visitor->arrival.fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
        setsockopt(visitor->arrival.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
}

bool visitor_has_hung_up(const struct visitor *visitor)
{
    char byte;
    ssize_t count = recv(visitor->arrival.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

/* Only whether it differs from the last beat's matters: a unix socket counts its queue in other units. */
static uint64_t taken_by_client(const struct visitor *visitor)
{
    int queued = 0;
    ioctl(visitor->arrival.fd, SIOCOUTQ, &queued);
    return visitor->handed - (uint64_t)queued;
}

static bool is_stuck(struct visitor *visitor)
{
    uint64_t taken = taken_by_client(visitor);
    visitor->stuck = visitor->is_producing || taken != visitor->taken ? 0 : visitor->stuck + 1;
    visitor->taken = taken;
    return visitor->stuck >= (visitor->is_following ? FOLLOW_BEATS : STUCK_BEATS);
}

static bool is_overdue(struct visitor *visitor, const struct visitors_limits *limits, uint64_t now)
{
    switch (visitor->state) {
    case VISITOR_WAITING:
        return now >= visitor->since + limits->asking_ms;
    case VISITOR_ANSWERED:
        return now >= visitor->since + limits->answer_ms;
    case VISITOR_STREAMING:
        return is_stuck(visitor);
    default:
        return false;
    }
}

void visitors_beat(struct visitors *visitors, uint64_t now)
{
    pthread_mutex_lock(&visitors->mutex);
    for (size_t i = 0; i < visitors->slot_count; i++) {
        struct visitor *visitor = &visitors->slots[i];
        if (visitor->state == VISITOR_FREE)
            continue;
        if (!visitor->is_met && now >= visitor->since + UNMET_MS)
            visitor->state = VISITOR_FREE;
        else if (is_overdue(visitor, &visitors->limits, now))
            shut(visitor);
    }
    pthread_mutex_unlock(&visitors->mutex);
}

void visitors_dismiss(struct visitors *visitors, const void *door)
{
    pthread_mutex_lock(&visitors->mutex);
    for (size_t i = 0; i < visitors->slot_count; i++) {
        struct visitor *visitor = &visitors->slots[i];
        if (visitor->state != VISITOR_FREE && (!door || visitor->arrival.door == door))
            shut(visitor);
    }
    pthread_mutex_unlock(&visitors->mutex);
}

size_t visitors_now(struct visitors *visitors)
{
    pthread_mutex_lock(&visitors->mutex);
    size_t count = count_states(visitors, VISITOR_WAITING, VISITOR_STREAMING);
    pthread_mutex_unlock(&visitors->mutex);
    return count;
}

size_t visitors_following(struct visitors *visitors)
{
    size_t count = 0;
    pthread_mutex_lock(&visitors->mutex);
    for (size_t i = 0; i < visitors->slot_count; i++)
        count += visitors->slots[i].state == VISITOR_STREAMING && visitors->slots[i].is_following;
    pthread_mutex_unlock(&visitors->mutex);
    return count;
}

size_t visitors_through(struct visitors *visitors, const void *door)
{
    size_t count = 0;
    pthread_mutex_lock(&visitors->mutex);
    for (size_t i = 0; i < visitors->slot_count; i++)
        count += visitors->slots[i].state != VISITOR_FREE && visitors->slots[i].arrival.door == door;
    pthread_mutex_unlock(&visitors->mutex);
    return count;
}
