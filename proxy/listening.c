/* Opens listening sockets, for listeners and for the admin API alike.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/listening.h"

#include "conf/text.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    int error;
    const char *remedy;
} remedies[] = {
    {EADDRINUSE, "another process or listener has it; stop that one or choose another address"},
    {EACCES, "a port below 1024 needs CAP_NET_BIND_SERVICE, a unix socket a folder that can be written"},
    {EADDRNOTAVAIL, "no interface of this machine has that address"},
    {ENOENT, "its folder does not exist"},
    {EMFILE, "raise the descriptor limit (ulimit -n)"},
};

static char *explain(const struct conf_address *address, int error)
{
    for (unsigned i = 0; i < sizeof remedies / sizeof remedies[0]; i++) {
        if (remedies[i].error == error)
            return text_format("cannot listen at %s: %s: %s", address->text, strerror(error),
                               remedies[i].remedy);
    }
    return text_format("cannot listen at %s: %s", address->text, strerror(error));
}

/* Opens and binds; returns the socket, or -1 with errno. */
static int bind_one(const struct address *address)
{
    struct sockaddr_storage storage;
    socklen_t length = address_into(address, &storage);
    int on = 1, off = 0;
    int fd = socket(address->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (address->family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (address->family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (struct sockaddr *)&storage, length) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* A socket file outlives its process: one that refuses is an orphan and goes. */
static void remove_orphan(const struct address *address)
{
    struct sockaddr_storage storage;
    struct stat file;
    if (lstat(address->path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return;
    socklen_t length = address_into(address, &storage);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (struct sockaddr *)&storage, length) != 0 && errno == ECONNREFUSED)
        unlink(address->path);
    close(fd);
}

/* The file has its mode from the first moment: nobody comes in before it is narrowed. */
static int bind_unix(const struct address *address, unsigned mode)
{
    remove_orphan(address);
    mode_t before = umask(0777 & ~mode);
    int fd = bind_one(address);
    int error = errno;
    umask(before);
    errno = error;
    return fd;
}

static int bind_any(struct address *address)
{
    int fd = bind_one(address);
    if (fd >= 0 || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
        return fd;
    *address = (struct address){.family = AF_INET, .port = address->port};
    return bind_one(address);
}

static char *resolve(const struct conf_address *conf, struct address *address)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    int error = getaddrinfo(conf->host, NULL, &hints, &found);
    if (error)
        return text_format("cannot listen at %s: %s; use an address of this machine", conf->text,
                           gai_strerror(error));
    *address = address_from(found->ai_addr, found->ai_addrlen);
    address->port = conf->port;
    freeaddrinfo(found);
    return NULL;
}

static int bind_kind(const struct conf_address *conf, unsigned mode, struct address *address)
{
    switch (conf->kind) {
    case CONF_ADDRESS_UNIX:
        return bind_unix(address, mode);
    case CONF_ADDRESS_ANY:
        return bind_any(address);
    default:
        return bind_one(address);
    }
}

char *listening_open(const struct conf_address *conf, int backlog, unsigned mode, int *fd,
                     struct address *bound)
{
    struct address address;
    *fd = -1;
    if (!address_parse(conf, &address)) {
        char *wrong = resolve(conf, &address);
        if (wrong)
            return wrong;
    }
    int opened = bind_kind(conf, mode, &address);
    if (opened < 0)
        return explain(conf, errno);
    if (listen(opened, backlog) != 0) {
        char *wrong = explain(conf, errno);
        listening_close(opened, &address);
        return wrong;
    }
    *bound = address.family == AF_UNIX ? address : address_local(opened);
    *fd = opened;
    return NULL;
}

void listening_close(int fd, const struct address *bound)
{
    if (fd < 0)
        return;
    close(fd);
    if (bound->family == AF_UNIX && bound->path)
        unlink(bound->path);
}
