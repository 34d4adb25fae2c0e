/* The description of a running proxy as plain structs: read from text, validated, written back as JSON.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Every member stands for one key of the configuration; the table in conf/grammar.c says for each where it is
 * allowed, its type, its bounds, its default and its meaning. Reading is strict and tells every problem at
 * once. A `struct conf` owns everything below it; strings are NUL-terminated UTF-8 with ${NAME} already
 * expanded. Durations are milliseconds, sizes are bytes; 0 means "off" or "no limit" where the grammar says
 * so. */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What an address of the configuration names. */
enum conf_address_kind {
    CONF_ADDRESS_HOST,    /* "host:port", "1.2.3.4:80", "[::1]:80": .host without brackets, .port */
    CONF_ADDRESS_ANY,     /* "*:8443": both families, whatever works; .host is NULL, .port */
    CONF_ADDRESS_UNIX,    /* "unix:/path": .path */
    CONF_ADDRESS_BUILTIN, /* "@demo": a service inside this process, only as an upstream's server; .host is
                             "demo" */
};

struct conf_address {
    enum conf_address_kind kind;
    char *text; /* as it stood in the configuration, expanded */
    char *host;
    char *path;
    uint16_t port;
};

/* A list of strings. */
struct conf_strings {
    char **items;
    size_t count;
};

/* { "chain": F, "key": F }, or { "pem": F } with both in one file: then .chain and .key name the same file;
 * or { "pkcs12": F }; or { "dir": D }, which stands for every pair in it. */
struct conf_certificate {
    char *chain;
    char *key;
    char *pem;
    char *pkcs12;
    char *dir;
    char *password_file; /* of an encrypted key; NULL: none is */
    char *ocsp;          /* file of the OCSP response to show with it; NULL: none */
};

enum conf_tls_version {
    CONF_TLS_1_2,
    CONF_TLS_1_3,
};

/* Whether those who connect are asked for a certificate. */
enum conf_require {
    CONF_REQUIRE_NO,
    CONF_REQUIRE_OPTIONAL, /* none is well; one that is shown must be good */
    CONF_REQUIRE_YES,
};

/* Whom of those that an authority vouches for we let in: one match is enough, all empty lets everybody in. */
struct conf_allow {
    struct conf_strings cn;
    struct conf_strings dns;
    struct conf_strings uri;
    struct conf_strings ip;
    struct conf_strings spki_sha256;
};

/* listeners[].tls.client_certificate: who those are that connect to us. */
struct conf_client_certificate {
    enum conf_require require;
    char *ca;  /* "system", or a file or directory of whom we believe; NULL only when nobody is asked */
    char *crl; /* a file or directory of revocation lists; NULL: nothing counts as revoked */
    struct conf_allow allow;
};

/* Where the OCSP responses come from that are shown with certificates. */
enum conf_ocsp {
    CONF_OCSP_OFF,
    CONF_OCSP_FILE,
    CONF_OCSP_FETCH,
};

enum {
    CONF_SESSION_CACHE = 10000 /* sessions, where nobody says how many */
};

/* tls.ktls, on both sides. */
enum conf_ktls {
    CONF_KTLS_AUTO, /* where the kernel offers it and there is much to send */
    CONF_KTLS_OFF,
};

/* listeners[].tls: how we prove who we are to those who connect to us. */
struct conf_listener_tls {
    struct conf_certificate *certificates; /* the first is the default; none: all is passed on */
    size_t certificate_count;
    enum conf_tls_version min_version;
    enum conf_tls_version max_version;
    char *ciphers;      /* OpenSSL's cipher list for TLS 1.2; NULL: our policy */
    char *ciphersuites; /* OpenSSL's list for TLS 1.3; NULL: our policy */
    char *groups;       /* OpenSSL's group list; NULL: our policy */
    struct conf_strings alpn;
    struct conf_client_certificate client_certificate;
    bool session_tickets;
    int64_t session_cache;  /* below 0: as many as conf_session_cache() says */
    char *ticket_keys_file; /* keys shared with other replicas; NULL: our own */
    enum conf_ocsp ocsp;
    char *keylog_file;               /* secrets of sessions are written there; NULL: nowhere */
    int64_t max_securing;            /* handshakes at a time; 0: no limit */
    int64_t max_securing_per_source; /* likewise */
    enum conf_ktls ktls;
    bool require_sni; /* who asks for no server that is known here is refused */
};

