/* Names into addresses, with their time to live, without blocking a loop.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/lookup.h"

#include "conf/memory.h"
#include "conf/text.h"
#include "proxy/lookup_dns.h"
#include "proxy/lookup_hosts.h"
#include "proxy/thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    THREADS = 4,
    IDLE_S = 30,    /* a thread without work ends after that */
    LEAVE_MS = 100, /* how long lookup_destroy waits for threads; one may be held by the resolver */
};

struct lookup {
    pthread_mutex_t lock;
    pthread_cond_t work; /* threads wait for it */
    pthread_cond_t left; /* lookup_destroy waits for it */
    struct list names;
    struct list due; /* names that wait for a thread */
    unsigned due_count;
    unsigned threads;
    unsigned idle;
    _Atomic uint64_t count;  /* of lookups that are over; read without the lock */
    _Atomic uint64_t failed; /* of those: nothing was found */
    bool is_ending;
    bool is_orphan; /* lookup_destroy did not wait any longer: the last thread frees */
};

/* A name under its rules, and what is known of it. Touched under the lookup's lock. */
struct lookup_name {
    struct list_node node;
    struct list_node due_node;
    struct lookup *lookup;
    char *host;
    struct conf_lookup rules;
    unsigned references; /* of its holders, and one while it is due or being looked up */
    bool is_under_way;
    struct lookup_question *questions; /* that wait, linked by their letters, the latest first */
    struct lookup_answer answer;       /* addresses, or why there are none */
    uint64_t fresh_until;              /* no lookup before; CLOCK_MONOTONIC in ms */
    uint64_t usable_until;             /* no answer of this age after */
    int64_t looked_up_at;
    int64_t ttl_ms;
};

static void lookup_free(struct lookup *lookup)
{
    pthread_cond_destroy(&lookup->work);
    pthread_cond_destroy(&lookup->left);
    pthread_mutex_destroy(&lookup->lock);
    free(lookup);
}

char *lookup_create(struct lookup **lookup)
{
    struct lookup *made = *lookup = memory_zeroed(1, sizeof *made);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->work, &monotonic);
    pthread_cond_init(&made->left, &monotonic);
    pthread_condattr_destroy(&monotonic);
    list_begin(&made->names);
    list_begin(&made->due);
    return NULL;
}

