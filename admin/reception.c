/* Where those who come are received: they are heard until it is known what they want, and led to who answers.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/reception.h"

#include "admin/reply.h"
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

/* Somebody who has said nothing yet, or for whom there is no place. */
struct guest {
    struct watch watch;
    struct timer timer;
    struct list_node node;
    struct reception *reception;
    struct arrival arrival;
    bool is_told; /* that there is no place */
};

static char *make_refusal(void)
{
    struct reply reply;
    reply_begin(&reply);
    reply_busy(&reply, "every admin connection is taken");
    char *text = text_format("HTTP/1.1 503 Service Unavailable\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                             "Cache-Control: no-store\r\nRetry-After: %u\r\nConnection: close\r\n\r\n%s",
                             reply.type, reply.json.length, reply.retry_after, reply.json.text);
    reply_end(&reply);
    return text;
}

char *reception_begin(struct reception *reception, struct loop *loop, const struct share *share,
                      server_function *answer, void *context)
{
    const struct server_settings settings = {
        .name = "admin",
        .is_threaded = true,
        .keeps_bodies = true,
        .places = share->places,
        .streams = share->streams,
        .answer = answer,
        .context = context,
    };
    const struct server_settings health = {
        .name = "health",
        .is_brief = true,
        .places = share->urgent,
        .answer = answer,
        .context = context,
    };
    *reception = (struct reception){.loop = loop, .most = share->waiting, .text = make_refusal()};
    list_begin(&reception->list);
    char *wrong = server_create(&settings, &reception->server);
    return wrong ? wrong : server_create(&health, &reception->health);
}

/* A socket that is new has room for so little; who cannot take it is not waited for. */
static void tell(const struct reception *reception, int fd)
{
    ssize_t sent = send(fd, reception->text, strlen(reception->text), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
        shutdown(fd, SHUT_WR);
}

/* Returns who it was; the descriptor is in no loop any more, and stays open. */
static struct arrival let_go(struct guest *guest)
{
    const struct arrival arrival = guest->arrival;
    loop_remove(guest->reception->loop, &guest->watch);
    timer_cancel(&guest->timer);
    list_remove(&guest->node);
    guest->reception->count--;
    free(guest);
    return arrival;
}

static void send_away(struct guest *guest)
{
    close(let_go(guest).fd);
}

/* Who was told ends the connection, having said whatever else. */
static void await_end(struct guest *guest)
{
    char dropped[16384];
    ssize_t got = recv(guest->watch.fd, dropped, sizeof dropped, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        send_away(guest);
}

static void hear(struct watch *watch, unsigned events)
{
    struct guest *guest = (struct guest *)(void *)watch;
    struct reception *reception = guest->reception;
    (void)events;
    if (guest->is_told) {
        await_end(guest);
        return;
    }
    const struct arrival arrival = let_go(guest);
    reception_enter(reception, &arrival);
}

static void lose_patience(struct timer *timer);

/* Lets somebody wait in the room, where there is memory for it. */
static void seat(struct reception *reception, const struct arrival *arrival, bool is_told)
{
    struct guest *guest = calloc(1, sizeof *guest);
    if (guest) {
        *guest = (struct guest){.watch = {.ready = hear, .fd = arrival->fd},
                                .timer = {.fire = lose_patience},
                                .reception = reception,
                                .arrival = *arrival,
                                .is_told = is_told};
        if (loop_add_level(reception->loop, &guest->watch) == 0) {
            list_append(&reception->list, &guest->node);
            reception->count++;
            timer_set(&reception->loop->timers, &guest->timer, reception->loop->now + PATIENCE_MS);
            return;
        }
    }
    free(guest);
    if (!is_told)
        tell(reception, arrival->fd);
    close(arrival->fd);
}

/* Reads what was asked, and says that there is no place. */
static void refuse(struct reception *reception, const struct arrival *arrival)
{
    char dropped[16384];
    if (recv(arrival->fd, dropped, sizeof dropped, MSG_DONTWAIT) > 0)
        tell(reception, arrival->fd);
    if (reception->count < reception->most)
        seat(reception, arrival, true);
    else
        close(arrival->fd);
}

/* To who answers what was asked. */
static void lead(struct reception *reception, const struct arrival *arrival, enum urgency urgency)
{
    if (urgency == URGENCY_GONE)
        close(arrival->fd);
    else if (!server_take(urgency == URGENCY_HEALTH ? reception->health : reception->server, arrival))
        refuse(reception, arrival);
}

/* Who is silent still goes to the threads; who was told goes. */
static void move_on(struct guest *guest)
{
    struct reception *reception = guest->reception;
    if (guest->is_told) {
        send_away(guest);
        return;
    }
    const struct arrival arrival = let_go(guest);
    enum urgency urgency = urgency_seen(arrival.fd);
    if (urgency != URGENCY_UNKNOWN) {
        lead(reception, &arrival, urgency);
    } else if (!server_take(reception->server, &arrival)) {
        tell(reception, arrival.fd);
        close(arrival.fd);
    }
}

static void lose_patience(struct timer *timer)
{
    move_on(list_owner(timer, struct guest, timer));
}

static struct guest *first_guest(const struct reception *reception)
{
    return list_owner(list_first(&reception->list), struct guest, node);
}

void reception_enter(struct reception *reception, const struct arrival *arrival)
{
    enum urgency urgency = urgency_seen(arrival->fd);
    if (urgency != URGENCY_UNKNOWN) {
        lead(reception, arrival, urgency);
        return;
    }
    while (reception->count >= reception->most)
        move_on(first_guest(reception));
    seat(reception, arrival, false);
}

void reception_beat(struct reception *reception)
{
    server_beat(reception->server);
    server_beat(reception->health);
}

/* Guests have been told, or have asked nothing that would want an answer. */
void reception_dismiss(struct reception *reception, const void *door)
{
    list_for_each (node, &reception->list) {
        struct guest *guest = list_owner(node, struct guest, node);
        if (guest->arrival.door == door)
            send_away(guest);
    }
    server_dismiss(reception->server, door);
    server_dismiss(reception->health, door);
}

bool reception_has_visitors(struct reception *reception, const void *door)
{
    return server_has_visitors(reception->server, door) || server_has_visitors(reception->health, door);
}

void reception_end(struct reception *reception)
{
    while (reception->loop && !list_is_empty(&reception->list))
        send_away(first_guest(reception));
    server_destroy(reception->server);
    server_destroy(reception->health);
    free(reception->text);
    *reception = (struct reception){0};
}
