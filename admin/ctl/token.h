/* The token by which a client proves that it may ask.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_TOKEN_H
#define ADMIN_CTL_TOKEN_H

/* Reads the token out of a file: its first line that is neither empty nor begins with "#". The line is the
 * token itself or, as in the daemon's own files, name:level:token. NULL when well, *token is the caller's to
 * wipe (token_destroy); else a sentence for the caller to free. */
char *token_read(const char *path, char **token);

/* Wipes and frees a token. Accepts NULL. */
void token_destroy(char *token);

#endif
