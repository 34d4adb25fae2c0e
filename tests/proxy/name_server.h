/* A tiny DNS server on loopback, that answers as a test wants.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PROXY_NAME_SERVER_H
#define TESTS_PROXY_NAME_SERVER_H

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* One record. An A or AAAA has a numeric address as its value, a CNAME another name, whose records then
 * follow in the answer. */
struct name_record {
    const char *name;
    int type; /* ns_t_a, ns_t_aaaa, ns_t_cname */
    const char *value;
    uint32_t ttl_s;
};

enum name_manner {
    NAMES_TELL,    /* a name without records does not exist (NXDOMAIN) */
    NAMES_FAIL,    /* every question is answered with SERVFAIL */
    NAMES_REFUSE,  /* ... with REFUSED */
    NAMES_SILENT,  /* no question is answered */
    NAMES_GARBAGE, /* answers claim records that are not there */
};

struct name_server {
    struct sockaddr_in address; /* where it listens */
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    const struct name_record *records; /* the last has no name */
    enum name_manner manner;
    unsigned asked_a;
    unsigned asked_aaaa;
    char last_asked[NS_MAXDNAME];
};

/* Starts it; it tells `records`, which are the caller's. */
void name_server_begin(struct name_server *server, const struct name_record *records);
void name_server_end(struct name_server *server);

/* Changes what is told, and how. */
void name_server_tell(struct name_server *server, enum name_manner manner, const struct name_record *records);

/* How many questions of type A or AAAA there were so far. */
unsigned name_server_asked(struct name_server *server, int type);

/* Copies the name that was asked for last. */
void name_server_last(struct name_server *server, char name[NS_MAXDNAME]);

#endif
