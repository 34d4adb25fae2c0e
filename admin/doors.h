/* All admin addresses together: opened and closed as a description asks for.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_DOORS_H
#define ADMIN_DOORS_H

#include "admin/door.h"
#include "conf/json.h"

struct reception;

struct doors {
    struct loop *loop;
    struct reception *reception;
    pthread_mutex_t mutex; /* of `open`, which requests read */
    struct list open;
    struct list closed; /* those through which somebody still comes */
    watch_function *ready;
    void *owner;
};

/* No addresses yet. `ready` is called in `loop` with a door's watch when somebody stands before it; the
 * door's owner is `owner`. Who came through a door that is closed
 * is at `reception`. */
void doors_begin(struct doors *doors, struct loop *loop, struct reception *reception, watch_function *ready,
                 void *owner);

/* [control] Closes all. Nobody may be at the reception any more. Accepts one that is all zero. */
void doors_end(struct doors *doors);

/* [control] Opens what is new, closes what is gone and ends who came through it, and takes over levels, modes
 * and tokens. All or nothing: NULL when well, else a sentence, freed by the caller. `conf` may be NULL: none.
 */
char *doors_apply(struct doors *doors, const struct conf_admin *conf);

/* [control] To be called once a second: frees closed doors that nobody uses any more. */
void doors_beat(struct doors *doors);

/* Takes all doors out of the loop, or puts them in again, when there is nothing to accept with. */
void doors_pause(struct doors *doors);
void doors_resume(struct doors *doors);

/* Writes {"address","access"} for each, into an open array. From any thread. */
void doors_write(struct doors *doors, struct json *json);

#endif
