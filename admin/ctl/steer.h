/* The commands that hold, open and drain a listener.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_STEER_H
#define ADMIN_CTL_STEER_H

#include "admin/ctl/session.h"

/* words[0] is the listener's name; of hold, words[1] may be for how long. */
enum ctl_exit steer_run_hold(struct session *session, const struct view *view, char *const *words);
enum ctl_exit steer_run_resume(struct session *session, const struct view *view, char *const *words);
enum ctl_exit steer_run_drain(struct session *session, const struct view *view, char *const *words);

#endif
