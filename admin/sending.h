/* A reply's body on its way out: bytes that libmicrohttpd asks for as its client takes them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_SENDING_H
#define ADMIN_SENDING_H

#include "admin/reply.h"
#include "admin/visitors.h"

#include <stdatomic.h>

struct MHD_Response;

/* Makes the response of a long or endless body, which notes with `visitor` how far it is. Takes the body or
 * stream out of `reply`. Once *is_stopping is set, a stream breaks off at its next item, and an endless one
 * ends in order. NULL when memory is out. */
struct MHD_Response *sending_begin(struct reply *reply, bool is_head, struct visitor *visitor,
                                   const atomic_bool *is_stopping);

#endif
