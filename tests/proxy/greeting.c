/* Writes ClientHellos by hand, good and bad ones, in records of any size.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/greeting.h"

#include <assert.h>
#include <string.h>

struct pen {
    unsigned char *bytes;
    size_t length;
};

static void put(struct pen *pen, const void *bytes, size_t length)
{
    assert(pen->length + length <= GREETING_MOST);
    memcpy(pen->bytes + pen->length, bytes, length);
    pen->length += length;
}

static void put_number(struct pen *pen, size_t size, size_t number)
{
    while (size-- > 0)
        put(pen, &(unsigned char){(unsigned char)(number >> size * 8)}, 1);
}

/* Leaves room for a length of `size` bytes; returns where. */
static size_t open_vector(struct pen *pen, size_t size)
{
    put_number(pen, size, 0);
    return pen->length;
}

static void close_vector(struct pen *pen, size_t size, size_t began, int more)
{
    struct pen back = {pen->bytes, began - size};
    put_number(&back, size, (size_t)((long)(pen->length - began) + more));
}

static void put_server_name(struct pen *pen, const char *name)
{
    put_number(pen, 2, 0);
    size_t body = open_vector(pen, 2), list = open_vector(pen, 2);
    put_number(pen, 1, 0);
    size_t host = open_vector(pen, 2);
    put(pen, name, strlen(name));
    close_vector(pen, 2, host, 0);
    close_vector(pen, 2, list, 0);
    close_vector(pen, 2, body, 0);
}

static void put_alpn(struct pen *pen, const char *const *protocols)
{
    put_number(pen, 2, 16);
    size_t body = open_vector(pen, 2), list = open_vector(pen, 2);
    for (; *protocols; protocols++) {
        put_number(pen, 1, strlen(*protocols));
        put(pen, *protocols, strlen(*protocols));
    }
    close_vector(pen, 2, list, 0);
    close_vector(pen, 2, body, 0);
}

static void put_padding(struct pen *pen, size_t length)
{
    put_number(pen, 2, 0x1a1a); /* GREASE, where real ones pad with zeros */
    size_t body = open_vector(pen, 2);
    for (size_t i = 0; i < length; i++)
        put_number(pen, 1, i);
    close_vector(pen, 2, body, 0);
}

static void put_extensions(struct pen *pen, const struct greeting_plan *plan)
{
    size_t began = open_vector(pen, 2);
    if (plan->padding)
        put_padding(pen, plan->padding);
    if (plan->server_name)
        put_server_name(pen, plan->server_name);
    if (plan->second_name)
        put_server_name(pen, plan->second_name);
    if (plan->alpn)
        put_alpn(pen, plan->alpn);
    close_vector(pen, 2, began, plan->is_short);
}

static void put_message(struct pen *pen, const struct greeting_plan *plan)
{
    put_number(pen, 1, 1);
    size_t body = open_vector(pen, 3);
    put_number(pen, 2, 0x0303);
    for (size_t i = 0; i < 32; i++)
        put_number(pen, 1, i);
    put_number(pen, 1, 3); /* a session of three bytes */
    put(pen, "abc", 3);
    put_number(pen, 2, 4); /* two cipher suites, one of them GREASE */
    put_number(pen, 4, 0x1a1a1301);
    put_number(pen, 2, 0x0100); /* no compression */
    if (plan->server_name || plan->alpn || plan->padding)
        put_extensions(pen, plan);
    close_vector(pen, 3, body, 0);
}

void greeting_write(struct greeting *greeting, const struct greeting_plan *plan)
{
    static unsigned char room[GREETING_MOST];
    struct pen message = {.bytes = room}, pen = {.bytes = greeting->bytes};
    size_t record = plan->record ? plan->record : 16384;
    put_message(&message, plan);
    for (size_t at = 0; at < message.length; at += record) {
        size_t size = message.length - at < record ? message.length - at : record;
        put_number(&pen, 3, 0x160301);
        put_number(&pen, 2, size);
        put(&pen, room + at, size);
    }
    if (plan->more)
        put(&pen, plan->more, strlen(plan->more));
    greeting->length = pen.length;
}
