/* An admin API on a control thread of its own, over a fake proxy, in a folder of its own.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_ADMIN_STAGE_H
#define TESTS_ADMIN_STAGE_H

#include "admin/admin.h"
#include "tests/admin/fake_proxy.h"

#include <pthread.h>

struct stage {
    struct proxy proxy;
    struct loop loop;
    struct admin *admin;
    char folder[64];
    char path[96]; /* of the unix socket, level write */
    int port;      /* on 127.0.0.1, level read, no token */
    pthread_t thread;
    struct watch wake;
    pthread_mutex_t mutex;
    pthread_cond_t is_done;
    void (*order)(struct stage *stage, void *context);
    void *context;
};

/* Opens everything; a failure ends the test program with a sentence. */
void stage_begin(struct stage *stage);
void stage_end(struct stage *stage);

/* Runs `order` on the control thread and waits for it. */
void stage_order(struct stage *stage, void (*order)(struct stage *stage, void *context), void *context);

/* An admin address for a description: text such as "127.0.0.1:0" or "unix:/path". The texts stay the
 * caller's. */
struct conf_admin_listen stage_listen(const char *address, enum conf_access access, const char *token_file);

/* Writes a file in the stage's folder; returns its path, good until the next call. */
const char *stage_write(struct stage *stage, const char *name, const char *text);

#endif
