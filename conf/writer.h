/* From the description to JSON, by the grammar's tables.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_WRITER_H
#define CONF_WRITER_H

#include "conf/grammar.h"
#include "conf/json.h"
#include "conf/origins.h"

/* Writes the value that `key` has in the struct at `memory`, with everything below it. Where `origins` (may
 * be NULL) knows the text before expansion, that is written. */
void writer_value(struct json *json, const struct grammar_key *key, const void *memory,
                  const struct origins *origins);

#endif
