/* Addresses of sockets as small plain values, and as text.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

/* One address stands for each end of every splice, in reports and in lists. */
_Static_assert(sizeof(struct address) == 24, "the size that address.h promises");

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* Takes the 16 bytes of an IPv6 address; a v4-mapped one (RFC 4291, section 2.5.5.2) becomes IPv4. */
static void take_ip6(struct address *address, const void *ip)
{
    const uint8_t *bytes = ip;
    if (memcmp(bytes, mapped_prefix, sizeof mapped_prefix) == 0) {
        address->family = AF_INET;
        address->scope = 0;
        memcpy(address->ip, bytes + sizeof mapped_prefix, 4);
    } else {
        address->family = AF_INET6;
        memcpy(address->ip, bytes, 16);
    }
}

struct address address_from(const struct sockaddr *sockaddr, socklen_t length)
{
    struct address address = {.family = AF_UNSPEC};
    if (length < sizeof sockaddr->sa_family)
        return address;
    if (sockaddr->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *in = (const void *)sockaddr;
        address.family = AF_INET;
        address.port = ntohs(in->sin_port);
        memcpy(address.ip, &in->sin_addr, 4);
    } else if (sockaddr->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *in6 = (const void *)sockaddr;
        address.port = ntohs(in6->sin6_port);
        address.scope = in6->sin6_scope_id;
        take_ip6(&address, &in6->sin6_addr);
    } else if (sockaddr->sa_family == AF_UNIX) {
        address.family = AF_UNIX;
    }
    return address;
}

static socklen_t into_ip4(const struct address *address, struct sockaddr_in *in)
{
    in->sin_family = AF_INET;
    in->sin_port = htons(address->port);
    memcpy(&in->sin_addr, address->ip, 4);
    return sizeof *in;
}

static socklen_t into_ip6(const struct address *address, struct sockaddr_in6 *in6)
{
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(address->port);
    in6->sin6_scope_id = address->scope;
    memcpy(&in6->sin6_addr, address->ip, 16);
    return sizeof *in6;
}

static socklen_t into_unix(const struct address *address, struct sockaddr_un *un)
{
    size_t length = address->path ? strlen(address->path) : 0;
    un->sun_family = AF_UNIX;
    if (length >= sizeof un->sun_path)
        return 0;
    if (length == 0)
        return sizeof un->sun_family;
    memcpy(un->sun_path, address->path, length + 1);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}

socklen_t address_into(const struct address *address, struct sockaddr_storage *storage)
{
    memset(storage, 0, sizeof *storage);
    switch (address->family) {
    case AF_INET:
        return into_ip4(address, (struct sockaddr_in *)storage);
    case AF_INET6:
        return into_ip6(address, (struct sockaddr_in6 *)storage);
    case AF_UNIX:
        return into_unix(address, (struct sockaddr_un *)storage);
    default:
        return 0;
    }
}

/* The zone of "fe80::1%eth0" (RFC 4007, section 11): an interface's name or number. False when there is none.
 */
static bool parse_zone(const char *zone, uint32_t *scope)
{
    char *end;
    *scope = if_nametoindex(zone);
    if (*scope != 0)
        return true;
    errno = 0;
    unsigned long number = strtoul(zone, &end, 10);
    if (zone[0] < '0' || zone[0] > '9' || *end || errno || number == 0 || number > UINT32_MAX)
        return false;
    *scope = (uint32_t)number;
    return true;
}

static bool parse_host(const char *host, struct address *address)
{
    char numeric[INET6_ADDRSTRLEN];
    struct in6_addr ip6;
    if (inet_pton(AF_INET, host, address->ip) == 1) {
        address->family = AF_INET;
        return true;
    }
    size_t length = strcspn(host, "%");
    if (length >= sizeof numeric)
        return false;
    memcpy(numeric, host, length);
    numeric[length] = '\0';
    if (inet_pton(AF_INET6, numeric, &ip6) != 1)
        return false;
    if (host[length] && !parse_zone(host + length + 1, &address->scope))
        return false;
    take_ip6(address, &ip6);
    return true;
}

bool address_parse(const struct conf_address *conf, struct address *address)
{
    memset(address, 0, sizeof *address);
    address->port = conf->port;
    switch (conf->kind) {
    case CONF_ADDRESS_HOST:
        return parse_host(conf->host, address);
    case CONF_ADDRESS_ANY:
        address->family = AF_INET6;
        return true;
    case CONF_ADDRESS_UNIX:
        address->family = AF_UNIX;
        address->port = 0;
        address->path = conf->path;
        return true;
    case CONF_ADDRESS_BUILTIN:
        break;
    }
    return false;
}

/* Writes "%eth0" or, for an interface that is gone, "%3". */
static void print_zone(uint32_t scope, char *text, size_t room)
{
    char name[IF_NAMESIZE];
    if (scope == 0)
        text[0] = '\0';
    else if (if_indextoname(scope, name))
        snprintf(text, room, "%%%s", name);
    else
        snprintf(text, room, "%%%u", scope);
}

const char *address_print(const struct address *address, char text[ADDRESS_TEXT])
{
    char numeric[INET6_ADDRSTRLEN], zone[IF_NAMESIZE + 1];
    switch (address->family) {
    case AF_INET:
        inet_ntop(AF_INET, address->ip, numeric, sizeof numeric);
        snprintf(text, ADDRESS_TEXT, "%s:%u", numeric, address->port);
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, address->ip, numeric, sizeof numeric);
        print_zone(address->scope, zone, sizeof zone);
        snprintf(text, ADDRESS_TEXT, "[%s%s]:%u", numeric, zone, address->port);
        break;
    case AF_UNIX:
        snprintf(text, ADDRESS_TEXT, "unix:%s", address->path ? address->path : "");
        break;
    default:
        text[0] = '\0';
    }
    return text;
}

struct address address_masked(const struct address *address)
{
    struct address masked = *address;
    size_t kept = masked.family == AF_INET ? 3 : 6;
    if (masked.family != AF_INET && masked.family != AF_INET6)
        return masked;
    memset(masked.ip + kept, 0, sizeof masked.ip - kept);
    masked.port = 0;
    masked.scope = 0;
    return masked;
}

struct address address_local(int fd)
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    if (getsockname(fd, (struct sockaddr *)&storage, &length) != 0)
        return (struct address){.family = AF_UNSPEC};
    return address_from((struct sockaddr *)&storage, length);
}

bool address_equal(const struct address *a, const struct address *b)
{
    if (a->family != b->family || a->port != b->port)
        return false;
    switch (a->family) {
    case AF_INET:
        return memcmp(a->ip, b->ip, 4) == 0;
    case AF_INET6:
        return a->scope == b->scope && memcmp(a->ip, b->ip, 16) == 0;
    case AF_UNIX:
        return a->path == b->path || (a->path && b->path && strcmp(a->path, b->path) == 0);
    default:
        return true;
    }
}
