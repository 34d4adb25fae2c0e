/* Orders from another thread: letters dropped into a box, delivered one by one on the thread of the box's
 * loop.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Many may post, one delivers. A letter is memory of its sender, intrusive, and in one box at a time; from
 * posting to delivery nobody touches it. Delivery is in the order of posting. Posting never blocks and never
 * allocates. */
#ifndef PROXY_MAILBOX_H
#define PROXY_MAILBOX_H

#include "proxy/loop.h"

#include <stdatomic.h>

struct letter {
    struct letter *next;
    void (*deliver)(struct letter *letter, void *owner);
};

struct mailbox {
    struct watch watch; /* an eventfd(2) */
    _Atomic(struct letter *) newest;
    void *owner; /* handed to deliver */
};

/* Opens a box whose letters are delivered by `loop`'s thread. NULL when well, else a sentence (freed by the
 * caller). */
char *mailbox_open(struct mailbox *mailbox, struct loop *loop, void *owner);

/* Closes it; letters still in it are delivered first, those too that come by these. On the loop's thread, or
 * when that has ended. */
void mailbox_close(struct mailbox *mailbox, struct loop *loop);

/* Any thread. */
void mailbox_post(struct mailbox *mailbox, struct letter *letter);

#endif
