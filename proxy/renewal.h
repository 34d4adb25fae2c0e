/* Renews what listeners and upstreams present and believe while they work: when its files change, and when
 * somebody asks.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Everything here is control's. A change is waited out for a moment, since files change one after the other;
 * then what has changed is loaded anew beside that of today: a listener's gates change over, and an
 * upstream's next connections. A pair that cannot be used stays as it was, and so do authorities, revocation
 * lists, and all of an upstream of which anything cannot. Splices that live keep what they began with. */
#ifndef PROXY_RENEWAL_H
#define PROXY_RENEWAL_H

#include "proxy/house.h"

/* Begins to watch the files of the house's description. Without the kernel's help (inotify) only whoever
 * asks renews, which the log tells. */
void renewal_begin(struct proxy *house);

/* A new description is in force. */
void renewal_follow(struct proxy *house);

/* Renews now. Returns the first trouble, freed by the caller; NULL: all is well. */
char *renewal_run(struct proxy *house);

/* Accepts a house where it never began. */
void renewal_end(struct proxy *house);

#endif
