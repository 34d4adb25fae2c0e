/* Names that events speak of (listeners, upstreams, servers) as small numbers.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/event_names.h"

#include "conf/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void event_names_begin(struct event_names *names)
{
    *names = (struct event_names){0};
    pthread_mutex_init(&names->lock, NULL);
}

void event_names_end(struct event_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i].text);
    free(names->items);
    pthread_mutex_destroy(&names->lock);
}

static struct event_name *find(struct event_names *names, const char *text)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i].text, text) == 0)
            return &names->items[i];
    }
    return NULL;
}

/* One that nobody holds, and no event that can still be read speaks of. */
static struct event_name *find_unused(struct event_names *names, uint64_t overwritten)
{
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i].holders == 0 && names->items[i].left_at <= overwritten)
            return &names->items[i];
    }
    return NULL;
}

static struct event_name *add(struct event_names *names)
{
    if (names->count == UINT16_MAX)
        return NULL;
    struct event_name *items = realloc(names->items, (names->count + 1) * sizeof *items);
    if (!items)
        return NULL;
    names->items = items;
    items[names->count] = (struct event_name){0};
    return &items[names->count++];
}

uint16_t event_names_hold(struct event_names *names, const char *text, uint64_t overwritten)
{
    uint16_t number = 0;
    pthread_mutex_lock(&names->lock);
    struct event_name *name = find(names, text);
    if (!name) {
        name = find_unused(names, overwritten);
        if (!name)
            name = add(names);
        if (name) {
            free(name->text);
            name->text = text_copy(text);
        }
    }
    if (name) {
        name->holders++;
        number = (uint16_t)(name - names->items + 1);
    }
    pthread_mutex_unlock(&names->lock);
    return number;
}

void event_names_drop(struct event_names *names, uint16_t number, uint64_t last)
{
    if (number == 0)
        return;
    pthread_mutex_lock(&names->lock);
    struct event_name *name = &names->items[number - 1];
    assert(name->holders > 0);
    if (--name->holders == 0)
        name->left_at = last;
    pthread_mutex_unlock(&names->lock);
}

void event_names_copy(struct event_names *names, uint16_t number, char *text, size_t room)
{
    *text = '\0';
    if (number == 0)
        return;
    pthread_mutex_lock(&names->lock);
    if (number <= names->count)
        snprintf(text, room, "%s", names->items[number - 1].text);
    pthread_mutex_unlock(&names->lock);
}
