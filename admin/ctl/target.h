/* A path and a query out of the words of a command line.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_TARGET_H
#define ADMIN_CTL_TARGET_H

enum {
    TARGET_WORDS = 32
};

struct target {
    char *path;                     /* encoded */
    char *const *words;             /* borrowed */
    const char *pairs[TARGET_WORDS]; /* "key=value", borrowed from the words; ends with NULL */
};

/* Puts the word that is no "key=value", encoded, where the path says {name}; the other words become the query.
 * NULL, or a sentence when a name is missing or one too many. To be ended in either case. */
char *target_begin(struct target *target, const char *path, char *const *words);
void target_end(struct target *target);

/* The value given for that key, NULL when none is. */
const char *target_parameter(const struct target *target, const char *key);

/* Takes that key out of the query. */
void target_remove(struct target *target, const char *key);

/* Path and query, encoded, for a request; with these values of limit and after, where they are not NULL. The
 * caller frees. */
char *target_text(const struct target *target, const char *limit, const char *after);

#endif
