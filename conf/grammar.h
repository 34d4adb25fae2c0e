/* The configuration's keys as tables: reading, writing, comparing and the schema all walk them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * One row stands for one key: its name, type, bounds, default, sentence, and the member of the description
 * that holds its value. A new key is a member in conf/conf.h and a row in conf/grammar.c or a part of it
 * (grammar_tls.c), nothing else. */
#ifndef CONF_GRAMMAR_H
#define CONF_GRAMMAR_H

#include "conf/units.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a key's value is in JSON, and the member that holds it. */
enum grammar_type {
    GRAMMAR_BOOLEAN,   /* true or false: bool */
    GRAMMAR_INTEGER,   /* a whole number within the bounds: int64_t */
    GRAMMAR_SHARE,     /* 0.8, a part of a whole: int64_t, thousandths within the bounds */
    GRAMMAR_DURATION,  /* "5s": int64_t, milliseconds within the bounds */
    GRAMMAR_SIZE,      /* "64KiB", or a number of bytes: int64_t, bytes within the bounds */
    GRAMMAR_MODE,      /* "0660": int64_t, the permissions of a file */
    GRAMMAR_WORD,      /* one of `words`: an enum that counts as they do */
    GRAMMAR_STRING,    /* a string whose length in bytes is within the bounds: char * */
    GRAMMAR_NAME,      /* 1 to 64 of A-Z a-z 0-9 . _ -: char * */
    GRAMMAR_REFERENCE, /* the name of an upstream, or "@" and that of a built-in one: char * */
    GRAMMAR_ADDRESS,   /* an address as `use` allows: struct conf_address */
    GRAMMAR_STRINGS,   /* a list of strings, each within the bounds: struct conf_strings */
    GRAMMAR_OBJECT,    /* an object, all defaults where it is absent: the struct itself */
    GRAMMAR_OPTIONAL,  /* an object, or null: a pointer to the struct, NULL where it is absent */
    GRAMMAR_OBJECTS, /* a list of at least `minimum` objects: a pointer to the first, and a size_t at `count`
                      */
};

/* The member of an integer, share, duration or size that is null, as one may be that is neither required nor
 * has a default. Bounds begin at 0 or above. */
#define GRAMMAR_NULL INT64_C(-1)

struct grammar_key {
    const char *name;
    enum grammar_type type;
    bool is_required;
    enum units_use use;
    size_t member; /* where the value stands in the struct of its object */
    size_t count;  /* where the number of a list's objects stands */
    int64_t minimum;
    int64_t maximum;
    const char *initial;      /* the default as text; NULL: null, an empty list, or none as it is required */
    const char *const *words; /* ends with NULL */
    const struct grammar_object *object; /* what stands in this key, or in its list */
    const char *sentence;
};

struct grammar_object {
    const char *name; /* in the schema and in sentences */
    const char *sentence;
    size_t size;                    /* of the struct */
    const struct grammar_key *keys; /* ends with a row that has no name */
    const char *shorthand;          /* the key that a plain string stands for; NULL: there is none */
    bool notes_given; /* the struct has a uint64_t at `given`: a bit for each row, in their order, */
    size_t given;     /* set where the document has the key, be it null */
    /* Sets of keys of which exactly one must be given, whole and alone; the keys of a set are separated by a
     * blank; keys that are in no set may stand beside any. Ends with NULL. NULL: the keys' own rows say all.
     */
    const char *const *alternatives;
};

extern const struct grammar_object grammar_conf;
extern const struct grammar_object grammar_listener;
extern const struct grammar_object grammar_listener_tls;
extern const struct grammar_object grammar_certificate;
extern const struct grammar_object grammar_route;
extern const struct grammar_object grammar_client_certificate;
extern const struct grammar_object grammar_upstream;
extern const struct grammar_object grammar_upstream_tls;
extern const struct grammar_object grammar_lookup;
extern const struct grammar_object grammar_admin_listen;

/* The row of that name, or NULL. */
const struct grammar_key *grammar_find(const struct grammar_object *object, const char *name);

/* Whether the name is one of a set of keys, as `alternatives` has them. */
bool grammar_set_has(const char *set, const char *name);

/* Whether null may stand for the value: in a configuration it says the same as leaving the key out. */
bool grammar_may_be_null(const struct grammar_key *key);

/* Whether the member is a number that null makes GRAMMAR_NULL. */
bool grammar_is_nullable_number(const struct grammar_key *key);

/* Whether the row of that name is among the bits that were noted for an object of the table. */
bool grammar_was_given(const struct grammar_object *object, uint64_t given, const char *name);

#endif
