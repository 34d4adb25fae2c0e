/* What control has to say of the whole process, to whoever asks at any time: how the last description fared,
 * and whether a queue is under pressure.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Without a lock: some who ask give way to others, and could hold it while they wait for a processor, and
 * questions for health and control itself would wait with them. */
#ifndef PROXY_NOTICE_H
#define PROXY_NOTICE_H

#include <stdatomic.h>
#include <stdint.h>

struct notice_words {
    int64_t applied_at;   /* ms since the epoch: when a description was applied last */
    int64_t rejected_at;  /* when one was refused last; 0: never */
    char last_error[512]; /* why */
    char pressed[256];    /* why a queue is not to be sent more; "": none is under pressure */
};

enum {
    NOTICE_SLOTS = 4, /* the latest, and those before it that somebody may still be reading */
    NOTICE_SIZE = sizeof(struct notice_words) / sizeof(uint64_t), /* as it is copied */
};

struct notice {
    struct notice_words words; /* control's own */
    _Atomic uint64_t last;     /* the number of the latest that is published */
    struct {
        _Atomic uint64_t state;
        _Atomic uint64_t words[NOTICE_SIZE];
    } slots[NOTICE_SLOTS];
};

/* [control] Publishes notice->words as they are now; before anybody asks, once at least. */
void notice_publish(struct notice *notice);

/* [any] The latest that was published. */
void notice_read(const struct notice *notice, struct notice_words *words);

#endif
