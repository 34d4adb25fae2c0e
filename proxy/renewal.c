/* Renews what listeners and upstreams present and believe while they work: when its files change, and when
 * somebody asks.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/renewal.h"

#include "certs/lookout.h"
#include "conf/text.h"
#include "proxy/log.h"
#include "proxy/renewal_tell.h"
#include "proxy/stapler.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUIET_MS = 100,     /* without a further change, before files are read */
    PATIENCE_MS = 1000, /* with changes all the time */
    BEAT_MS = 60 * 1000,
    DAY_MS = 24 * 60 * 60 * 1000,
};

struct renewal {
    struct proxy *house;
    struct lookout *lookout; /* NULL: the kernel has none */
    struct stapler *stapler; /* NULL: nothing had to be fetched yet */
    struct watch watch;
    struct timer change; /* files have changed, and are read when it fires */
    struct timer beat;
    uint64_t changed_since; /* ms of the loop; 0: nothing has changed */
    uint64_t warned_at;
};

/* Whose certificates they are
 * -----------------------------------------------------------------------------------------------------------
 */

static struct renewal_owner owner_listener(struct listener *listener, const struct conf_listener *conf)
{
    const struct conf_client_certificate *asked = &conf->tls->client_certificate;
    return (struct renewal_owner){
        .kind = "listener",
        .name = conf->name,
        .authorities = asked->crl ? asked->crl : asked->ca,
        .listener = listener->entrance->event_name,
        .events = listener->entrance->commons->events,
        .loaded = &listener->certificates_loaded,
        .failed = &listener->certificates_failed,
    };
}

static struct renewal_owner owner_upstream(struct upstream *upstream, const struct conf_upstream *conf)
{
    return (struct renewal_owner){
        .kind = "upstream",
        .name = conf->name,
        .authorities = conf->tls->crl ? conf->tls->crl : conf->tls->ca,
        .upstream = upstream->event_name,
        .events = upstream->events,
        .loaded = &upstream->credentials.loaded,
        .failed = &upstream->credentials.failed,
    };
}

static struct certs *certs_of(const struct listener *listener)
{
    return listener->service ? listener->service->certs : NULL;
}

static void warn_of_all(struct renewal *renewal)
{
    struct proxy *house = renewal->house;
    int64_t now = loop_wall_ms();
    renewal->warned_at = house->control->now;
    for (size_t i = 0; i < house->conf->listener_count; i++) {
        if (!certs_of(house->listeners[i]))
            continue;
        struct renewal_owner owner = owner_listener(house->listeners[i], &house->conf->listeners[i]);
        renewal_tell_expiry(&owner, certs_of(house->listeners[i]), now);
    }
    for (size_t i = 0; i < house->conf->upstream_count; i++) {
        if (!house->conf->upstreams[i].tls)
            continue;
        struct renewal_owner owner = owner_upstream(house->upstreams[i], &house->conf->upstreams[i]);
        struct certs *certs = credentials_take(&house->upstreams[i]->credentials);
        renewal_tell_expiry(&owner, certs, now);
        certs_drop(&certs);
    }
}

/* Now and then: keys of tickets change, and once a day it is told what expires. */
static void beat(struct timer *timer)
{
    struct renewal *renewal = list_owner(timer, struct renewal, beat);
    struct proxy *house = renewal->house;
    for (size_t i = 0; i < house->conf->listener_count; i++) {
        if (certs_of(house->listeners[i]))
            certs_turn(certs_of(house->listeners[i]));
    }
    if (house->control->now - renewal->warned_at >= DAY_MS)
        warn_of_all(renewal);
    timer_set(&house->control->timers, timer, house->control->now + BEAT_MS);
}

/* Renewing
 * -----------------------------------------------------------------------------------------------------------
 */

static void watch_file(void *context, const char *path)
{
    lookout_add(context, path);
}

