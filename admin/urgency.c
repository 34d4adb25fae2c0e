/* Which questions do not wait for others: those for health.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/urgency.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/types.h>

enum {
    HEAD = 4096 /* of a question for health; who has more to say asks for something else */
};

static bool starts(const char *bytes, size_t length, const char *word)
{
    return length >= strlen(word) && memcmp(bytes, word, strlen(word)) == 0;
}

/* A header of that name, in any case, in a head that is whole. */
static bool has_header(const char *head, size_t length, const char *name)
{
    for (const char *at = head, *end = head + length; (at = memchr(at, '\n', (size_t)(end - at)));) {
        at++;
        if ((size_t)(end - at) > strlen(name) && strncasecmp(at, name, strlen(name)) == 0)
            return true;
    }
    return false;
}

bool urgency_is_told(const char *bytes, size_t length)
{
    static const char *const lines[] = {"GET /healthz HTTP/1.", "GET /readyz HTTP/1.",
                                        "HEAD /healthz HTTP/1.", "HEAD /readyz HTTP/1."};
    static const char end[] = "\r\n\r\n";
    const char *found = memmem(bytes, length, end, strlen(end));
    if (!found || found + strlen(end) != bytes + length || has_header(bytes, length, "Content-Length:") ||
        has_header(bytes, length, "Transfer-Encoding:"))
        return false;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (starts(bytes, length, lines[i]))
            return true;
    }
    return false;
}

enum urgency urgency_seen(int fd)
{
    char head[HEAD];
    ssize_t got = recv(fd, head, sizeof head, MSG_DONTWAIT | MSG_PEEK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return URGENCY_UNKNOWN;
    if (got <= 0)
        return URGENCY_GONE;
    return urgency_is_told(head, (size_t)got) ? URGENCY_HEALTH : URGENCY_NONE;
}
