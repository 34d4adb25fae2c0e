/* The whole house: workers, listeners and upstreams made from the description; the face it shows to main and
 * admin.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/proxy.h"

#include "conf/text.h"
#include "proxy/house.h"
#include "proxy/log.h"
#include "proxy/plan.h"
#include "proxy/renewal.h"
#include "proxy/splice_orders_closing.h"
#include "proxy/worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SAMPLE_MS = 1000,
    DRAIN_LOOK_MS = 20,
};

const struct conf *proxy_conf(const struct proxy *proxy)
{
    return proxy->conf;
}

struct event_ring *proxy_events(const struct proxy *proxy)
{
    return proxy->commons.events;
}

static void tell(const struct proxy *house, enum event_what what, const char *detail)
{
    event_tell(house->commons.events, &(struct event){.what = what, .texts = {detail}});
}

/* Making and unmaking */

static void note_pressure(struct proxy *house, const char *pressed)
{
    struct notice_words *words = &house->notice.words;
    bool was_pressed = words->pressed[0] != '\0';
    if (strcmp(words->pressed, pressed) == 0)
        return;
    if (*pressed && !was_pressed)
        log_line(CONF_LOG_WARNING, "process.ready", "not ready: %s", pressed);
    if (!*pressed)
        log_line(CONF_LOG_INFO, "process.ready", "ready again: no queue is under pressure");
    snprintf(words->pressed, sizeof words->pressed, "%s", pressed);
    notice_publish(&house->notice);
}

static void sample(struct timer *timer)
{
    struct proxy *house = list_owner(timer, struct proxy, sample);
    char pressed[PRESSURE_SENTENCE] = "";
    for (size_t i = 0; i < house->conf->listener_count; i++) {
        struct listener *listener = house->listeners[i];
        listener_beat(listener);
        if (!pressed[0])
            pressure_explain(&listener->pressure, &listener->ready_while, listener->entrance->name, pressed);
    }
    note_pressure(house, pressed);
    timer_set(&house->control->timers, timer, house->control->now + SAMPLE_MS);
}

static char *create_workers(struct proxy *house)
{
    struct commons *commons = &house->commons;
    char *wrong = NULL;
    commons->workers = calloc(house->budget.workers, sizeof *commons->workers);
    assert(commons->workers);
    for (; commons->worker_count < house->budget.workers && !wrong; commons->worker_count++) {
        unsigned i = commons->worker_count;
        wrong = worker_create(commons, i, house->budget.pipes, &commons->workers[i]);
    }
    return wrong;
}

static char *start_workers(struct proxy *house)
{
    char *wrong = NULL;
    for (unsigned i = 0; i < house->commons.worker_count && !wrong; i++)
        wrong = worker_start(house->commons.workers[i]);
    return wrong;
}

/* Takes over max_connections, and says so when it cannot be had. */
static void limit_connections(struct proxy *house, const struct conf *conf)
{
    int64_t limit = budget_limit(&house->budget, conf->max_connections);
    slots_limit_to(&house->commons.connections, limit);
    if (limit < conf->max_connections)
        log_line(CONF_LOG_WARNING, "limits",
                 "max_connections is %lld, but %lld descriptors are enough for %lld, which is the limit: "
                 "raise ulimit -n",
                 (long long)conf->max_connections, (long long)house->budget.descriptors, (long long)limit);
}

static struct event_ring *make_events(const struct conf *conf)
{
    struct event_ring *events = event_ring_create((uint64_t)conf->events.ring);
    if (!events && conf->events.ring > 0)
        log_line(CONF_LOG_WARNING, "limits", "there is no memory for %lld events: none are kept",
                 (long long)conf->events.ring);
    return events;
}