static void watch_files(struct renewal *renewal)
{
    const struct conf *conf = renewal->house->conf;
    if (!renewal->lookout)
        return;
    lookout_begin(renewal->lookout);
    for (size_t i = 0; i < conf->listener_count; i++) {
        if (conf_terminates(&conf->listeners[i]))
            certs_tell_files(conf->listeners[i].tls, watch_file, renewal->lookout);
    }
    for (size_t i = 0; i < conf->upstream_count; i++) {
        if (conf->upstreams[i].tls)
            certs_tell_upstream_files(conf->upstreams[i].tls, watch_file, renewal->lookout);
    }
}

static char *renew_listener(struct listener *listener, const struct conf_listener *conf)
{
    const struct certs *before = certs_of(listener);
    struct renewal_owner owner = owner_listener(listener, conf);
    struct certs *certs;
    char *wrong = certs_renew_listener(conf->tls, conf->name, before, &certs);
    if (wrong) {
        renewal_tell_failure(&owner, "", wrong);
        return wrong;
    }
    if (certs_trouble_count(certs) > 0)
        wrong = text_copy(certs_trouble(certs, 0)->detail);
    renewal_tell_changes(&owner, before, certs);
    listener_renew(listener, conf, certs);
    return wrong;
}

void renewal_tell_listener(struct listener *listener, const struct conf_listener *conf,
                           const struct certs *certs)
{
    if (!certs_of(listener) || !certs || certs == certs_of(listener))
        return;
    struct renewal_owner owner = owner_listener(listener, conf);
    renewal_tell_changes(&owner, certs_of(listener), certs);
}

/* What is as good as before stays in force, since sessions are kept with it. */
static char *load_upstream(struct upstream *upstream, const struct conf_upstream *conf, struct certs **certs)
{
    char *wrong = certs_load_upstream(conf->tls, conf->name, certs);
    struct certs *before = credentials_take(&upstream->credentials);
    if (!wrong && certs_are_alike(before, *certs)) {
        credentials_confirm(&upstream->credentials, certs_stamp(*certs));
        certs_drop(certs);
    }
    certs_drop(&before);
    return wrong;
}

char *renewal_load_upstream(struct upstream *upstream, const struct conf_upstream *conf, struct certs **certs)
{
    const struct credentials *credentials = &upstream->credentials;
    *certs = NULL;
    if (!credentials->trouble && credentials->files_stamp == certs_stamp_upstream_files(conf->tls))
        return NULL;
    return load_upstream(upstream, conf, certs);
}

void renewal_put_upstream(struct upstream *upstream, const struct conf_upstream *conf, struct certs *certs)
{
    struct renewal_owner owner = owner_upstream(upstream, conf);
    struct certs *before = credentials_take(&upstream->credentials);
    renewal_tell_changes(&owner, before, certs);
    certs_drop(&before);
    upstream_renew(upstream, certs);
}

/* All of it, or nothing: whom it believes and who it is belong together. */
static char *renew_upstream(struct upstream *upstream, const struct conf_upstream *conf, uint64_t stamp)
{
    struct certs *certs;
    char *wrong = load_upstream(upstream, conf, &certs);
    if (wrong) {
        struct renewal_owner owner = owner_upstream(upstream, conf);
        if (credentials_note(&upstream->credentials, stamp, wrong, loop_wall_ms()))
            renewal_tell_failure(&owner, "", wrong);
    } else if (certs) {
        renewal_put_upstream(upstream, conf, certs);
    }
    return wrong;
}

/* Has OCSP responses fetched for those that want them. */
static void staple(struct renewal *renewal)
{
    const struct proxy *house = renewal->house;
    size_t count = 0;
    struct certs **sets = calloc(house->conf->listener_count + 1, sizeof *sets);
    assert(sets);
    for (size_t i = 0; i < house->conf->listener_count; i++) {
        struct certs *certs = certs_of(house->listeners[i]);
        if (certs && certs_fetches(certs))
            sets[count++] = certs;
    }
    char *wrong = count > 0 && !renewal->stapler ? stapler_create(&renewal->stapler) : NULL;
    if (wrong)
        log_line(CONF_LOG_ERROR, "certificate.unstapled", "%s", wrong);
    free(wrong);
    if (renewal->stapler)
        stapler_watch(renewal->stapler, sets, count);
    free(sets);
}

