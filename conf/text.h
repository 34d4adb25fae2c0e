/* Small helpers for text that is made, not found: formatted sentences and exact copies on the heap.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_TEXT_H
#define CONF_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A formatted string on the heap, which the caller frees. Set-up that fails answers with such a sentence.
 * Running out of memory while forming one ends the process: nobody could be told. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A copy on the heap, or NULL for NULL. Ends the process when memory is out. */
char *text_copy(const char *text);

/* The text in double quotes for a sentence, which the caller frees: control characters, quotes and bytes that
 * are not UTF-8 are escaped, and what is longer than some 80 bytes is cut and ends with "...". */
char *text_quote(const char *text);

/* How many bytes the UTF-8 character at `text` takes (1 to 4), of `length` bytes that may be read.
 * 0: there is none, or it is malformed (RFC 3629: overlong, a surrogate, beyond U+10FFFF, cut off). */
size_t text_character(const char *text, size_t length);

enum {
    TEXT_TIME = 32 /* bytes of a time with its NUL */
};

/* Writes milliseconds since the epoch, up to the year 9999, as RFC 3339 in UTC, "2026-11-23T05:40:00.123Z";
 * returns `text`. It takes no lock, which gmtime_r(3) does: workers write times, too. */
char *text_time(int64_t ms, char text[TEXT_TIME]);

#endif
