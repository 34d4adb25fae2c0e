/* What of ours hangs on a context of OpenSSL's, is found there in its callbacks, and goes with it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/attachment.h"

#include "conf/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct hook {
    void *held;
    attachment_drop *drop;
};

static int hooks_index; /* of the context's ex_data, CRYPTO_get_ex_new_index(3) */
static pthread_once_t hooks_once = PTHREAD_ONCE_INIT;

static void free_hooks(void *parent, void *owned, CRYPTO_EX_DATA *data, int index, long number, void *pointer)
{
    struct hook *hooks = owned;
    (void)parent;
    (void)data;
    (void)index;
    (void)number;
    (void)pointer;
    for (size_t i = 0; hooks && i < ATTACHMENT_COUNT; i++) {
        if (hooks[i].held)
            hooks[i].drop(hooks[i].held);
    }
    free(hooks);
}

static void make_index(void)
{
    hooks_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_hooks);
}

static struct hook *hooks_of(const SSL_CTX *context)
{
    pthread_once(&hooks_once, make_index);
    return SSL_CTX_get_ex_data(context, hooks_index);
}

void attachment_hang(SSL_CTX *context, enum attachment kind, void *held, attachment_drop *drop)
{
    struct hook *hooks = hooks_of(context);
    if (!hooks) {
        hooks = memory_zeroed(ATTACHMENT_COUNT, sizeof *hooks);
        if (SSL_CTX_set_ex_data(context, hooks_index, hooks) != 1)
            memory_exhausted();
    }
    assert(!hooks[kind].held);
    hooks[kind] = (struct hook){.held = held, .drop = drop};
}

void *attachment_of(const SSL_CTX *context, enum attachment kind)
{
    const struct hook *hooks = hooks_of(context);
    return hooks ? hooks[kind].held : NULL;
}
