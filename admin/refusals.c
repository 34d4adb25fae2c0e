/* Tells those for whom there is no place that there is none: 503, to be tried again.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/refusals.h"

#include "admin/reply.h"
#include "conf/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 1000,
};

struct refusal {
    struct watch watch;
    struct timer timer;
    struct list_node node;
    struct refusals *refusals;
    bool is_told;
};

void refusals_begin(struct refusals *refusals, struct loop *loop, size_t most)
{
    struct reply reply;
    *refusals = (struct refusals){.loop = loop, .most = most};
    list_begin(&refusals->list);
    reply_begin(&reply);
    reply_busy(&reply, "every admin connection is taken");
    refusals->text =
        text_format("HTTP/1.1 503 Service Unavailable\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                    "Cache-Control: no-store\r\nRetry-After: %u\r\nConnection: close\r\n\r\n%s",
                    reply.type, reply.json.length, reply.retry_after, reply.json.text);
    reply_end(&reply);
}

static void tell(const struct refusals *refusals, int fd)
{
    /* A socket that is new has room for so little; who cannot take it is not waited for. */
    ssize_t sent = send(fd, refusals->text, strlen(refusals->text), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
        shutdown(fd, SHUT_WR);
}

static void end_refusal(struct refusal *refusal)
{
    loop_remove(refusal->refusals->loop, &refusal->watch);
    timer_cancel(&refusal->timer);
    list_remove(&refusal->node);
    refusal->refusals->count--;
    close(refusal->watch.fd);
    free(refusal);
}

static void hear(struct watch *watch, unsigned events)
{
    struct refusal *refusal = (struct refusal *)(void *)watch;
    char dropped[16384];
    (void)events;
    ssize_t got = recv(watch->fd, dropped, sizeof dropped, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        end_refusal(refusal);
        return;
    }
    if (got > 0 && !refusal->is_told) {
        refusal->is_told = true;
        tell(refusal->refusals, watch->fd);
    }
}

static void lose_patience(struct timer *timer)
{
    struct refusal *refusal = list_owner(timer, struct refusal, timer);
    if (!refusal->is_told)
        tell(refusal->refusals, refusal->watch.fd);
    end_refusal(refusal);
}

void refusals_add(struct refusals *refusals, int fd)
{
    struct refusal *refusal = refusals->count < refusals->most ? calloc(1, sizeof *refusal) : NULL;
    if (refusal) {
        *refusal = (struct refusal){.watch = {.ready = hear, .fd = fd}, .refusals = refusals};
        refusal->timer.fire = lose_patience;
        if (loop_add_level(refusals->loop, &refusal->watch) == 0) {
            list_append(&refusals->list, &refusal->node);
            refusals->count++;
            timer_set(&refusals->loop->timers, &refusal->timer, refusals->loop->now + PATIENCE_MS);
            return;
        }
    }
    free(refusal);
    tell(refusals, fd);
    close(fd);
}

void refusals_end(struct refusals *refusals)
{
    while (refusals->loop && !list_is_empty(&refusals->list))
        end_refusal(list_owner(list_first(&refusals->list), struct refusal, node));
    free(refusals->text);
    *refusals = (struct refusals){0};
}
