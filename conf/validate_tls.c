/* What must hold between the parts of a description that are about TLS.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/validate_tls.h"

#include "conf/grammar.h"
#include "conf/pattern.h"
#include "conf/text.h"

#include <stdlib.h>

/* What stands for a certificate as a whole, and so alone: the key's name, or NULL. */
static const char *whole_given(const struct validation *validation,
                               const struct conf_certificate *certificate, char *const **member)
{
    const struct {
        const char *name;
        char *const *member;
    } rows[] = {{"pem", &certificate->pem}, {"pkcs12", &certificate->pkcs12}, {"dir", &certificate->dir}};
    const char *name = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!validation_is_given(validation, rows[i].member))
            continue;
        name = rows[i].name;
        *member = rows[i].member;
    }
    return name;
}

static void check_certificate(struct validation *validation, const struct conf_certificate *certificate)
{
    const struct origin *entry = origins_find(validation->conf->origins, certificate, &grammar_certificate);
    bool has_chain = validation_is_given(validation, &certificate->chain);
    bool has_key = validation_is_given(validation, &certificate->key);
    char *const *member = NULL;
    if (!entry) /* not even an object */
        return;
    const char *whole = whole_given(validation, certificate, &member);
    int wholes = validation_is_given(validation, &certificate->pem) +
                 validation_is_given(validation, &certificate->pkcs12) +
                 validation_is_given(validation, &certificate->dir);
    if (whole && (has_chain || has_key || wholes > 1))
        validation_blame(
            validation, member,
            text_format("\"%s\" stands for the chain and the key; give it alone, or \"chain\" and "
                        "\"key\"",
                        whole));
    else if (has_chain != has_key)
        validation_blame(
            validation, has_chain ? &certificate->chain : &certificate->key,
            text_format("\"%s\" is given without \"%s\"; give both, or \"pem\" for one file with both",
                        has_chain ? "chain" : "key", has_chain ? "key" : "chain"));
    else if (!has_chain && !whole)
        validation_blame_entry(validation, entry,
                               text_copy("a certificate needs \"chain\" and \"key\", or \"pem\" for one file "
                                         "with both, or \"pkcs12\", or \"dir\""));
}

/* What is set though nobody is asked for a certificate; NULL: nothing. */
static const void *find_idle(const struct conf_client_certificate *asked, const char **key)
{
    const struct conf_allow *allow = &asked->allow;
    const struct {
        const void *member;
        const char *key;
        bool is_set;
    } rows[] = {
        {&asked->ca, "ca", asked->ca != NULL},
        {&asked->crl, "crl", asked->crl != NULL},
        {allow->cn.items, "allow.cn", allow->cn.count > 0},
        {allow->dns.items, "allow.dns", allow->dns.count > 0},
        {allow->uri.items, "allow.uri", allow->uri.count > 0},
        {allow->ip.items, "allow.ip", allow->ip.count > 0},
        {allow->spki_sha256.items, "allow.spki_sha256", allow->spki_sha256.count > 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *key = rows[i].key;
        if (rows[i].is_set)
            return rows[i].member;
    }
    return NULL;
}

/* Whoever names authorities and forgets `require` would let everybody in; who writes "no" means it. */
static void check_client_certificate(struct validation *validation,
                                     const struct conf_client_certificate *asked)
{
    const struct conf_allow *allow = &asked->allow;
    const char *key;
    validation_check_entries(validation, &allow->dns, "dns", pattern_check_dns);
    validation_check_entries(validation, &allow->uri, "uri", pattern_check_uri);
    validation_check_entries(validation, &allow->ip, "ip", pattern_check_ip);
    validation_check_entries(validation, &allow->spki_sha256, "spki_sha256", pattern_check_sha256);
    if (asked->require != CONF_REQUIRE_NO && !asked->ca && !validation_is_given(validation, &asked->ca))
        validation_blame(
            validation, &asked->require,
            text_copy("a certificate is asked for, but nobody is believed; give \"ca\", the file "
                      "of the authorities that sign your clients' certificates"));
    const void *idle = find_idle(asked, &key);
    if (idle && !validation_is_given(validation, &asked->require) && !validation_is_wrong(validation, idle))
        validation_blame(
            validation, idle,
            text_format("\"%s\" is given, but nobody is asked for a certificate; set \"require\" "
                        "to \"yes\" or \"optional\", or to \"no\" if that is meant",
                        key));
}

/* Without certificates there is nothing to terminate: then routes have to say where all goes. */
static void check_certificates(struct validation *validation, const struct conf_listener *listener)
{
    const struct conf_listener_tls *tls = listener->tls;
    const struct origin *given = origins_find(validation->conf->origins, &tls->certificates, NULL);
    if (tls->certificate_count == 0 && listener->route_count == 0 && !(given && given->is_wrong))
        validation_blame_entry(
            validation, given ? given : origins_find(validation->conf->origins, tls, &grammar_listener_tls),
            text_format("\"certificates\" is %s; give at least one, or \"routes\" that pass everything on",
                        given ? "empty" : "missing"));
    for (size_t i = 0; i < tls->certificate_count; i++) {
        const struct conf_certificate *certificate = &tls->certificates[i];
        check_certificate(validation, certificate);
        if (certificate->ocsp && tls->ocsp == CONF_OCSP_OFF && !validation_is_wrong(validation, &tls->ocsp))
            validation_blame(
                validation, &certificate->ocsp,
                text_copy("no OCSP response is shown, since \"ocsp\" of \"tls\" is off; set that to "
                          "\"file\", or leave this out"));
    }
}

void validate_listener_tls(struct validation *validation, const struct conf_listener *listener)
{
    const struct conf_listener_tls *tls = listener->tls;
    check_certificates(validation, listener);
    check_client_certificate(validation, &tls->client_certificate);
    if (tls->min_version > tls->max_version && !validation_is_wrong(validation, &tls->min_version) &&
        !validation_is_wrong(validation, &tls->max_version))
        validation_blame(validation,
                         validation_is_given(validation, &tls->min_version) ? (const void *)&tls->min_version
                                                                            : &tls->max_version,
                         text_copy("\"min_version\" is above \"max_version\"; lower it, or raise the other"));
}

/* A server's certificate has to prove a name, and what is no host has none of its own. */
void validate_upstream_tls(struct validation *validation, const struct conf_upstream *upstream)
{
    if (upstream->tls->certificate)
        check_certificate(validation, upstream->tls->certificate);
    if (upstream->tls->certificate && upstream->tls->certificate->dir)
        validation_blame(
            validation, &upstream->tls->certificate->dir,
            text_copy("servers are shown one certificate, not those of a directory; name its files"));
    if (!upstream->tls->verify || upstream->tls->server_name)
        return;
    for (size_t i = 0; i < upstream->server_count; i++) {
        const struct conf_address *address = &upstream->servers[i].address;
        if (address->text && address->kind != CONF_ADDRESS_HOST)
            validation_blame(
                validation, address,
                text_format("%s has no name that its certificate could prove; give \"tls.server_name\"",
                            address->text));
    }
}
