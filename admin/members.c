/* A struct told as a JSON object: one table of its members, in the order in which they are told.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/members.h"

#include <assert.h>
#include <string.h>

static void write_value(struct json *json, const struct member *member, const void *report)
{
    const void *at = (const char *)report + member->offset;
    switch (member->kind) {
    case MEMBER_WORD:
        json_string(json, *(const char *const *)at);
        break;
    case MEMBER_TEXT:
        json_string(json, *(const char *)at ? (const char *)at : NULL);
        break;
    case MEMBER_INT:
        if (*(const int64_t *)at == -1)
            json_null(json);
        else
            json_int(json, *(const int64_t *)at);
        break;
    case MEMBER_UINT:
        json_uint(json, *(const uint64_t *)at);
        break;
    case MEMBER_DOUBLE:
        json_double(json, *(const double *)at);
        break;
    case MEMBER_BOOL:
        json_bool(json, *(const bool *)at);
        break;
    case MEMBER_MAYBE:
        if (!*(const bool *)at) {
            json_null(json);
            break;
        }
        __attribute__((fallthrough));
    case MEMBER_OBJECT:
        members_write(json, member->members, 0, at);
        break;
    case MEMBER_WRITE:
        member->write(json, report);
        break;
    case MEMBER_TIME:
        assert(!"a time is written with its key");
    }
}

void members_write(struct json *json, const struct member *members, uint64_t fields, const void *report)
{
    json_object_open(json);
    for (size_t i = 0; members[i].name; i++) {
        if (fields != 0 && !(fields >> i & 1))
            continue;
        if (members[i].kind == MEMBER_TIME) {
            json_key_time(json, members[i].name,
                          *(const int64_t *)(const void *)((const char *)report + members[i].offset));
            continue;
        }
        json_key(json, members[i].name);
        write_value(json, &members[i], report);
    }
    json_object_close(json);
}

uint64_t members_bit(const struct member *members, const char *name)
{
    for (size_t i = 0; members[i].name; i++) {
        if (strcmp(members[i].name, name) == 0)
            return UINT64_C(1) << i;
    }
    return 0;
}
