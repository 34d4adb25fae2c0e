/* Two network namespaces joined by a link that is as slow, as lossy and as narrow as a test wants it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/link/link.h"

#include "tests/link/lane.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    QUEUE = 10000, /* packets that a device keeps for the relay */
};

struct link {
    int home; /* the namespace that link_open was called in */
    int namespaces[LINK_SIDES];
    int devices[LINK_SIDES];
    struct lane lanes[LINK_SIDES]; /* by the side that they lead away from */
    int stop;                      /* an eventfd */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* of what follows, and of what the lanes tell */
    struct link_nature nature;
};

static const char *const ips[LINK_SIDES] = {[LINK_NEAR] = LINK_NEAR_IP, [LINK_FAR] = LINK_FAR_IP};

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Carrying */

static void take_in(struct link *link, enum link_side side)
{
    unsigned char bytes[LANE_PACKET];
    ssize_t got;
    while ((got = read(link->devices[side], bytes, sizeof bytes)) > 0)
        lane_offer(&link->lanes[side], &link->nature, bytes, (size_t)got, now_us());
}

static void hand_out(struct link *link, enum link_side from)
{
    struct lane_packet *packet;
    int to = link->devices[from == LINK_NEAR ? LINK_FAR : LINK_NEAR];
    while ((packet = lane_take(&link->lanes[from], now_us()))) {
        if (write(to, packet->bytes, packet->length) < 0)
            link->lanes[from].told.lost++;
        free(packet);
    }
}

static struct timespec until_due(const struct link *link)
{
    uint64_t near = lane_due(&link->lanes[LINK_NEAR]), far = lane_due(&link->lanes[LINK_FAR]);
    uint64_t due = near < far ? near : far, now = now_us();
    uint64_t left = due == UINT64_MAX ? 1000000 : due > now ? due - now : 0;
    return (struct timespec){.tv_sec = (time_t)(left / 1000000), .tv_nsec = (long)(left % 1000000) * 1000};
}

static void *carry(void *context)
{
    struct link *link = context;
    struct pollfd fds[] = {{.fd = link->devices[LINK_NEAR], .events = POLLIN},
                           {.fd = link->devices[LINK_FAR], .events = POLLIN},
                           {.fd = link->stop, .events = POLLIN}};
    while (!(fds[2].revents & POLLIN)) {
        struct timespec wait = until_due(link);
        ppoll(fds, sizeof fds / sizeof *fds, &wait, NULL);
        pthread_mutex_lock(&link->lock);
        for (enum link_side side = LINK_NEAR; side < LINK_SIDES; side++) {
            take_in(link, side);
            hand_out(link, side);
        }
        pthread_mutex_unlock(&link->lock);
    }
    return NULL;
}

/* Making a side: on the calling thread, which is in a fresh namespace then */

static bool set_address(int socket, struct ifreq *request, unsigned long what, const char *ip)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    inet_pton(AF_INET, ip, &address.sin_addr);
    memcpy(&request->ifr_addr, &address, sizeof address);
    return ioctl(socket, what, request) == 0;
}

static bool raise_interface(int socket, struct ifreq *request)
{
    if (ioctl(socket, SIOCGIFFLAGS, request) != 0)
        return false;
    request->ifr_flags |= IFF_UP;
    return ioctl(socket, SIOCSIFFLAGS, request) == 0;
}

static bool set_up(const char *device, const char *ip)
{
    struct ifreq loopback = {.ifr_name = "lo"}, request = {.ifr_qlen = QUEUE};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", device);
    bool is_up = fd >= 0 && raise_interface(fd, &loopback) && ioctl(fd, SIOCSIFTXQLEN, &request) == 0 &&
                 set_address(fd, &request, SIOCSIFADDR, ip) &&
                 set_address(fd, &request, SIOCSIFNETMASK, "255.255.255.0") && raise_interface(fd, &request);
    int error = errno;
    close(fd);
    errno = error;
    return is_up;
}

static const char *make_side(struct link *link, enum link_side side)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    if (unshare(CLONE_NEWNET) != 0)
        return "make a network namespace";
    link->namespaces[side] = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    link->devices[side] = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (link->namespaces[side] < 0 || link->devices[side] < 0)
        return "open /dev/net/tun";
    snprintf(request.ifr_name, sizeof request.ifr_name, "link%d", (int)side);
    if (ioctl(link->devices[side], TUNSETIFF, &request) != 0)
        return "make a TUN device";
    return set_up(request.ifr_name, ips[side]) ? NULL : "set up an interface";
}

static struct link *create(const struct link_nature *nature)
{
    struct link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    *link = (struct link){
        .home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC),
        .namespaces = {-1, -1},
        .devices = {-1, -1},
        .stop = eventfd(0, EFD_CLOEXEC),
        .nature = *nature,
    };
    pthread_mutex_init(&link->lock, NULL);
    bool has_lanes = lane_begin(&link->lanes[LINK_NEAR], nature->seed);
    if (lane_begin(&link->lanes[LINK_FAR], ~nature->seed) && has_lanes && link->home >= 0 && link->stop >= 0)
        return link;
    link_close(link);
    return NULL;
}

char *link_open(const struct link_nature *nature, struct link **opened, bool *is_forbidden)
{
    struct link *link = create(nature);
    const char *failed = link ? NULL : "allocate a link";
    for (enum link_side side = LINK_NEAR; side < LINK_SIDES && !failed; side++)
        failed = make_side(link, side);
    int error = errno;
    if (link && !link_leave(link))
        abort(); /* whatever came now would be tested in the wrong place */
    if (!failed) {
        error = pthread_create(&link->thread, NULL, carry, link);
        link->has_thread = error == 0;
        failed = error ? "start a thread" : NULL;
    }
    *opened = failed ? NULL : link;
    if (!failed)
        return NULL;
    char *sentence = NULL;
    *is_forbidden = error == EPERM || error == EACCES || error == ENOENT;
    if (asprintf(&sentence, "cannot %s: %s", failed, strerror(error)) < 0)
        sentence = NULL;
    link_close(link);
    return sentence;
}

void link_close(struct link *link)
{
    if (!link)
        return;
    if (link->has_thread) {
        eventfd_write(link->stop, 1);
        pthread_join(link->thread, NULL);
    }
    for (enum link_side side = LINK_NEAR; side < LINK_SIDES; side++) {
        lane_end(&link->lanes[side]);
        if (link->devices[side] >= 0)
            close(link->devices[side]);
        if (link->namespaces[side] >= 0)
            close(link->namespaces[side]);
    }
    if (link->home >= 0)
        close(link->home);
    if (link->stop >= 0)
        close(link->stop);
    pthread_mutex_destroy(&link->lock);
    free(link);
}

void link_change(struct link *link, const struct link_nature *nature)
{
    pthread_mutex_lock(&link->lock);
    link->nature = *nature;
    pthread_mutex_unlock(&link->lock);
}

struct link_count link_told(struct link *link)
{
    pthread_mutex_lock(&link->lock);
    const struct link_count *near = &link->lanes[LINK_NEAR].told, *far = &link->lanes[LINK_FAR].told;
    struct link_count told = {.carried = near->carried + far->carried, .lost = near->lost + far->lost};
    pthread_mutex_unlock(&link->lock);
    return told;
}

bool link_enter(const struct link *link, enum link_side side)
{
    return setns(link->namespaces[side], CLONE_NEWNET) == 0;
}

bool link_leave(const struct link *link)
{
    return setns(link->home, CLONE_NEWNET) == 0;
}
