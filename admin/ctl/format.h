/* The kinds of values in answers, and how each is shown in a cell.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_FORMAT_H
#define ADMIN_CTL_FORMAT_H

#include "admin/ctl/table.h"

#include <cjson/cJSON.h>

struct format {
    /* The escaped text of a value that is there, freed by the caller. A value of another kind than expected
     * is shown as it is. */
    char *(*print)(const cJSON *value);
    enum tint (*tint)(const cJSON *value); /* NULL: plain */
    bool is_right;
};

extern const struct format format_text;   /* anything; lists with commas between */
extern const struct format format_number; /* a count */
extern const struct format format_state;  /* a word, in its colour */
extern const struct format format_size;   /* bytes */
extern const struct format format_age;    /* ms */
extern const struct format format_rtt;    /* us */
extern const struct format format_queue;  /* an object with depth and limit, as a bar */
extern const struct format format_left;   /* a time, as what is left until then */
extern const struct format format_wrong;  /* something that went wrong */

/* The format that a member's path asks for by the API's names of units: _ms, _us, _bytes, state. */
const struct format *format_of(const char *path);

/* Adds the cell of a value to a table; NULL: there is none. */
void format_add(const struct format *format, const cJSON *value, struct table *table);

#endif
