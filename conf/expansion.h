/* ${NAME} and ${NAME:-default} in the strings of a configuration become what the environment says.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A name is a letter or _ and then letters, digits and _. The default, which ends at the next }, stands in
 * where the variable is not set or empty. "$${" stands for "${" itself; any other $ for itself. */
#ifndef CONF_EXPANSION_H
#define CONF_EXPANSION_H

/* Expands `text` into *expanded, which the caller frees. NULL when well; else a sentence for the caller to
 * free, and *expanded is NULL. */
char *expansion_apply(const char *text, char **expanded);

/* The text that expands to `text` whatever the environment says; the caller frees it. */
char *expansion_escape(const char *text);

#endif
