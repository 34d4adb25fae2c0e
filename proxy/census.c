/* How many connections each source has at a listener: one table for all workers, sharded and locked.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/census.h"

#include "proxy/list.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    SHARDS = 64,
    LISTS = 64, /* in a shard */
    KEY_BYTES = 8,
};

struct census_source {
    struct list_node node;
    struct shard *shard;
    const void *where;
    uint16_t family;
    uint8_t key[KEY_BYTES];
    int64_t counts[CENSUS_WHATS];
};

struct shard {
    pthread_mutex_t lock;
    size_t count;
    struct list lists[LISTS];
} __attribute__((aligned(64)));

struct census {
    uint64_t secret;
    struct shard shards[SHARDS];
};

struct census *census_create(void)
{
    struct census *census = aligned_alloc(_Alignof(struct census), sizeof *census);
    if (!census)
        return NULL;
    memset(census, 0, sizeof *census);
    if (getrandom(&census->secret, sizeof census->secret, GRND_NONBLOCK) < 0)
        census->secret = (uint64_t)(uintptr_t)census;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&census->shards[i].lock, NULL);
        for (size_t k = 0; k < LISTS; k++)
            list_begin(&census->shards[i].lists[k]);
    }
    return census;
}

void census_destroy(struct census *census)
{
    for (size_t i = 0; census && i < SHARDS; i++)
        pthread_mutex_destroy(&census->shards[i].lock);
    free(census);
}

/* What a peer is known by; false for one without an address. */
static bool describe(const struct address *peer, const void *where, struct census_source *wanted)
{
    if (peer->family != AF_INET && peer->family != AF_INET6)
        return false;
    *wanted = (struct census_source){.where = where, .family = peer->family};
    memcpy(wanted->key, peer->ip, peer->family == AF_INET ? 4 : KEY_BYTES);
    return true;
}

/* Mixes as splitmix64 does. */
static uint64_t hash(const struct census *census, const struct census_source *wanted)
{
    uint64_t bits;
    memcpy(&bits, wanted->key, sizeof bits);
    bits = (bits ^ census->secret) + (uint64_t)(uintptr_t)wanted->where + wanted->family;
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27) ^ census->secret) * UINT64_C(0x94d049bb133111eb);
    return bits ^ (bits >> 31);
}

static struct census_source *find(const struct list *list, const struct census_source *wanted)
{
    list_for_each (node, list) {
        struct census_source *source = list_owner(node, struct census_source, node);
        if (source->where == wanted->where && source->family == wanted->family &&
            memcmp(source->key, wanted->key, KEY_BYTES) == 0)
            return source;
    }
    return NULL;
}

static struct census_source *add(struct shard *shard, struct list *list, const struct census_source *wanted)
{
    struct census_source *source = malloc(sizeof *source);
    if (!source)
        return NULL;
    *source = *wanted;
    source->shard = shard;
    list_append(list, &source->node);
    shard->count++;
    return source;
}

bool census_take(struct census *census, const void *where, const struct address *peer, enum census_what what,
                 int64_t limit, struct census_source **source)
{
    struct census_source wanted;
    bool is_taken = true;
    *source = NULL;
    if (!describe(peer, where, &wanted))
        return true;
    uint64_t place = hash(census, &wanted);
    struct shard *shard = &census->shards[place % SHARDS];
    struct list *list = &shard->lists[place / SHARDS % LISTS];
    pthread_mutex_lock(&shard->lock);
    struct census_source *found = find(list, &wanted);
    if (found && found->counts[what] >= limit)
        is_taken = false;
    else
        *source = found ? found : add(shard, list, &wanted);
    if (*source)
        (*source)->counts[what]++;
    pthread_mutex_unlock(&shard->lock);
    return is_taken;
}

static bool is_idle(const struct census_source *source)
{
    for (size_t i = 0; i < CENSUS_WHATS; i++) {
        if (source->counts[i] > 0)
            return false;
    }
    return true;
}

void census_give(struct census_source **source, enum census_what what)
{
    struct census_source *given = *source;
    *source = NULL;
    if (!given)
        return;
    struct shard *shard = given->shard;
    pthread_mutex_lock(&shard->lock);
    given->counts[what]--;
    bool is_over = is_idle(given);
    if (is_over) {
        list_remove(&given->node);
        shard->count--;
    }
    pthread_mutex_unlock(&shard->lock);
    if (is_over)
        free(given);
}

size_t census_count(struct census *census)
{
    size_t count = 0;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&census->shards[i].lock);
        count += census->shards[i].count;
        pthread_mutex_unlock(&census->shards[i].lock);
    }
    return count;
}
