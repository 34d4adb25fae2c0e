/* Blocks of IP addresses, such as 10.0.0.0/8 or 2001:db8::/32 (RFC 4632, RFC 4291 section 2.3).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/block.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAPPED_BITS = 96 /* ::ffff:0:0/96 (RFC 4291, section 2.5.5.2) */
};

/* The number of bits behind the slash, `most` when there is no slash; -1: it is none. */
static int parse_bits(const char *slash, int most)
{
    if (!slash)
        return most;
    size_t digits = strspn(slash + 1, "0123456789");
    if (digits == 0 || digits > 3 || slash[1 + digits] != '\0')
        return -1;
    int bits = atoi(slash + 1);
    return bits <= most ? bits : -1;
}

static void unmap(struct block *block)
{
    struct in6_addr ip;
    memcpy(&ip, block->ip, sizeof ip);
    if (block->family != AF_INET6 || block->bits < MAPPED_BITS || !IN6_IS_ADDR_V4MAPPED(&ip))
        return;
    block->family = AF_INET;
    block->bits -= MAPPED_BITS;
    memmove(block->ip, block->ip + 12, 4);
}

bool block_parse(const char *text, struct block *block)
{
    char ip[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    if (length >= sizeof ip)
        return false;
    memcpy(ip, text, length);
    ip[length] = '\0';
    *block = (struct block){.family = strchr(ip, ':') ? AF_INET6 : AF_INET};
    int bits = parse_bits(slash, block->family == AF_INET6 ? 128 : 32);
    if (bits < 0 || inet_pton(block->family, ip, block->ip) != 1)
        return false;
    block->bits = (unsigned)bits;
    unmap(block);
    return true;
}

bool block_has(const struct block *block, uint16_t family, const uint8_t *ip)
{
    struct block one = {.family = family, .bits = 128};
    if (family != AF_INET && family != AF_INET6)
        return false;
    memcpy(one.ip, ip, family == AF_INET ? 4 : 16);
    unmap(&one);
    if (one.family != block->family || memcmp(one.ip, block->ip, block->bits / 8) != 0)
        return false;
    unsigned rest = block->bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return rest == 0 || ((one.ip[block->bits / 8] ^ block->ip[block->bits / 8]) & mask) == 0;
}
