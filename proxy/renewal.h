/* Renews what listeners and upstreams present and believe while they work: when its files change, and when
 * somebody asks.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Everything here is control's. A change is waited out for a moment, since files change one after the other;
 * then what has changed is loaded anew beside that of today: a listener's gates change over, and an
 * upstream's next connections. Whether it has is told by the stamp of its files, which is taken before they
 * are read. A pair that cannot be used stays as it was, and so do authorities, revocation lists, and all of
 * an upstream of which anything cannot. Splices that live keep what they began with. */
#ifndef PROXY_RENEWAL_H
#define PROXY_RENEWAL_H

#include "proxy/house.h"

/* Begins to watch the files of the house's description. Without the kernel's help (inotify) only whoever
 * asks renews, which the log tells. */
void renewal_begin(struct proxy *house);

/* A new description is in force: its files are watched, and renewed is what has changed since it was loaded.
 */
void renewal_follow(struct proxy *house);

/* Loads what an upstream of the house is to believe and to show, for a description like the one before, when
 * its files have changed. *certs is the caller's, NULL where what is in force is as good. NULL when well,
 * else a sentence (freed by the caller). */
char *renewal_load_upstream(struct upstream *upstream, const struct conf_upstream *conf,
                            struct certs **certs);

/* Puts these in force (takes over the reference), and tells what is new in them. */
void renewal_put_upstream(struct upstream *upstream, const struct conf_upstream *conf, struct certs *certs);

/* Tells what is new in what a listener is about to present, if it presented anything before. */
void renewal_tell_listener(struct listener *listener, const struct conf_listener *conf,
                           const struct certs *certs);

/* Renews now. Returns the first trouble, freed by the caller; NULL: all is well. */
char *renewal_run(struct proxy *house);

/* Accepts a house where it never began. */
void renewal_end(struct proxy *house);

#endif
