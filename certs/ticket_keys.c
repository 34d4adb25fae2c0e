/* The keys of session tickets: random ones, and those of a file that replicas share.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/ticket_keys.h"

#include "certs/source.h"
#include "certs/trouble.h"
#include "conf/text.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <string.h>

enum {
    SHORT = 48,
    LONG = 80,
    LINE_MOST = 128, /* of base64; 80 bytes have 108 */
};

char *ticket_key_make(struct ticket_key *key, const char *place)
{
    key->size = TICKET_KEY_SECRET;
    if (RAND_bytes(key->name, sizeof key->name) == 1 &&
        RAND_priv_bytes(key->cipher, sizeof key->cipher) == 1 &&
        RAND_priv_bytes(key->mac, sizeof key->mac) == 1)
        return NULL;
    return text_format("%s: OpenSSL gives no random bytes (%s)", place, trouble_words());
}

/* One key of 48 or 80 bytes. */
static void take(struct ticket_keys *keys, const unsigned char *bytes, size_t size)
{
    struct ticket_key *key = &keys->keys[keys->count++];
    bool is_short = size == SHORT;
    *key = (struct ticket_key){.size = is_short ? 16 : 32};
    memcpy(key->name, bytes, TICKET_KEY_NAME);
    memcpy(is_short ? key->cipher : key->mac, bytes + TICKET_KEY_NAME, key->size);
    memcpy(is_short ? key->mac : key->cipher, bytes + TICKET_KEY_NAME + key->size, key->size);
}

/* False: that is not the length of some keys. */
static bool take_bytes(struct ticket_keys *keys, const struct source *source)
{
    size_t size = source->length % LONG == 0 ? LONG : SHORT;
    if (source->length % size != 0 || source->length / size > TICKET_KEYS_MOST)
        return false;
    for (size_t at = 0; at < source->length; at += size)
        take(keys, source->bytes + at, size);
    return true;
}

static bool is_base64(const struct source *source)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n";
    for (size_t i = 0; i < source->length; i++) {
        if (!source->bytes[i] || !strchr(allowed, source->bytes[i]))
            return false;
    }
    return true;
}

/* False: the line is no key. An empty one is passed over. */
static bool take_line(struct ticket_keys *keys, const unsigned char *line, size_t length)
{
    unsigned char bytes[LINE_MOST];
    while (length > 0 && line[length - 1] == '\r')
        length--;
    if (length == 0)
        return true;
    if (length >= LINE_MOST || keys->count == TICKET_KEYS_MOST)
        return false;
    int size = EVP_DecodeBlock(bytes, line, (int)length);
    for (size_t i = length; size > 0 && i > 0 && line[i - 1] == '='; i--)
        size--; /* what was padded is told as zeros (EVP_EncodeInit(3)) */
    bool is_key = size == SHORT || size == LONG;
    if (is_key)
        take(keys, bytes, (size_t)size);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return is_key;
}

static bool take_lines(struct ticket_keys *keys, const struct source *source)
{
    const unsigned char *at = source->bytes, *end = at + source->length;
    while (at < end) {
        const unsigned char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!take_line(keys, at, (size_t)((stop ? stop : end) - at)))
            return false;
        at = stop ? stop + 1 : end;
    }
    if (keys->count > 1)
        keys->sealing = keys->count - 2;
    return keys->count > 0;
}

char *ticket_keys_read(struct ticket_keys *keys, const char *path, const char *place)
{
    struct ticket_keys read = {.count = 0};
    struct source source;
    char *trouble = source_begin(&source, path, place, "ticket_keys_file");
    if (!trouble && !(is_base64(&source) ? take_lines(&read, &source) : take_bytes(&read, &source)))
        trouble =
            text_format("%s: \"%s\" holds no ticket keys; write 1 to %d of 48 or 80 bytes (openssl rand 80), "
                        "or each in base64 on a line of its own (openssl rand 80 | openssl base64 -A)",
                        source.place, path, TICKET_KEYS_MOST);
    if (!trouble)
        *keys = read;
    OPENSSL_cleanse(&read, sizeof read);
    source_end(&source);
    return trouble;
}
