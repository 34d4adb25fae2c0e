/* Who may ask: the level of an address, tokens, and what browsers must not be tricked into.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct verdict two_hosts = {400, "there is more than one Host header", ACCESS_NONE, ""};
static const struct verdict two_origins = {400, "there is more than one Origin header", ACCESS_NONE, ""};
static const struct verdict two_tokens = {400, "there is more than one Authorization header", ACCESS_NONE,
                                          ""};
static const struct verdict many_headers = {431, "there are more than 64 header fields", ACCESS_NONE, ""};
static const struct verdict foreign_host = {
    421, "the Host header must name this machine's loopback: localhost, 127.0.0.0/8 or [::1]", ACCESS_NONE,
    ""};
static const struct verdict foreign_page = {
    403, "a page of another origin made this request (Origin, Sec-Fetch-Site)", ACCESS_NONE, ""};
static const struct verdict wrong_token = {401, "the token is not known", ACCESS_NONE, ""};

/* The host of an authority without port and brackets (RFC 3986, section 3.2.2). False: it is no authority. */
static bool split_host(const char *authority, char host[INET6_ADDRSTRLEN])
{
    bool is_bracketed = *authority == '[';
    const char *start = authority + is_bracketed;
    size_t length = strcspn(start, is_bracketed ? "]" : ":");
    const char *behind = start + length + is_bracketed;
    if (length == 0 || length >= INET6_ADDRSTRLEN || (is_bracketed && start[length] != ']'))
        return false;
    if (*behind == ':')
        behind += 1 + strspn(behind + 1, "0123456789");
    snprintf(host, INET6_ADDRSTRLEN, "%.*s", (int)length, start);
    return *behind == '\0';
}

static bool names_loopback(const char *authority)
{
    char host[INET6_ADDRSTRLEN];
    struct in_addr ip;
    struct in6_addr ip6;
    if (!split_host(authority, host))
        return false;
    if (*authority == '[')
        return inet_pton(AF_INET6, host, &ip6) == 1 && IN6_IS_ADDR_LOOPBACK(&ip6);
    return strcasecmp(host, "localhost") == 0 ||
           (inet_pton(AF_INET, host, &ip) == 1 && ntohl(ip.s_addr) >> 24 == IN_LOOPBACKNET);
}

/* The authority that the request is for: RFC 9112, section 3.2.2. NULL: HTTP/1.0 without a Host. */
static const char *authority_of(const struct request *request)
{
    return request->target.authority ? request->target.authority : request_header(request, "Host");
}

/* Only browsers can be lured to a name, and they always send a Host; who sends none is none. */
static bool has_foreign_host(const struct request *request)
{
    const char *authority = authority_of(request);
    return request->is_over_loopback && authority && !names_loopback(authority);
}

static bool has_foreign_origin(const struct request *request)
{
    const char *origin = request_header(request, "Origin");
    const char *site = request_header(request, "Sec-Fetch-Site");
    const char *authority = authority_of(request);
    if (site && strcasecmp(site, "cross-site") == 0)
        return true;
    if (!origin)
        return false;
    const char *host = strstr(origin, "://");
    return !host || !authority || strcasecmp(host + 3, authority) != 0;
}

static int base64_value(char letter)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? (int)(found - letters) : -1;
}

/* Decodes into `room`, NUL-terminated (RFC 4648, section 4). False: it is no base64, or too long. */
static bool decode_base64(const char *text, char *room, size_t size)
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t length = 0;
    for (; base64_value(*text) >= 0; text++) {
        bits = bits << 6 | (uint32_t)base64_value(*text);
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        if (length + 1 >= size)
            return false;
        room[length++] = (char)(bits >> count & 0xff);
    }
    room[length] = '\0';
    return text[strspn(text, "=")] == '\0';
}

/* The token in the header, in `room` or in the header itself; NULL: there is none in it. Basic carries it as
 * the password (RFC 7617), whatever the user is called. */
static const char *find_token(const char *header, char *room, size_t size)
{
    size_t scheme = strcspn(header, " ");
    const char *value = header + scheme + strspn(header + scheme, " ");
    if (scheme == strlen("Bearer") && strncasecmp(header, "Bearer", scheme) == 0)
        return value;
    if (scheme != strlen("Basic") || strncasecmp(header, "Basic", scheme) != 0 ||
        !decode_base64(value, room, size))
        return NULL;
    char *colon = strchr(room, ':');
    return colon ? colon + 1 : NULL;
}

static struct verdict judge_token(const struct gate *gate, const struct request *request)
{
    char room[TOKENS_LENGTH + 256];
    struct verdict verdict = {.level = gate->level};
    if (!gate->tokens)
        return verdict;
    const char *header = request_header(request, "Authorization");
    if (!header)
        return (struct verdict){.level = ACCESS_NONE};
    const char *token = find_token(header, room, sizeof room);
    enum conf_access level;
    if (!token || !tokens_find(gate->tokens, token, &level, verdict.who))
        return wrong_token;
    if ((int)level < verdict.level)
        verdict.level = (int)level;
    return verdict;
}

struct verdict access_judge(const struct gate *gate, const struct request *request)
{
    if (request->header_count > REQUEST_HEADERS)
        return many_headers;
    if (request_header_times(request, "Host") > 1)
        return two_hosts;
    if (request_header_times(request, "Origin") > 1)
        return two_origins;
    if (request_header_times(request, "Authorization") > 1)
        return two_tokens;
    if (has_foreign_host(request))
        return foreign_host;
    if (has_foreign_origin(request))
        return foreign_page;
    return judge_token(gate, request);
}
