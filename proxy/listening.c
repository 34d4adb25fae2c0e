/* A listening socket, for listeners and for the admin API alike: opened with its file, closed with it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/listening.h"

#include "conf/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const struct {
    int error;
    const char *remedy;
} remedies[] = {
    {EADDRINUSE, "another process or listener has it; stop that one or choose another address"},
    {EACCES, "a port below 1024 needs CAP_NET_BIND_SERVICE, a unix socket a folder that can be written"},
    {EADDRNOTAVAIL, "no interface of this machine has that address"},
    {EEXIST, "there is a file that is no socket; remove it or choose another path"},
    {ENOENT, "its folder does not exist; make it first"},
    {ENAMETOOLONG, "the path is too long: a socket's has at most 107 bytes"},
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
        setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
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

/* Whether somebody answers at the socket file: 0, ECONNREFUSED for an orphan, or another errno. */
static int try_socket(const struct address *address)
{
    struct sockaddr_storage storage;
    socklen_t length = address_into(address, &storage);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = connect(fd, (struct sockaddr *)&storage, length) == 0 || errno == EAGAIN ? 0 : errno;
    close(fd);
    return error;
}

/* A socket file outlives its process: one that refuses is an orphan and goes. 0, or the errno that bind would
 * give. */
static int make_way(const struct address *address)
{
    struct stat file;
    if (strlen(address->path) >= sizeof((struct sockaddr_un *)0)->sun_path)
        return ENAMETOOLONG;
    if (lstat(address->path, &file) != 0)
        return errno == ENOENT ? 0 : errno;
    if (!S_ISSOCK(file.st_mode))
        return EEXIST;
    int error = try_socket(address);
    if (error == 0)
        return EADDRINUSE;
    if (error == ECONNREFUSED && unlink(address->path) != 0 && errno != ENOENT)
        return errno;
    return error == ECONNREFUSED || error == ENOENT ? 0 : error;
}

/* The file is for nobody until it has the mode that was asked for. */
static int bind_unix(const struct address *address, unsigned mode)
{
    int error = make_way(address);
    if (error) {
        errno = error;
        return -1;
    }
    mode_t before = umask(0777);
    int fd = bind_one(address);
    error = errno;
    umask(before);
    if (fd >= 0 && chmod(address->path, (mode_t)mode) != 0) {
        error = errno;
        close(fd);
        fd = -1;
    }
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

static void note_file(struct listening *listening)
{
    struct stat file;
    if (listening->bound.family != AF_UNIX || lstat(listening->bound.path, &file) != 0)
        return;
    listening->device = file.st_dev;
    listening->inode = file.st_ino;
}

char *listening_open(struct listening *listening, const struct conf_address *conf, int backlog, unsigned mode)
{
    struct address address;
    *listening = (struct listening){.fd = -1};
    if (!address_parse(conf, &address)) {
        char *wrong = resolve(conf, &address);
        if (wrong)
            return wrong;
    }
    listening->fd = bind_kind(conf, mode, &address);
    if (listening->fd < 0)
        return explain(conf, errno);
    listening->bound = address;
    note_file(listening);
    if (listen(listening->fd, backlog) != 0) {
        char *wrong = explain(conf, errno);
        listening_close(listening, true);
        return wrong;
    }
    if (address.family != AF_UNIX)
        listening->bound = address_local(listening->fd);
    return NULL;
}

char *listening_share(struct listening *listening, const struct listening *from)
{
    *listening = *from;
    listening->fd = fcntl(from->fd, F_DUPFD_CLOEXEC, 3);
    return listening->fd < 0 ? text_format("cannot share a listening socket: %s", strerror(errno)) : NULL;
}

void listening_close(struct listening *listening, bool with_file)
{
    const char *path = listening->bound.path;
    struct stat file;
    if (listening->fd < 0)
        return;
    close(listening->fd);
    listening->fd = -1;
    if (!with_file || listening->bound.family != AF_UNIX || lstat(path, &file) != 0)
        return;
    if (file.st_dev == listening->device && file.st_ino == listening->inode)
        unlink(path);
}

/* Drops a SYN without ACK, so that nobody new gets in, and nothing else, so that handshakes under way are
 * completed. The packet begins at the TCP header (socket(7), SO_ATTACH_FILTER). */
bool listening_refuse(const struct listening *listening)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),          BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    if (listening->bound.family == AF_UNIX)
        return shutdown(listening->fd, SHUT_RD) == 0;
    return setsockopt(listening->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

bool listening_welcome(const struct listening *listening)
{
    if (listening->bound.family == AF_UNIX)
        return false;
    listening_take_off_filter(listening->fd);
    return true;
}

void listening_take_off_filter(int fd)
{
    int ignored = 0;
    setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored);
}
