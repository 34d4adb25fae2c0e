/* What may be told about the house: plain values, copied at one moment, with no pointers back into it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Whoever tells fills these; admin/report turns them into JSON. Times are ms since the epoch, ages are ms.
 * Counters are since the start of the process or of the thing itself. -1 stands for "the kernel does not
 * tell". */
#ifndef PROXY_REPORT_H
#define PROXY_REPORT_H

#include "proxy/address.h"
#include "proxy/reason.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    REPORT_NAME = 65,         /* a name of the configuration with its NUL */
    REPORT_SERVER_NAME = 256, /* a DNS name with its NUL */
    REPORT_ALPN = 256,
    REPORT_LABEL = 65, /* what an operator calls a splice, with its NUL */
    REPORT_BUCKETS = 16,
};

/* Durations in buckets; bucket i counts those of at most report_bounds_ms[i] and above the one before. The
 * last bound is INT64_MAX: no bound. */
struct report_histogram {
    uint64_t counts[REPORT_BUCKETS];
    uint64_t sum_ms;
};
extern const int64_t report_bounds_ms[REPORT_BUCKETS];

/* The accept queue of a listening socket: the client requests that nobody has accepted yet. */
struct report_queue {
    int64_t depth;
    int64_t limit;            /* as the kernel granted it */
    int64_t asked;            /* as the configuration asked for it */
    int64_t high_water;       /* the greatest depth that was seen, */
    int64_t high_water_error; /* which may be so much too high or too low */
    int64_t half_open;
    int64_t drops;
    double drops_per_second; /* of late; NAN: not known yet */
    int64_t last_drop_at;    /* 0: never */
    int64_t reset;           /* in the depth, but gone: they sent RST while waiting */
    struct {                 /* of all who were accepted; 0 while nobody was */
        int64_t p50;         /* both of these up to 1/16 too high */
        int64_t p99;
        int64_t max;
    } wait;
    uint64_t left;    /* accepted, and gone before without a byte */
    uint64_t expired; /* accepted, and reset since they had waited longer than queue_deadline */
};

/* A certificate that something depends on, as whoever has to renew it wants to know it. */
struct report_expiry {
    bool is_present;
    char file[256]; /* or a directory */
    char subject[256];
    char fingerprint[65]; /* SHA-256 in hex */
    int64_t not_before_at;
    int64_t not_after_at; /* both -1 where there is none */
};

struct report_listener {
    char name[REPORT_NAME];
    char upstream[REPORT_NAME];
    char address[ADDRESS_TEXT]; /* with its real port */
    struct address bound;       /* the same as a value; a path is not borrowed: look at .address */
    const char *state;          /* "open", "held", "draining", "closed" */
    uint64_t inode;             /* of a unix listener's socket; else 0 */
    bool is_accepting;          /* it is open */
    bool is_followed; /* another one has taken its name, and goes on with its counters: these are both's */
    bool is_tls;
    struct report_queue queue;
    struct {
        int64_t now;
        int64_t securing;
        int64_t peak;
        int64_t limit; /* 0: only the process's */
    } connections;
    struct {
        uint64_t accepted; /* taken out of the queue, whatever became of them */
        uint64_t refused;  /* for whatever reason */
        uint64_t denied;   /* of those: by allow or deny */
        uint64_t tls_failed;
        uint64_t received_bytes; /* from their clients, of splices that have ended and those that live */
        uint64_t sent_bytes;     /* to their clients */
    } totals;
    struct report_histogram queue_wait;
    struct report_histogram handshake;       /* of TLS, from accept on */
    struct report_histogram splice_duration; /* of splices that have ended */
    uint64_t handshakes;                     /* that were completed */
    uint64_t handshakes_resumed;             /* of those */
    uint64_t tickets_unknown;                /* session tickets that no key opens */
    uint64_t session_ids_unknown;            /* ids of sessions that are not kept */
    int64_t sessions;                        /* that are kept to be resumed by their id */
    uint64_t certificates_loaded;            /* in place of others, since the listener began */
    uint64_t certificates_failed;            /* times that one could not be, and the one before went on */
    struct report_expiry authority;          /* that expires first of those its clients are believed by */
    uint64_t ended[REASON_COUNT][BY_COUNT];  /* splices, by the reason of their end and who ended them */
    uint64_t refused[REASON_COUNT];          /* client requests that were accepted, by reason */
    int64_t since;
};

