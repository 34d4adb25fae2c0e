/* What the kernel can do for TLS: seal what is sent, so that splice(2) can move payload into a TLS
 * connection.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/ktls.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

enum {
    HEADER = 5,
    NUMBER =
        8, /* bytes of a record's number, and of the part of a nonce that TLS 1.2 sends behind the header */
};

/* What the kernel wants to know; both kinds begin with `kind`. */
union key {
    struct tls_crypto_info kind;
    struct tls12_crypto_info_aes_gcm_128 aes_128;
    struct tls12_crypto_info_aes_gcm_256 aes_256;
};

struct ktls {
    union key key;               /* as of the first record */
    unsigned char nonce[NUMBER]; /* of the latest record, in TLS 1.2 */
    uint64_t records;            /* sealed by OpenSSL */
    uint64_t sent;               /* payload that OpenSSL has sealed */
    uint64_t told;               /* bytes in other records that the kernel has sealed */
    uint64_t tcp_held;           /* what TCP had taken when the kernel began */
    bool has_begun;
};

static bool is_offered;
static pthread_once_t offered_once = PTHREAD_ONCE_INIT;

/* It wants a connection (ENOTCONN); where it is not there, nobody hears the question (ENOENT). */
static void ask(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    is_offered = setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls") == 0 || errno == ENOTCONN;
    close(fd);
}

bool ktls_is_offered(void)
{
    pthread_once(&offered_once, ask);
    return is_offered;
}

/* 0: not of a kind for us. */
static socklen_t size_of(const union key *key)
{
    switch (key->kind.cipher_type) {
    case TLS_CIPHER_AES_GCM_128:
        return sizeof key->aes_128;
    case TLS_CIPHER_AES_GCM_256:
        return sizeof key->aes_256;
    default:
        return 0;
    }
}

static unsigned char *number_of(union key *key)
{
    return key->kind.cipher_type == TLS_CIPHER_AES_GCM_128 ? key->aes_128.rec_seq : key->aes_256.rec_seq;
}

static unsigned char *nonce_of(union key *key)
{
    return key->kind.cipher_type == TLS_CIPHER_AES_GCM_128 ? key->aes_128.iv : key->aes_256.iv;
}

struct ktls *ktls_create(const void *key)
{
    struct ktls *ktls = calloc(1, sizeof *ktls);
    if (!ktls)
        return NULL;
    memcpy(&ktls->key.kind, key, sizeof ktls->key.kind);
    socklen_t size = size_of(&ktls->key);
    if (size == 0) {
        free(ktls);
        return NULL;
    }
    memcpy(&ktls->key, key, size);
    return ktls;
}

void ktls_destroy(struct ktls *ktls)
{
    if (ktls)
        explicit_bzero(ktls, sizeof *ktls);
    free(ktls);
}

void ktls_count(struct ktls *ktls)
{
    ktls->records++;
}

void ktls_see(struct ktls *ktls, const unsigned char *record, size_t length)
{
    if (length >= HEADER + NUMBER)
        memcpy(ktls->nonce, record + HEADER, NUMBER);
}

static uint64_t read_number(const unsigned char *at)
{
    uint64_t number = 0;
    for (int i = 0; i < NUMBER; i++)
        number = number << 8 | at[i];
    return number;
}

static void advance(unsigned char *at, uint64_t by)
{
    uint64_t number = read_number(at) + by;
    for (int i = NUMBER; i-- > 0; number >>= 8)
        at[i] = (unsigned char)number;
}

/* All that TCP has taken from its first byte on: what is acknowledged and what is not. An acknowledgement
 * between the two questions is found out. */
static bool read_tcp(int fd, uint64_t *held)
{
    struct tcp_info before, after = {0};
    int queued = 0;
    do {
        socklen_t size = sizeof before;
        before = after;
        if (ioctl(fd, SIOCOUTQ, &queued) != 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &after, &size) != 0)
            return false;
    } while (before.tcpi_bytes_acked != after.tcpi_bytes_acked);
    *held = after.tcpi_bytes_acked + (uint64_t)queued;
    return true;
}

bool ktls_begin(struct ktls *ktls, int fd, uint64_t sent)
{
    union key key = ktls->key;
    socklen_t size = size_of(&key);
    advance(number_of(&key), ktls->records);
    /* In TLS 1.2 the nonce is sent along, and OpenSSL counts it on; in TLS 1.3 it stays as it is, and the
     * record's number is mixed in (RFC 5288, section 3; RFC 8446, section 5.3). */
    if (key.kind.version == TLS_1_2_VERSION) {
        memcpy(nonce_of(&key), ktls->nonce, NUMBER);
        advance(nonce_of(&key), 1);
    }
    ktls->sent = sent;
    ktls->has_begun = read_tcp(fd, &ktls->tcp_held) &&
                      setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls") == 0 &&
                      setsockopt(fd, SOL_TLS, TLS_TX, &key, size) == 0;
    explicit_bzero(&key, sizeof key);
    return ktls->has_begun;
}

bool ktls_has_begun(const struct ktls *ktls)
{
    return ktls && ktls->has_begun;
}

int ktls_tell(struct ktls *ktls, int fd, unsigned char type, const void *bytes, size_t length)
{
    union {
        struct cmsghdr header;
        unsigned char room[CMSG_SPACE(sizeof type)];
    } control = {.header = {.cmsg_level = SOL_TLS,
                            .cmsg_type = TLS_SET_RECORD_TYPE,
                            .cmsg_len = CMSG_LEN(sizeof type)}};
    struct iovec part = {(void *)(uintptr_t)bytes, length};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = control.header.cmsg_len};
    ssize_t sent;
    *CMSG_DATA(&control.header) = type;
    do {
        sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno;
    ktls->told += (uint64_t)sent;
    return 0;
}

/* What a record has besides its payload: header, tag, and the nonce or the type (RFC 5246, section 6.2.3.3;
 * RFC 8446, section 5.2). */
static uint64_t frame_of(const struct ktls *ktls)
{
    return ktls->key.kind.version == TLS_1_2_VERSION ? HEADER + NUMBER + 16 : HEADER + 1 + 16;
}

size_t ktls_pending(const struct ktls *ktls, int fd, uint64_t sent)
{
    union key now;
    socklen_t size = size_of(&ktls->key);
    uint64_t held;
    if (getsockopt(fd, SOL_TLS, TLS_TX, &now, &size) != 0 || !read_tcp(fd, &held))
        return 0;
    union key first = ktls->key;
    uint64_t sealed = read_number(number_of(&now)) - read_number(number_of(&first)) - ktls->records;
    explicit_bzero(&now, sizeof now);
    explicit_bzero(&first, sizeof first);
    uint64_t wanted = sent - ktls->sent + ktls->told + sealed * frame_of(ktls);
    held -= ktls->tcp_held;
    return wanted > held ? (size_t)(wanted - held) : 0;
}
