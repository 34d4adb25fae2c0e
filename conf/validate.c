/* What must hold between the parts of a description.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/validate.h"

#include "conf/block.h"
#include "conf/claims.h"
#include "conf/memory.h"
#include "conf/nearest.h"
#include "conf/origins.h"
#include "conf/text.h"
#include "conf/units.h"
#include "conf/validate_routes.h"
#include "conf/validate_tls.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void check_listener_names(struct validation *validation)
{
    const struct conf *conf = validation->conf;
    struct claims claims;
    claims_begin(&claims, conf->listener_count);
    for (size_t i = 0; i < conf->listener_count; i++)
        claims_add(&claims, validation, text_copy(conf->listeners[i].name), &conf->listeners[i].name);
    claims_settle(&claims, validation, "listener name");
}

static void check_upstream_names(struct validation *validation)
{
    const struct conf *conf = validation->conf;
    struct claims claims;
    claims_begin(&claims, conf->upstream_count);
    for (size_t i = 0; i < conf->upstream_count; i++)
        claims_add(&claims, validation, text_copy(conf->upstreams[i].name), &conf->upstreams[i].name);
    claims_settle(&claims, validation, "upstream name");
}

/* Port 0 takes another one each time, so it may be asked for more than once. */
static void claim_address(struct validation *validation, struct claims *claims,
                          const struct conf_address *address)
{
    bool is_fixed = address->text && (address->kind == CONF_ADDRESS_UNIX || address->port != 0);
    claims_add(claims, validation, is_fixed ? units_print_address(address) : NULL, address);
}

static void check_addresses(struct validation *validation)
{
    const struct conf *conf = validation->conf;
    size_t admin_count = conf->admin ? conf->admin->listen_count : 0;
    struct claims claims;
    claims_begin(&claims, conf->listener_count + admin_count);
    for (size_t i = 0; i < conf->listener_count; i++)
        claim_address(validation, &claims, &conf->listeners[i].address);
    for (size_t i = 0; i < admin_count; i++)
        claim_address(validation, &claims, &conf->admin->listen[i].address);
    claims_settle(&claims, validation, "address");
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
    validation_blame(validation, reference,
                     text_format("there is no upstream \"%s\"; %s", *reference, remedy));
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
    if (!validation_is_given(validation, &conf->upstreams) ||
        validation_is_wrong(validation, &conf->upstreams))
        return false;
    for (size_t i = 0; i < conf->upstream_count; i++) {
        if (!conf->upstreams[i].name)
            return false;
    }
    return true;
}

static void check_reference(struct validation *validation, char *const *reference, const char *const *names,
                            size_t count)
{
    if (*reference && (*reference)[0] != '@' &&
        !bsearch(reference, names, count, sizeof *names, compare_names))
        blame_unknown_upstream(validation, reference, names, count);
}

static void check_references(struct validation *validation)
{
    const struct conf *conf = validation->conf;
    if (!can_tell_upstreams(validation))
        return;
    size_t count = conf->upstream_count;
    const char **names = memory_zeroed(count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = conf->upstreams[i].name;
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < conf->listener_count; i++) {
        const struct conf_listener *listener = &conf->listeners[i];
        check_reference(validation, &listener->upstream, names, count);
        for (size_t k = 0; k < listener->route_count; k++)
            check_reference(validation, &listener->routes[k].upstream, names, count);
    }
    free(names);
}

static void check_lookup(struct validation *validation, const struct conf_lookup *lookup)
{
    if (lookup->min_ttl > lookup->max_ttl && !validation_is_wrong(validation, &lookup->min_ttl) &&
        !validation_is_wrong(validation, &lookup->max_ttl))
        validation_blame(validation,
                         validation_is_given(validation, &lookup->min_ttl) ? &lookup->min_ttl
                                                                           : &lookup->max_ttl,
                         text_copy("\"min_ttl\" is above \"max_ttl\"; lower it, or raise the other"));
}

static const char *check_block(const char *text)
{
    struct block block;
    return block_parse(text, &block)
               ? NULL
               : "is no block of addresses; write 10.0.0.0/8, 2001:db8::/32 or one address";
}

/* Whoever comes through a file has no address: what would let nobody in, or everybody, was not meant. */
static void check_sources(struct validation *validation, const struct conf_listener *listener)
{
    const struct conf_strings *lists[] = {&listener->allow, &listener->deny};
    static const char *const keys[] = {"allow", "deny"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        validation_check_entries(validation, lists[i], keys[i], check_block);
        if (lists[i]->count > 0 && listener->address.text && listener->address.kind == CONF_ADDRESS_UNIX)
            validation_blame(validation, &lists[i]->items[0],
                             text_format("clients of a unix socket have no address to put into \"%s\"; who "
                                         "may open its file decides there",
                                         keys[i]));
    }
}

static void check_admin_listen(struct validation *validation, const struct conf_admin_listen *listen)
{
    bool is_open = listen->access == CONF_ACCESS_WRITE && listen->address.text &&
                   listen->address.kind != CONF_ADDRESS_UNIX && !units_address_is_loopback(&listen->address);
    if (is_open && !validation_is_given(validation, &listen->token_file))
        validation_blame(
            validation, &listen->access,
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
        const struct conf_listener *listener = &conf->listeners[i];
        check_sources(&validation, listener);
        validate_routes(&validation, listener);
        if (listener->tls)
            validate_listener_tls(&validation, listener);
    }
    for (size_t i = 0; i < conf->upstream_count; i++) {
        check_lookup(&validation, &conf->upstreams[i].lookup);
        if (conf->upstreams[i].tls)
            validate_upstream_tls(&validation, &conf->upstreams[i]);
    }
    for (size_t i = 0; conf->admin && i < conf->admin->listen_count; i++)
        check_admin_listen(&validation, &conf->admin->listen[i]);
}