char *proxy_create(struct loop *control, struct conf *conf, struct proxy **made)
{
    struct proxy *house = calloc(1, sizeof *house);
    struct plan plan;
    *made = NULL;
    if (!house)
        return text_format("no memory");
    house->control = control;
    house->mailbox.watch.fd = -1;
    house->sample.fire = sample;
    list_begin(&house->closings);
    house->started_at = house->notice.words.applied_at = loop_wall_ms();
    notice_publish(&house->notice);
    house->budget = budget_make(conf);
    snprintf(house->instance, sizeof house->instance, "%s", conf_instance(conf));
    slots_begin(&house->commons.connections, 0);
    limit_connections(house, conf);
    house->commons.events = make_events(conf);
    house->commons.failures = failures_create();
    house->commons.census = census_create();
    assert(house->commons.census);
    house->commons.control = &house->mailbox;
    house->commons.duties = &house_duties;
    house->commons.serve = house_serve;
    house->commons.serve_context = house;
    char *wrong = mailbox_open(&house->mailbox, control, house);
    if (!wrong)
        wrong = lookup_create(&house->commons.lookup);
    if (!wrong)
        wrong = create_workers(house);
    if (!wrong)
        wrong = plan_make(house, conf, &plan);
    if (!wrong) {
        plan_carry_out(house, conf, &plan);
        wrong = start_workers(house);
    }
    if (wrong) {
        if (!house->conf)
            conf_destroy(conf);
        proxy_destroy(house);
        return wrong;
    }
    timer_set(&control->timers, &house->sample, control->now + SAMPLE_MS);
    renewal_begin(house);
    atomic_store(&house->is_ready, true);
    tell(house, EVENT_PROCESS_READY, NULL);
    *made = house;
    return NULL;
}

static void note_outcome(struct proxy *house, const char *wrong)
{
    struct notice_words *words = &house->notice.words;
    if (wrong) {
        words->rejected_at = loop_wall_ms();
        snprintf(words->last_error, sizeof words->last_error, "%s", wrong);
    } else {
        words->applied_at = loop_wall_ms();
    }
    notice_publish(&house->notice);
    tell(house, wrong ? EVENT_CONFIG_REJECTED : EVENT_CONFIG_APPLIED, wrong);
}

void proxy_reject(struct proxy *proxy, const char *why)
{
    note_outcome(proxy, why);
}

char *proxy_apply(struct proxy *proxy, struct conf *conf)
{
    struct plan plan;
    char *wrong = plan_make(proxy, conf, &plan);
    if (wrong) {
        note_outcome(proxy, wrong);
        conf_destroy(conf);
        return wrong;
    }
    limit_connections(proxy, conf);
    if (conf->workers != proxy->conf->workers)
        log_line(CONF_LOG_WARNING, "config.applied",
                 "a new number of workers takes effect at the next start");
    if (conf->events.ring != proxy->conf->events.ring)
        log_line(CONF_LOG_WARNING, "config.applied",
                 "a new size of the ring of events takes effect at the next start");
    plan_carry_out(proxy, conf, &plan);
    renewal_follow(proxy);
    note_outcome(proxy, NULL);
    return NULL;
}

static void end_listeners(struct proxy *house)
{
    for (size_t i = 0; house->conf && i < house->conf->listener_count; i++) {
        listener_destroy(house->listeners[i]);
    }
    for (size_t i = 0; i < house->leaving_count; i++) {
        listener_destroy(house->leaving[i]);
    }
    free(house->listeners);
    free(house->leaving);
}

static void end_upstreams(struct proxy *house)
{
    for (size_t i = 0; house->conf && i < house->conf->upstream_count; i++)
        upstream_drop(&house->upstreams[i]);
    for (unsigned i = 0; i < HOUSE_SERVICES; i++) {
        upstream_drop(&house->services[i].upstream);
        free(house->services[i].name);
    }
    free(house->upstreams);
}

/* Letters may be under way from anybody to anybody: threads end first, then what is still in the boxes is
 * delivered, then what the letters speak of is freed. */
