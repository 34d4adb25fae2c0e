/* What must hold between the parts of a description.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/validate.h"

#include "conf/grammar.h"
#include "conf/memory.h"
#include "conf/nearest.h"
#include "conf/origins.h"
#include "conf/text.h"
#include "conf/units.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct validation {
    const struct conf *conf;
    const struct places *places;
    struct conf_problems *problems;
};

static void blame_entry(struct validation *validation, const struct origin *entry, char *detail)
{
    places_blame_value(validation->places, entry->place, validation->problems, detail);
}

/* Blames a value that the document gave. */
static void blame(struct validation *validation, const void *member, char *detail)
{
    blame_entry(validation, origins_find(validation->conf->origins, member, NULL), detail);
}

static bool is_given(const struct validation *validation, const void *member)
{
    return origins_find(validation->conf->origins, member, NULL) != NULL;
}

static bool is_wrong(const struct validation *validation, const void *member)
{
    const struct origin *entry = origins_find(validation->conf->origins, member, NULL);
    return entry && entry->is_wrong;
}

/* Something that may stand only once: its text, and the member that holds it. */
struct claim {
    char *text;
    const void *member;
    uint32_t place;
};

struct claims {
    struct claim *items;
    size_t count;
};

/* Takes ownership of `text`; a value that is wrong or missing claims nothing. */
static void claim(struct validation *validation, struct claims *claims, char *text, const void *member)
{
    const struct origin *entry = origins_find(validation->conf->origins, member, NULL);
    if (!text || !entry || entry->is_wrong) {
        free(text);
        return;
    }
    claims->items[claims->count++] = (struct claim){text, member, entry->place};
}

static int compare_claims(const void *a, const void *b)
{
    const struct claim *first = a, *second = b;
    int order = strcmp(first->text, second->text);
    return order ? order : (first->place > second->place) - (first->place < second->place);
}

/* Blames each claim that somebody earlier in the text has made, and frees the claims. */
static void settle(struct validation *validation, struct claims *claims, const char *what)
{
    size_t first = 0;
    qsort(claims->items, claims->count, sizeof *claims->items, compare_claims);
    for (size_t i = 1; i < claims->count; i++) {
        if (strcmp(claims->items[first].text, claims->items[i].text) != 0) {
            first = i;
            continue;
        }
        char *pointer = places_pointer(validation->places, claims->items[first].place);
        blame(validation, claims->items[i].member,
              text_format("the %s %s is taken by %s; choose another one", what, claims->items[i].text,
                          pointer));
        free(pointer);
    }
    for (size_t i = 0; i < claims->count; i++)
        free(claims->items[i].text);
    free(claims->items);
}

static struct claims make_claims(size_t room)
{
    return (struct claims){.items = memory_zeroed(room, sizeof(struct claim))};
}

static void check_listener_names(struct validation *validation)
{
    const struct conf *conf = validation->conf;
    struct claims claims = make_claims(conf->listener_count);
    for (size_t i = 0; i < conf->listener_count; i++)
        claim(validation, &claims, text_copy(conf->listeners[i].name), &conf->listeners[i].name);
    settle(validation, &claims, "listener name");
}

static void check_upstream_names(struct validation *validation)
{
    const struct conf *conf = validation->conf;
    struct claims claims = make_claims(conf->upstream_count);
    for (size_t i = 0; i < conf->upstream_count; i++)
        claim(validation, &claims, text_copy(conf->upstreams[i].name), &conf->upstreams[i].name);
    settle(validation, &claims, "upstream name");
}

/* Port 0 takes another one each time, so it may be asked for more than once. */
static void claim_address(struct validation *validation, struct claims *claims,
                          const struct conf_address *address)
{
    bool is_fixed = address->text && (address->kind == CONF_ADDRESS_UNIX || address->port != 0);
    claim(validation, claims, is_fixed ? units_print_address(address) : NULL, address);
}

static void check_addresses(struct validation *validation)
{
    const struct conf *conf = validation->conf;
    size_t admin_count = conf->admin ? conf->admin->listen_count : 0;
    struct claims claims = make_claims(conf->listener_count + admin_count);
    for (size_t i = 0; i < conf->listener_count; i++)
        claim_address(validation, &claims, &conf->listeners[i].address);
    for (size_t i = 0; i < admin_count; i++)
        claim_address(validation, &claims, &conf->admin->listen[i].address);
    settle(validation, &claims, "address");
}

