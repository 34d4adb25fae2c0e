/* Where those wait for whom there is no place: who asks for health is answered all the same, the others are
 * told 503, to be tried again.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/anteroom.h"

#include "admin/reply.h"
#include "admin/server.h"
#include "admin/urgency.h"
#include "conf/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 1000,
};

/* Somebody who waits. */
struct guest {
    struct watch watch;
    struct timer timer;
    struct list_node node;
    struct anteroom *anteroom;
    struct arrival arrival;
    bool is_told;
};

void anteroom_begin(struct anteroom *anteroom, struct loop *loop, struct server *server, size_t most)
{
    struct reply reply;
    *anteroom = (struct anteroom){.loop = loop, .server = server, .most = most};
    list_begin(&anteroom->list);
    reply_begin(&reply);
    reply_busy(&reply, "every admin connection is taken");
    anteroom->text =
        text_format("HTTP/1.1 503 Service Unavailable\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                    "Cache-Control: no-store\r\nRetry-After: %u\r\nConnection: close\r\n\r\n%s",
                    reply.type, reply.json.length, reply.retry_after, reply.json.text);
    reply_end(&reply);
}

static void tell(const struct anteroom *anteroom, int fd)
{
    /* A socket that is new has room for so little; who cannot take it is not waited for. */
    ssize_t sent = send(fd, anteroom->text, strlen(anteroom->text), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
        shutdown(fd, SHUT_WR);
}

/* The descriptor stays open. */
static void let_go(struct guest *guest)
{
    loop_remove(guest->anteroom->loop, &guest->watch);
    timer_cancel(&guest->timer);
    list_remove(&guest->node);
    guest->anteroom->count--;
    free(guest);
}

static void send_away(struct guest *guest)
{
    int fd = guest->watch.fd;
    if (!guest->is_told)
        tell(guest->anteroom, fd);
    let_go(guest);
    close(fd);
}

/* Reads what was asked, and says that there is no place; ends with the client. */
static void refuse(struct guest *guest)
{
    char dropped[16384];
    ssize_t got = recv(guest->watch.fd, dropped, sizeof dropped, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        guest->is_told = true;
        send_away(guest);
    } else if (got > 0 && !guest->is_told) {
        guest->is_told = true;
        tell(guest->anteroom, guest->watch.fd);
    }
}

/* The descriptor leaves the loop first: the server may have closed it by the time that it is handed over. */
static void pass_on(struct guest *guest)
{
    struct anteroom *anteroom = guest->anteroom;
    const struct arrival arrival = guest->arrival;
    char dropped[16384];
    let_go(guest);
    if (server_take(anteroom->server, &arrival, true))
        return;
    if (recv(arrival.fd, dropped, sizeof dropped, MSG_DONTWAIT) > 0)
        tell(anteroom, arrival.fd);
    close(arrival.fd);
}

static void hear(struct watch *watch, unsigned events)
{
    struct guest *guest = (struct guest *)(void *)watch;
    (void)events;
    if (!guest->is_told && urgency_is_seen(watch->fd))
        pass_on(guest);
    else
        refuse(guest);
}

static void lose_patience(struct timer *timer)
{
    send_away(list_owner(timer, struct guest, timer));
}

void anteroom_enter(struct anteroom *anteroom, const struct arrival *arrival)
{
    struct guest *guest = calloc(1, sizeof *guest);
    if (guest) {
        *guest = (struct guest){
            .watch = {.ready = hear, .fd = arrival->fd}, .anteroom = anteroom, .arrival = *arrival};
        guest->timer.fire = lose_patience;
        if (loop_add_level(anteroom->loop, &guest->watch) == 0) {
            if (anteroom->count >= anteroom->most)
                send_away(list_owner(list_first(&anteroom->list), struct guest, node));
            list_append(&anteroom->list, &guest->node);
            anteroom->count++;
            timer_set(&anteroom->loop->timers, &guest->timer, anteroom->loop->now + PATIENCE_MS);
            return;
        }
    }
    free(guest);
    tell(anteroom, arrival->fd);
    close(arrival->fd);
}

void anteroom_clear(struct anteroom *anteroom)
{
    while (anteroom->loop && !list_is_empty(&anteroom->list))
        send_away(list_owner(list_first(&anteroom->list), struct guest, node));
}

void anteroom_end(struct anteroom *anteroom)
{
    anteroom_clear(anteroom);
    free(anteroom->text);
    *anteroom = (struct anteroom){0};
}
