/* Sockets for tests: pairs, and a pattern of bytes that tells by itself whether one is missing or out of
 * order.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/sockets.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void open_tcp(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int on = 1;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(listening >= 0 && bind(listening, (struct sockaddr *)&address, length) == 0);
    assert(listen(listening, 1) == 0);
    assert(getsockname(listening, (struct sockaddr *)&address, &length) == 0);
    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(ends[0] >= 0 && connect(ends[0], (struct sockaddr *)&address, length) == 0);
    ends[1] = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    assert(ends[1] >= 0);
    close(listening);
    for (unsigned i = 0; i < 2; i++) {
        setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        assert(fcntl(ends[i], F_SETFL, O_NONBLOCK) == 0);
    }
}

static void open_unix(int ends[2])
{
    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
}

void pair_open(enum pair_kind kind, int ends[2])
{
    static void (*const openers[])(int ends[2]) = {[PAIR_UNIX] = open_unix, [PAIR_TCP] = open_tcp};
    openers[kind](ends);
}

void end_close(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

void end_reset(int *end)
{
    struct linger no_linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(*end, SOL_SOCKET, SO_LINGER, &no_linger, sizeof no_linger);
    end_close(end);
}

unsigned descriptors_open(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

unsigned char pattern_byte(unsigned stream, uint64_t place)
{
    uint64_t mixed = (place + 1) * 0x9e3779b97f4a7c15 + stream * 0xbf58476d1ce4e5b9;
    return (unsigned char)((mixed ^ mixed >> 29) >> 8);
}

void pattern_fill(unsigned stream, uint64_t place, void *bytes, size_t length)
{
    unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        at[i] = pattern_byte(stream, place + i);
}

bool pattern_holds(unsigned stream, uint64_t place, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++) {
        if (at[i] != pattern_byte(stream, place + i))
            return false;
    }
    return true;
}

size_t stream_write(struct stream *stream, int fd, size_t most)
{
    unsigned char bytes[16 * 1024];
    size_t total = 0;
    while (total < most) {
        size_t length = most - total < sizeof bytes ? most - total : sizeof bytes;
        pattern_fill(stream->name, stream->written, bytes, length);
        ssize_t count = send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0) {
            if (errno != EAGAIN)
                stream->error = errno;
            break;
        }
        stream->written += (uint64_t)count;
        total += (size_t)count;
    }
    return total;
}

size_t stream_read(struct stream *stream, int fd, size_t most)
{
    unsigned char bytes[16 * 1024];
    size_t total = 0;
    while (total < most && !stream->has_ended) {
        size_t room = most - total < sizeof bytes ? most - total : sizeof bytes;
        ssize_t count = recv(fd, bytes, room, MSG_DONTWAIT);
        if (count < 0) {
            if (errno != EAGAIN)
                stream->error = errno;
            break;
        }
        stream->has_ended = count == 0;
        stream->is_garbled |= !pattern_holds(stream->name, stream->read, bytes, (size_t)count);
        stream->read += (uint64_t)count;
        total += (size_t)count;
    }
    return total;
}