static void blame_unknown_upstream(struct validation *validation, char *const *reference,
                                   const char *const *names, size_t count)
{
    /* A mistyped name is looked for where a person wrote the names, not where a program wrote thousands. */
    enum {
        WRITTEN_BY_HAND = 256
    };
    const char *nearest = count <= WRITTEN_BY_HAND ? nearest_word(*reference, names, count) : NULL;
    char *remedy =
        nearest ? text_format("did you mean \"%s\"?", nearest) : text_copy("define it in \"upstreams\"");
    blame(validation, reference, text_format("there is no upstream \"%s\"; %s", *reference, remedy));
    free(remedy);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* An upstream without a readable name may be the one that is meant: then nobody can say that it is missing.
 */
static bool can_tell_upstreams(const struct validation *validation)
{
    const struct conf *conf = validation->conf;
    if (!is_given(validation, &conf->upstreams) || is_wrong(validation, &conf->upstreams))
        return false;
    for (size_t i = 0; i < conf->upstream_count; i++) {
        if (!conf->upstreams[i].name)
            return false;
    }
    return true;
}

static void check_references(struct validation *validation)
{
    const struct conf *conf = validation->conf;
    if (!can_tell_upstreams(validation))
        return;
    const char **names = memory_zeroed(conf->upstream_count, sizeof *names);
    for (size_t i = 0; i < conf->upstream_count; i++)
        names[i] = conf->upstreams[i].name;
    qsort(names, conf->upstream_count, sizeof *names, compare_names);
    for (size_t i = 0; i < conf->listener_count; i++) {
        char *const *reference = &conf->listeners[i].upstream;
        if (*reference && (*reference)[0] != '@' &&
            !bsearch(reference, names, conf->upstream_count, sizeof *names, compare_names))
            blame_unknown_upstream(validation, reference, names, conf->upstream_count);
    }
    free(names);
}

static void check_certificate(struct validation *validation, const struct conf_certificate *certificate)
{
    const struct origin *whole = origins_find(validation->conf->origins, certificate, &grammar_certificate);
    bool has_chain = is_given(validation, &certificate->chain);
    bool has_key = is_given(validation, &certificate->key);
    bool has_pem = is_given(validation, &certificate->pem);
    if (!whole) /* not even an object */
        return;
    if (has_pem && (has_chain || has_key))
        blame(
            validation, &certificate->pem,
            text_copy(
                "\"pem\" holds the chain and the key in one file; give it alone, or \"chain\" and \"key\""));
    else if (has_chain != has_key)
        blame(validation, has_chain ? &certificate->chain : &certificate->key,
              text_format("\"%s\" is given without \"%s\"; give both, or \"pem\" for one file with both",
                          has_chain ? "chain" : "key", has_chain ? "key" : "chain"));
    else if (!has_chain && !has_pem)
        blame_entry(
            validation, whole,
            text_copy("a certificate needs \"chain\" and \"key\", or \"pem\" for one file with both"));
}

static void check_listener_tls(struct validation *validation, const struct conf_listener_tls *tls)
{
    for (size_t i = 0; i < tls->certificate_count; i++)
        check_certificate(validation, &tls->certificates[i]);
    if (tls->min_version > tls->max_version && !is_wrong(validation, &tls->min_version) &&
        !is_wrong(validation, &tls->max_version))
        blame(validation,
              is_given(validation, &tls->min_version) ? (const void *)&tls->min_version : &tls->max_version,
              text_copy("\"min_version\" is above \"max_version\"; lower it, or raise the other"));
}

static void check_lookup(struct validation *validation, const struct conf_lookup *lookup)
{
    if (lookup->min_ttl > lookup->max_ttl && !is_wrong(validation, &lookup->min_ttl) &&
        !is_wrong(validation, &lookup->max_ttl))
        blame(validation, is_given(validation, &lookup->min_ttl) ? &lookup->min_ttl : &lookup->max_ttl,
              text_copy("\"min_ttl\" is above \"max_ttl\"; lower it, or raise the other"));
}

/* A certificate has to prove a name, and what is no host has none of its own. */
static void check_upstream_tls(struct validation *validation, const struct conf_upstream *upstream)
{
    if (!upstream->tls->verify || upstream->tls->server_name)
        return;
    for (size_t i = 0; i < upstream->server_count; i++) {
        const struct conf_address *address = &upstream->servers[i].address;
        if (address->text && address->kind != CONF_ADDRESS_HOST)
            blame(validation, address,
                  text_format("%s has no name that its certificate could prove; give \"tls.server_name\"",
                              address->text));
    }
}

static void check_admin_listen(struct validation *validation, const struct conf_admin_listen *listen)
{
    bool is_open = listen->access == CONF_ACCESS_WRITE && listen->address.text &&
                   listen->address.kind != CONF_ADDRESS_UNIX && !units_address_is_loopback(&listen->address);
    if (is_open && !is_given(validation, &listen->token_file))
        blame(validation, &listen->access,
              text_format("anybody who reaches %s could change everything; give a \"token_file\", listen on "
                          "127.0.0.1 or a unix socket, or lower \"access\"",
                          listen->address.text));
}

void validate_conf(const struct conf *conf, const struct places *places, struct conf_problems *problems)
{
    struct validation validation = {conf, places, problems};
    check_listener_names(&validation);
    check_upstream_names(&validation);
    check_addresses(&validation);
    check_references(&validation);
    for (size_t i = 0; i < conf->listener_count; i++) {
        if (conf->listeners[i].tls)
            check_listener_tls(&validation, conf->listeners[i].tls);
    }
    for (size_t i = 0; i < conf->upstream_count; i++) {
        check_lookup(&validation, &conf->upstreams[i].lookup);
        if (conf->upstreams[i].tls)
            check_upstream_tls(&validation, &conf->upstreams[i]);
    }
    for (size_t i = 0; conf->admin && i < conf->admin->listen_count; i++)
        check_admin_listen(&validation, &conf->admin->listen[i]);
}
