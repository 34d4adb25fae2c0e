/* Reads a small JSON document, such as the body of a request, by a table of its own.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * As strict as the configuration, and as telling: unknown keys, wrong types and what is out of bounds, all at
 * once. Unlike there, ${NAME} is not expanded: whoever sends a body is not to read our environment. */
#ifndef CONF_DOCUMENT_H
#define CONF_DOCUMENT_H

#include "conf/conf.h"
#include "conf/grammar.h"

enum document_outcome {
    DOCUMENT_WELL,
    DOCUMENT_MALFORMED, /* it is no JSON: one problem tells where */
    DOCUMENT_WRONG,     /* it is, and says what the table forbids: a problem for each */
};

/* Reads `length` bytes into the struct at `memory`, which is as large as the table says and all zero; what is
 * not given has its default. An empty text says as much as {}. The caller frees with document_end and
 * conf_problems_end, whatever the outcome. */
enum document_outcome document_read(const char *text, size_t length, const struct grammar_object *object,
                                    void *memory, struct conf_problems *problems);

/* Frees what stands below the struct, not the struct. Accepts one that is all zero. */
void document_end(const struct grammar_object *object, void *memory);

/* What may stand for a key, in words, for the caller to free: "an integer from 1 to 256". */
char *document_expectation(const struct grammar_key *key);

#endif
