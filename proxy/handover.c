/* Hands a client connection over to a built-in service, which the control thread passes on.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* On its way to the control thread. */
struct handover {
    struct letter letter;
    const struct commons *commons;
    char name[REPORT_NAME];
    int fd;
    struct address peer;
};

static void serve(struct letter *letter, void *owner)
{
    struct handover *handover = list_owner(letter, struct handover, letter);
    const struct commons *commons = handover->commons;
    (void)owner;
    commons->serve(commons->serve_context, handover->name, handover->fd, &handover->peer);
    free(handover);
}

int handover_post(const struct commons *commons, const char *name, const struct address *peer)
{
    int ends[2];
    struct handover *handover = malloc(sizeof *handover);
    if (!handover || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        free(handover);
        return -1;
    }
    *handover = (struct handover){
        .letter.deliver = serve,
        .commons = commons,
        .fd = ends[1],
        .peer = *peer,
    };
    snprintf(handover->name, sizeof handover->name, "%s", name);
    mailbox_post(commons->control, &handover->letter);
    return ends[0];
}
