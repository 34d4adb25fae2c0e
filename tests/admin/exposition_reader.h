/* A strict reader of Prometheus' text exposition format 0.0.4.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Stricter than Prometheus itself: every family has HELP and TYPE, once and in that order, before its
 * samples; families ascend; no sample stands twice; counters and nothing else end with _total; the buckets of
 * a histogram ascend, are cumulative and end with +Inf, which is the count. */
#ifndef TESTS_ADMIN_EXPOSITION_READER_H
#define TESTS_ADMIN_EXPOSITION_READER_H

#include <stdbool.h>
#include <stddef.h>

/* NULL when the text is well formed, else a sentence with the line's number, freed by the caller. */
char *exposition_check(const char *text);

/* The value of the sample that is written exactly so: name{label="value"}. NAN: there is none. */
double exposition_value(const char *text, const char *sample);

#endif