/* One client request that waits in a listener's queue, or is on its way into it. */
struct report_waiting {
    struct address peer;
    uint64_t inode; /* of a unix client's socket, as in "socket:[4711]" of /proc/PID/fd; else 0 */
    enum {
        WAITING_HERE,      /* "waiting": complete, not accepted */
        WAITING_LEFT,      /* "left": it ended before it was accepted */
        WAITING_HALF_OPEN, /* "half_open": the kernel's handshake is under way */
    } state;
    int64_t waited_ms;
    int64_t received_bytes;
    int64_t rtt_us;
};

/* What the kernel knows of a connection (TCP_INFO, SIOCINQ, SIOCOUTQ). */
struct report_tcp {
    bool is_present; /* not for unix sockets */
    int64_t rtt_us;
    int64_t rttvar_us;
    int64_t cwnd;
    int64_t retransmits;
    int64_t in_queue;
    int64_t out_queue;
    int64_t not_sent;
    int64_t delivery_rate;
    int64_t busy_ms;
    int64_t receiver_limited_ms;
    int64_t sender_limited_ms;
    int64_t segments;   /* with data, sent so far */
    int64_t mss;        /* bytes of payload in one of them */
    int64_t window;     /* bytes that the peer lets be in flight now */
    int64_t congestion; /* enum tcp_ca_state of linux/tcp.h */
};

/* How one end held its splice up over a while; -1: the kernel does not tell, or it is no TCP. */
struct report_drag {
    int64_t busy_ms;             /* something was on its way to it */
    int64_t receiver_limited_ms; /* of that: its window stood in the way */
    int64_t sender_limited_ms;   /* of that: our send buffer did */
    int64_t segments;            /* sent to it */
    int64_t retransmits;         /* of those again */
    int64_t window;              /* now */
    int64_t waited_ms;           /* nothing moved until it spoke */
};

struct report_slowness {
    bool is_present;       /* the kernel was asked */
    const char *why;       /* as API has it; NULL: it is not slow, or nobody can tell */
    int64_t over_ms;       /* the while */
    bool is_rate_spent[2]; /* towards that end no more bytes may go just now, by a rate of ours */
    unsigned awaits;       /* index of the end that is waited for when nothing moves */
    struct report_drag ends[2];
};

/* The certificate that a peer showed, believed or not. Names of a kind stand one behind the other, each ended
 * by a NUL; after the last one is another NUL. What does not fit as a whole is left out. */
struct report_peer {
    bool is_present;
    bool is_verified; /* we asked for it and believe it */
    char subject[256];
    char dns[512];
    char uri[512];
    char ip[128];
    char fingerprint[65]; /* SHA-256 in hex */
    int64_t not_after_at;
};

struct report_tls {
    bool is_present;
    bool is_resumed;
    bool is_passed;      /* not ours: forwarded untouched, and only what the ClientHello says is known */
    const char *version; /* static words of OpenSSL, NULL before they are agreed */
    const char *cipher;
    const char *ktls; /* what the kernel does of it: "send"; NULL: nothing */
    char group[32];
    char server_name[REPORT_SERVER_NAME];
    char alpn[REPORT_ALPN];
    struct report_peer peer;
};

/* One end of a splice. Both kinds in one schema. */
struct report_connection {
    const char *kind;  /* "server", "client" */
    const char *state; /* "described", "looking_up", "requesting", "securing", "complete", "closed" */
    struct address local;
    struct address peer;
    char local_path[ADDRESS_TEXT]; /* texts of both, since unix paths are not borrowed */
    char peer_path[ADDRESS_TEXT];
    uint64_t received_bytes;
    uint64_t sent_bytes;
    uint64_t buffered_bytes; /* waiting in our memory or pipe to be written to this end */
    bool has_read_ended;
    bool has_write_ended;
    int64_t last_moved_ms; /* ago */
    struct report_tcp tcp;
    struct report_tls tls;
};

/* What the phases of a splice took; -1: not reached. */
struct report_phases {
    int64_t queue;
    int64_t secure_server;
    int64_t lookup;
    int64_t request;
    int64_t secure_client;
    int64_t first_byte_down;
};

