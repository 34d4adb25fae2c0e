/* How TLS goes on when the kernel seals what is sent: what OpenSSL still says, and how sending ends.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/tls_kernel.h"

#include <openssl/ssl.h>
#include <poll.h>

enum {
    ALERT_LENGTH = 2
};

void tls_kernel_hear(struct tls_bio *bio, int type, const unsigned char *bytes, size_t length)
{
    if (!bio->ktls)
        return;
    if (ktls_has_begun(bio->ktls)) {
        if (type == SSL3_RT_ALERT && length == ALERT_LENGTH)
            ktls_tell(bio->ktls, bio->connection->watch.fd, SSL3_RT_ALERT, bytes, length);
    } else if (type == SSL3_RT_HEADER) {
        ktls_count(bio->ktls);
    } else if (type == SSL3_RT_HANDSHAKE && length > 0 && bytes[0] == SSL3_MT_KEY_UPDATE) {
        tls_bio_forget_key(bio);
    }
}

bool tls_kernel_begin(struct tls_bio *bio)
{
    struct connection *connection = bio->connection;
    if (!bio->ktls || connection->unsent > 0 || bio->send_error)
        return false;
    if (ktls_begin(bio->ktls, connection->watch.fd, connection->sent))
        return true;
    tls_bio_forget_key(bio);
    return false;
}

bool tls_kernel_has_begun(const struct tls_bio *bio)
{
    return ktls_has_begun(bio->ktls);
}

int tls_kernel_notify(struct tls_bio *bio)
{
    static const unsigned char close_notify[ALERT_LENGTH] = {SSL3_AL_WARNING, SSL3_AD_CLOSE_NOTIFY};
    return ktls_tell(bio->ktls, bio->connection->watch.fd, SSL3_RT_ALERT, close_notify, ALERT_LENGTH);
}

bool tls_kernel_is_through(struct tls_bio *bio)
{
    struct connection *connection = bio->connection;
    struct pollfd now = {.fd = connection->watch.fd, .events = POLLOUT};
    connection->looks_again = false;
    connection->unsent = (uint32_t)ktls_pending(bio->ktls, now.fd, connection->sent);
    if (connection->unsent == 0 || poll(&now, 1, 0) < 0 || now.revents & (POLLERR | POLLHUP))
        return true;
    connection->looks_again = (now.revents & POLLOUT) != 0;
    return false;
}
