/* Every key of the configuration: where it stands, what it may be, its default, and what it means.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/grammar_rows.h"

#include <assert.h>
#include <string.h>

static const char *const route_words[] = {
    [CONF_ROUTE_TERMINATE] = "terminate", [CONF_ROUTE_PASS] = "pass", NULL};
static const char *const balance_words[] = {
    [CONF_BALANCE_ROUND_ROBIN] = "round_robin",
    [CONF_BALANCE_LEAST_CONNECTIONS] = "least_connections",
    NULL,
};
static const char *const lookup_words[] = {[CONF_LOOKUP_DNS] = "dns", [CONF_LOOKUP_ONCE] = "once", NULL};
static const char *const access_words[] = {
    [CONF_ACCESS_MONITOR] = "monitor", [CONF_ACCESS_READ] = "read", [CONF_ACCESS_WRITE] = "write", NULL};
static const char *const level_words[] = {
    [CONF_LOG_ERROR] = "error",
    [CONF_LOG_WARNING] = "warning",
    [CONF_LOG_INFO] = "info",
    [CONF_LOG_DEBUG] = "debug",
    NULL,
};
static const char *const format_words[] = {
    [CONF_LOG_AUTO] = "auto", [CONF_LOG_JSON] = "json", [CONF_LOG_TEXT] = "text", NULL};

static const struct grammar_key route_keys[] = {
    {"server_name", GRAMMAR_STRING, MEMBER(route, server_name), BETWEEN(1, 253),
     .sentence =
         "The server name that the client asks for; \"*.\" in front stands for one label, null for any "
         "name or none. The exact name goes before the wildcard."},
    {"alpn", GRAMMAR_STRINGS, MEMBER(route, alpn), BETWEEN(1, 255),
     .sentence = "Protocols of which the client has to offer one (RFC 7301); empty: whatever it offers."},
    {"upstream", GRAMMAR_REFERENCE, true, MEMBER(route, upstream), BETWEEN(1, 64),
     .sentence = "The upstream that such connections are spliced to."},
    {"tls", GRAMMAR_WORD, MEMBER(route, tls), .words = route_words, .initial = "terminate",
     .sentence = "terminate: TLS ends here, with the listener's certificates; pass: the service gets exactly "
                 "what the client sends."},
    {0},
};
const struct grammar_object grammar_route = {
    .name = "route",
    .sentence = "Where connections go whose ClientHello says this.",
    .size = sizeof(struct conf_route),
    .keys = route_keys,
};

static const struct grammar_key listener_timeouts_keys[] = {
    {"handshake", GRAMMAR_DURATION, MEMBER(listener_timeouts, handshake), A_YEAR, .initial = "10s",
     .sentence = "From accepting a connection until it is complete; 0: no limit."},
    {"idle", GRAMMAR_DURATION, MEMBER(listener_timeouts, idle), A_YEAR, .initial = "10m",
     .sentence = "Without a byte moving either way; 0: no limit."},
    {"half_close", GRAMMAR_DURATION, MEMBER(listener_timeouts, half_close), A_YEAR, .initial = "1m",
     .sentence = "Without a byte moving after one side has ended; 0: no limit."},
    {"lifetime", GRAMMAR_DURATION, MEMBER(listener_timeouts, lifetime), A_YEAR, .initial = "0",
     .sentence = "From accepting a connection until its end, whatever moves; 0: no limit."},
    {0},
};
static const struct grammar_object grammar_listener_timeouts = {
    .name = "listener_timeouts",
    .sentence = "How long the listener's connections may take.",
    .size = sizeof(struct conf_listener_timeouts),
    .keys = listener_timeouts_keys,
};

static const struct grammar_key ready_while_keys[] = {
    {"queue_fill", GRAMMAR_SHARE, MEMBER(ready_while, queue_fill), BETWEEN(0, 1000),
     .sentence = "How full the queue may be; null or 0: does not matter."},
    {"queue_wait", GRAMMAR_DURATION, MEMBER(ready_while, queue_wait), A_YEAR,
     .sentence = "How long the one may have waited who waits longest; null or 0: does not matter."},
    {0},
};
static const struct grammar_object grammar_ready_while = {
    .name = "ready_while",
    .sentence = "Beyond which pressure on the queue /readyz says 503, until it is below four fifths of it.",
    .size = sizeof(struct conf_ready_while),
    .keys = ready_while_keys,
};

static const struct grammar_key listener_keys[] = {
    {"name", GRAMMAR_NAME, true, MEMBER(listener, name), BETWEEN(1, 64),
     .sentence = "Names the listener in logs, metrics and the admin API."},
    {"address", GRAMMAR_ADDRESS, true, UNITS_LISTEN, MEMBER(listener, address),
     .sentence =
         "Where to listen: host:port, [IPv6]:port, *:port for both families, or unix:/path; port 0 takes a "
         "free one."},
    {"upstream", GRAMMAR_REFERENCE, true, MEMBER(listener, upstream), BETWEEN(1, 64),
     .sentence = "The upstream that its connections are spliced to, or the built-in @demo."},
    {"backlog", GRAMMAR_INTEGER, MEMBER(listener, backlog), BETWEEN(1, 1048576), .initial = "4096",
     .sentence = "How many client requests the kernel may queue; net.core.somaxconn is its limit."},
    {"max_connections", GRAMMAR_INTEGER, MEMBER(listener, max_connections), BETWEEN(0, 1000000000),
     .initial = "0",
     .sentence = "Server connections at a time, the rest stays in the queue; 0: no limit of its own."},
    {"max_connections_per_source", GRAMMAR_INTEGER, MEMBER(listener, max_connections_per_source),
     BETWEEN(0, 1000000000), .initial = "0",
     .sentence = "Server connections at a time of one source, an IPv4 address or an IPv6 network of 64 bits, "
                 "the rest "
                 "is refused; 0: no limit."},
    {"queue_deadline", GRAMMAR_DURATION, MEMBER(listener, queue_deadline), A_YEAR, .initial = "0",
     .sentence =
         "Whoever has waited longer in the queue is reset when their turn comes, before any upstream is "
         "asked; 0: no limit."},
    {"allow", GRAMMAR_STRINGS, MEMBER(listener, allow), BETWEEN(1, 63),
     .sentence =
         "Blocks of addresses, such as 10.0.0.0/8, from which clients may connect; empty: from anywhere."},
    {"deny", GRAMMAR_STRINGS, MEMBER(listener, deny), BETWEEN(1, 63),
     .sentence =
         "Blocks of addresses whose clients are refused when they are accepted, though they be allowed."},
    {"ready_while", GRAMMAR_OBJECT, MEMBER(listener, ready_while), .object = &grammar_ready_while,
     .sentence = "When more should be sent elsewhere."},
    {"tls", GRAMMAR_OPTIONAL, MEMBER(listener, tls), .object = &grammar_listener_tls,
     .sentence = "TLS towards those who connect; null: plain."},
    {"routes", GRAMMAR_OBJECTS, MEMBERS(listener, routes, route_count), BETWEEN(0, INT64_MAX),
     .object = &grammar_route,
     .sentence = "Other upstreams for clients that ask for certain server names or protocols; what matches "
                 "none goes to the listener's own upstream. Whoever speaks no TLS is refused then."},
    {"timeouts", GRAMMAR_OBJECT, MEMBER(listener, timeouts), .object = &grammar_listener_timeouts,
     .sentence = "How long the listener's connections may take."},
    {0},
};
const struct grammar_object grammar_listener = {
    .name = "listener",
    .sentence = "One address with its queue of client requests, and what becomes of them.",
    .size = sizeof(struct conf_listener),
    .keys = listener_keys,
};

static const struct grammar_key server_keys[] = {
    {"address", GRAMMAR_ADDRESS, true, UNITS_CONNECT, MEMBER(server, address),
     .sentence = "Where to connect to: host:port, [IPv6]:port or unix:/path."},
    {"weight", GRAMMAR_INTEGER, MEMBER(server, weight), BETWEEN(1, 256), .initial = "1",
     .sentence = "Its share of the connections in relation to the other servers."},
    {0},
};
static const struct grammar_object grammar_server = {
    .name = "server",
    .sentence = "One server of an upstream; a plain string is its address.",
    .size = sizeof(struct conf_server),
    .keys = server_keys,
    .shorthand = "address",
};

static const struct grammar_key lookup_keys[] = {
    {"mode", GRAMMAR_WORD, MEMBER(lookup, mode), .words = lookup_words, .initial = "dns",
     .sentence =
         "dns: looked up again when the answer's time to live is over; once: kept from the first use."},
    {"min_ttl", GRAMMAR_DURATION, MEMBER(lookup, min_ttl), A_YEAR, .initial = "1s",
     .sentence = "The shortest time that an answer is believed, whatever it says itself."},
    {"max_ttl", GRAMMAR_DURATION, MEMBER(lookup, max_ttl), A_YEAR, .initial = "10s",
     .sentence = "The longest time that an answer is believed, whatever it says itself."},
    {"stale", GRAMMAR_DURATION, MEMBER(lookup, stale), A_YEAR, .initial = "10m",
     .sentence = "How long an old answer serves while lookups fail; 0: not at all."},
    {0},
};
const struct grammar_object grammar_lookup = {
    .name = "lookup",
    .sentence = "How the host names of servers become addresses.",
    .size = sizeof(struct conf_lookup),
    .keys = lookup_keys,
};

static const struct grammar_key upstream_keys[] = {
    {"name", GRAMMAR_NAME, true, MEMBER(upstream, name), BETWEEN(1, 64),
     .sentence = "What listeners call it; also names it in logs, metrics and the admin API."},
    {"servers", GRAMMAR_OBJECTS, true, MEMBERS(upstream, servers, server_count), BETWEEN(1, INT64_MAX),
     .object = &grammar_server, .sentence = "The servers that a client connection may be made to."},
    {"balance", GRAMMAR_WORD, MEMBER(upstream, balance), .words = balance_words,
     .initial = "least_connections",
     .sentence = "Which server comes next: in turn, or the one with the fewest connections for its weight."},
    {"lookup", GRAMMAR_OBJECT, MEMBER(upstream, lookup), .object = &grammar_lookup,
     .sentence = "How the host names of servers become addresses."},
    {"connect_timeout", GRAMMAR_DURATION, MEMBER(upstream, connect_timeout), A_YEAR, .initial = "5s",
     .sentence = "How long one attempt to connect may take; 0: as long as the kernel tries."},
    {"retries", GRAMMAR_INTEGER, MEMBER(upstream, retries), BETWEEN(0, 7), .initial = "2",
     .sentence = "How many further servers are tried when one cannot be connected to."},
    {"keepalive", GRAMMAR_DURATION, MEMBER(upstream, keepalive), BETWEEN(0, 32767000), .initial = "1m",
     .sentence = "Silence after which TCP asks whether the server is still there; 0: never."},
    {"tls", GRAMMAR_OPTIONAL, MEMBER(upstream, tls), .object = &grammar_upstream_tls,
     .sentence = "TLS towards the servers; null: plain."},
    {0},
};
const struct grammar_object grammar_upstream = {
    .name = "upstream",
    .sentence = "A named set of servers, one of which a client connection is made to.",
    .size = sizeof(struct conf_upstream),
    .keys = upstream_keys,
};

static const struct grammar_key admin_listen_keys[] = {
    {"address", GRAMMAR_ADDRESS, true, UNITS_LISTEN, MEMBER(admin_listen, address),
     .sentence = "Where the admin API listens."},
    {"mode", GRAMMAR_MODE, MEMBER(admin_listen, mode), BETWEEN(0, 0777), .initial = "0660",
     .sentence = "The permissions of a unix socket, in octal digits."},
    {"access", GRAMMAR_WORD, MEMBER(admin_listen, access), .words = access_words, .initial = "read",
     .sentence =
         "What may be done there: monitor (health and metrics), read (every GET), write (everything)."},
    {"token_file", GRAMMAR_STRING, MEMBER(admin_listen, token_file), A_PATH,
     .sentence =
         "File with lines name:level:token, one of which a request must bring; null: none is asked for."},
    {0},
};
const struct grammar_object grammar_admin_listen = {
    .name = "admin_listen",
    .sentence = "One address of the admin API.",
    .size = sizeof(struct conf_admin_listen),
    .keys = admin_listen_keys,
};

static const struct grammar_key admin_keys[] = {
    {"listen", GRAMMAR_OBJECTS, MEMBERS(admin, listen, listen_count), BETWEEN(0, INT64_MAX),
     .object = &grammar_admin_listen, .sentence = "The addresses of the admin API; empty: there is none."},
    {0},
};
static const struct grammar_object grammar_admin = {
    .name = "admin",
    .sentence = "Where the admin API can be asked.",
    .size = sizeof(struct conf_admin),
    .keys = admin_keys,
};

static const struct grammar_key shutdown_keys[] = {
    {"delay", GRAMMAR_DURATION, MEMBER(shutdown, delay), A_YEAR, .initial = "0",
     .sentence = "How long connections are still accepted after the signal to stop, while /readyz says no."},
    {"timeout", GRAMMAR_DURATION, MEMBER(shutdown, timeout), A_YEAR, .initial = "25s",
     .sentence = "How long open splices may go on after that; 0: until the last one has ended."},
    {0},
};
static const struct grammar_object grammar_shutdown = {
    .name = "shutdown",
    .sentence = "How the process ends.",
    .size = sizeof(struct conf_shutdown),
    .keys = shutdown_keys,
};

static const struct grammar_key log_keys[] = {
    {"level", GRAMMAR_WORD, MEMBER(log, level), .words = level_words, .initial = "info",
     .sentence = "The least important lines that are still written."},
    {"format", GRAMMAR_WORD, MEMBER(log, format), .words = format_words, .initial = "auto",
     .sentence = "auto: JSON when standard output is no terminal, else short text."},
    {"access", GRAMMAR_BOOLEAN, MEMBER(log, access), .initial = "true",
     .sentence = "Whether every splice writes a line at its end."},
    {"mask_addresses", GRAMMAR_BOOLEAN, MEMBER(log, mask_addresses), .initial = "false",
     .sentence =
         "Whether lines about clients tell their networks only: the first 24 bits of an IPv4 address, 48 "
         "of an IPv6 address, and no port."},
    {0},
};
static const struct grammar_object grammar_log = {
    .name = "log",
    .sentence = "What is written to standard output.",
    .size = sizeof(struct conf_log),
    .keys = log_keys,
};

static const struct grammar_key events_keys[] = {
    {"ring", GRAMMAR_INTEGER, MEMBER(events, ring), BETWEEN(0, 16777216), .initial = "65536",
     .sentence =
         "How many of the last events are kept for those who read them, rounded up to a power of two, "
         "in 128 bytes each; 0: none. Takes effect at the start."},
    {0},
};
static const struct grammar_object grammar_events = {
    .name = "events",
    .sentence = "What happened, in order, as GET /v1/events tells it.",
    .size = sizeof(struct conf_events),
    .keys = events_keys,
};

#define TOP(key)        .member = offsetof(struct conf, key)
#define TOPS(key, many) .member = offsetof(struct conf, key), .count = offsetof(struct conf, many)

static const struct grammar_key conf_keys[] = {
    {"workers", GRAMMAR_INTEGER, TOP(workers), BETWEEN(0, 1024), .initial = "0",
     .sentence = "Threads that move bytes; 0: one per usable CPU."},
    {"instance", GRAMMAR_STRING, TOP(instance), BETWEEN(1, 255),
     .sentence = "Names this replica in logs and metrics; null: the host name."},
    {"max_connections", GRAMMAR_INTEGER, TOP(max_connections), BETWEEN(0, 1000000000), .initial = "0",
     .sentence = "Server connections at a time in all; 0: as many as the limit of open files allows."},
    {"listeners", GRAMMAR_OBJECTS, true, TOPS(listeners, listener_count), BETWEEN(1, INT64_MAX),
     .object = &grammar_listener, .sentence = "Where connections are accepted."},
    {"upstreams", GRAMMAR_OBJECTS, true, TOPS(upstreams, upstream_count), BETWEEN(0, INT64_MAX),
     .object = &grammar_upstream, .sentence = "Where connections are made to."},
    {"admin", GRAMMAR_OPTIONAL, TOP(admin), .object = &grammar_admin,
     .sentence = "The admin API; null: a unix socket in /run/spliced, where that folder can be written to."},
    {"shutdown", GRAMMAR_OBJECT, TOP(shutdown), .object = &grammar_shutdown,
     .sentence = "How the process ends."},
    {"log", GRAMMAR_OBJECT, TOP(log), .object = &grammar_log,
     .sentence = "What is written to standard output."},
    {"events", GRAMMAR_OBJECT, TOP(events), .object = &grammar_events,
     .sentence = "What happened, in order, as GET /v1/events tells it."},
    {0},
};
const struct grammar_object grammar_conf = {
    .name = "configuration",
    .sentence = "The configuration of spliced, a TLS-capable socket proxy.",
    .size = sizeof(struct conf),
    .keys = conf_keys,
};

const struct grammar_key *grammar_find(const struct grammar_object *object, const char *name)
{
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        if (strcmp(key->name, name) == 0)
            return key;
    }
    return NULL;
}

bool grammar_set_has(const char *set, const char *name)
{
    size_t length = strlen(name);
    while (*set) {
        size_t word = strcspn(set, " ");
        if (word == length && strncmp(set, name, length) == 0)
            return true;
        set += word + strspn(set + word, " ");
    }
    return false;
}

static bool may_be_left_out(const struct grammar_key *key)
{
    return !key->is_required && !key->initial;
}

bool grammar_is_nullable_number(const struct grammar_key *key)
{
    bool is_number = key->type == GRAMMAR_INTEGER || key->type == GRAMMAR_SHARE ||
                     key->type == GRAMMAR_DURATION || key->type == GRAMMAR_SIZE;
    return is_number && may_be_left_out(key);
}

bool grammar_may_be_null(const struct grammar_key *key)
{
    bool is_pointer = key->type == GRAMMAR_STRING || key->type == GRAMMAR_OPTIONAL;
    return (is_pointer && may_be_left_out(key)) || grammar_is_nullable_number(key);
}

bool grammar_was_given(const struct grammar_object *object, uint64_t given, const char *name)
{
    const struct grammar_key *key = grammar_find(object, name);
    assert(key);
    return given >> (key - object->keys) & 1;
}
