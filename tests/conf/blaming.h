/* Documents in which exactly one thing is wrong, and what must be said about it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CONF_BLAMING_H
#define TESTS_CONF_BLAMING_H

#include <stddef.h>

/* The smallest document with further keys (see document_with), and the one problem that it has. */
struct blame {
    const char *listener;
    const char *upstream;
    const char *document;
    const char *pointer;
    const char *detail; /* some words of it */
};

/* Asserts that each document has its problem and no other. */
void blame_all(const struct blame *rows, size_t count);

/* The same for one whole document. */
void blame_one(const char *text, const char *pointer, const char *detail);

#endif
