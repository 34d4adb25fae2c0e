/* Orders from another thread: letters dropped into a box, delivered one by one on the thread of the box's
 * loop.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Letters are pushed on a stack that the reader takes as a whole and turns round; only the letter that finds
 * the stack empty has to wake the reader. */
#include "proxy/mailbox.h"

#include "conf/text.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct letter *take_all_in_order(struct mailbox *mailbox)
{
    struct letter *newest = atomic_exchange_explicit(&mailbox->newest, NULL, memory_order_acquire);
    struct letter *oldest = NULL;
    while (newest) {
        struct letter *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static void deliver_all(struct mailbox *mailbox)
{
    for (struct letter *letter = take_all_in_order(mailbox); letter;) {
        struct letter *next = letter->next;
        letter->deliver(letter, mailbox->owner);
        letter = next;
    }
}

static void ready(struct watch *watch, unsigned events)
{
    struct mailbox *mailbox = list_owner(watch, struct mailbox, watch);
    uint64_t ignored;
    (void)events;
    /* Cleared before the stack is taken: a letter that comes later rings again. */
    if (read(watch->fd, &ignored, sizeof ignored) < 0 && errno != EAGAIN)
        return;
    deliver_all(mailbox);
}

char *mailbox_open(struct mailbox *mailbox, struct loop *loop, void *owner)
{
    mailbox->watch = (struct watch){.ready = ready, .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    mailbox->owner = owner;
    atomic_init(&mailbox->newest, NULL);
    int error = mailbox->watch.fd < 0 ? errno : loop_add_level(loop, &mailbox->watch);
    if (!error)
        return NULL;
    if (mailbox->watch.fd >= 0)
        close(mailbox->watch.fd);
    mailbox->watch.fd = -1;
    return text_format("cannot open a mailbox: %s", strerror(error));
}

void mailbox_close(struct mailbox *mailbox, struct loop *loop)
{
    if (mailbox->watch.fd < 0)
        return;
    while (atomic_load_explicit(&mailbox->newest, memory_order_relaxed))
        deliver_all(mailbox);
    loop_remove(loop, &mailbox->watch);
    close(mailbox->watch.fd);
    mailbox->watch.fd = -1;
}

void mailbox_post(struct mailbox *mailbox, struct letter *letter)
{
    struct letter *newest = atomic_load_explicit(&mailbox->newest, memory_order_relaxed);
    do {
        letter->next = newest;
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->newest, &newest, letter, memory_order_release,
                                                    memory_order_relaxed));
    if (newest)
        return;
    uint64_t one = 1;
    while (write(mailbox->watch.fd, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}
