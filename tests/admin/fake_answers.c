/* The fake proxy's answers: proxy/proxy.h over the values that the test has set.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/fake_proxy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct proxy_walk {
    struct proxy *proxy;
    uint64_t last;
    unsigned told;
};

char *proxy_create(struct loop *control, struct conf *conf, struct proxy **proxy)
{
    (void)control, (void)conf, (void)proxy;
    abort();
}

void proxy_serve(struct proxy *proxy, const char *name, proxy_service *service, void *context)
{
    if (strcmp(name, "demo") != 0)
        abort();
    proxy->service = service;
    proxy->service_context = context;
}

char *proxy_apply(struct proxy *proxy, struct conf *conf)
{
    (void)proxy, (void)conf;
    abort();
}

void proxy_reject(struct proxy *proxy, const char *why)
{
    pthread_mutex_lock(&proxy->mutex);
    proxy->info.rejected_at = proxy->info.applied_at + 1000;
    snprintf(proxy->info.last_error, sizeof proxy->info.last_error, "%s", why);
    pthread_mutex_unlock(&proxy->mutex);
}

const struct conf *proxy_conf(const struct proxy *proxy)
{
    (void)proxy;
    abort();
}

void proxy_drain(struct proxy *proxy, void (*done)(void *context), void *context)
{
    (void)proxy, (void)done, (void)context;
    abort();
}

void proxy_stop(struct proxy *proxy)
{
    (void)proxy;
    abort();
}

void proxy_destroy(struct proxy *proxy)
{
    (void)proxy;
    abort();
}

enum proxy_answer proxy_tls_failures(struct proxy *proxy, struct report_failure **items, size_t *count)
{
    *items = calloc(FAKE_FAILURES, sizeof **items);
    *count = proxy->failure_count;
    if (proxy->is_busy || !*items) {
        free(*items);
        return PROXY_BUSY;
    }
    memcpy(*items, proxy->failures, sizeof proxy->failures);
    return PROXY_ANSWERED;
}

struct event_ring *proxy_events(const struct proxy *proxy)
{
    return proxy->events;
}

void proxy_info(struct proxy *proxy, struct report_info *info)
{
    pthread_mutex_lock(&proxy->mutex);
    *info = proxy->info;
    pthread_mutex_unlock(&proxy->mutex);
}

enum proxy_answer proxy_listeners(struct proxy *proxy, struct report_listener **items, size_t *count)
{
    pthread_mutex_lock(&proxy->mutex);
    enum proxy_answer answer = proxy->is_busy ? PROXY_BUSY : PROXY_ANSWERED;
    if (answer == PROXY_ANSWERED) {
        *count = proxy->listener_count;
        *items = calloc(*count + 1, sizeof **items);
        memcpy(*items, proxy->listeners, *count * sizeof **items);
    }
    pthread_mutex_unlock(&proxy->mutex);
    return answer;
}

enum proxy_answer proxy_listener(struct proxy *proxy, const char *name, struct report_listener *report)
{
    pthread_mutex_lock(&proxy->mutex);
    enum proxy_answer answer = proxy->is_busy ? PROXY_BUSY : PROXY_NOT_FOUND;
    for (size_t i = 0; answer == PROXY_NOT_FOUND && i < proxy->listener_count; i++) {
        if (strcmp(proxy->listeners[i].name, name) != 0)
            continue;
        *report = proxy->listeners[i];
        /* The queue is asked for with nothing but the report, which must lead back to this proxy. */
        report->bound.path = (const char *)proxy;
        answer = PROXY_ANSWERED;
    }
    pthread_mutex_unlock(&proxy->mutex);
    return answer;
}

enum proxy_answer proxy_order_listener(struct proxy *proxy, const char *name,
                                       const struct proxy_listener_order *order, char **refusal)
{
    struct report_listener listener;
    enum proxy_answer answer = proxy_listener(proxy, name, &listener);
    *refusal = answer == PROXY_ANSWERED && proxy->refusal ? strdup(proxy->refusal) : NULL;
    if (answer == PROXY_ANSWERED) {
        proxy->ordered = *order;
        proxy->orders++;
    }
    return answer;
}

enum proxy_answer proxy_renew_certificates(struct proxy *proxy, char **trouble)
{
    *trouble = proxy->refusal ? strdup(proxy->refusal) : NULL;
    proxy->orders++;
    return proxy->is_busy ? PROXY_BUSY : PROXY_ANSWERED;
}

enum proxy_answer proxy_reload_conf(struct proxy *proxy, struct conf_problems *problems, char **trouble)
{
    *problems = (struct conf_problems){0};
    return proxy_renew_certificates(proxy, trouble);
}

/* A copy on the heap; PROXY_BUSY when the proxy is. The lock is held. */
static enum proxy_answer copy_items(const struct proxy *proxy, const void *all, size_t size, void **items)
{
    if (proxy->is_busy)
        return PROXY_BUSY;
    *items = calloc(1, size + 1);
    memcpy(*items, all, size);
    return PROXY_ANSWERED;
}

