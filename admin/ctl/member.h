/* Finds members of an answer by their paths.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_CTL_MEMBER_H
#define ADMIN_CTL_MEMBER_H

#include <cjson/cJSON.h>

/* The member of a path such as "queue.depth" or "ends.0.peer"; "" is the value itself. Where paths are
 * separated by "|" the first that leads to something counts. NULL: there is none, it is null, or `json` is
 * NULL. */
const cJSON *member_find(const cJSON *json, const char *path);

/* The text of a member, borrowed; `otherwise` when it is none. */
const char *member_text(const cJSON *json, const char *path, const char *otherwise);

/* The number of a member, -1 when it is none. */
double member_number(const cJSON *json, const char *path);

#endif
