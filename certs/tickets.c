/* A listener's session tickets: what seals and opens them, whichever set of certificates is presented.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/tickets.h"

#include "certs/attachment.h"
#include "certs/clock.h"
#include "certs/ticket_keys.h"
#include "certs/trouble.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct tickets {
    atomic_uint references;
    _Atomic uint64_t unknown;
    int64_t (*clock)(void);
    EVP_CIPHER *aes_128_cbc; /* fetched once: looking one up costs more than a ticket's encryption */
    EVP_CIPHER *aes_256_cbc;
    char *file;              /* NULL: the keys are our own, and change */
    pthread_rwlock_t lock;   /* of what follows */
    struct ticket_keys keys; /* of our own keys[0] seals, and keys[1] did before it */
    int64_t sealed_since;    /* by keys[0] */
};

/* Keys of our own
 * -----------------------------------------------------------------------------------------------------------
 */

static bool is_due(const struct tickets *tickets)
{
    return !tickets->file && tickets->clock() - tickets->sealed_since >= TICKETS_PERIOD_MS;
}

/* The one before stays for a period; after two periods of silence nothing does. Without randomness, which
 * cannot be, the old key goes on. */
static void change(struct tickets *tickets)
{
    int64_t age = tickets->clock() - tickets->sealed_since;
    struct ticket_key fresh;
    char *trouble = ticket_key_make(&fresh, "");
    if (trouble) {
        free(trouble);
        return;
    }
    tickets->keys.keys[1] = tickets->keys.keys[0];
    tickets->keys.keys[0] = fresh;
    tickets->keys.count = age < 2 * TICKETS_PERIOD_MS ? 2 : 1;
    if (tickets->keys.count == 1)
        OPENSSL_cleanse(&tickets->keys.keys[1], sizeof fresh);
    tickets->sealed_since += age / TICKETS_PERIOD_MS * TICKETS_PERIOD_MS;
    OPENSSL_cleanse(&fresh, sizeof fresh);
}

void tickets_turn(struct tickets *tickets)
{
    pthread_rwlock_rdlock(&tickets->lock);
    bool has_to = is_due(tickets);
    pthread_rwlock_unlock(&tickets->lock);
    if (!has_to)
        return;
    pthread_rwlock_wrlock(&tickets->lock);
    if (is_due(tickets))
        change(tickets);
    pthread_rwlock_unlock(&tickets->lock);
}

/* Making and unmaking
 * -----------------------------------------------------------------------------------------------------------
 */

bool tickets_are_of(const struct tickets *tickets, const char *file)
{
    return tickets->file && file ? strcmp(tickets->file, file) == 0 : tickets->file == file;
}

char *tickets_renew(struct tickets *tickets, const char *place)
{
    struct ticket_keys keys = {.count = 0};
    char *trouble = tickets->file ? ticket_keys_read(&keys, tickets->file, place) : NULL;
    if (!trouble && tickets->file) {
        pthread_rwlock_wrlock(&tickets->lock);
        tickets->keys = keys;
        pthread_rwlock_unlock(&tickets->lock);
    }
    OPENSSL_cleanse(&keys, sizeof keys);
    return trouble;
}

static char *fetch_ciphers(struct tickets *tickets, const char *place)
{
    ERR_clear_error();
    tickets->aes_128_cbc = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
    tickets->aes_256_cbc = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    if (tickets->aes_128_cbc && tickets->aes_256_cbc)
        return NULL;
    return text_format("%s: OpenSSL has no AES in CBC mode for tickets (%s); look at its own configuration, "
                       "openssl.cnf",
                       place, trouble_words());
}

char *tickets_create(const char *file, const char *place, struct tickets **made)
{
    struct tickets *tickets = memory_zeroed(1, sizeof *tickets);
    atomic_init(&tickets->references, 1);
    tickets->clock = clock_boot;
    tickets->sealed_since = clock_boot();
    tickets->file = file ? text_copy(file) : NULL;
    tickets->keys.count = 1;
    pthread_rwlock_init(&tickets->lock, NULL);
    char *trouble = fetch_ciphers(tickets, place);
    if (!trouble)
        trouble = file ? tickets_renew(tickets, place) : ticket_key_make(&tickets->keys.keys[0], place);
    if (trouble)
        tickets_drop(&tickets);
    *made = tickets;
    return trouble;
}

struct tickets *tickets_hold(struct tickets *tickets)
{
    if (tickets)
        atomic_fetch_add_explicit(&tickets->references, 1, memory_order_relaxed);
    return tickets;
}

