/* The house as Prometheus' text: one table of families.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What labels there are is bounded by the description: no client's address ever is one. */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include "admin/harvest.h"
#include "conf/json.h"

/* Writes every family with all its samples; what the kernel does not tell is left out. A pure function. */
void metrics_write(const struct harvest *harvest, struct json *text);

#endif