enum conf_route_tls {
    CONF_ROUTE_TERMINATE,
    CONF_ROUTE_PASS,
};

/* listeners[].routes[]: an upstream for those whose ClientHello says this. */
struct conf_route {
    char *server_name; /* may begin with "*."; NULL: any, or none */
    struct conf_strings alpn;
    char *upstream;
    enum conf_route_tls tls;
};

struct conf_listener_timeouts {
    int64_t handshake;
    int64_t idle;
    int64_t half_close;
    int64_t lifetime;
};

/* listeners[].ready_while: beyond which pressure on the queue more should be sent elsewhere. */
struct conf_ready_while {
    int64_t queue_fill; /* thousandths of the queue's limit; 0 or below: does not matter */
    int64_t queue_wait; /* ms of the one who waits longest; likewise */
};

struct conf_listener {
    char *name;
    struct conf_address address;
    char *upstream; /* the name of an upstream, or "@demo" */
    int64_t backlog;
    int64_t max_connections;            /* 0: only the process's limit */
    int64_t max_connections_per_source; /* 0: no limit */
    int64_t queue_deadline;             /* 0: a request may wait for any time */
    struct conf_strings allow;          /* blocks of addresses; none: everybody who is not denied */
    struct conf_strings deny;           /* asked first */
    struct conf_ready_while ready_while;
    struct conf_listener_tls *tls; /* NULL: plain */
    struct conf_route *routes;
    size_t route_count;
    struct conf_listener_timeouts timeouts;
};

struct conf_server {
    struct conf_address address;
    int64_t weight;
};

enum conf_balance {
    CONF_BALANCE_ROUND_ROBIN,
    CONF_BALANCE_LEAST_CONNECTIONS,
};

enum conf_lookup_mode {
    CONF_LOOKUP_DNS,  /* looked up again when its time to live is over */
    CONF_LOOKUP_ONCE, /* looked up at first use and kept */
};

struct conf_lookup {
    enum conf_lookup_mode mode;
    int64_t min_ttl;
    int64_t max_ttl;
    int64_t stale; /* how long an old answer serves while lookups fail */
};

/* upstreams[].tls: whom we believe when we connect. */
struct conf_upstream_tls {
    char *server_name; /* NULL: the server's host name, when it has one */
    char *ca;          /* "system", or a file or directory of trusted certificates */
    char *crl;         /* a file or directory of revocation lists; NULL: nothing counts as revoked */
    bool verify;
    struct conf_certificate *certificate; /* who we are to servers that ask; NULL: nobody */
    char *keylog_file;                    /* secrets of sessions are written there; NULL: nowhere */
    struct conf_strings alpn;
    enum conf_tls_version min_version;
    enum conf_ktls ktls;
};

struct conf_upstream {
    char *name;
    struct conf_server *servers; /* at least one */
    size_t server_count;
    enum conf_balance balance;
    struct conf_lookup lookup;
    int64_t connect_timeout;
    int64_t retries;
    int64_t keepalive;             /* TCP keep-alive idle time; 0: off */
    struct conf_upstream_tls *tls; /* NULL: plain */
};

/* Who may ask through an admin address: each level includes those above it. */
enum conf_access {
    CONF_ACCESS_MONITOR,
    CONF_ACCESS_READ,
    CONF_ACCESS_WRITE,
};

struct conf_admin_listen {
    struct conf_address address;
    int64_t mode; /* of a unix socket, written "0660" */
    enum conf_access access;
    char *token_file; /* lines name:level:token; NULL: no token is asked for */
};

struct conf_admin {
    struct conf_admin_listen *listen;
    size_t listen_count;
};

