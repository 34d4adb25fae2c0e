/* Where a listener's connections go by what their ClientHello says.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/routes.h"

#include "certs/names.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *name; /* normalised; "" for any */
    struct conf_strings protocols;
    size_t order; /* of adding: qsort(3) is not stable */
    struct route route;
};

struct routes {
    _Atomic unsigned references;
    size_t count;
    size_t room;
    struct entry entries[];
};

struct routes *routes_create(size_t count)
{
    struct routes *routes = memory_zeroed(1, sizeof *routes + count * sizeof routes->entries[0]);
    atomic_init(&routes->references, 1);
    routes->room = count;
    return routes;
}

struct routes *routes_hold(struct routes *routes)
{
    if (routes)
        atomic_fetch_add(&routes->references, 1);
    return routes;
}

void routes_drop(struct routes **routes)
{
    struct routes *dropped = *routes;
    *routes = NULL;
    if (!dropped || atomic_fetch_sub(&dropped->references, 1) > 1)
        return;
    for (size_t i = 0; i < dropped->count; i++) {
        struct entry *entry = &dropped->entries[i];
        for (size_t k = 0; k < entry->protocols.count; k++)
            free(entry->protocols.items[k]);
        free(entry->protocols.items);
        free(entry->name);
        upstream_drop(&entry->route.upstream);
    }
    free(dropped);
}

void routes_add(struct routes *routes, const struct conf_route *conf, struct upstream *upstream)
{
    char name[NAMES_LONGEST + 1] = "";
    struct entry *entry = &routes->entries[routes->count];
    assert(routes->count < routes->room);
    if (conf->server_name)
        names_normalise(conf->server_name, name);
    *entry = (struct entry){
        .name = text_copy(name),
        .protocols.items = memory_zeroed(conf->alpn.count + 1, sizeof(char *)),
        .order = routes->count++,
        .route = {.upstream = upstream, .is_passed = conf->tls == CONF_ROUTE_PASS},
    };
    for (size_t i = 0; i < conf->alpn.count; i++)
        entry->protocols.items[entry->protocols.count++] = text_copy(conf->alpn.items[i]);
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int order = strcmp(left->name, right->name);
    if (order == 0)
        order = (left->protocols.count == 0) - (right->protocols.count == 0);
    return order ? order : (left->order > right->order) - (left->order < right->order);
}

void routes_seal(struct routes *routes)
{
    qsort(routes->entries, routes->count, sizeof routes->entries[0], compare_entries);
}

static bool wants(const struct entry *entry, const struct hello *hello)
{
    for (size_t i = 0; i < entry->protocols.count; i++) {
        if (hello_offers(hello, entry->protocols.items[i]))
            return true;
    }
    return entry->protocols.count == 0;
}

/* The first entry whose name is not before this one. */
static size_t find_name(const struct routes *routes, const char *name)
{
    size_t low = 0, high = routes->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(routes->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct route *find_among(const struct routes *routes, const char *name,
                                      const struct hello *hello)
{
    for (size_t i = find_name(routes, name); i < routes->count; i++) {
        const struct entry *entry = &routes->entries[i];
        if (strcmp(entry->name, name) != 0)
            break;
        if (wants(entry, hello))
            return &entry->route;
    }
    return NULL;
}

const struct route *routes_find(const struct routes *routes, const struct hello *hello)
{
    char name[NAMES_LONGEST + 1];
    const struct route *found = NULL;
    if (names_normalise(hello->server_name, name) > 0) {
        char *rest = strchr(name, '.');
        found = find_among(routes, name, hello);
        if (!found && rest && rest != name) {
            rest[-1] = '*';
            found = find_among(routes, rest - 1, hello);
        }
    }
    return found ? found : find_among(routes, "", hello);
}
