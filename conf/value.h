/* One plain value of the description: what its key expects, and the ways from text to member and back.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Plain are the types of grammar.h that are neither objects nor lists. `member` points to the member that
 * `key->type` tells; it is the caller's, all zero or holding a value. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/grammar.h"

#include <stdbool.h>

/* How a plain value is written in JSON. */
enum value_form {
    VALUE_STRING,
    VALUE_NUMBER,
    VALUE_TRUTH,
    VALUE_NONE, /* the type is an object or a list */
};

enum value_form value_form(const struct grammar_key *key);

/* What may stand there, for any type: "an integer from 1 to 256", "one of "dns", "once"". The caller frees
 * it. */
char *value_expectation(const struct grammar_key *key);

/* The sentence that `found` ("a number", "\"x\"") is not what the key expects. The caller frees it. */
char *value_mismatch(const struct grammar_key *key, const char *found);

/* Sets the member from text, "true" or digits for a truth or number. NULL when well; else a sentence for the
 * caller to free, and the member is as it was, but a name is kept, so that what refers to it is not blamed
 * too. */
char *value_parse(const struct grammar_key *key, const char *text, void *member);

/* The text of a member that value_parse reads again, for the caller to free. NULL when the member is null. */
char *value_text(const struct grammar_key *key, const void *member);

/* Whether two members mean the same. */
bool value_equal(const struct grammar_key *key, const void *a, const void *b);

/* Frees what the member owns and leaves NULL there. */
void value_end(const struct grammar_key *key, void *member);

#endif
