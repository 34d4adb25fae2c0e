/* Looks in from above: an HTTP server that answers questions about the proxy in JSON.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/admin.h"

#include "admin/demo.h"
#include "admin/doors.h"
#include "admin/rates.h"
#include "admin/reception.h"
#include "admin/routes.h"
#include "admin/share.h"
#include "conf/text.h"
#include "proxy/log.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BEAT_MS = 1000,
    PAUSE_MS = 100, /* how long nobody is accepted when there is nothing to accept with */
    ACCEPTS_A_TURN = 16,
};

struct admin {
    struct loop *loop;
    struct house house;
    struct reception reception;
    struct doors doors;
    struct rates rates;
    struct demo *demo;
    struct timer beat;
    struct timer pause;
    int spares[SHARE_SPARES]; /* -1: is given out */
};

static const char default_folder[] = "/run/spliced";

static void refill_spares(struct admin *admin)
{
    for (size_t i = 0; i < SHARE_SPARES; i++) {
        if (admin->spares[i] < 0)
            admin->spares[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
}

static bool give_spare(struct admin *admin)
{
    for (size_t i = 0; i < SHARE_SPARES; i++) {
        if (admin->spares[i] < 0)
            continue;
        close(admin->spares[i]);
        admin->spares[i] = -1;
        return true;
    }
    return false;
}

static void beat(struct timer *timer)
{
    struct admin *admin = list_owner(timer, struct admin, beat);
    reception_beat(&admin->reception);
    demo_beat(admin->demo);
    doors_beat(&admin->doors);
    refill_spares(admin);
    timer_set(&admin->loop->timers, timer, admin->loop->now + BEAT_MS);
}

static void end_pause(struct timer *timer)
{
    doors_resume(&list_owner(timer, struct admin, pause)->doors);
}

static void begin_pause(struct admin *admin, int error)
{
    static struct log_gate gate;
    log_line_gated(&gate, CONF_LOG_WARNING, "admin.accept", "admin requests wait: %s", strerror(error));
    doors_pause(&admin->doors);
    timer_set(&admin->loop->timers, &admin->pause, admin->loop->now + PAUSE_MS);
}

static bool is_loopback(const struct address *address)
{
    struct in6_addr ip;
    memcpy(&ip, address->ip, sizeof ip);
    return (address->family == AF_INET && address->ip[0] == IN_LOOPBACKNET) ||
           (address->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&ip));
}

static void welcome(struct admin *admin, struct door *door, int fd, const struct address *peer)
{
    struct address local = address_local(fd);
    const struct arrival arrival = {
        .fd = fd, .peer = *peer, .is_over_loopback = is_loopback(&local), .door = door};
    reception_enter(&admin->reception, &arrival);
}

static int accept_one(const struct door *door, struct address *peer)
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int fd = accept4(door->watch.fd, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        *peer = address_from((struct sockaddr *)&storage, length);
    return fd;
}

static bool is_out_of_resources(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* One try with a spare descriptor, which stands again if nobody came: accept4 looks for a descriptor before
 * it looks for a client. */
static int accept_with_spare(struct admin *admin, const struct door *door, struct address *peer)
{
    if (!give_spare(admin)) {
        errno = EMFILE;
        return -1;
    }
    int fd = accept_one(door, peer);
    int error = errno;
    if (fd < 0)
        refill_spares(admin);
    errno = error;
    return fd;
}

static void accept_visitors(struct watch *watch, unsigned events)
{
    struct door *door = (struct door *)(void *)watch;
    struct admin *admin = door->owner;
    bool has_room = true;
    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN && has_room; i++) {
        struct address peer;
        int fd = accept_one(door, &peer);
        if (fd < 0 && is_out_of_resources(errno)) {
            has_room = false;
            fd = accept_with_spare(admin, door, &peer);
        }
        if (fd >= 0)
            welcome(admin, door, fd, &peer);
        else if (is_out_of_resources(errno))
            begin_pause(admin, errno);
        else if (errno == EAGAIN || errno == EBADF)
            return;
    }
}

static void answer(void *context, const struct request *request, struct reply *reply)
{
    struct admin *admin = context;
    struct gate gate = door_gate(request->door);
    routes_answer(&admin->house, &gate, request, reply);
    tokens_drop(gate.tokens);
}

/* Without a description of its own the API stands where it can, and nowhere else: that is no failure. */
static char *apply_default(struct admin *admin)
{
    static char text[] = "unix:/run/spliced/admin.sock";
    struct conf_admin_listen listen = {
        .address = {.kind = CONF_ADDRESS_UNIX, .text = text, .path = text + strlen("unix:")},
        .mode = 0660,
        .access = CONF_ACCESS_WRITE,
    };
    const struct conf_admin conf = {.listen = &listen, .listen_count = 1};
    char *wrong = access(default_folder, W_OK | X_OK) == 0
                      ? doors_apply(&admin->doors, &conf)
                      : text_format("%s: %s", default_folder, strerror(errno));
    if (wrong)
        log_line(CONF_LOG_WARNING, "admin.none",
                 "there is no admin API, since \"admin\" is not configured and its default address cannot be "
                 "opened: %s",
                 wrong);
    free(wrong);
    return NULL;
}

char *admin_apply(struct admin *admin, const struct conf_admin *conf)
{
    return conf ? doors_apply(&admin->doors, conf) : apply_default(admin);
}

static char *open_all(struct admin *admin, const struct conf_admin *conf)
{
    struct report_info info;
    proxy_info(admin->house.proxy, &info);
    struct share share = share_of(info.admin_descriptors);
    char *wrong = reception_begin(&admin->reception, admin->loop, &share, answer, admin);
    if (wrong)
        return wrong;
    doors_begin(&admin->doors, admin->loop, &admin->reception, accept_visitors, admin);
    refill_spares(admin);
    wrong = demo_create(admin->house.proxy, &admin->demo);
    return wrong ? wrong : admin_apply(admin, conf);
}

char *admin_create(struct loop *control, struct proxy *proxy, const struct conf_admin *conf,
                   struct admin **admin)
{
    struct admin *created = calloc(1, sizeof *created);
    *admin = NULL;
    if (!created)
        return text_copy("cannot start the admin API: memory is out");
    created->loop = control;
    created->house = (struct house){.proxy = proxy, .doors = &created->doors, .rates = &created->rates};
    rates_begin(&created->rates);
    created->beat.fire = beat;
    created->pause.fire = end_pause;
    for (size_t i = 0; i < SHARE_SPARES; i++)
        created->spares[i] = -1;
    char *wrong = open_all(created, conf);
    if (wrong) {
        admin_destroy(created);
        return wrong;
    }
    timer_set(&control->timers, &created->beat, control->now + BEAT_MS);
    *admin = created;
    return NULL;
}

void admin_destroy(struct admin *admin)
{
    if (!admin)
        return;
    timer_cancel(&admin->beat);
    timer_cancel(&admin->pause);
    demo_destroy(admin->demo);
    reception_end(&admin->reception);
    doors_end(&admin->doors);
    rates_end(&admin->rates);
    while (give_spare(admin))
        continue;
    free(admin);
}