enum proxy_answer proxy_upstreams(struct proxy *proxy, struct report_upstream **items, size_t *count)
{
    void *copy;
    pthread_mutex_lock(&proxy->mutex);
    enum proxy_answer answer = copy_items(proxy, proxy->upstreams, sizeof proxy->upstreams, &copy);
    for (size_t i = 0; answer == PROXY_ANSWERED && i < proxy->upstream_count; i++) {
        struct report_upstream *upstream = (struct report_upstream *)copy + i;
        size_t size = upstream->server_count * sizeof *upstream->servers;
        upstream->servers = calloc(1, size + 1);
        memcpy(upstream->servers, proxy->servers[i], size);
    }
    *count = proxy->upstream_count;
    pthread_mutex_unlock(&proxy->mutex);
    if (answer == PROXY_ANSWERED)
        *items = copy;
    return answer;
}

void report_upstreams_free(struct report_upstream *items, size_t count)
{
    for (size_t i = 0; items && i < count; i++)
        free(items[i].servers);
    free(items);
}

enum proxy_answer proxy_certificates(struct proxy *proxy, struct report_certificate **items, size_t *count)
{
    void *copy;
    pthread_mutex_lock(&proxy->mutex);
    enum proxy_answer answer = copy_items(proxy, proxy->certificates, sizeof proxy->certificates, &copy);
    *count = proxy->certificate_count;
    pthread_mutex_unlock(&proxy->mutex);
    if (answer == PROXY_ANSWERED)
        *items = copy;
    return answer;
}

enum proxy_answer proxy_troubles(struct proxy *proxy, struct report_trouble **items, size_t *count)
{
    void *copy;
    pthread_mutex_lock(&proxy->mutex);
    enum proxy_answer answer = copy_items(proxy, proxy->troubles, sizeof proxy->troubles, &copy);
    *count = proxy->trouble_count;
    pthread_mutex_unlock(&proxy->mutex);
    if (answer == PROXY_ANSWERED)
        *items = copy;
    return answer;
}

void proxy_workers(struct proxy *proxy, struct report_worker **items, size_t *count)
{
    pthread_mutex_lock(&proxy->mutex);
    *items = proxy->is_short ? NULL : calloc(1, sizeof proxy->workers);
    *count = *items ? proxy->worker_count : 0;
    if (*items)
        memcpy(*items, proxy->workers, sizeof proxy->workers);
    pthread_mutex_unlock(&proxy->mutex);
}

enum proxy_answer proxy_waiting(const struct report_listener *listener,
                                bool (*tell)(void *context, const struct report_waiting *waiting),
                                void *context)
{
    struct proxy *proxy = (struct proxy *)(uintptr_t)listener->bound.path;
    pthread_mutex_lock(&proxy->mutex);
    bool is_busy = proxy->is_busy;
    bool goes_on = !is_busy && strcmp(listener->name, "web") == 0;
    for (size_t i = 0; goes_on && i < proxy->waiting_count; i++)
        goes_on = tell(context, &proxy->waiting[i]);
    pthread_mutex_unlock(&proxy->mutex);
    errno = EPERM;
    return is_busy ? PROXY_BUSY : PROXY_ANSWERED;
}

enum proxy_answer proxy_splice(struct proxy *proxy, uint64_t id, struct report_splice *report)
{
    pthread_mutex_lock(&proxy->mutex);
    bool is_busy = proxy->is_busy;
    bool is_alive = id < FAKE_SPLICES && proxy->is_alive[id];
    pthread_mutex_unlock(&proxy->mutex);
    if (is_busy)
        return PROXY_BUSY;
    if (!is_alive)
        return PROXY_NOT_FOUND;
    fake_splice(id, true, report);
    return PROXY_ANSWERED;
}

struct proxy_walk *proxy_walk_begin(struct proxy *proxy, uint64_t after)
{
    struct proxy_walk *walk = calloc(1, sizeof *walk);
    *walk = (struct proxy_walk){.proxy = proxy, .last = after};
    pthread_mutex_lock(&proxy->mutex);
    proxy->walks++;
    pthread_mutex_unlock(&proxy->mutex);
    return walk;
}

enum proxy_answer proxy_walk_next(struct proxy_walk *walk, bool with_kernel, struct report_splice *report)
{
    struct proxy *proxy = walk->proxy;
    enum proxy_answer answer = PROXY_NOT_FOUND;
    pthread_mutex_lock(&proxy->mutex);
    unsigned pause_us = proxy->pause_us;
    if (proxy->is_busy || (proxy->busy_after > 0 && walk->told >= proxy->busy_after))
        answer = PROXY_BUSY;
    while (answer == PROXY_NOT_FOUND && walk->last + 1 < FAKE_SPLICES) {
        if (proxy->is_alive[++walk->last])
            answer = PROXY_ANSWERED;
    }
    if (answer == PROXY_ANSWERED) {
        walk->told++;
        proxy->told++;
        proxy->told_with_kernel += with_kernel;
    }
    pthread_mutex_unlock(&proxy->mutex);
    if (pause_us > 0)
        usleep(pause_us);
    if (answer == PROXY_ANSWERED)
        fake_splice(walk->last, with_kernel, report);
    return answer;
}

void proxy_walk_end(struct proxy_walk *walk)
{
    if (!walk)
        return;
    pthread_mutex_lock(&walk->proxy->mutex);
    walk->proxy->walks--;
    pthread_mutex_unlock(&walk->proxy->mutex);
    free(walk);
}