/* Of all troubles the first is told; takes over both. */
static char *first_of(char *first, char *next)
{
    if (!first)
        return next;
    free(next);
    return first;
}

/* Those whose files have changed, or all that have any. */
static char *run_listeners(struct proxy *house, bool is_asked)
{
    char *first = NULL;
    for (size_t i = 0; i < house->conf->listener_count; i++) {
        struct listener *listener = house->listeners[i];
        const struct conf_listener *conf = &house->conf->listeners[i];
        if (!certs_of(listener) || !conf_terminates(conf))
            continue;
        uint64_t stamp = certs_stamp_files(conf->tls);
        if (stamp == listener->files_stamp && !is_asked)
            continue;
        listener->files_stamp = stamp;
        first = first_of(first, renew_listener(listener, conf));
    }
    return first;
}

static char *run_upstreams(struct proxy *house, bool is_asked)
{
    char *first = NULL;
    for (size_t i = 0; i < house->conf->upstream_count; i++) {
        struct upstream *upstream = house->upstreams[i];
        const struct conf_upstream *conf = &house->conf->upstreams[i];
        if (!conf->tls)
            continue;
        uint64_t stamp = certs_stamp_upstream_files(conf->tls);
        if (stamp != upstream->credentials.files_stamp || is_asked)
            first = first_of(first, renew_upstream(upstream, conf, stamp));
    }
    return first;
}

static char *run(struct renewal *renewal, bool is_asked)
{
    renewal->changed_since = 0;
    timer_cancel(&renewal->change);
    /* Links may lead elsewhere now; what changes from here on is heard of again. */
    watch_files(renewal);
    char *first = run_listeners(renewal->house, is_asked);
    first = first_of(first, run_upstreams(renewal->house, is_asked));
    staple(renewal);
    return first;
}

char *renewal_run(struct proxy *house)
{
    return run(house->renewal, true);
}

static void has_changed(struct timer *timer)
{
    free(run(list_owner(timer, struct renewal, change), false));
}

static void hear(struct watch *watch, unsigned events)
{
    struct renewal *renewal = list_owner(watch, struct renewal, watch);
    uint64_t now = renewal->house->control->now;
    (void)events;
    if (!lookout_hear(renewal->lookout))
        return;
    if (!renewal->changed_since)
        renewal->changed_since = now;
    uint64_t latest = renewal->changed_since + PATIENCE_MS;
    timer_set(&renewal->house->control->timers, &renewal->change,
              now + QUIET_MS < latest ? now + QUIET_MS : latest);
}

void renewal_follow(struct proxy *house)
{
    free(run(house->renewal, false));
    warn_of_all(house->renewal);
}

void renewal_begin(struct proxy *house)
{
    struct renewal *renewal = calloc(1, sizeof *renewal);
    assert(renewal);
    *renewal = (struct renewal){.house = house, .change.fire = has_changed, .beat.fire = beat};
    house->renewal = renewal;
    char *wrong = lookout_open(&renewal->lookout);
    if (wrong)
        log_line(CONF_LOG_WARNING, "certificate.unwatched", "%s", wrong);
    free(wrong);
    if (renewal->lookout) {
        renewal->watch = (struct watch){.ready = hear, .fd = lookout_descriptor(renewal->lookout)};
        loop_add_level(house->control, &renewal->watch);
    }
    timer_set(&house->control->timers, &renewal->beat, house->control->now + BEAT_MS);
    renewal_follow(house);
}

void renewal_end(struct proxy *house)
{
    struct renewal *renewal = house->renewal;
    if (!renewal)
        return;
    timer_cancel(&renewal->change);
    timer_cancel(&renewal->beat);
    if (renewal->lookout)
        loop_remove(house->control, &renewal->watch);
    lookout_close(renewal->lookout);
    stapler_destroy(renewal->stapler);
    free(renewal);
    house->renewal = NULL;
}
