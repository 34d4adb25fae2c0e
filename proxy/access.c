/* The access log: one line per splice, when it ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/access.h"

#include "conf/text.h"
#include "proxy/log.h"
#include "proxy/loop.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static struct log_field text(const char *key, const char *value)
{
    return (struct log_field){.key = key, .text = value ? value : "", .is_absent = !value || !*value};
}

static struct log_field number(const char *key, int64_t value)
{
    return (struct log_field){.key = key, .number = value, .is_absent = value < 0};
}

/* The names of a certificate, of every kind, one after the other. */
static const char *join_names(const struct report_peer *peer, char *text, size_t room)
{
    const char *const kinds[] = {peer->dns, peer->uri, peer->ip};
    size_t length = 0;
    *text = '\0';
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (const char *name = kinds[i]; *name != '\0'; name += strlen(name) + 1)
            length += (size_t)snprintf(text + length, room - length, "%s%s", length > 0 ? " " : "", name);
    }
    return text;
}

const char *access_peer(const struct address *peer, char text[ADDRESS_TEXT])
{
    struct address shown = log_masks_addresses() ? address_masked(peer) : *peer;
    return address_print(&shown, text);
}

/* The lines of one reason within a second, by all workers. */
struct quota {
    _Atomic uint64_t second;
    _Atomic uint64_t told;
    _Atomic uint64_t left_out;
};

/* Whether one more line may be written now; then *left_out is what went untold before it. */
static bool may_tell(enum reason reason, int64_t *left_out)
{
    static struct quota quotas[REASON_COUNT];
    struct quota *quota = &quotas[reason];
    uint64_t now = loop_clock_ms() / 1000, second = quota->second;
    if (second != now && atomic_compare_exchange_strong(&quota->second, &second, now))
        quota->told = 0;
    if (atomic_fetch_add(&quota->told, 1) >= ACCESS_FAILURES) {
        atomic_fetch_add(&quota->left_out, 1);
        return false;
    }
    *left_out = (int64_t)atomic_exchange(&quota->left_out, 0);
    return true;
}

void access_log(const struct report_splice *report, bool was_complete, enum reason reason, enum by by,
                const char *detail)
{
    int64_t left_out = 0;
    char peer[ADDRESS_TEXT];
    if (!was_complete && !may_tell(reason, &left_out))
        return;
    const struct report_connection *server = &report->ends[0], *client = &report->ends[1];
    const struct report_phases *phases = &report->phases;
    const struct report_peer *shown = &server->tls.peer;
    char names[sizeof shown->dns + sizeof shown->uri + sizeof shown->ip], expiry[TEXT_TIME];
    const struct log_field fields[] = {
        number("splice", (int64_t)report->id),
        text("label", report->label),
        text("listener", report->listener),
        text("peer", access_peer(&server->peer, peer)),
        text("server_name", server->tls.server_name),
        text("upstream", report->upstream),
        text("server", report->server),
        text("server_address", client->peer_path),
        text("tls", server->tls.version),
        text("cipher", server->tls.cipher),
        text("certificate", shown->subject),
        text("certificate_names", join_names(shown, names, sizeof names)),
        text("certificate_fingerprint", shown->fingerprint),
        text("certificate_not_after", shown->is_present ? text_time(shown->not_after_at, expiry) : ""),
        text("certificate_verified", !shown->is_present   ? ""
                                     : shown->is_verified ? "yes"
                                                          : "no"),
        number("received_bytes", (int64_t)server->received_bytes),
        number("sent_bytes", (int64_t)server->sent_bytes),
        number("queue_ms", phases->queue),
        number("secure_server_ms", phases->secure_server),
        number("lookup_ms", phases->lookup),
        number("request_ms", phases->request),
        number("secure_client_ms", phases->secure_client),
        number("first_byte_down_ms", phases->first_byte_down),
        number("age_ms", report->age_ms),
        text("reason", reason_word(reason)),
        text("by", by_word(by)),
        text("layer", reason_layer(reason)),
        text("detail", detail),
        number("left_out", left_out > 0 ? left_out : -1),
        {0},
    };
    log_fields(CONF_LOG_INFO, "splice.close", fields);
}
