/* What the entries of an allow list mean: names with wildcards, addresses, and fingerprints of keys.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/pattern.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* DNS names */

const char *pattern_check_dns(const char *pattern)
{
    const char *rest = strncmp(pattern, "*.", 2) == 0 ? pattern + 2 : pattern;
    if (strchr(rest, '*'))
        return "has a wildcard that is not the whole first label, as in \"*.example.com\"";
    return *rest == '\0' || *rest == '.' ? "names nobody" : NULL;
}

static size_t length_without(const char *text, char last)
{
    size_t length = strlen(text);
    return length > 1 && text[length - 1] == last ? length - 1 : length;
}

bool pattern_matches_dns(const char *pattern, const char *name)
{
    bool is_wild = strncmp(pattern, "*.", 2) == 0 && strncmp(name, "*.", 2) != 0;
    if (is_wild) {
        pattern += 1;
        name += strcspn(name, ".") > 0 ? strcspn(name, ".") : strlen(name);
    }
    size_t length = length_without(pattern, '.');
    return length == length_without(name, '.') && strncasecmp(pattern, name, length) == 0;
}

/* URIs */

/* Text that is read segment by segment. */
struct segments {
    const char *at; /* of the next one; NULL: there is none */
    const char *end;
};

static struct segments segments_of(const char *text)
{
    return (struct segments){text, text + length_without(text, '/')};
}

/* The next segment and its length; NULL when there is none. */
static const char *next_segment(struct segments *segments, size_t *length)
{
    const char *segment = segments->at;
    if (!segment)
        return NULL;
    const char *slash = memchr(segment, '/', (size_t)(segments->end - segment));
    *length = (size_t)((slash ? slash : segments->end) - segment);
    segments->at = slash ? slash + 1 : NULL;
    return segment;
}

static bool is_text(const char *segment, size_t length, const char *text)
{
    return length == strlen(text) && memcmp(segment, text, length) == 0;
}

const char *pattern_check_uri(const char *pattern)
{
    struct segments segments = segments_of(pattern);
    const char *segment;
    size_t length;
    while ((segment = next_segment(&segments, &length))) {
        if (is_text(segment, length, "**") && segments.at)
            return "has \"**\" before its end; it stands for all that follows";
        if (memchr(segment, '*', length) && length > 1 && !is_text(segment, length, "**"))
            return "has a wildcard that is not a whole segment between slashes";
    }
    return *pattern == '\0' ? "names nobody" : NULL;
}

bool pattern_matches_uri(const char *pattern, const char *uri)
{
    struct segments wanted = segments_of(pattern), given = segments_of(uri);
    const char *want, *have;
    size_t want_length, have_length = 0;
    while ((want = next_segment(&wanted, &want_length))) {
        if (is_text(want, want_length, "**"))
            return true;
        have = next_segment(&given, &have_length);
        if (!have)
            return false;
        bool is_same = want_length == have_length && memcmp(want, have, want_length) == 0;
        if (is_text(want, want_length, "*") ? have_length == 0 : !is_same)
            return false;
    }
    return given.at == NULL;
}

/* Addresses */

static size_t parse_ip(const char *text, unsigned char bytes[sizeof(struct in6_addr)])
{
    if (inet_pton(AF_INET, text, bytes) == 1)
        return sizeof(struct in_addr);
    return inet_pton(AF_INET6, text, bytes) == 1 ? sizeof(struct in6_addr) : 0;
}

const char *pattern_check_ip(const char *pattern)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return parse_ip(pattern, bytes) ? NULL : "is no IPv4 or IPv6 address";
}

bool pattern_matches_ip(const char *pattern, const char *address)
{
    unsigned char want[sizeof(struct in6_addr)], have[sizeof(struct in6_addr)];
    size_t length = parse_ip(pattern, want);
    return length > 0 && length == parse_ip(address, have) && memcmp(want, have, length) == 0;
}

/* Fingerprints */

static bool parse_hex(const char *text, unsigned char digest[PATTERN_SHA256])
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    size_t count = 0;
    for (; *text; text++) {
        const char *digit = strchr(digits, *text);
        if (*text == ':' && count % 2 == 0)
            continue;
        if (!digit || count == PATTERN_SHA256 * 2)
            return false;
        unsigned value = (unsigned)(digit - digits) & 15;
        digest[count / 2] = (unsigned char)(count % 2 ? digest[count / 2] | value : value << 4);
        count++;
    }
    return count == PATTERN_SHA256 * 2;
}

/* RFC 4648, section 4; 32 bytes are 43 letters and one of padding. */
static bool parse_base64(const char *text, unsigned char digest[PATTERN_SHA256])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    size_t held = 0, count = 0;
    if (strlen(text) != 44 || text[43] != '=')
        return false;
    for (size_t i = 0; i < 43; i++) {
        const char *letter = strchr(letters, text[i]);
        if (!letter)
            return false;
        bits = bits << 6 | (uint32_t)(letter - letters);
        held += 6;
        if (held >= 8) {
            held -= 8;
            digest[count++] = (unsigned char)(bits >> held);
        }
    }
    return count == PATTERN_SHA256;
}

static bool parse_sha256(const char *text, unsigned char digest[PATTERN_SHA256])
{
    if (strncasecmp(text, "sha256:", 7) == 0)
        text += 7;
    else if (strncasecmp(text, "sha256//", 8) == 0)
        text += 8;
    return parse_hex(text, digest) || parse_base64(text, digest);
}

const char *pattern_check_sha256(const char *pattern)
{
    unsigned char digest[PATTERN_SHA256];
    return parse_sha256(pattern, digest) ? NULL : "is no SHA-256 in 64 hex digits or in base64";
}

bool pattern_matches_sha256(const char *pattern, const unsigned char digest[PATTERN_SHA256])
{
    unsigned char want[PATTERN_SHA256];
    return parse_sha256(pattern, want) && memcmp(want, digest, PATTERN_SHA256) == 0;
}