void tickets_drop(struct tickets **tickets)
{
    struct tickets *dropped = *tickets;
    *tickets = NULL;
    if (!dropped || atomic_fetch_sub_explicit(&dropped->references, 1, memory_order_acq_rel) > 1)
        return;
    pthread_rwlock_destroy(&dropped->lock);
    EVP_CIPHER_free(dropped->aes_128_cbc);
    EVP_CIPHER_free(dropped->aes_256_cbc);
    free(dropped->file);
    OPENSSL_cleanse(dropped, sizeof *dropped);
    free(dropped);
}

uint64_t tickets_unknown(const struct tickets *tickets)
{
    return atomic_load_explicit(&tickets->unknown, memory_order_relaxed);
}

void tickets_set_clock(struct tickets *tickets, int64_t (*clock)(void))
{
    tickets->clock = clock;
    tickets->sealed_since = clock();
}

/* Sealing and opening
 * -----------------------------------------------------------------------------------------------------------
 */

static bool begin_mac(EVP_MAC_CTX *mac, const struct ticket_key *key)
{
    OSSL_PARAM digest[] = {OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
                           OSSL_PARAM_END};
    return EVP_MAC_init(mac, key->mac, key->size, digest) == 1;
}

static const EVP_CIPHER *cipher_of(const struct tickets *tickets, const struct ticket_key *key)
{
    return key->size == 16 ? tickets->aes_128_cbc : tickets->aes_256_cbc;
}

static int seal(const struct tickets *tickets, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                EVP_MAC_CTX *mac)
{
    const struct ticket_key *key = &tickets->keys.keys[tickets->keys.sealing];
    const EVP_CIPHER *its = cipher_of(tickets, key);
    memcpy(name, key->name, TICKET_KEY_NAME);
    bool is_ready = RAND_bytes(iv, EVP_CIPHER_get_iv_length(its)) == 1 &&
                    EVP_EncryptInit_ex(cipher, its, NULL, key->cipher, iv) == 1 && begin_mac(mac, key);
    return is_ready ? 1 : -1;
}

/* 2: it is good, and the client shall get a new one, sealed with the key of today. 0: nobody knows the key.
 */
static int open(struct tickets *tickets, const unsigned char *name, const unsigned char *iv,
                EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    for (size_t i = 0; i < tickets->keys.count; i++) {
        const struct ticket_key *key = &tickets->keys.keys[i];
        if (memcmp(key->name, name, TICKET_KEY_NAME) != 0)
            continue;
        if (EVP_DecryptInit_ex(cipher, cipher_of(tickets, key), NULL, key->cipher, iv) != 1 ||
            !begin_mac(mac, key))
            return -1;
        return i == tickets->keys.sealing ? 1 : 2;
    }
    atomic_fetch_add_explicit(&tickets->unknown, 1, memory_order_relaxed);
    return 0;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
static int use_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                   int is_sealing)
{
    struct tickets *tickets = attachment_of(SSL_get_SSL_CTX(ssl), ATTACHMENT_TICKETS);
    tickets_turn(tickets);
    pthread_rwlock_rdlock(&tickets->lock);
    int result = is_sealing ? seal(tickets, name, iv, cipher, mac) : open(tickets, name, iv, cipher, mac);
    pthread_rwlock_unlock(&tickets->lock);
    return result;
}

/* SSL_CTX_set_generate_session_id(3). What TLS 1.3 resumes is found by its ticket: the session's id, for
 * which OpenSSL would draw 32 random bytes with each, nobody ever sees. An id of TLS 1.2 must not be guessed.
 */
static int make_id(SSL *ssl, unsigned char *id, unsigned *length)
{
    if (SSL_version(ssl) < TLS1_3_VERSION)
        return RAND_bytes(id, (int)*length) == 1;
    *id = 0;
    *length = 1;
    return 1;
}

static void drop_reference(void *held)
{
    struct tickets *tickets = held;
    tickets_drop(&tickets);
}

void tickets_install(struct tickets *tickets, SSL_CTX *context)
{
    attachment_hang(context, ATTACHMENT_TICKETS, tickets_hold(tickets), drop_reference);
    if (SSL_CTX_set_tlsext_ticket_key_evp_cb(context, use_key) != 1 ||
        SSL_CTX_set_generate_session_id(context, make_id) != 1)
        memory_exhausted();
}
