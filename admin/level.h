/* The words for what somebody may do: monitor < read < write.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_LEVEL_H
#define ADMIN_LEVEL_H

#include "conf/conf.h"

const char *level_word(enum conf_access level);

/* False, and *level untouched, when the word is none of them. */
bool level_parse(const char *word, enum conf_access *level);

#endif
