/* Reads a TLS ClientHello without terminating: where it ends, which server it names, what it offers.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/hello.h"

#include <string.h>

enum {
    RECORD_HEADER = 5,
    RECORD_MOST = 16384, /* of plain text (RFC 8446, section 5.1) */
    RECORD_HANDSHAKE = 22,
    MESSAGE_HEADER = 4,
    MESSAGE_CLIENT_HELLO = 1,
    RANDOM = 32,
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_ALPN = 16,
    NAME_HOST = 0, /* RFC 6066, section 3 */
};

/* Records
 * -----------------------------------------------------------------------------------------------------------
 */

static size_t number(const unsigned char *bytes, size_t size)
{
    size_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Whether these may be the first bytes of a record's header. An empty record is none of a handshake. */
static bool begins_record(const unsigned char *bytes, size_t length)
{
    if (length > 0 && bytes[0] != RECORD_HANDSHAKE)
        return false;
    if (length > 1 && bytes[1] != 3)
        return false;
    return length < RECORD_HEADER || (number(bytes + 3, 2) > 0 && number(bytes + 3, 2) <= RECORD_MOST);
}

/* Takes what is there of the message's header. */
static void note_header(struct hello_scan *scan, const unsigned char *payload, size_t length)
{
    for (size_t i = 0; i < length && scan->gathered + i < MESSAGE_HEADER; i++)
        scan->header[scan->gathered + i] = payload[i];
}

/* What so many bytes of the message say. */
static enum hello_state judge_message(const struct hello_scan *scan, size_t gathered)
{
    if (gathered > 0 && scan->header[0] != MESSAGE_CLIENT_HELLO)
        return HELLO_FOREIGN;
    if (gathered < MESSAGE_HEADER)
        return HELLO_PARTIAL;
    size_t length = MESSAGE_HEADER + number(scan->header + 1, 3);
    if (length > HELLO_MOST - RECORD_HEADER)
        return HELLO_BROKEN;
    return gathered >= length ? HELLO_WHOLE : HELLO_PARTIAL;
}

enum hello_state hello_scan(struct hello_scan *scan, const unsigned char *bytes, size_t length)
{
    if (length > HELLO_MOST)
        length = HELLO_MOST;
    for (;;) {
        const unsigned char *record = bytes + scan->at;
        size_t held = length - scan->at;
        if (!begins_record(record, held))
            return scan->at == 0 ? HELLO_FOREIGN : HELLO_BROKEN;
        size_t size = held < RECORD_HEADER ? 0 : number(record + 3, 2);
        size_t there = held < RECORD_HEADER ? 0 : held - RECORD_HEADER;
        if (there > size)
            there = size;
        note_header(scan, record + RECORD_HEADER, there);
        enum hello_state state = judge_message(scan, scan->gathered + there);
        if (state != HELLO_PARTIAL)
            return state;
        if (size == 0 || there < size)
            return length < HELLO_MOST ? HELLO_PARTIAL : HELLO_BROKEN;
        scan->at += (uint32_t)(RECORD_HEADER + size);
        scan->gathered += (uint32_t)size;
    }
}

/* The message
 * -----------------------------------------------------------------------------------------------------------
 */

struct span {
    const unsigned char *at;
    size_t length;
};

static bool take(struct span *from, size_t length, struct span *part)
{
    if (length > from->length)
        return false;
    *part = (struct span){from->at, length};
    from->at += length;
    from->length -= length;
    return true;
}

static bool take_number(struct span *from, size_t size, size_t *value)
{
    struct span part;
    if (!take(from, size, &part))
        return false;
    *value = number(part.at, size);
    return true;
}

/* What stands behind its own length of `size` bytes. */
static bool take_vector(struct span *from, size_t size, struct span *part)
{
    size_t length;
    return take_number(from, size, &length) && take(from, length, part);
}

/* RFC 6066, section 3: one name of a host. A NUL would make it another one for some. */
static bool read_server_name(struct span body, struct hello *hello)
{
    struct span list, name;
    size_t type;
    if (*hello->server_name || !take_vector(&body, 2, &list) || body.length > 0 ||
        !take_number(&list, 1, &type) || type != NAME_HOST || !take_vector(&list, 2, &name) ||
        list.length > 0)
        return false;
    if (name.length == 0 || name.length >= HELLO_NAME || memchr(name.at, '\0', name.length))
        return false;
    memcpy(hello->server_name, name.at, name.length);
    hello->server_name[name.length] = '\0';
    return true;
}

/* RFC 7301, section 3.1. */
static bool read_alpn(struct span body, struct hello *hello)
{
    struct span list, protocol;
    if (hello->alpn || !take_vector(&body, 2, &list) || body.length > 0 || list.length == 0)
        return false;
    hello->alpn = list.at;
    hello->alpn_length = list.length;
    while (list.length > 0) {
        if (!take_vector(&list, 1, &protocol) || protocol.length == 0)
            return false;
    }
    return true;
}

static bool read_extensions(struct span list, struct hello *hello)
{
    while (list.length > 0) {
        size_t type;
        struct span body;
        if (!take_number(&list, 2, &type) || !take_vector(&list, 2, &body))
            return false;
        if (type == EXTENSION_SERVER_NAME && !read_server_name(body, hello))
            return false;
        if (type == EXTENSION_ALPN && !read_alpn(body, hello))
            return false;
    }
    return true;
}

static bool read_message(struct span body, struct hello *hello)
{
    struct span part, extensions = {0};
    if (!take(&body, 2 + RANDOM, &part) || !take_vector(&body, 1, &part) || !take_vector(&body, 2, &part) ||
        !take_vector(&body, 1, &part))
        return false;
    /* The oldest clients end here. */
    if (body.length > 0 && (!take_vector(&body, 2, &extensions) || body.length > 0))
        return false;
    return read_extensions(extensions, hello);
}

/* Joins the message out of its records. Its length, without its header, stands in the header. */
static size_t join(const unsigned char *bytes, size_t length, unsigned char *room)
{
    size_t joined = 0, at = 0;
    while (at + RECORD_HEADER <= length && joined < HELLO_MOST) {
        size_t size = number(bytes + at + 3, 2), left = length - at - RECORD_HEADER;
        if (size > left)
            size = left;
        if (size > HELLO_MOST - joined)
            size = HELLO_MOST - joined;
        memcpy(room + joined, bytes + at + RECORD_HEADER, size);
        joined += size;
        at += RECORD_HEADER + size;
    }
    return joined;
}

bool hello_read(const unsigned char *bytes, size_t length, unsigned char *room, struct hello *hello)
{
    struct span message = {room, join(bytes, length, room)}, header, body;
    *hello = (struct hello){0};
    if (take(&message, 1, &header) && take_vector(&message, 3, &body) && read_message(body, hello))
        return true;
    *hello = (struct hello){0};
    return false;
}

/* What it offers
 * -----------------------------------------------------------------------------------------------------------
 */

bool hello_offers(const struct hello *hello, const char *protocol)
{
    struct span list = {hello->alpn, hello->alpn_length}, offered;
    size_t length = strlen(protocol);
    while (take_vector(&list, 1, &offered)) {
        if (offered.length == length && memcmp(offered.at, protocol, length) == 0)
            return true;
    }
    return false;
}

static bool is_printable(const struct span *text)
{
    for (size_t i = 0; i < text->length; i++) {
        if (text->at[i] <= ' ' || text->at[i] > '~')
            return false;
    }
    return true;
}

void hello_print_alpn(const struct hello *hello, char *text, size_t size)
{
    struct span list = {hello->alpn, hello->alpn_length}, offered;
    size_t length = 0;
    *text = '\0';
    while (take_vector(&list, 1, &offered)) {
        bool is_first = length == 0;
        if (!is_printable(&offered))
            continue;
        if (length + !is_first + offered.length >= size)
            return;
        if (!is_first)
            text[length++] = ',';
        memcpy(text + length, offered.at, offered.length);
        length += offered.length;
        text[length] = '\0';
    }
}
