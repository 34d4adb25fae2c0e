/* Small helpers for text that is made, not found: formatted sentences and exact copies on the heap.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_TEXT_H
#define CONF_TEXT_H

/* A formatted string on the heap, which the caller frees. Set-up that fails answers with such a sentence.
 * Running out of memory while forming one ends the process: nobody could be told. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A copy on the heap, or NULL for NULL. Ends the process when memory is out. */
char *text_copy(const char *text);

#endif
