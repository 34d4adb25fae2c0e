/* Renews what listeners present while they work: when its files change, and when somebody asks.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/renewal.h"

#include "certs/lookout.h"
#include "conf/text.h"
#include "proxy/log.h"
#include "proxy/stapler.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    QUIET_MS = 100,     /* without a further change, before files are read */
    PATIENCE_MS = 1000, /* with changes all the time */
    BEAT_MS = 60 * 1000,
    DAY_MS = 24 * 60 * 60 * 1000,
    EXPIRING_DAYS = 30, /* at most; a third of a life that is shorter */
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

/* Telling
 * -----------------------------------------------------------------------------------------------------------
 */

static void tell(const struct listener *listener, enum event_what what, int64_t number, const char *file,
                 const char *detail)
{
    const struct event event = {
        .what = what,
        .listener = listener->entrance->event_name,
        .number = number,
        .texts = {file, detail},
    };
    event_tell(listener->entrance->commons->events, &event);
}

static void tell_failure(struct listener *listener, const char *file, const char *detail)
{
    listener->certificates_failed++;
    log_line(CONF_LOG_ERROR, "certificate.failed", "%s; what was there before goes on", detail);
    tell(listener, EVENT_CERTIFICATE_FAILED, 0, file, detail);
}

/* Whether this stood in the way before: it was told then. */
static bool was_told(const struct certs *before, const struct certs_trouble *trouble)
{
    for (size_t i = 0; i < certs_trouble_count(before); i++) {
        if (strcmp(certs_trouble(before, i)->detail, trouble->detail) == 0)
            return true;
    }
    return false;
}

static void tell_loaded(struct listener *listener, const struct certs_description *described)
{
    listener->certificates_loaded++;
    log_line(CONF_LOG_INFO, "certificate.loaded", "listener %s presents %s from %s", listener->entrance->name,
             described->subject, described->file);
    tell(listener, EVENT_CERTIFICATE_LOADED, 0, described->file, described->subject);
}

static void tell_changes(struct listener *listener, const struct certs *before, const struct certs *certs)
{
    for (size_t i = 0; i < certs_count(certs); i++) {
        if (!certs_presents(before, certs_describe(certs, i)->fingerprint))
            tell_loaded(listener, certs_describe(certs, i));
    }
    for (size_t i = 0; i < certs_trouble_count(certs); i++) {
        const struct certs_trouble *trouble = certs_trouble(certs, i);
        if (!was_told(before, trouble))
            tell_failure(listener, trouble->file, trouble->detail);
    }
}

/* Expiry
 * -----------------------------------------------------------------------------------------------------------
 */

/* Below 0 for one that has expired. */
static int64_t days_left(const struct certs_description *described, int64_t now)
{
    int64_t left = described->not_after_ms - now;
    return left >= 0 ? left / DAY_MS : -((-left + DAY_MS - 1) / DAY_MS);
}

static bool is_expiring(const struct certs_description *described, int64_t now)
{
    int64_t life = described->not_after_ms - described->not_before_ms;
    int64_t early = life / 3 < (int64_t)EXPIRING_DAYS * DAY_MS ? life / 3 : (int64_t)EXPIRING_DAYS * DAY_MS;
    return now > described->not_after_ms - early;
}

static void warn_of_expiry(struct listener *listener, const struct certs_description *described, int64_t now)
{
    int64_t days = days_left(described, now);
    if (!is_expiring(described, now))
        return;
    if (days < 0)
        log_line(CONF_LOG_WARNING, "certificate.expiring", "listener %s: %s from %s has expired; renew it",
                 listener->entrance->name, described->subject, described->file);
    else
        log_line(CONF_LOG_WARNING, "certificate.expiring",
                 "listener %s: %s from %s expires in %lld days; renew it", listener->entrance->name,
                 described->subject, described->file, (long long)days);
    tell(listener, EVENT_CERTIFICATE_EXPIRING, days, described->file, described->subject);
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
        const struct certs *certs = certs_of(house->listeners[i]);
        for (size_t k = 0; certs && k < certs_count(certs); k++)
            warn_of_expiry(house->listeners[i], certs_describe(certs, k), now);
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
}

static char *renew_listener(struct listener *listener, const struct conf_listener *conf)
{
    const struct certs *before = certs_of(listener);
    struct certs *certs;
    char *wrong = certs_renew_listener(conf->tls, conf->name, before, &certs);
    if (wrong) {
        tell_failure(listener, "", wrong);
        return wrong;
    }
    if (certs_trouble_count(certs) > 0)
        wrong = text_copy(certs_trouble(certs, 0)->detail);
    tell_changes(listener, before, certs);
    listener_renew(listener, conf, certs);
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

/* Mixes what tells one state of a file from another (FNV-1a). */
static void stamp_file(void *context, const char *path)
{
    uint64_t *stamp = context;
    struct stat status = {0};
    stat(path, &status);
    const uint64_t facts[] = {(uint64_t)status.st_dev,          (uint64_t)status.st_ino,
                              (uint64_t)status.st_size,         (uint64_t)status.st_mtim.tv_sec,
                              (uint64_t)status.st_mtim.tv_nsec, (uint64_t)status.st_ctim.tv_nsec};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        *stamp = (*stamp ^ facts[i]) * UINT64_C(0x100000001b3);
}

static uint64_t stamp_of(const struct conf_listener *conf)
{
    uint64_t stamp = UINT64_C(0xcbf29ce484222325);
    certs_tell_files(conf->tls, stamp_file, &stamp);
    return stamp;
}

/* Renews those whose files have changed, or all. */
static char *run(struct renewal *renewal, bool is_asked)
{
    struct proxy *house = renewal->house;
    char *first = NULL;
    renewal->changed_since = 0;
    timer_cancel(&renewal->change);
    /* Links may lead elsewhere now; what changes from here on is heard of again. */
    watch_files(renewal);
    for (size_t i = 0; i < house->conf->listener_count; i++) {
        struct listener *listener = house->listeners[i];
        const struct conf_listener *conf = &house->conf->listeners[i];
        uint64_t stamp = certs_of(listener) && conf_terminates(conf) ? stamp_of(conf) : 0;
        if (!stamp || (stamp == listener->files_stamp && !is_asked))
            continue;
        listener->files_stamp = stamp;
        char *wrong = renew_listener(listener, conf);
        if (first)
            free(wrong);
        else
            first = wrong;
    }
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
    /* What has changed since its certificates were loaded is not known. */
    for (size_t i = 0; i < house->conf->listener_count; i++)
        house->listeners[i]->files_stamp = 0;
    watch_files(house->renewal);
    warn_of_all(house->renewal);
    staple(house->renewal);
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
