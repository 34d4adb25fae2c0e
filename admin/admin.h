/* Looks in from above: an HTTP server that answers questions about the proxy in JSON.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Addresses are opened and connections accepted on the control thread, which hears what is wanted first
 * (admin/reception.h). Questions for health are answered on one thread that does nothing else; each other
 * connection has a thread of its own (libmicrohttpd), which may wait for an answer without anybody noticing.
 * Which routes there are stands in admin/routes.c; who may ask in admin/access.c. */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "conf/conf.h"
#include "proxy/proxy.h"

struct admin;

/* [control] Opens the admin addresses. `conf` may be NULL: then unix:/run/spliced/admin.sock is opened if its
 * folder can be written, else none, with a warning in the log. Also serves the built-in upstream "@demo"
 * (admin/demo.h). NULL when well, else a sentence (freed by the caller); nothing is left open then. */
char *admin_create(struct loop *control, struct proxy *proxy, const struct conf_admin *conf,
                   struct admin **admin);

/* [control] Changes to a new description: addresses that stay are left alone. All or nothing, as above. */
char *admin_apply(struct admin *admin, const struct conf_admin *conf);

/* [control] Closes the addresses, ends the connections (streams within two beats of a second) and frees
 * everything. Accepts NULL. To be called before proxy_destroy. */
void admin_destroy(struct admin *admin);

#endif
