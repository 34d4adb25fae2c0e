/* Renews what listeners present while they work: when its files change, and when somebody asks.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Everything here is control's. A change is waited out for a moment, since files change one after the other;
 * then every listener's certificates are loaded anew beside those of today, and its gates change over. A pair
 * that cannot be used stays as it was. Splices that live keep what they began with. */
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