struct conf_shutdown {
    int64_t delay;
    int64_t timeout;
};

enum conf_log_level {
    CONF_LOG_ERROR,
    CONF_LOG_WARNING,
    CONF_LOG_INFO,
    CONF_LOG_DEBUG,
};

enum conf_log_format {
    CONF_LOG_AUTO, /* JSON when standard output is no terminal, else short text */
    CONF_LOG_JSON,
    CONF_LOG_TEXT,
};

struct conf_log {
    enum conf_log_level level;
    enum conf_log_format format;
    bool access;
    bool mask_addresses; /* of clients, in lines of the log */
};

struct conf_events {
    int64_t ring; /* events kept; 0: none are told */
};

struct origins;

struct conf {
    int64_t workers;         /* 0: one per usable CPU */
    char *instance;          /* NULL: the host name */
    int64_t max_connections; /* 0: derived from the descriptor limit */
    struct conf_listener *listeners;
    size_t listener_count;
    struct conf_upstream *upstreams;
    size_t upstream_count;
    struct conf_admin *admin; /* NULL: the built-in default socket where it can be opened */
    struct conf_shutdown shutdown;
    struct conf_log log;
    struct conf_events events;
    /* Private to conf/: the texts before expansion, for conf_print, by the addresses of the members; so a
     * description that was read is replaced, not changed. NULL in one made by hand. */
    struct origins *origins;
};

/* One thing that is wrong with a document. */
struct conf_problem {
    char *pointer;   /* RFC 6901 JSON pointer of the value, "" for the document */
    unsigned line;   /* from 1 */
    unsigned column; /* from 1, in bytes */
    char *detail;    /* a sentence that names what is wrong and the remedy */
};

/* All that is wrong with a document, in the order of its text. */
struct conf_problems {
    struct conf_problem *items;
    size_t count;
};

/* Reads a document of `length` bytes, at most 16 MiB. Comments and trailing commas are allowed.
 * Returns the description, owned by the caller (conf_destroy), or NULL with every problem in *problems, which
 * the caller frees with conf_problems_end in either case. Touches nothing outside but the environment. */
struct conf *conf_read(const char *text, size_t length, struct conf_problems *problems);

/* The same from a file, at most 16 MiB. A file that cannot be read is one problem at line 1, column 1. */
struct conf *conf_read_file(const char *path, struct conf_problems *problems);

/* Frees the description. Accepts NULL. */
void conf_destroy(struct conf *conf);

/* Writes one line per problem: "file:line:column: detail (pointer)". */
void conf_problems_print(const struct conf_problems *problems, const char *file, FILE *out);

/* Frees the problems and leaves none. */
void conf_problems_end(struct conf_problems *problems);

/* Writes the description as indented JSON with every key, defaults included: reading it again gives an equal
 * one. */
void conf_print(const struct conf *conf, FILE *out);

/* Writes every key with its default: one listener and one upstream stand as the smallest example. */
void conf_print_defaults(FILE *out);

/* Writes the JSON Schema (2020-12) of the configuration, with each key's sentence, bounds and default. */
void conf_print_schema(FILE *out);

/* Whether two listeners or two upstreams are described alike, key by key: what is equal is left alone by a
 * reload. */
bool conf_listener_equal(const struct conf_listener *a, const struct conf_listener *b);
bool conf_upstream_equal(const struct conf_upstream *a, const struct conf_upstream *b);

/* Whether the listener terminates TLS, and so needs its certificates. */
bool conf_terminates(const struct conf_listener *listener);

/* How many sessions of TLS 1.2 are kept to be resumed by their id; 0: none. */
int64_t conf_session_cache(const struct conf_listener_tls *tls);

/* How this replica is called: `instance`, or else the host's name. Borrowed from `conf` or constant. */
const char *conf_instance(const struct conf *conf);

/* The upstream of that name, or NULL; `name` may be a built-in one, which no document describes. */
const struct conf_upstream *conf_find_upstream(const struct conf *conf, const char *name);

#endif
