/* Finds members of an answer by their paths.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONGEST_NAME = 64
};

/* One step of a path, `length` bytes. */
static const cJSON *step(const cJSON *json, const char *name, size_t length)
{
    char text[LONGEST_NAME];
    if (length >= sizeof text)
        return NULL;
    snprintf(text, sizeof text, "%.*s", (int)length, name);
    return cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(text))
                               : cJSON_GetObjectItemCaseSensitive(json, text);
}

static const cJSON *follow(const cJSON *json, const char *path, size_t length)
{
    while (json && length > 0) {
        const char *dot = memchr(path, '.', length);
        size_t size = dot ? (size_t)(dot - path) : length;
        json = step(json, path, size);
        path += size + (dot != NULL);
        length -= size + (dot != NULL);
    }
    return cJSON_IsNull(json) ? NULL : json;
}

const cJSON *member_find(const cJSON *json, const char *path)
{
    for (;;) {
        size_t length = strcspn(path, "|");
        const cJSON *found = follow(json, path, length);
        if (found || path[length] == '\0')
            return found;
        path += length + 1;
    }
}

const char *member_text(const cJSON *json, const char *path, const char *otherwise)
{
    const cJSON *found = member_find(json, path);
    return cJSON_IsString(found) ? found->valuestring : otherwise;
}

double member_number(const cJSON *json, const char *path)
{
    const cJSON *found = member_find(json, path);
    return cJSON_IsNumber(found) ? found->valuedouble : -1;
}
