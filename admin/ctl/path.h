/* A path with its query out of the words of a command line.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_PATH_H
#define ADMIN_CTL_PATH_H

enum {
    PATH_WORDS = 32
};

struct path {
    char *text;                        /* encoded, without the query */
    const char *pairs[PATH_WORDS + 1]; /* "key=value", borrowed from the words; ends with NULL */
};

/* Puts the word that is no "key=value", encoded, where the pattern says {name}; the other words become the
 * query. NULL, or a sentence for the caller to free: a name is missing, or a word too many. To be ended in
 * either case. */
char *path_begin(struct path *path, const char *pattern, char *const *words);
void path_end(struct path *path);

/* The value given for that key, borrowed; NULL when none is. */
const char *path_parameter(const struct path *path, const char *key);

/* Takes that key out of the query. */
void path_remove(struct path *path, const char *key);

/* Path and query for a request, encoded; with these values of limit and after, where they are not NULL. The
 * caller frees. */
char *path_text(const struct path *path, const char *limit, const char *after);

#endif
