/* Durations, sizes and addresses as texts.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/units.h"

#include "conf/text.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *suffix;
    int64_t factor;
};

/* Greatest first: a quantity is printed in the first unit that divides it. */
static const struct unit duration_units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0}};
static const struct unit size_units[] = {
    {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {NULL, 0}};

static bool parse_quantity(const char *text, const struct unit *units, int64_t *quantity)
{
    int64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *at - '0', &number))
            return false;
    }
    if (at == text)
        return false;
    if (strcmp(text, "0") == 0) {
        *quantity = 0;
        return true;
    }
    while (units->suffix && strcmp(at, units->suffix) != 0)
        units++;
    int64_t product;
    if (!units->suffix || __builtin_mul_overflow(number, units->factor, &product))
        return false;
    *quantity = product;
    return true;
}

static char *print_quantity(int64_t quantity, const struct unit *units)
{
    if (quantity == 0)
        return text_copy("0");
    while (quantity % units->factor != 0)
        units++;
    return text_format("%" PRId64 "%s", quantity / units->factor, units->suffix);
}

bool units_parse_duration(const char *text, int64_t *ms)
{
    return parse_quantity(text, duration_units, ms);
}

char *units_print_duration(int64_t ms)
{
    return print_quantity(ms, duration_units);
}

bool units_parse_size(const char *text, int64_t *bytes)
{
    return parse_quantity(text, size_units, bytes);
}

char *units_print_size(int64_t bytes)
{
    return print_quantity(bytes, size_units);
}

bool units_has_builtin(const char *name)
{
    static const char *const builtins[] = {"demo"};
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++) {
        if (strcmp(builtins[i], name) == 0)
            return true;
    }
    return false;
}

static const char forms[] = "write host:port, [IPv6]:port, unix:/path or, to listen on every address, *:port";

/* Reads a whole port. NULL when well, else the remedy. */
static const char *parse_port(const char *text, enum units_use use, uint16_t *port)
{
    static const char *const remedies[] = {
        [UNITS_LISTEN] = "the port must be a number from 0 (any free one) to 65535",
        [UNITS_CONNECT] = "the port must be a number from 1 to 65535",
    };
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 && text[0] != '-')
        return forms;
    if (digits == 0 || digits > 5 || text[digits] != '\0')
        return remedies[use];
    long number = strtol(text, NULL, 10);
    if (number > 65535 || (number == 0 && use == UNITS_CONNECT))
        return remedies[use];
    *port = (uint16_t)number;
    return NULL;
}

