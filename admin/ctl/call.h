/* One connection to the admin API that never waits longer than it may.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A call is plain memory of its owner. Everything answers with NULL when well, else with a sentence for the
 * caller to free. */
#ifndef ADMIN_CTL_CALL_H
#define ADMIN_CTL_CALL_H

#include "conf/conf.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CALL_BUFFER = 16 * 1024
};

struct call {
    int fd;           /* -1: closed */
    int64_t deadline; /* by call_now_ms: until when anything may wait; its owner may move it */
    size_t start;     /* bytes[start] to bytes[end] were received and not taken */
    size_t end;
    char bytes[CALL_BUFFER];
};

/* The deadline of a call that may wait for ever. */
#define CALL_FOR_EVER INT64_MAX

/* The monotonic clock in ms. */
int64_t call_now_ms(void);

/* Connects. CONF_ADDRESS_ANY stands for this machine's loopback; of a host with several addresses the first
 * that accepts is taken. In either case it may be closed afterwards. */
char *call_open(struct call *call, const struct conf_address *address, int64_t deadline);

/* Accepts one that is closed. */
void call_close(struct call *call);

/* Writes all. */
char *call_write(struct call *call, const char *bytes, size_t length);

/* Takes a line without its end (CR LF, or LF: RFC 9112, section 2.2). One that does not fit, the end before
 * it is complete, and NUL bytes are failures. */
char *call_line(struct call *call, char *line, size_t room);

/* Takes some bytes, `most` of them at the most; *length is 0 at the end. *bytes is borrowed until the next
 * taking. */
char *call_read(struct call *call, size_t most, const char **bytes, size_t *length);

#endif
