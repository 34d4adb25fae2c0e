/* Keeps the OCSP responses of certificates fresh, on a thread of its own: no connection ever waits for one.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/stapler.h"

#include "conf/text.h"
#include "proxy/log.h"
#include "proxy/thread.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LONGEST_MS = 60 * 60 * 1000 /* clocks may be set meanwhile */
};

struct stapler {
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t has_changed;
    struct certs **sets; /* references */
    size_t count;
    bool is_new; /* other sets than when the thread looked last */
    bool is_stopping;
};

static void drop_all(struct certs **sets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        certs_drop(&sets[i]);
    free(sets);
}

static struct certs **hold_all(struct certs *const *sets, size_t count)
{
    struct certs **held = calloc(count + 1, sizeof *held);
    assert(held);
    for (size_t i = 0; i < count; i++)
        held[i] = certs_hold(sets[i]);
    return held;
}

static void tell(void *context, const char *file, const char *trouble)
{
    (void)context;
    if (trouble)
        log_line(CONF_LOG_WARNING, "certificate.unstapled", "no OCSP response for %s: %s; trying again", file,
                 trouble);
    else
        log_line(CONF_LOG_INFO, "certificate.stapled", "a fresh OCSP response for %s", file);
}

/* Asks for what is due in these sets. How long nothing more is. */
static int64_t refresh(struct certs *const *sets, size_t count)
{
    int64_t wait = LONGEST_MS;
    for (size_t i = 0; i < count; i++) {
        int64_t due = certs_refresh(sets[i], tell, NULL);
        wait = due < wait ? due : wait;
    }
    return wait;
}

static void sleep_for(struct stapler *stapler, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000 + 1;
    while (!stapler->is_stopping && !stapler->is_new) {
        if (pthread_cond_timedwait(&stapler->has_changed, &stapler->lock, &until) != 0)
            return;
    }
}

static void *run(void *context)
{
    struct stapler *stapler = context;
    pthread_mutex_lock(&stapler->lock);
    while (!stapler->is_stopping) {
        size_t count = stapler->count;
        struct certs **sets = hold_all(stapler->sets, count);
        stapler->is_new = false;
        pthread_mutex_unlock(&stapler->lock);
        int64_t wait = refresh(sets, count);
        drop_all(sets, count);
        pthread_mutex_lock(&stapler->lock);
        sleep_for(stapler, wait);
    }
    pthread_mutex_unlock(&stapler->lock);
    return NULL;
}

char *stapler_create(struct stapler **made)
{
    struct stapler *stapler = calloc(1, sizeof *stapler);
    assert(stapler);
    pthread_mutex_init(&stapler->lock, NULL);
    pthread_cond_init(&stapler->has_changed, NULL);
    *made = stapler;
    int error = thread_start(&stapler->thread, "stapler", run, stapler);
    if (!error)
        return NULL;
    free(stapler);
    *made = NULL;
    return text_format("OCSP responses are not fetched: no thread for it (%s)", strerror(error));
}

void stapler_watch(struct stapler *stapler, struct certs *const *sets, size_t count)
{
    struct certs **held = hold_all(sets, count);
    pthread_mutex_lock(&stapler->lock);
    struct certs **before = stapler->sets;
    size_t before_count = stapler->count;
    stapler->sets = held;
    stapler->count = count;
    stapler->is_new = true;
    pthread_cond_signal(&stapler->has_changed);
    pthread_mutex_unlock(&stapler->lock);
    drop_all(before, before_count);
}

void stapler_destroy(struct stapler *stapler)
{
    if (!stapler)
        return;
    pthread_mutex_lock(&stapler->lock);
    stapler->is_stopping = true;
    pthread_cond_signal(&stapler->has_changed);
    pthread_mutex_unlock(&stapler->lock);
    pthread_join(stapler->thread, NULL);
    drop_all(stapler->sets, stapler->count);
    pthread_cond_destroy(&stapler->has_changed);
    pthread_mutex_destroy(&stapler->lock);
    free(stapler);
}
