/* Reads descriptions for tests, and says where one that should be well is not.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CONF_READING_H
#define TESTS_CONF_READING_H

#include "conf/conf.h"

#include <stdbool.h>

/* The smallest document. */
extern const char smallest_document[];

/* Reads a document that is well; a failed assertion, with its problems printed, and NULL when it is not.
 * The caller destroys it. */
struct conf *read_well(const char *text);

/* Whether two descriptions are equal in everything that a document can say. */
bool conf_is_equal(const struct conf *a, const struct conf *b);

/* What conf_print writes; the caller frees it. */
char *printed(const struct conf *conf);

/* Everything that a printing function writes; the caller frees it. */
char *printed_by(void (*print)(FILE *out));

/* A document whose only listener and upstream have the smallest keys and these further ones, such as
 * ", \"backlog\": 5" (each may be ""), in the listener, the upstream, and the document; the caller frees it.
 */
char *document_with(const char *listener, const char *upstream, const char *document);

#endif
