/* What the configuration's texts for durations, sizes and addresses mean, in both directions.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_UNITS_H
#define CONF_UNITS_H

#include "conf/conf.h"

#include <stdbool.h>
#include <stdint.h>

/* Reads "250ms", "5s", "10m", "1h" or "0" into milliseconds. False, and *ms untouched, for anything else and
 * for what does not fit. */
bool units_parse_duration(const char *text, int64_t *ms);

/* The shortest text for a duration of 0 or more milliseconds, which the caller frees. */
char *units_print_duration(int64_t ms);

/* The same for sizes: "512B", "64KiB", "1MiB", "2GiB" or "0" and bytes. */
bool units_parse_size(const char *text, int64_t *bytes);
char *units_print_size(int64_t bytes);

/* What an address is for decides which forms it may have. */
enum units_use {
    UNITS_LISTEN,  /* host, any or unix; port 0 takes a free one */
    UNITS_CONNECT, /* host, unix or a built-in service; port 0 means nothing */
};

/* Reads an address into *address, whose strings the caller owns (units_address_end). Host names become lower
 * case, numeric addresses take their canonical form (RFC 5952), so that equal addresses have equal members.
 * NULL when well; else a sentence for the caller to free, and *address is all zero. */
char *units_parse_address(const char *text, enum units_use use, struct conf_address *address);

/* The canonical text of an address, which the caller frees. */
char *units_print_address(const struct conf_address *address);

/* Frees the address's strings and leaves it all zero. */
void units_address_end(struct conf_address *address);

/* Whether only this machine can reach the address: 127.0.0.0/8, ::1 or localhost (RFC 6761), not a unix
 * socket. */
bool units_address_is_loopback(const struct conf_address *address);

/* Whether there is a built-in service of that name, "demo" for one. */
bool units_has_builtin(const char *name);

/* The longest path that fits a unix socket's address (unix(7)). */
enum {
    UNITS_UNIX_PATH = 107
};

#endif