struct report_splice {
    uint64_t id;
    char listener[REPORT_NAME];
    char upstream[REPORT_NAME];
    char server[ADDRESS_TEXT]; /* the server chosen, "" while none is */
    const char *state;         /* "opening", "complete", "closing" */
    const char *path;          /* "memory", "kernel" (splice(2)) */
    int64_t opened_at;
    int64_t age_ms;
    int64_t idle_ms;
    struct report_phases phases;
    char label[REPORT_LABEL]; /* "": none */
    int64_t idle_timeout_ms;  /* in force; 0: none */
    uint64_t up_bytes;        /* payload received from their client */
    uint64_t down_bytes;      /* payload received from their service */
    int64_t up_per_second;    /* of those, over the while of .slowness; only with the kernel's figures */
    int64_t down_per_second;
    uint64_t rate_up; /* bytes per second that it may move each way; 0: as many as there are */
    uint64_t rate_down;
    struct report_slowness slowness;  /* only with the kernel's figures */
    struct report_connection ends[2]; /* server, client */
};

/* A server of an upstream, as described. */
struct report_server {
    char address[ADDRESS_TEXT];
    int64_t weight;
    int64_t connections;             /* open now, those that are being made included */
    uint64_t requests;               /* attempts so far */
    uint64_t failed[REASON_COUNT];   /* of those, by reason */
    struct report_histogram connect; /* from the request to COMPLETE, of those that came to be */
    bool is_name;                    /* its host is looked up */
    int64_t looked_up_at;            /* 0: not yet */
    int64_t ttl_ms;
};

struct report_upstream {
    char name[REPORT_NAME];
    const char *balance; /* "round_robin", "least_connections" */
    bool is_tls;
    uint64_t credentials_loaded; /* in place of others, since the upstream began */
    uint64_t credentials_failed; /* times that they could not be, and those before went on */
    char trouble[512];           /* why, "" when they are as their files */
    int64_t trouble_at;
    struct report_expiry certificate; /* ours, shown to its servers */
    struct report_expiry authority;   /* that expires first of those its servers are believed by */
    struct report_server
        *servers; /* of the caller of proxy_upstreams, who frees them with report_upstreams_free */
    size_t server_count;
};

/* One thread of the house. */
struct report_worker {
    unsigned index;
    int64_t splices;
    uint64_t turns; /* of its loop */
    int64_t cpu_ms;
};

/* A certificate that listeners present. */
struct report_certificate {
    char file[256];
    char subject[256];
    char names[1024]; /* DNS and IP names, separated by spaces */
    char fingerprint[65];
    char key_type[16];
    int64_t key_bits;
    int64_t not_before_at;
    int64_t not_after_at;
    char used_by[REPORT_NAME]; /* the listener */
    char trouble[512];         /* why it could not be renewed, "" when it could */
    int64_t trouble_at;
    int64_t ocsp_until; /* its OCSP response is good until then; 0: there is none */
    bool must_staple;   /* it is to be believed with one only */
};

/* A TLS handshake that failed. */
struct report_failure {
    uint64_t id; /* ascending from 1 */
    int64_t at;
    uint64_t splice;
    const char *kind; /* of the connection: "server" (their client's handshake), "client" (their service's) */
    struct address peer_address; /* a unix one has no path */
    char peer[ADDRESS_TEXT];
    char listener[REPORT_NAME];
    char upstream[REPORT_NAME];
    char server[ADDRESS_TEXT]; /* of the upstream, "" for a server connection */
    char server_name[REPORT_SERVER_NAME];
    const char *reason;
    const char *by;
    const char *class; /* the reason, or where that is handshake_failed, see proxy/tls_class.h */
    char detail[256];  /* OpenSSL's reason in words, "" when there is none */
};

/* What is wrong with the certificates or authorities of a listener or upstream as their files are now, not as
 * they were loaded. */
struct report_trouble {
    char owner[16 + REPORT_NAME]; /* a listener's name, or "upstream app" */
    bool is_unusable;             /* else they are good, and others than those in use */
    char sentence[512];
};

/* The process as a whole. */
struct report_info {
    char instance[256];
    int64_t started_at;
    unsigned workers;
    int64_t max_connections;
    int64_t descriptor_limit;
    int64_t admin_descriptors; /* of those, kept for those who ask */
    int64_t connections;       /* server connections that are open */
    bool is_draining;
    bool is_ready;
    bool has_ktls;           /* this kernel can seal TLS records */
    char not_ready[256];     /* a word or a sentence why not, "" when ready */
    int64_t applied_at;      /* when a description was applied last */
    int64_t rejected_at;     /* when one was refused last; 0: never */
    char last_error[512];    /* why, "" when never */
    uint64_t lookups;        /* of names of servers */
    uint64_t lookups_failed; /* of those: nothing was found */
    uint64_t events;         /* told so far */
    uint64_t events_lost;    /* by all readers together */
};

#endif