static struct timespec clock_after_ms(long ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

/* Names */

static bool is_same(const struct lookup_name *name, const char *host, const struct conf_lookup *rules)
{
    return strcasecmp(name->host, host) == 0 && name->rules.mode == rules->mode &&
           name->rules.min_ttl == rules->min_ttl && name->rules.max_ttl == rules->max_ttl &&
           name->rules.stale == rules->stale;
}

static struct lookup_name *name_find(struct lookup *lookup, const char *host, const struct conf_lookup *rules)
{
    list_for_each (node, &lookup->names) {
        struct lookup_name *name = list_owner(node, struct lookup_name, node);
        if (is_same(name, host, rules))
            return name;
    }
    return NULL;
}

static struct lookup_name *name_create(struct lookup *lookup, const char *host,
                                       const struct conf_lookup *rules)
{
    struct lookup_name *name = memory_zeroed(1, sizeof *name);
    name->lookup = lookup;
    name->host = text_copy(host);
    name->rules = *rules;
    list_append(&lookup->names, &name->node);
    return name;
}

/* The lock is held. */
static void name_release(struct lookup_name *name)
{
    assert(name->references > 0);
    if (--name->references > 0)
        return;
    list_remove(&name->node);
    free(name->host);
    free(name);
}

struct lookup_name *lookup_name_hold(struct lookup *lookup, const char *host, const struct conf_lookup *conf)
{
    pthread_mutex_lock(&lookup->lock);
    struct lookup_name *name = name_find(lookup, host, conf);
    if (!name)
        name = name_create(lookup, host, conf);
    name->references++;
    pthread_mutex_unlock(&lookup->lock);
    return name;
}

void lookup_name_drop(struct lookup_name **name)
{
    if (!*name)
        return;
    struct lookup *lookup = (*name)->lookup;
    pthread_mutex_lock(&lookup->lock);
    name_release(*name);
    pthread_mutex_unlock(&lookup->lock);
    *name = NULL;
}

void lookup_count(const struct lookup *lookup, uint64_t *count, uint64_t *failed)
{
    *failed = atomic_load_explicit(&lookup->failed, memory_order_acquire);
    *count = atomic_load_explicit(&lookup->count, memory_order_relaxed);
}

void lookup_name_age(struct lookup_name *name, int64_t *looked_up_at, int64_t *ttl_ms)
{
    pthread_mutex_lock(&name->lookup->lock);
    *looked_up_at = name->looked_up_at;
    *ttl_ms = name->ttl_ms;
    pthread_mutex_unlock(&name->lookup->lock);
}

/* What a lookup brought; the lock is held */

/* The outcome of asking everybody who may know the host. */
struct found {
    enum lookup_outcome outcome;
    uint32_t ttl_s;
    struct lookup_answer answer;
};

static void name_keep(struct lookup_name *name, const struct found *found, uint64_t now)
{
    const struct conf_lookup *rules = &name->rules;
    int64_t ttl_ms = (int64_t)found->ttl_s * 1000;
    if (ttl_ms > rules->max_ttl)
        ttl_ms = rules->max_ttl;
    if (ttl_ms < rules->min_ttl)
        ttl_ms = rules->min_ttl;
    name->answer = found->answer;
    name->looked_up_at = loop_wall_ms();
    name->ttl_ms = ttl_ms;
    name->fresh_until = now + (uint64_t)ttl_ms;
    name->usable_until = name->fresh_until + (uint64_t)rules->stale;
    if (rules->mode == CONF_LOOKUP_ONCE)
        name->fresh_until = name->usable_until = UINT64_MAX;
}

/* That nobody could be asked lets an old answer stand; that the name is gone does not (RFC 8767, section 4).
 * Either way there is no new lookup before min_ttl is over. */
static void name_keep_failure(struct lookup_name *name, const struct found *found, uint64_t now)
{
    bool is_old_usable = name->answer.count > 0 && now < name->usable_until;
    name->fresh_until = now + (uint64_t)name->rules.min_ttl;
    if (found->outcome == LOOKUP_FAILED && is_old_usable)
        return;
    name->answer = found->answer;
    name->usable_until = name->fresh_until;
}

/* Posts the answer to everybody who waits for it; the earliest asked first. */
static void name_tell(struct lookup_name *name)
{
    struct letter *ordered = NULL;
    while (name->questions) {
        struct letter *letter = &name->questions->letter;
        struct letter *earlier = letter->next;
        name->questions = earlier ? list_owner(earlier, struct lookup_question, letter) : NULL;
        letter->next = ordered;
        ordered = letter;
    }
    while (ordered) {
        struct lookup_question *question = list_owner(ordered, struct lookup_question, letter);
        ordered = ordered->next;
        question->answer = name->answer;
        mailbox_post(question->mailbox, &question->letter);
    }
}

/* An answer has addresses or a failure, also when nobody looks up any more. */
static void name_say_ending(struct lookup_name *name)
{
    struct lookup_answer *answer = &name->answer;
    if (answer->count == 0 && !answer->failure[0])
        snprintf(answer->failure, sizeof answer->failure, "%.60s: the process is closing", name->host);
}

static void name_settle(struct lookup_name *name, const struct found *found)
{
    uint64_t now = loop_clock_ms();
    name->is_under_way = false;
    name->lookup->count++;
    name->lookup->failed += found->outcome != LOOKUP_FOUND;
    if (found->outcome == LOOKUP_FOUND)
        name_keep(name, found, now);
    else
        name_keep_failure(name, found, now);
    name_tell(name);
}

/* Threads */

/* Asks /etc/hosts, then the DNS. Without the lock: it may block for seconds. */
static void find(struct lookup_dns *dns, const char *host, struct found *found)
{
    memset(found, 0, sizeof *found);
    if (lookup_hosts_find(host, &found->answer)) {
        found->outcome = LOOKUP_FOUND;
    } else if (dns) {
        found->outcome = lookup_dns_ask(dns, host, &found->answer, &found->ttl_s);
    } else {
        found->outcome = LOOKUP_FAILED;
        snprintf(found->answer.failure, sizeof found->answer.failure, "%.60s: memory is out", host);
    }
}

/* Waits for a name that is due and takes it; the lock is held. NULL: the thread is to end. */
static struct lookup_name *take_due(struct lookup *lookup)
{
    struct timespec until = clock_after_ms(IDLE_S * 1000L);
    int error = 0;
    lookup->idle++;
    while (!lookup->is_ending && list_is_empty(&lookup->due) && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&lookup->work, &lookup->lock, &until);
    lookup->idle--;
    if (lookup->is_ending || list_is_empty(&lookup->due))
        return NULL;
    struct list_node *node = list_first(&lookup->due);
    list_remove(node);
    lookup->due_count--;
    return list_owner(node, struct lookup_name, due_node);
}

static void thread_leave(struct lookup *lookup)
{
    bool is_last = --lookup->threads == 0 && lookup->is_orphan;
    pthread_cond_signal(&lookup->left);
    pthread_mutex_unlock(&lookup->lock);
    if (is_last)
        lookup_free(lookup);
}

static void *thread_run(void *context)
{
    struct lookup *lookup = context;
    struct lookup_dns *dns = lookup_dns_create();
    struct lookup_name *name;
    struct found found;
    pthread_mutex_lock(&lookup->lock);
    while ((name = take_due(lookup))) {
        pthread_mutex_unlock(&lookup->lock);
        find(dns, name->host, &found);
        pthread_mutex_lock(&lookup->lock);
        /* Once it is ending, the mailboxes of those who asked may be gone. */
        if (!lookup->is_ending)
            name_settle(name, &found);
        name_release(name);
    }
    lookup_dns_destroy(dns);
    thread_leave(lookup);
    return NULL;
}

/* Starts one more thread. 0 or errno; the lock is held, so that it waits. */
static int thread_add(struct lookup *lookup)
{
    pthread_t thread;
    int error = thread_start(&thread, "lookup", thread_run, lookup);
    if (error)
        return error;
    lookup->threads++;
    pthread_detach(thread);
    return 0;
}

/* Puts the name where a thread takes it, unless it is already. False, with the failure as its answer, when
 * there is no thread and none can be made. The lock is held. */
static bool name_request(struct lookup_name *name)
{
    struct lookup *lookup = name->lookup;
    int error = 0;
    if (name->is_under_way)
        return true;
    if (lookup->due_count >= lookup->idle && lookup->threads < THREADS)
        error = thread_add(lookup);
    if (lookup->threads == 0) {
        struct found found = {.outcome = LOOKUP_FAILED};
        snprintf(found.answer.failure, sizeof found.answer.failure, "%.40s: there can be no thread: %s",
                 name->host, strerror(error));
        name_keep_failure(name, &found, loop_clock_ms());
        return false;
    }
    name->is_under_way = true;
    name->references++;
    lookup->due_count++;
    list_append(&lookup->due, &name->due_node);
    pthread_cond_signal(&lookup->work);
    return true;
}

bool lookup_ask(struct lookup_name *name, struct lookup_question *question)
{
    pthread_mutex_lock(&name->lookup->lock);
    uint64_t now = loop_clock_ms();
    bool is_usable = now < name->usable_until || name->lookup->is_ending;
    if (name->lookup->is_ending)
        name_say_ending(name);
    else if (!is_usable || now >= name->fresh_until)
        is_usable = !name_request(name) || is_usable;
    if (is_usable) {
        question->answer = name->answer;
    } else {
        question->letter.next = name->questions ? &name->questions->letter : NULL;
        name->questions = question;
    }
    pthread_mutex_unlock(&name->lookup->lock);
    return is_usable;
}

void lookup_stop(struct lookup *lookup)
{
    pthread_mutex_lock(&lookup->lock);
    lookup->is_ending = true;
    list_for_each (node, &lookup->names) {
        struct lookup_name *name = list_owner(node, struct lookup_name, node);
        name_say_ending(name);
        name_tell(name);
    }
    pthread_cond_broadcast(&lookup->work);
    pthread_mutex_unlock(&lookup->lock);
}

void lookup_destroy(struct lookup *lookup)
{
    struct timespec until = clock_after_ms(LEAVE_MS);
    if (!lookup)
        return;
    pthread_mutex_lock(&lookup->lock);
    lookup->is_ending = true;
    list_for_each (node, &lookup->due) {
        list_remove(node);
        name_release(list_owner(node, struct lookup_name, due_node));
    }
    pthread_cond_broadcast(&lookup->work);
    while (lookup->threads > 0 && pthread_cond_timedwait(&lookup->left, &lookup->lock, &until) != ETIMEDOUT)
        continue;
    lookup->is_orphan = lookup->threads > 0;
    bool is_orphan = lookup->is_orphan;
    pthread_mutex_unlock(&lookup->lock);
    if (!is_orphan)
        lookup_free(lookup);
}
