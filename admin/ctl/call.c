/* One connection to the admin API that never waits longer than it may.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/call.h"

#include "conf/memory.h"
#include "conf/text.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char too_late[] = "there is no answer in time";

int64_t call_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What is left until the deadline in ms, as poll(2) takes it. */
static int patience(const struct call *call)
{
    if (call->deadline == CALL_FOR_EVER)
        return -1;
    int64_t left = call->deadline - call_now_ms();
    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static char *await(const struct call *call, short events)
{
    struct pollfd poll_fd = {.fd = call->fd, .events = events};
    int ready;
    do {
        ready = poll(&poll_fd, 1, patience(call));
    } while (ready < 0 && errno == EINTR);
    if (ready > 0)
        return NULL;
    return text_copy(ready == 0 ? too_late : strerror(errno));
}

/* Connecting blocks no longer than SO_SNDTIMEO (socket(7)): also to a unix socket whose queue is full, where
 * a non-blocking connect would only say EAGAIN. */
static char *dial(struct call *call, const struct sockaddr *address, socklen_t length)
{
    call_close(call);
    int left = patience(call);
    if (left == 0)
        return text_copy(too_late);
    struct timeval time = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};
    if (left < 0)
        time = (struct timeval){0};
    call->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (call->fd < 0)
        return text_copy(strerror(errno));
    setsockopt(call->fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    if (connect(call->fd, address, length) == 0)
        return NULL;
    char *wrong = text_copy(errno == EINPROGRESS || errno == EAGAIN ? too_late : strerror(errno));
    call_close(call);
    return wrong;
}

static char *dial_unix(struct call *call, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return text_copy("the path is too long for a unix socket");
    strcpy(address.sun_path, path);
    return dial(call, (struct sockaddr *)&address, sizeof address);
}

/* The resolver's own patience may exceed ours, so it works on a thread of its own (getaddrinfo_a(3)). */
static int look_up_late(struct call *call, const char *host, const char *port, const struct addrinfo *hints,
                        struct addrinfo **found)
{
    /* All in one piece on the heap: when we cannot wait and it cannot be cancelled, it is the thread's. */
    struct question {
        struct gaicb request;
        struct addrinfo hints;
        char host[NI_MAXHOST];
        char port[NI_MAXSERV];
    } *question = memory_zeroed(1, sizeof *question);
    snprintf(question->host, sizeof question->host, "%s", host);
    snprintf(question->port, sizeof question->port, "%s", port);
    question->hints = *hints;
    question->request = (struct gaicb){
        .ar_name = question->host, .ar_service = question->port, .ar_request = &question->hints};
    struct gaicb *list[] = {&question->request};
    int left = patience(call);
    struct timespec time = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000L};
    int error = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
    if (error == 0)
        gai_suspend((const struct gaicb *const *)list, 1, left < 0 ? NULL : &time);
    if (error == 0)
        error = gai_error(&question->request);
    if (error == EAI_INPROGRESS && gai_cancel(&question->request) != EAI_CANCELED)
        return EAI_INPROGRESS;
    *found = question->request.ar_result;
    free(question);
    return error;
}

static char *look_up(struct call *call, const struct conf_address *address, struct addrinfo **found)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST};
    char port[8];
    snprintf(port, sizeof port, "%u", address->port);
    int error = getaddrinfo(address->host, port, &hints, found);
    hints.ai_flags = AI_NUMERICSERV;
    if (error == EAI_NONAME)
        error = look_up_late(call, address->host, port, &hints, found);
    if (error == EAI_INPROGRESS)
        return text_copy("its name is not found in time");
    return error ? text_copy(gai_strerror(error)) : NULL;
}

static char *dial_host(struct call *call, const struct conf_address *address)
{
    struct addrinfo *found = NULL;
    char *wrong = look_up(call, address, &found);
    if (wrong)
        return wrong;
    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        free(wrong);
        wrong = dial(call, at->ai_addr, at->ai_addrlen);
        if (!wrong)
            break;
    }
    freeaddrinfo(found);
    return wrong;
}

char *call_open(struct call *call, const struct conf_address *address, int64_t deadline)
{
    call->fd = -1;
    call->deadline = deadline;
    call->start = call->end = 0;
    switch (address->kind) {
    case CONF_ADDRESS_UNIX:
        return dial_unix(call, address->path);
    case CONF_ADDRESS_HOST:
    case CONF_ADDRESS_ANY:
        return dial_host(call, address);
    case CONF_ADDRESS_BUILTIN:
        break;
    }
    return text_copy("a built-in service cannot be called");
}

void call_close(struct call *call)
{
    if (call->fd >= 0)
        close(call->fd);
    call->fd = -1;
}

char *call_write(struct call *call, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = send(call->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (written < 0 && errno != EAGAIN && errno != EINTR)
            return text_copy(strerror(errno));
        bytes += written > 0 ? written : 0;
        length -= written > 0 ? (size_t)written : 0;
        char *wrong = length > 0 ? await(call, POLLOUT) : NULL;
        if (wrong)
            return wrong;
    }
    return NULL;
}

/* Receives something into the empty buffer; nothing at the end. */
static char *fill(struct call *call)
{
    assert(call->start == call->end);
    call->start = call->end = 0;
    for (;;) {
        char *wrong = await(call, POLLIN);
        if (wrong)
            return wrong;
        ssize_t got = recv(call->fd, call->bytes, sizeof call->bytes, MSG_DONTWAIT);
        if (got >= 0) {
            call->end = (size_t)got;
            return NULL;
        }
        if (errno != EAGAIN && errno != EINTR)
            return text_copy(strerror(errno));
    }
}

char *call_line(struct call *call, char *line, size_t room)
{
    size_t length = 0;
    for (;;) {
        char *wrong = call->start == call->end ? fill(call) : NULL;
        if (wrong)
            return wrong;
        if (call->start == call->end)
            return text_copy("the answer is cut off");
        char byte = call->bytes[call->start++];
        if (byte == '\n')
            break;
        if (byte == '\0' || length + 1 == room)
            return text_copy("the answer is not HTTP");
        line[length++] = byte;
    }
    length -= length > 0 && line[length - 1] == '\r';
    line[length] = '\0';
    return NULL;
}

char *call_read(struct call *call, size_t most, const char **bytes, size_t *length)
{
    char *wrong = call->start == call->end ? fill(call) : NULL;
    *length = call->end - call->start < most ? call->end - call->start : most;
    *bytes = call->bytes + call->start;
    call->start += *length;
    return wrong;
}
