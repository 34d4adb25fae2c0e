/* Addresses of sockets as small plain values, and as text.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_ADDRESS_H
#define PROXY_ADDRESS_H

#include "conf/conf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    ADDRESS_TEXT = 128 /* room for any address as text: "unix:" and 108 bytes, or "[v6%scope]:port" */
};

/* An address in 24 bytes. A unix path is borrowed: the listener or server that named it outlives the
 * connection. */
struct address {
    uint16_t family; /* AF_INET, AF_INET6, AF_UNIX; AF_UNSPEC: unknown */
    uint16_t port;   /* host order */
    uint32_t scope;  /* of a link-local IPv6 address */
    union {
        uint8_t ip[16]; /* 4 of them for AF_INET */
        const char *path;
    };
};

/* From what the kernel answered. v4-mapped IPv6 addresses become IPv4. A unix address becomes one without a
 * path. */
struct address address_from(const struct sockaddr *sockaddr, socklen_t length);

/* Into what the kernel takes (ip(7), ipv6(7), unix(7)); returns the length. 0, which every system call
 * refuses, for an unknown address and for a path that does not fit into sun_path with its NUL. */
socklen_t address_into(const struct address *address, struct sockaddr_storage *storage);

/* From a numeric address of the configuration (or CONF_ADDRESS_ANY: [::] ; CONF_ADDRESS_UNIX). False when its
 * host is a name, which has to be looked up, and for a built-in. A v4-mapped address becomes IPv4. The path
 * stays borrowed from `conf`. */
bool address_parse(const struct conf_address *conf, struct address *address);

/* "1.2.3.4:80", "[::1]:80", "unix:/path", "unix:" for an unnamed one, "" for an unknown one. Returns `text`.
 */
const char *address_print(const struct address *address, char text[ADDRESS_TEXT]);

/* Its network alone, without a port: 24 bits of an IPv4 address, 48 of an IPv6 address, as who keeps logs may
 * have to keep no more. Others stay as they are. */
struct address address_masked(const struct address *address);

/* The address that a socket is bound to, AF_UNSPEC when it cannot be told. */
struct address address_local(int fd);

bool address_equal(const struct address *a, const struct address *b);

#endif
