/* Numbers, times and foreign text as a person reads them on a terminal.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Texts that are returned are the caller's to free. */
#ifndef ADMIN_CTL_HUMAN_H
#define ADMIN_CTL_HUMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes in powers of 1024: "512", "1.2K", "34M", "5.0G". */
char *human_size(double bytes);

/* A duration in its two largest units: "12ms", "4.2s", "48s", "3m12s", "2h5m", "3d4h". A negative one, which
 * a changed clock makes, begins with "-". */
char *human_age(double ms);

/* A round trip: "410us", "1.8ms", then as an age. */
char *human_rtt(double us);

/* RFC 3339 in UTC, as the API writes it, into ms since the epoch. */
bool human_parse_time(const char *text, int64_t *ms);

/* Text that cannot do anything to a terminal: control characters, those that turn or hide other text, and
 * bytes that are not UTF-8 are escaped as \x1b or \u202e. Beyond ASCII that needs LC_CTYPE to be UTF-8, else
 * all of it is escaped. */
char *human_escape(const char *text);

/* How many columns the escaped text takes. */
size_t human_width(const char *text);

/* How many bytes of the escaped text take at most so many columns. */
size_t human_fit(const char *text, size_t columns);

#endif
