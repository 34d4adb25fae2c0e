/* The tokens of an admin address: a file of lines `name:level:token`, read again when it changes.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Empty lines and lines that begin with "#" are skipped. Levels are monitor, read and write. A token may hold
 * any printable ASCII characters but spaces. A file that cannot be read, or not understood, changes nothing:
 * the tokens that were good stay, and a warning is logged. Any thread may call any function. */
#ifndef ADMIN_TOKENS_H
#define ADMIN_TOKENS_H

#include "conf/conf.h"

enum {
    TOKENS_LENGTH = 256, /* the longest token, with its NUL */
    TOKENS_NAME = 65,    /* the longest name, likewise */
};

struct tokens;

/* Reads the file. NULL when well, *tokens is the caller's with one reference; else a sentence, freed by the
 * caller. */
char *tokens_open(const char *path, struct tokens **tokens);

/* One more reference; returns `tokens`. Accepts NULL. */
struct tokens *tokens_hold(struct tokens *tokens);

/* Gives one reference back. Accepts NULL. */
void tokens_drop(struct tokens *tokens);

/* Whether there is such a token, its level, and in `name` (TOKENS_NAME bytes) how it is called. Takes the
 * same time whichever it is and however much of it is right. Reads the file first if it has changed. */
bool tokens_find(struct tokens *tokens, const char *token, enum conf_access *level, char *name);

#endif
