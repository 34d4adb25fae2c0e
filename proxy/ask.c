/* Questions of other threads: asks control and the workers by letter and waits a bounded time for the answer.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/ask.h"

#include <errno.h>
#include <time.h>

static void deliver(struct letter *letter, void *owner)
{
    struct ask *ask = list_owner(letter, struct ask, letter);
    ask->answer(ask, owner);
    atomic_store(&ask->is_answered, true);
    sem_post(&ask->told);
    ask_leave(ask);
}

void ask_begin(struct ask *ask, void (*answer)(struct ask *ask, void *owner),
               void (*destroy)(struct ask *ask))
{
    *ask = (struct ask){.letter.deliver = deliver, .answer = answer, .destroy = destroy};
    atomic_init(&ask->holders, 1);
    atomic_init(&ask->is_answered, false);
    sem_init(&ask->told, 0, 0);
}

void ask_post(struct ask *ask, struct mailbox *mailbox)
{
    atomic_store(&ask->is_answered, false);
    atomic_fetch_add(&ask->holders, 1);
    mailbox_post(mailbox, &ask->letter);
}

bool ask_wait(struct ask *ask)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ASK_PATIENCE_MS / 1000;
    int error = 0;
    while (!atomic_load(&ask->is_answered) && error != ETIMEDOUT)
        error = sem_clockwait(&ask->told, CLOCK_MONOTONIC, &until) == 0 ? 0 : errno;
    return atomic_load(&ask->is_answered);
}

void ask_leave(struct ask *ask)
{
    if (!ask || atomic_fetch_sub(&ask->holders, 1) > 1)
        return;
    sem_destroy(&ask->told);
    ask->destroy(ask);
}
