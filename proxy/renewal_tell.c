/* Tells what became of certificates that were loaded anew, of a listener or an upstream alike, and which
 * expire.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/renewal_tell.h"

#include "proxy/log.h"

#include <string.h>

static const int64_t day_ms = 24 * 60 * 60 * 1000;

enum {
    EXPIRING_DAYS = 30 /* at most; a third of a life that is shorter */
};

static void tell(const struct renewal_owner *owner, enum event_what what, int64_t number, const char *file,
                 const char *detail)
{
    const struct event event = {
        .what = what,
        .listener = owner->listener,
        .upstream = owner->upstream,
        .number = number,
        .texts = {file, detail},
    };
    event_tell(owner->events, &event);
}

void renewal_tell_failure(const struct renewal_owner *owner, const char *file, const char *detail)
{
    ++*owner->failed;
    log_line(CONF_LOG_ERROR, "certificate.failed", "%s; what was there before goes on", detail);
    tell(owner, EVENT_CERTIFICATE_FAILED, 0, file, detail);
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

static void tell_loaded(const struct renewal_owner *owner, const struct certs_description *described)
{
    ++*owner->loaded;
    log_line(CONF_LOG_INFO, "certificate.loaded", "%s %s presents %s from %s", owner->kind, owner->name,
             described->subject, described->file);
    tell(owner, EVENT_CERTIFICATE_LOADED, 0, described->file, described->subject);
}

/* Nobody is presented by them: there is no subject. */
static void tell_authorities(const struct renewal_owner *owner)
{
    const char *authorities = owner->authorities ? owner->authorities : "";
    ++*owner->loaded;
    log_line(CONF_LOG_INFO, "certificate.loaded", "%s %s believes others than before, from %s", owner->kind,
             owner->name, authorities);
    tell(owner, EVENT_CERTIFICATE_LOADED, 0, authorities, NULL);
}

void renewal_tell_changes(const struct renewal_owner *owner, const struct certs *before,
                          const struct certs *certs)
{
    for (size_t i = 0; i < certs_count(certs); i++) {
        if (!certs_presents(before, certs_describe(certs, i)->fingerprint))
            tell_loaded(owner, certs_describe(certs, i));
    }
    if (!certs_judge_alike(before, certs))
        tell_authorities(owner);
    for (size_t i = 0; i < certs_trouble_count(certs); i++) {
        const struct certs_trouble *trouble = certs_trouble(certs, i);
        if (!was_told(before, trouble))
            renewal_tell_failure(owner, trouble->file, trouble->detail);
    }
}

/* Below 0 for one that has expired. */
static int64_t days_left(const struct certs_description *described, int64_t now)
{
    int64_t left = described->not_after_ms - now;
    return left >= 0 ? left / day_ms : -((-left + day_ms - 1) / day_ms);
}

static bool is_expiring(const struct certs_description *described, int64_t now)
{
    int64_t life = described->not_after_ms - described->not_before_ms;
    int64_t early = life / 3 < EXPIRING_DAYS * day_ms ? life / 3 : EXPIRING_DAYS * day_ms;
    return now > described->not_after_ms - early;
}

/* `what` it is: "", or "the authority ". */
static void warn(const struct renewal_owner *owner, const char *what,
                 const struct certs_description *described, int64_t now)
{
    int64_t days = days_left(described, now);
    if (!is_expiring(described, now))
        return;
    if (days < 0)
        log_line(CONF_LOG_WARNING, "certificate.expiring", "%s %s: %s%s from %s has expired; renew it",
                 owner->kind, owner->name, what, described->subject, described->file);
    else
        log_line(CONF_LOG_WARNING, "certificate.expiring",
                 "%s %s: %s%s from %s expires in %lld days; renew it", owner->kind, owner->name, what,
                 described->subject, described->file, (long long)days);
    tell(owner, EVENT_CERTIFICATE_EXPIRING, days, described->file, described->subject);
}

void renewal_tell_expiry(const struct renewal_owner *owner, const struct certs *certs, int64_t now)
{
    for (size_t i = 0; i < certs_count(certs); i++)
        warn(owner, "", certs_describe(certs, i), now);
    if (certs_authority(certs))
        warn(owner, "the authority ", certs_authority(certs), now);
}
