/* Blocks of IP addresses, such as 10.0.0.0/8 or 2001:db8::/32 (RFC 4632, RFC 4291 section 2.3).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_BLOCK_H
#define CONF_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct block {
    uint16_t family; /* AF_INET, AF_INET6; 0: there is none */
    unsigned bits;
    uint8_t ip[16];
};

/* Reads a block or a single address. A v4-mapped one becomes one of IPv4. False when it is none. */
bool block_parse(const char *text, struct block *block);

/* Whether the address is in the block; `ip` has 4 bytes for AF_INET, 16 for AF_INET6, and no other family is
 * in any. A v4-mapped address is one of IPv4. */
bool block_has(const struct block *block, uint16_t family, const uint8_t *ip);

#endif
