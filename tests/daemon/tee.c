/* A relay of a test's own that writes down what passes it upwards: on either side of the daemon, to compare.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/tee.h"

#include "tests/daemon/harness.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 10000,
};

static void note(struct tee *tee, const unsigned char *bytes, size_t length)
{
    pthread_mutex_lock(&tee->lock);
    if (length > TEE_MOST - tee->length)
        length = TEE_MOST - tee->length;
    memcpy(tee->bytes + tee->length, bytes, length);
    tee->length += length;
    pthread_mutex_unlock(&tee->lock);
}

/* False at the end, which is passed on. */
static bool pass(struct wire *from, struct wire *to, struct tee *tee, size_t piece)
{
    unsigned char bytes[16384];
    ssize_t count = wire_read(from, bytes, sizeof bytes);
    if (count <= 0) {
        wire_finish(to);
        return false;
    }
    if (tee)
        note(tee, bytes, (size_t)count);
    for (size_t at = 0; at < (size_t)count; at += piece) {
        size_t size = (size_t)count - at < piece ? (size_t)count - at : piece;
        if (!wire_write(to, bytes + at, size))
            return false;
    }
    return true;
}

static void lead_on(struct tee *tee, struct wire *wire)
{
    char to[sizeof tee->to];
    pthread_mutex_lock(&tee->lock);
    memcpy(to, tee->to, sizeof to);
    size_t piece = tee->is_slow ? 1 : 16384;
    tee->length = 0;
    pthread_mutex_unlock(&tee->lock);
    struct wire onward = wire_dial(to);
    bool goes_up = onward.fd >= 0, goes_down = goes_up;
    int at_once = 1;
    if (onward.fd >= 0)
        setsockopt(onward.fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    while (goes_up || goes_down) {
        struct pollfd polled[] = {{.fd = goes_up ? wire->fd : -1, .events = POLLIN},
                                  {.fd = goes_down ? onward.fd : -1, .events = POLLIN}};
        if (poll(polled, 2, PATIENCE_MS) <= 0)
            break;
        if (polled[0].revents)
            goes_up = pass(wire, &onward, tee, piece);
        if (polled[1].revents)
            goes_down = pass(&onward, wire, NULL, 16384);
    }
    wire_close(&onward);
}

static void relay(struct wire *wire, void *context)
{
    struct tee *tee = context;
    pthread_mutex_lock(&tee->turn);
    lead_on(tee, wire);
    pthread_mutex_unlock(&tee->turn);
}

void tee_lead(struct tee *tee, const char *to, bool is_slow)
{
    pthread_mutex_lock(&tee->lock);
    snprintf(tee->to, sizeof tee->to, "%s", to);
    tee->is_slow = is_slow;
    pthread_mutex_unlock(&tee->lock);
}

void tee_begin(struct tee *tee)
{
    memset(tee, 0, sizeof *tee);
    pthread_mutex_init(&tee->turn, NULL);
    pthread_mutex_init(&tee->lock, NULL);
    tee->bytes = malloc(TEE_MOST);
    service_begin(&tee->service, "127.0.0.1", relay, tee);
}

void tee_end(struct tee *tee)
{
    if (!tee->bytes)
        return;
    service_end(&tee->service);
    pthread_mutex_destroy(&tee->lock);
    pthread_mutex_destroy(&tee->turn);
    free(tee->bytes);
    tee->bytes = NULL;
}

bool tee_wrote_the_same(struct tee *one, struct tee *other, size_t least)
{
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    for (bool is_same = false;; usleep(3000)) {
        pthread_mutex_lock(&one->lock);
        pthread_mutex_lock(&other->lock);
        is_same = one->length == other->length && one->length >= least &&
                  memcmp(one->bytes, other->bytes, one->length) == 0;
        pthread_mutex_unlock(&other->lock);
        pthread_mutex_unlock(&one->lock);
        if (is_same || harness_now_ms() > until)
            return is_same;
    }
}
