/* The intrusive doubly linked list.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A node lives in its owner and is in one list at most; an unlinked node points at itself, or is all zero. */
#ifndef PROXY_LIST_H
#define PROXY_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *previous;
    struct list_node *next;
};

/* The head of a list: its first and last. */
struct list {
    struct list_node head;
};

/* The struct of `type` whose member `member` is at `node`. */
#define list_owner(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* Visits every node; the one at hand may be removed. */
#define list_for_each(node, list)                                                                            \
    for (struct list_node *node = (list)->head.next, *node##_next = node->next; node != &(list)->head;       \
         node = node##_next, node##_next = node->next)

static inline void list_begin(struct list *list)
{
    list->head.previous = list->head.next = &list->head;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->head.next == &list->head;
}

static inline bool list_is_linked(const struct list_node *node)
{
    return node->next && node->next != node;
}

static inline void list_append(struct list *list, struct list_node *node)
{
    node->previous = list->head.previous;
    node->next = &list->head;
    list->head.previous->next = node;
    list->head.previous = node;
}

/* Accepts a node that is in no list. */
static inline void list_remove(struct list_node *node)
{
    if (list_is_linked(node)) {
        node->previous->next = node->next;
        node->next->previous = node->previous;
    }
    node->previous = node->next = node;
}

static inline struct list_node *list_first(const struct list *list)
{
    return list_is_empty(list) ? NULL : list->head.next;
}

/* Moves everything from one list into another, which is begun by this. */
static inline void list_move(struct list *from, struct list *to)
{
    list_begin(to);
    if (list_is_empty(from))
        return;
    to->head = from->head;
    to->head.next->previous = &to->head;
    to->head.previous->next = &to->head;
    list_begin(from);
}

#endif
