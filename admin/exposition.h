/* Writes Prometheus' text exposition format, version 0.0.4.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * See https://prometheus.io/docs/instrumenting/exposition_formats/. Text goes to the body of a reply, of
 * which only json_raw is used. Names are written with the prefix "spliced_". What the caller sees to: a
 * family's samples follow its head, and no two of them have the same labels. */
#ifndef ADMIN_EXPOSITION_H
#define ADMIN_EXPOSITION_H

#include "conf/json.h"
#include "proxy/report.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct label {
    const char *name;
    const char *value; /* any bytes; what is not UTF-8 is written as U+FFFD */
};

/* The head of a family: # HELP and # TYPE. `type` is "counter", "gauge" or "histogram"; `help` holds neither
 * line breaks nor backslashes. */
void exposition_family(struct json *text, const char *name, const char *type, const char *help);

/* One sample each. `labels` ends with a row without a name. */
void exposition_int(struct json *text, const char *name, const struct label *labels, int64_t value);
void exposition_uint(struct json *text, const char *name, const struct label *labels, uint64_t value);

/* The same for milliseconds, written as seconds. */
void exposition_ms(struct json *text, const char *name, const struct label *labels, int64_t ms);

/* Buckets, sum and count of a histogram, in seconds. At most two labels. */
void exposition_histogram(struct json *text, const char *name, const struct label *labels,
                          const struct report_histogram *histogram);

#endif