void proxy_destroy(struct proxy *proxy)
{
    if (!proxy)
        return;
    struct commons *commons = &proxy->commons;
    timer_cancel(&proxy->sample);
    renewal_end(proxy);
    timer_cancel(&proxy->drain);
    for (unsigned i = 0; i < commons->worker_count; i++) {
        if (commons->workers[i])
            worker_stop(commons->workers[i]);
    }
    for (unsigned i = 0; i < commons->worker_count; i++) {
        if (commons->workers[i])
            worker_join(commons->workers[i]);
    }
    if (commons->lookup)
        lookup_stop(commons->lookup);
    for (unsigned i = 0; i < commons->worker_count; i++)
        worker_destroy(commons->workers[i]);
    mailbox_close(&proxy->mailbox, proxy->control);
    closing_end_all(&proxy->closings);
    end_listeners(proxy);
    end_upstreams(proxy);
    lookup_destroy(commons->lookup);
    census_destroy(commons->census);
    conf_destroy(proxy->conf);
    event_ring_destroy(commons->events);
    failures_destroy(commons->failures);
    free(commons->workers);
    free(proxy);
}

/* Leaving
 * ----------------------------------------------------------------------------------------------------------
 */

static void is_closed(void *context, struct listener *listener)
{
    (void)context;
    (void)listener;
}

static void drain_listeners(struct proxy *house)
{
    house->drain_listeners_at = 0;
    for (size_t i = 0; i < house->conf->listener_count; i++)
        listener_drain(house->listeners[i], DRAIN_QUEUE, is_closed, house);
}

/* Time is up: nobody is waited for any more. */
static void cut(struct proxy *house)
{
    house->drain_until = UINT64_MAX;
    house->drain_listeners_at = 0;
    for (size_t i = 0; i < house->conf->listener_count; i++)
        listener_close(house->listeners[i], is_closed, house);
    for (size_t i = 0; i < house->leaving_count; i++)
        listener_close(house->leaving[i], house_has_left, house);
    for (unsigned i = 0; i < house->commons.worker_count; i++)
        worker_end_splices(house->commons.workers[i]);
}

static bool is_empty(const struct proxy *house)
{
    for (size_t i = 0; i < house->conf->listener_count; i++) {
        if (house->listeners[i]->state != LISTENER_CLOSED)
            return false;
    }
    return house->leaving_count == 0 && slots_used(&house->commons.connections) == 0;
}

static void look_at_drain(struct timer *timer)
{
    struct proxy *house = list_owner(timer, struct proxy, drain);
    uint64_t now = house->control->now;
    if (house->drain_listeners_at && now >= house->drain_listeners_at)
        drain_listeners(house);
    if (now >= house->drain_until)
        cut(house);
    if (!is_empty(house)) {
        timer_set(&house->control->timers, timer, now + DRAIN_LOOK_MS);
        return;
    }
    tell(house, EVENT_PROCESS_STOPPING, NULL);
    house->drained(house->drained_context);
}

void proxy_drain(struct proxy *proxy, void (*done)(void *context), void *context)
{
    const struct conf_shutdown *shutdown = &proxy->conf->shutdown;
    atomic_store(&proxy->is_draining, true);
    tell(proxy, EVENT_PROCESS_DRAINING, NULL);
    proxy->drained = done;
    proxy->drained_context = context;
    proxy->drain.fire = look_at_drain;
    proxy->drain_listeners_at = proxy->control->now + (uint64_t)shutdown->delay;
    proxy->drain_until =
        shutdown->timeout ? proxy->drain_listeners_at + (uint64_t)shutdown->timeout : UINT64_MAX;
    timer_set(&proxy->control->timers, &proxy->drain, proxy->control->now);
}

void proxy_stop(struct proxy *proxy)
{
    proxy->drain_until = proxy->control->now;
    if (proxy->drain_listeners_at)
        proxy->drain_listeners_at = proxy->control->now;
}
