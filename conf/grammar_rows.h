/* How the rows of the grammar's tables are written: shared by the files that hold them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_GRAMMAR_ROWS_H
#define CONF_GRAMMAR_ROWS_H

#include "conf/conf.h"
#include "conf/grammar.h"

#define MEMBER(object, key) .member = offsetof(struct conf_##object, key)
#define MEMBERS(object, key, many)                                                                           \
    .member = offsetof(struct conf_##object, key), .count = offsetof(struct conf_##object, many)
#define BETWEEN(low, high) .minimum = (low), .maximum = (high)
#define A_YEAR             BETWEEN(0, INT64_C(365) * 24 * 3600 * 1000)
#define A_PATH             BETWEEN(1, 4095)

#endif
