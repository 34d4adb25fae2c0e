/* The ClientHello of a browser, as Chromium sends it, for where none is installed.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/browser.h"

#include "tests/daemon/wire.h"

#include <string.h>

/* RFC 8446, section 4.1.2. */
struct hello {
    unsigned char *bytes;
    size_t length;
    uint64_t state; /* of the random numbers */
};

static void put(struct hello *hello, const void *bytes, size_t length)
{
    memcpy(hello->bytes + hello->length, bytes, length);
    hello->length += length;
}

static void put_number(struct hello *hello, size_t number, unsigned size)
{
    while (size-- > 0)
        hello->bytes[hello->length++] = (unsigned char)(number >> 8 * size);
}

static void put_random(struct hello *hello, size_t length)
{
    while (length-- > 0)
        put_number(hello, random_next(&hello->state) & 255, 1);
}

/* A key of ML-KEM-768: numbers of 12 bits below 3329, two in three bytes, and 32 bytes (FIPS 203). */
static void put_mlkem(struct hello *hello)
{
    for (unsigned i = 0; i < 1152; i++)
        put_number(hello, random_next(&hello->state) & 0x77, 1);
    put_random(hello, 32);
}

/* A length of `size` bytes that stands before what follows from here on; set once that is written. */
static size_t leave(struct hello *hello, unsigned size)
{
    hello->length += size;
    return hello->length;
}

static void close_length(struct hello *hello, size_t from, unsigned size)
{
    size_t end = hello->length;
    hello->length = from - size;
    put_number(hello, end - from, size);
    hello->length = end;
}

/* Extensions whose bodies are always the same. */
#define BODY(text) (text), sizeof(text) - 1
static const struct {
    uint16_t type;
    const char *body;
    size_t length;
} fixed[] = {
    {0x0005, BODY("\x01\0\0\0\0")},                             /* status_request */
    {0x000a, BODY("\0\x0a\x4a\x4a\x11\xec\0\x1d\0\x17\0\x18")}, /* groups */
    {0x000b, BODY("\x01\0")},                                   /* point formats */
    {0x000d, BODY("\0\x10\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01")}, /* signatures */
    {0x0010, BODY("\0\x0c\x02h2\x08http/1.1")},                                               /* ALPN */
    {0x0012, BODY("")},                             /* certificate timestamps */
    {0x0017, BODY("")},                             /* extended master secret */
    {0x001b, BODY("\x02\0\x02")},                   /* brotli */
    {0x0023, BODY("")},                             /* tickets */
    {0x002b, BODY("\x06\x2a\x2a\x03\x04\x03\x03")}, /* versions */
    {0x002d, BODY("\x01\x01")},                     /* PSK with DHE */
    {0x44cd, BODY("\0\x03\x02h2")},                 /* ALPS */
    {0xff01, BODY("\0")},                           /* renegotiation */
};

enum {
    FIXED = sizeof fixed / sizeof *fixed,
    SERVER_NAME = FIXED, /* and those that are made each time */
    KEY_SHARE,
    ENCRYPTED,
    EXTENSIONS
};

static void put_key_share(struct hello *hello)
{
    static const char nothing[] = "\x4a\x4a\0\x01";
    size_t shares = leave(hello, 2);
    put(hello, nothing, sizeof nothing);
    put_number(hello, 0x11ec, 2);
    put_number(hello, 1216, 2);
    put_mlkem(hello);
    put_random(hello, 32);
    put_number(hello, 0x001d, 2);
    put_number(hello, 32, 2);
    put_random(hello, 32);
    close_length(hello, shares, 2);
}

static void put_server_name(struct hello *hello, const char *name)
{
    put_number(hello, strlen(name) + 3, 2);
    put_number(hello, 0, 1);
    put_number(hello, strlen(name), 2);
    put(hello, name, strlen(name));
}

static void put_encrypted(struct hello *hello)
{
    static const char suite[] = "\0\0\x01\0\x01\x5a\0\x20";
    put(hello, suite, sizeof suite - 1);
    put_random(hello, 32);
    put_number(hello, 208, 2);
    put_random(hello, 208);
}

static void put_extension(struct hello *hello, unsigned which, const char *name)
{
    static const uint16_t made[] = {0x0000, 0x0033, 0xfe0d};
    put_number(hello, which < FIXED ? fixed[which].type : made[which - FIXED], 2);
    size_t body = leave(hello, 2);
    if (which < FIXED)
        put(hello, fixed[which].body, fixed[which].length);
    else if (which == SERVER_NAME)
        put_server_name(hello, name);
    else if (which == KEY_SHARE)
        put_key_share(hello);
    else
        put_encrypted(hello);
    close_length(hello, body, 2);
}

/* Shuffled, between two that mean nothing. */
static void put_extensions(struct hello *hello, const char *name)
{
    unsigned order[EXTENSIONS];
    size_t all = leave(hello, 2);
    put(hello, "\x3a\x3a\0\0", 4);
    for (unsigned i = 0; i < EXTENSIONS; i++) {
        unsigned k = (unsigned)(random_next(&hello->state) % (i + 1));
        order[i] = order[k];
        order[k] = i;
    }
    for (unsigned i = 0; i < EXTENSIONS; i++)
        put_extension(hello, order[i], name);
    put(hello, "\x8a\x8a\0\x01\0", 5);
    close_length(hello, all, 2);
}

size_t browser_hello(unsigned char bytes[BROWSER_HELLO], const char *name, uint64_t seed)
{
    static const char suites[] = "\0\x20\x5a\x5a\x13\x01\x13\x02\x13\x03\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30"
                                 "\xcc\xa9\xcc\xa8\xc0\x13\xc0\x14\0\x9c\0\x9d\0\x2f\0\x35";
    struct hello hello = {.bytes = bytes, .state = seed};
    put(&hello, "\x16\x03\x01", 3);
    size_t record = leave(&hello, 2);
    put_number(&hello, 1, 1);
    size_t message = leave(&hello, 3);
    put_number(&hello, 0x0303, 2);
    put_random(&hello, 32);
    put_number(&hello, 32, 1);
    put_random(&hello, 32);
    put(&hello, suites, sizeof suites - 1);
    put(&hello, "\x01\0", 2);
    put_extensions(&hello, name);
    close_length(&hello, message, 3);
    close_length(&hello, record, 2);
    return hello.length;
}
