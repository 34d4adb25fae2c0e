/* Names that events speak of (listeners, upstreams, servers) as small numbers.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A name stands here once, for as long as anybody holds it and until the last event that may speak of it is
 * overwritten: then its number is used for another. So the table grows with what is described, not with what
 * ever was. */
#ifndef PROXY_EVENT_NAMES_H
#define PROXY_EVENT_NAMES_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct event_name {
    char *text;
    unsigned holders;
    uint64_t left_at; /* the number of the event told last when nobody held it any more */
};

struct event_names {
    pthread_mutex_t lock;
    struct event_name *items; /* number 0 stands for no name: item i is number i + 1 */
    size_t count;
};

void event_names_begin(struct event_names *names);
void event_names_end(struct event_names *names);

/* Holds a name once more; events up to number `overwritten` cannot be read any more. 0: memory is out, or all
 * numbers are used. */
uint16_t event_names_hold(struct event_names *names, const char *text, uint64_t overwritten);

/* Gives one hold back; `last` is the number of the event told last. 0 is accepted. */
void event_names_drop(struct event_names *names, uint16_t name, uint64_t last);

/* Copies a name, cut to `room` bytes with its NUL; "" for 0. */
void event_names_copy(struct event_names *names, uint16_t name, char *text, size_t room);

#endif
