/* The keys of session tickets: random ones, and those of a file that replicas share.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_TICKET_KEYS_H
#define CERTS_TICKET_KEYS_H

#include <stddef.h>
#include <stdint.h>

enum {
    TICKET_KEYS_MOST = 16,
    TICKET_KEY_NAME = 16, /* bytes: by it a ticket says which key it is sealed with (RFC 5077, section 4) */
    TICKET_KEY_SECRET = 32,
};

struct ticket_key {
    unsigned char name[TICKET_KEY_NAME];
    unsigned char cipher[TICKET_KEY_SECRET]; /* AES-CBC */
    unsigned char mac[TICKET_KEY_SECRET];    /* HMAC with SHA-256 */
    uint8_t size;                            /* of either secret: 16 or 32 */
};

/* Some keys, of which one seals and all open. */
struct ticket_keys {
    struct ticket_key keys[TICKET_KEYS_MOST];
    size_t count;
    size_t sealing; /* its index */
};

/* A random key. NULL when well, else a sentence that the caller frees. */
char *ticket_key_make(struct ticket_key *key, const char *place);

/* Reads the file that `place` names. Either the keys follow each other as bytes, 48 (a name, AES-128, HMAC)
 * or 80 (a name, HMAC, AES-256) each as nginx's ssl_session_ticket_key has them, and the first seals; or each
 * stands in base64 on a line of its own, as HAProxy's tls-ticket-keys has them, and the last but one seals:
 * so that every replica knows a key before the first of them uses it. NULL when well, else a sentence that
 * the caller frees, and *keys is as it was. */
char *ticket_keys_read(struct ticket_keys *keys, const char *path, const char *place);

#endif
