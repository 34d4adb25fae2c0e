/* The list of what is wrong with a document, while it grows.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_PROBLEMS_H
#define CONF_PROBLEMS_H

#include "conf/conf.h"

/* Adds a problem. Takes ownership of `pointer` and `detail`, which are on the heap. Line and column count
 * from 1. */
void problems_add(struct conf_problems *problems, char *pointer, unsigned line, unsigned column,
                  char *detail);

/* Puts the problems into the order of the text; problems of one place keep the order in which they were
 * found. */
void problems_sort(struct conf_problems *problems);

#endif
