/* What the entries of an allow list mean: names with wildcards, addresses, and fingerprints of keys.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each check answers NULL when the text is such an entry, else why not, in constant words that go on after
 * the quoted entry: "has a wildcard in the middle". */
#ifndef CONF_PATTERN_H
#define CONF_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PATTERN_SHA256 = 32 /* bytes */
};

/* A DNS name, in which "*" may stand as the whole leftmost label for exactly one label (RFC 6125, section
 * 6.4.3). Case and a final dot count for nothing. A wildcard in `name` itself, which a certificate may bear,
 * is matched by the same wildcard only. */
const char *pattern_check_dns(const char *pattern);
bool pattern_matches_dns(const char *pattern, const char *name);

/* A URI in segments between slashes, in which "*" may stand as a whole segment for any one that is not empty,
 * and "**" as the last one for whatever follows, also nothing. One slash at the end of either counts for
 * nothing. Everything else is compared byte by byte. */
const char *pattern_check_uri(const char *pattern);
bool pattern_matches_uri(const char *pattern, const char *uri);

/* An IPv4 or IPv6 address; they are compared by value, as RFC 5952 or anybody else writes them. */
const char *pattern_check_ip(const char *pattern);
bool pattern_matches_ip(const char *pattern, const char *address);

/* A SHA-256: 64 hex digits, which colons may part, or base64 with its padding; "sha256:" or "sha256//" may
 * stand before either. */
const char *pattern_check_sha256(const char *pattern);
bool pattern_matches_sha256(const char *pattern, const unsigned char digest[PATTERN_SHA256]);

#endif
