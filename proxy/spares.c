/* Spare sockets: those of client connections that ended in order, to dial the same server with once more.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/spares.h"

#include "proxy/kernel.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    LOOK_MS = 1000,
    SHARE = 64 /* one of so many descriptors at the most */
};

/* Closes those that nobody needed since the last look: what stays longest stands in front. */
static void look(struct timer *timer)
{
    struct spares *spares = list_owner(timer, struct spares, timer);
    for (unsigned i = 0; i < spares->idle; i++)
        close(spares->of[i].fd);
    spares->count -= spares->idle;
    memmove(spares->of, spares->of + spares->idle, spares->count * sizeof *spares->of);
    spares->idle = spares->count;
    if (spares->count > 0)
        timer_set(&spares->loop->timers, timer, spares->loop->now + LOOK_MS);
}

void spares_begin(struct spares *spares, struct loop *loop)
{
    struct rlimit limit;
    *spares = (struct spares){.loop = loop, .timer.fire = look, .most = SPARES_MOST};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / SHARE < SPARES_MOST)
        spares->most = (unsigned)(limit.rlim_cur / SHARE);
}

bool spares_keep(struct spares *spares, struct watch *watch, const struct address *peer)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    uint16_t busy_ms;
    int fd = watch->fd;
    if (spares->count == spares->most || !kernel_is_over(fd, &busy_ms))
        return false;
    loop_remove(spares->loop, watch);
    watch->fd = -1;
    if (connect(fd, &nobody, sizeof nobody) != 0) {
        close(fd);
        return true;
    }
    if (spares->count == 0) {
        spares->idle = 0;
        timer_set(&spares->loop->timers, &spares->timer, spares->loop->now + LOOK_MS);
    }
    spares->of[spares->count].fd = fd;
    spares->of[spares->count].peer = *peer;
    spares->of[spares->count++].busy_ms = busy_ms;
    return true;
}

int spares_take(struct spares *spares, const struct address *peer, uint16_t *busy_ms)
{
    for (unsigned i = spares->count; i-- > 0;) {
        int fd = spares->of[i].fd;
        if (!address_equal(&spares->of[i].peer, peer))
            continue;
        *busy_ms = spares->of[i].busy_ms;
        spares->of[i] = spares->of[--spares->count];
        if (spares->idle > spares->count)
            spares->idle = spares->count;
        return fd;
    }
    return -1;
}

bool spares_drop(struct spares *spares)
{
    bool were_any = spares->count > 0;
    while (spares->count > 0)
        close(spares->of[--spares->count].fd);
    spares->idle = 0;
    timer_cancel(&spares->timer);
    return were_any;
}
