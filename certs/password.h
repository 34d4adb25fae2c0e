/* The password of a private key, out of a file.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_PASSWORD_H
#define CERTS_PASSWORD_H

#include <stdbool.h>

enum {
    PASSWORD_MOST = 1024 /* bytes, its NUL included */
};

/* All zero: there is none. */
struct password {
    char text[PASSWORD_MOST];
    bool is_known;
    bool was_asked; /* a key that was read is encrypted */
};

/* Reads the first line of the file that the member "password_file" of `place` names; `path` is NULL where
 * there is none. NULL when well, else a sentence that the caller frees. Either way the caller ends it. */
char *password_begin(struct password *password, const char *path, const char *place);

/* Wipes it. */
void password_end(struct password *password);

/* For OpenSSL, which gives the `struct password` as `context` (pem_password_cb(3)). */
int password_ask(char *text, int size, int is_writing, void *context);

#endif
