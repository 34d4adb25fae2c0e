/* The commands that have things read again: the certificates' files, and the configuration.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_RELOAD_H
#define ADMIN_CTL_RELOAD_H

#include "admin/ctl/session.h"

/* Lists certificates, as list_run does; when words[0] is "reload", after they were loaded again. */
enum ctl_exit reload_run_certs(struct session *session, const struct view *view, char *const *words);

/* words[0] is "reload". */
enum ctl_exit reload_run_config(struct session *session, const struct view *view, char *const *words);

#endif
