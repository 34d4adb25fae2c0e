/* A struct told as a JSON object: one table of its members, in the order in which they are told.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Pure functions over plain values. `fields` chooses among the members of the outermost object: bit i stands
 * for row i of the table, 0 stands for all. A table ends with MEMBERS_END. */
#ifndef ADMIN_MEMBERS_H
#define ADMIN_MEMBERS_H

#include "conf/json.h"

#include <stddef.h>

enum member_kind {
    MEMBER_WORD,   /* const char *; NULL: null */
    MEMBER_TEXT,   /* char [], "": null */
    MEMBER_INT,    /* int64_t; -1, "the kernel does not tell": null */
    MEMBER_UINT,   /* uint64_t */
    MEMBER_DOUBLE, /* double; NAN: null */
    MEMBER_BOOL,   /* bool */
    MEMBER_TIME,   /* int64_t ms since the epoch, 0: null */
    MEMBER_OBJECT, /* a struct of its own, described by .members */
    MEMBER_MAYBE,  /* the same, null while its first member, a bool, is false */
    MEMBER_WRITE,  /* .write says it */
};

struct member {
    const char *name;
    enum member_kind kind;
    size_t offset;
    const struct member *members;
    void (*write)(struct json *json, const void *report);
};

/* The kind of a row follows from the type of what it shows. */
#define MEMBER(name, type, path)                                                                               \
    {                                                                                                          \
        name,                                                                                                \
            _Generic(((type *)0)->path, const char *                                                         \
                     : MEMBER_WORD, char *                                                                   \
                     : MEMBER_TEXT, int64_t                                                                  \
                     : MEMBER_INT, uint64_t                                                                  \
                     : MEMBER_UINT, double                                                                   \
                     : MEMBER_DOUBLE, bool                                                                     \
                     : MEMBER_BOOL),                                                                         \
            offsetof(type, path), NULL, NULL \
    }
#define MEMBER_AT(name, type, path)                                                                          \
    {                                                                                                        \
        name, MEMBER_TIME, offsetof(type, path), NULL, NULL                                                  \
    }
#define MEMBER_IN(name, type, path, members)                                                                 \
    {                                                                                                        \
        name, MEMBER_OBJECT, offsetof(type, path), members, NULL                                             \
    }
#define MEMBER_IF(name, type, path, members)                                                                 \
    {                                                                                                        \
        name, MEMBER_MAYBE, offsetof(type, path), members, NULL                                              \
    }
#define MEMBER_BY(name, function)                                                                            \
    {                                                                                                        \
        name, MEMBER_WRITE, 0, NULL, function                                                                \
    }
#define MEMBERS_END                                                                                          \
    {                                                                                                        \
        0                                                                                                    \
    }

/* Writes `report` as an object. */
void members_write(struct json *json, const struct member *members, uint64_t fields, const void *report);

/* The bit of the member of that name; 0: there is none. */
uint64_t members_bit(const struct member *members, const char *name);

#endif