/* RFC 1123, section 2.1, and the underscores that container names have. */
static bool is_host_name(const char *host)
{
    size_t length = strlen(host);
    size_t label = 0;
    if (length > 0 && host[length - 1] == '.')
        length--;
    if (length == 0 || length > 253)
        return false;
    for (size_t i = 0; i < length; i++) {
        bool is_edge = label == 0 || i + 1 == length || host[i + 1] == '.';
        if (host[i] == '.' ? label == 0
                           : !(isalnum((unsigned char)host[i]) || host[i] == '_' || host[i] == '-'))
            return false;
        if (host[i] == '-' && is_edge)
            return false;
        label = host[i] == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return label > 0;
}

/* A name whose last label is a number is no name (RFC 3696, section 2): it must be a whole IPv4 address. */
static bool looks_numeric(const char *host)
{
    const char *last = strrchr(host, '.');
    last = last ? last + 1 : host;
    return *last != '\0' && last[strspn(last, "0123456789")] == '\0';
}

static char *canonical_number(int family, const char *host)
{
    unsigned char number[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(family, host, number) != 1 || !inet_ntop(family, number, text, sizeof text))
        return NULL;
    return text_copy(text);
}

static const char *parse_unix(const char *path, enum units_use use, struct conf_address *address)
{
    (void)use; /* both directions name a socket alike */
    size_t length = strlen(path);
    if (path[0] != '/' || path[length - 1] == '/')
        return "write the absolute path of a socket, such as unix:/run/spliced/web.sock";
    if (length > UNITS_UNIX_PATH)
        return "the path of a unix socket may have at most 107 bytes";
    address->kind = CONF_ADDRESS_UNIX;
    address->path = text_copy(path);
    return NULL;
}

static const char *parse_any(const char *port, enum units_use use, struct conf_address *address)
{
    if (use != UNITS_LISTEN)
        return "* stands for every address of this machine; name the one to connect to";
    address->kind = CONF_ADDRESS_ANY;
    return parse_port(port, use, &address->port);
}

static const char *parse_builtin(const char *name, enum units_use use, struct conf_address *address)
{
    if (use != UNITS_CONNECT)
        return "a built-in service stands where an upstream or its server is named";
    if (!units_has_builtin(name))
        return "the built-in services are: @demo";
    address->kind = CONF_ADDRESS_BUILTIN;
    address->host = text_copy(name);
    return NULL;
}

static const char *parse_brackets(const char *text, enum units_use use, struct conf_address *address)
{
    const char *end = strstr(text, "]:");
    if (!end)
        return "write an IPv6 address as [::1]:80";
    char *host = text_format("%.*s", (int)(end - text), text);
    address->kind = CONF_ADDRESS_HOST;
    address->host = canonical_number(AF_INET6, host);
    free(host);
    if (!address->host)
        return "between the brackets must stand an IPv6 address, such as [::1]:80";
    return parse_port(end + 2, use, &address->port);
}

static const char *parse_host(const char *text, enum units_use use, struct conf_address *address)
{
    const char *colon = strchr(text, ':');
    if (colon && strchr(colon + 1, ':'))
        return "write an IPv6 address in brackets, such as [::1]:80";
    if (!colon || colon == text)
        return forms;
    char *host = text_format("%.*s", (int)(colon - text), text);
    address->kind = CONF_ADDRESS_HOST;
    if (looks_numeric(host)) {
        address->host = canonical_number(AF_INET, host);
    } else if (is_host_name(host)) {
        address->host = text_copy(host);
        for (char *at = address->host; *at; at++)
            *at = (char)tolower((unsigned char)*at);
    }
    free(host);
    if (!address->host)
        return "before the port must stand a host name or a numeric address";
    return parse_port(colon + 1, use, &address->port);
}

/* The first row whose prefix matches reads what follows it. */
static const struct {
    const char *prefix;
    const char *(*parse)(const char *rest, enum units_use use, struct conf_address *address);
} address_forms[] = {
    {"unix:", parse_unix}, {"*:", parse_any}, {"@", parse_builtin}, {"[", parse_brackets}, {"", parse_host},
};

char *units_parse_address(const char *text, enum units_use use, struct conf_address *address)
{
    size_t form = 0;
    memset(address, 0, sizeof *address);
    while (strncmp(text, address_forms[form].prefix, strlen(address_forms[form].prefix)) != 0)
        form++;
    const char *remedy = address_forms[form].parse(text + strlen(address_forms[form].prefix), use, address);
    if (!remedy) {
        address->text = text_copy(text);
        return NULL;
    }
    units_address_end(address);
    char *quoted = text_quote(text);
    char *sentence = text_format("%s is no address: %s", quoted, remedy);
    free(quoted);
    return sentence;
}

char *units_print_address(const struct conf_address *address)
{
    switch (address->kind) {
    case CONF_ADDRESS_HOST:
        return text_format(strchr(address->host, ':') ? "[%s]:%u" : "%s:%u", address->host, address->port);
    case CONF_ADDRESS_ANY:
        return text_format("*:%u", address->port);
    case CONF_ADDRESS_UNIX:
        return text_format("unix:%s", address->path);
    case CONF_ADDRESS_BUILTIN:
        return text_format("@%s", address->host);
    }
    assert(!"an address has one of its kinds");
    abort();
}

void units_address_end(struct conf_address *address)
{
    free(address->text);
    free(address->host);
    free(address->path);
    memset(address, 0, sizeof *address);
}

bool units_address_is_loopback(const struct conf_address *address)
{
    struct in6_addr six;
    struct in_addr four;
    if (address->kind != CONF_ADDRESS_HOST)
        return false;
    if (strcmp(address->host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, address->host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, address->host, &six) != 1)
        return false;
    return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}
