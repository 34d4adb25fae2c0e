/* One admin address: its listening socket, its gate, and the file of a unix socket.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/door.h"

#include "conf/text.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 128
};

static char *cannot(const struct conf_admin_listen *conf, const char *why)
{
    return text_format("admin address %s cannot be opened: %s", conf->address.text, why);
}

/* Whether somebody answers at the socket file: 0, ECONNREFUSED for an orphan, or another errno. */
static int try_connect(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ? 0 : errno;
    close(fd);
    return error == EAGAIN ? 0 : error;
}

/* Makes way for a socket file at the path. NULL when nothing is there any more. */
static char *remove_orphan(const struct conf_admin_listen *conf, const struct sockaddr_un *address)
{
    struct stat file;
    if (lstat(address->sun_path, &file) != 0)
        return errno == ENOENT ? NULL : cannot(conf, strerror(errno));
    if (!S_ISSOCK(file.st_mode))
        return cannot(conf,
                      "there is a file at the path that is no socket; remove it or choose another path");
    int error = try_connect(address);
    if (error == 0)
        return cannot(conf, "it is in use: another process answers there");
    if (error != ECONNREFUSED && error != ENOENT)
        return cannot(conf, strerror(error));
    if (unlink(address->sun_path) != 0 && errno != ENOENT)
        return cannot(conf, strerror(errno));
    return NULL;
}

static char *bind_unix(struct door *door, const struct conf_admin_listen *conf)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat file;
    if (strlen(conf->address.path) >= sizeof address.sun_path)
        return cannot(conf, "the path is too long");
    memcpy(address.sun_path, conf->address.path, strlen(conf->address.path));
    char *wrong = remove_orphan(conf, &address);
    if (wrong)
        return wrong;
    door->watch.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (door->watch.fd < 0)
        return cannot(conf, strerror(errno));
    /* Nobody else may connect before the mode is what was asked for. */
    mode_t mask = umask(0177);
    int error = bind(door->watch.fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    umask(mask);
    if (error != 0)
        return cannot(conf, error == ENOENT ? "its folder does not exist; create it first" : strerror(error));
    door->path = text_copy(conf->address.path);
    if (lstat(door->path, &file) == 0) {
        door->device = file.st_dev;
        door->inode = file.st_ino;
    }
    if (chmod(door->path, (mode_t)conf->mode) != 0 || listen(door->watch.fd, BACKLOG) != 0)
        return cannot(conf, strerror(errno));
    snprintf(door->shown, sizeof door->shown, "unix:%s", door->path);
    return NULL;
}

/* 0 or errno; the socket then stands in door->watch.fd. */
static int bind_tcp(struct door *door, const struct sockaddr *address, socklen_t length)
{
    int one = 1, zero = 0;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (bind(fd, address, length) != 0 || listen(fd, BACKLOG) != 0) {
        int error = errno;
        close(fd);
        return error;
    }
    struct address bound = address_local(fd);
    address_print(&bound, door->shown);
    door->watch.fd = fd;
    return 0;
}

static char *bind_host(struct door *door, const struct conf_admin_listen *conf)
{
    char port[8];
    struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    snprintf(port, sizeof port, "%u", conf->address.port);
    int failure = getaddrinfo(conf->address.host, port, &hints, &found);
    if (failure != 0)
        return cannot(conf, gai_strerror(failure));
    int error = EADDRNOTAVAIL;
    for (struct addrinfo *info = found; info && door->watch.fd < 0; info = info->ai_next)
        error = bind_tcp(door, info->ai_addr, info->ai_addrlen);
    freeaddrinfo(found);
    return door->watch.fd >= 0 ? NULL : cannot(conf, strerror(error));
}

/* Both families by one socket, or IPv4 where there is no IPv6. */
static char *bind_any(struct door *door, const struct conf_admin_listen *conf)
{
    struct sockaddr_in6 both = {.sin6_family = AF_INET6, .sin6_port = htons(conf->address.port)};
    struct sockaddr_in old = {.sin_family = AF_INET, .sin_port = htons(conf->address.port)};
    int error = bind_tcp(door, (const struct sockaddr *)&both, sizeof both);
    if (error == EAFNOSUPPORT || error == EADDRNOTAVAIL)
        error = bind_tcp(door, (const struct sockaddr *)&old, sizeof old);
    return error == 0 ? NULL : cannot(conf, strerror(error));
}

static char *bind_door(struct door *door, const struct conf_admin_listen *conf)
{
    switch (conf->address.kind) {
    case CONF_ADDRESS_UNIX:
        return bind_unix(door, conf);
    case CONF_ADDRESS_HOST:
        return bind_host(door, conf);
    case CONF_ADDRESS_ANY:
        return bind_any(door, conf);
    case CONF_ADDRESS_BUILTIN:
        break;
    }
    return cannot(conf, "it names no address to listen on");
}

char *door_open(const struct conf_admin_listen *conf, struct door **door)
{
    struct door *opened = calloc(1, sizeof *opened);
    *door = NULL;
    if (!opened)
        return cannot(conf, "memory is out");
    opened->watch.fd = -1;
    opened->gate.level = conf->access;
    opened->text = text_copy(conf->address.text);
    pthread_mutex_init(&opened->mutex, NULL);
    char *wrong = conf->token_file ? tokens_open(conf->token_file, &opened->gate.tokens) : NULL;
    if (!wrong)
        wrong = bind_door(opened, conf);
    if (wrong)
        door_destroy(opened);
    else
        *door = opened;
    return wrong;
}

void door_close(struct door *door)
{
    struct stat file;
    /* While the socket is open its inode is not given to another file, so equal numbers are the same file. */
    if (door->path && lstat(door->path, &file) == 0 && file.st_dev == door->device &&
        file.st_ino == door->inode)
        unlink(door->path);
    if (door->watch.fd >= 0)
        close(door->watch.fd);
    door->watch.fd = -1;
    free(door->path);
    door->path = NULL;
}

void door_destroy(struct door *door)
{
    if (!door)
        return;
    door_close(door);
    tokens_drop(door->gate.tokens);
    pthread_mutex_destroy(&door->mutex);
    free(door->text);
    free(door);
}

void door_regulate(struct door *door, const struct conf_admin_listen *conf, struct tokens *tokens)
{
    pthread_mutex_lock(&door->mutex);
    struct tokens *before = door->gate.tokens;
    door->gate = (struct gate){.level = conf->access, .tokens = tokens};
    pthread_mutex_unlock(&door->mutex);
    tokens_drop(before);
    if (door->path)
        chmod(door->path, (mode_t)conf->mode);
}

struct gate door_gate(struct door *door)
{
    pthread_mutex_lock(&door->mutex);
    struct gate gate = {.level = door->gate.level, .tokens = tokens_hold(door->gate.tokens)};
    pthread_mutex_unlock(&door->mutex);
    return gate;
}
