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
    pthread_mutex_lock(&ask->lock);
    ask->is_answered = true;
    pthread_cond_signal(&ask->is_told);
    pthread_mutex_unlock(&ask->lock);
    ask_leave(ask);
}

void ask_begin(struct ask *ask, void (*answer)(struct ask *ask, void *owner),
               void (*destroy)(struct ask *ask))
{
    pthread_condattr_t monotonic;
    *ask = (struct ask){.letter.deliver = deliver, .answer = answer, .destroy = destroy};
    atomic_init(&ask->holders, 1);
    pthread_mutex_init(&ask->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&ask->is_told, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void ask_post(struct ask *ask, struct mailbox *mailbox)
{
    ask->is_answered = false;
    atomic_fetch_add(&ask->holders, 1);
    mailbox_post(mailbox, &ask->letter);
}

bool ask_wait(struct ask *ask)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ASK_PATIENCE_MS / 1000;
    int error = 0;
    pthread_mutex_lock(&ask->lock);
    while (!ask->is_answered && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&ask->is_told, &ask->lock, &until);
    bool is_answered = ask->is_answered;
    pthread_mutex_unlock(&ask->lock);
    return is_answered;
}

void ask_leave(struct ask *ask)
{
    if (!ask || atomic_fetch_sub(&ask->holders, 1) > 1)
        return;
    pthread_cond_destroy(&ask->is_told);
    pthread_mutex_destroy(&ask->lock);
    ask->destroy(ask);
}
