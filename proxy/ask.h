/* Questions of other threads: asks control and the workers by letter and waits a bounded time for the answer.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A question is counted twice, by who asks and by who answers, and either may go first: one who waits in vain
 * leaves, and the answer is thrown away when it comes. Answers are values. Who answers moves bytes and takes
 * no lock: who asks gives way to others, and could hold it while it waits for a processor. */
#ifndef PROXY_ASK_H
#define PROXY_ASK_H

#include "proxy/mailbox.h"
#include "proxy/proxy.h"

#include <semaphore.h>
#include <stdatomic.h>

struct ask {
    struct letter letter;
    _Atomic unsigned holders;
    sem_t told; /* posted behind each answer; may be so once more than anybody waits */
    atomic_bool is_answered;
    /* Runs on the answering thread with the mailbox's owner; fills what stands around the ask. */
    void (*answer)(struct ask *ask, void *owner);
    /* Frees it and what stands around it. */
    void (*destroy)(struct ask *ask);
};

void ask_begin(struct ask *ask, void (*answer)(struct ask *ask, void *owner),
               void (*destroy)(struct ask *ask));

/* Sends the question. Whoever asks may wait for it, and has to leave it. */
void ask_post(struct ask *ask, struct mailbox *mailbox);

/* Waits for the answer, at most until `ASK_PATIENCE_MS` after now. False: it has not come. */
enum {
    ASK_PATIENCE_MS = 2000
};
bool ask_wait(struct ask *ask);

/* Whoever asked is done with it. Accepts NULL. */
void ask_leave(struct ask *ask);

#endif
