/* Hands a client connection over to a built-in service, which the control thread passes on.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_HANDOVER_H
#define PROXY_HANDOVER_H

#include "proxy/commons.h"

/* [worker] Opens a socketpair and sends one end to commons->serve, for the service of that name (without the
 * "@"), which is told that `peer` asks. Returns the other end, connected, the caller's; -1, with errno set,
 * when there is none to be had. */
int handover_post(const struct commons *commons, const char *name, const struct address *peer);

#endif
