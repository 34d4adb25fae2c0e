/* Questions to the admin API over its unix socket, as small as HTTP allows.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DAEMON_ASKING_H
#define TESTS_DAEMON_ASKING_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

/* Sends exactly these bytes to "unix:/path" and reads to the end, or until nothing comes for so long. Returns
 * all that came, freed by the caller, "" when nothing did. */
char *asking_raw(const char *address, const char *bytes, size_t length, unsigned patience_s);

/* GET `path`, accepting that type. Returns the body, freed by the caller, "" when there is none; *status is 0
 * when there was no answer. From any thread. */
char *asking_fetch(const char *address, const char *path, const char *accept, int *status);

/* GET `path`. Returns the status, 0 when there was no answer; *body, when asked for, is the answer's JSON,
 * freed by the caller with cJSON_Delete, or NULL. */
int asking_get(const char *address, const char *path, cJSON **body);

/* Sends "PATCH /v1/x" with a body of JSON; answers as asking_get. */
int asking_order(const char *address, const char *line, const char *body, cJSON **answer);

/* A member by its path, "queue.depth" or "ends.0.tls"; NULL when there is none. */
const cJSON *asking_member(const cJSON *json, const char *path);

/* The same as a number, INT64_MIN when it is none, and as text, "" when it is none. */
int64_t asking_number(const cJSON *json, const char *path);
const char *asking_text(const cJSON *json, const char *path);

/* The value of one series of Prometheus' text, with its labels as they are written; INT64_MIN when it is not
 * there. */
int64_t asking_sample(const char *metrics, const char *series);

#endif
