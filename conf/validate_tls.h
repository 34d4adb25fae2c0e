/* What must hold between the parts of a description that are about TLS.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_VALIDATE_TLS_H
#define CONF_VALIDATE_TLS_H

#include "conf/validation.h"

/* Blames what is wrong with the TLS of a listener, whose `tls` is not NULL. */
void validate_listener_tls(struct validation *validation, const struct conf_listener *listener);

/* Blames what is wrong with the TLS of an upstream, whose `tls` is not NULL. */
void validate_upstream_tls(struct validation *validation, const struct conf_upstream *upstream);

#endif
