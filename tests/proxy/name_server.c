/* A tiny DNS server on loopback, that answers as a test wants.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/name_server.h"

#include "tests/runner.h"

#include <arpa/inet.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PACKET = 4096,
};

/* A reply that is being written. */
struct reply {
    unsigned char bytes[PACKET];
    size_t length;
    unsigned records;
    bool does_exist;
};

static void put16(struct reply *reply, unsigned value)
{
    ns_put16(value, reply->bytes + reply->length);
    reply->length += 2;
}

static void put_name(struct reply *reply, const char *name)
{
    int length = ns_name_compress(name, reply->bytes + reply->length, PACKET - reply->length, NULL, NULL);
    CU_ASSERT_TRUE_FATAL(length > 0);
    reply->length += (size_t)length;
}

static void put_record(struct reply *reply, const struct name_record *record)
{
    put_name(reply, record->name);
    put16(reply, (unsigned)record->type);
    put16(reply, ns_c_in);
    put16(reply, record->ttl_s >> 16);
    put16(reply, record->ttl_s & 0xffff);
    size_t at = reply->length;
    put16(reply, 0);
    if (record->type == ns_t_cname) {
        put_name(reply, record->value);
    } else {
        int family = record->type == ns_t_a ? AF_INET : AF_INET6;
        CU_ASSERT_EQUAL_FATAL(inet_pton(family, record->value, reply->bytes + reply->length), 1);
        reply->length += family == AF_INET ? 4 : 16;
    }
    ns_put16((unsigned)(reply->length - at - 2), reply->bytes + at);
    reply->records++;
}

/* All records of the name, and of what it is an alias for. */
static void put_records(struct reply *reply, const struct name_record *records, const char *name, int type)
{
    for (const struct name_record *record = records; record->name; record++) {
        if (strcasecmp(record->name, name) != 0)
            continue;
        reply->does_exist = true;
        if (record->type == type || record->type == ns_t_cname)
            put_record(reply, record);
        if (record->type == ns_t_cname)
            put_records(reply, records, record->value, type);
    }
}

static void finish_header(struct reply *reply, enum name_manner manner)
{
    static const int codes[] = {[NAMES_TELL] = ns_r_noerror,
                                [NAMES_FAIL] = ns_r_servfail,
                                [NAMES_REFUSE] = ns_r_refused,
                                [NAMES_SILENT] = ns_r_noerror,
                                [NAMES_GARBAGE] = ns_r_noerror};
    int code = manner == NAMES_TELL && !reply->does_exist ? ns_r_nxdomain : codes[manner];
    reply->bytes[2] |= 0x84; /* a response, with authority */
    reply->bytes[3] = (unsigned char)(0x80 | code);
    ns_put16(manner == NAMES_GARBAGE ? 9 : reply->records, reply->bytes + 6);
    ns_put16(0, reply->bytes + 8);
    ns_put16(0, reply->bytes + 10);
}

/* Turns the question in `reply` into its answer. False: none is given. */
static bool answer(struct name_server *server, struct reply *reply)
{
    char name[NS_MAXDNAME];
    int length = ns_name_uncompress(reply->bytes, reply->bytes + reply->length, reply->bytes + NS_HFIXEDSZ,
                                    name, sizeof name);
    if (length < 0 || NS_HFIXEDSZ + (size_t)length + 4 > reply->length)
        return false;
    int type = ns_get16(reply->bytes + NS_HFIXEDSZ + length);
    reply->length = NS_HFIXEDSZ + (size_t)length + 4; /* without additional records */
    pthread_mutex_lock(&server->lock);
    snprintf(server->last_asked, sizeof server->last_asked, "%s", name);
    server->asked_a += type == ns_t_a;
    server->asked_aaaa += type == ns_t_aaaa;
    enum name_manner manner = server->manner;
    if (manner == NAMES_TELL)
        put_records(reply, server->records, name, type);
    pthread_mutex_unlock(&server->lock);
    finish_header(reply, manner);
    return manner != NAMES_SILENT;
}

static void *server_run(void *context)
{
    struct name_server *server = context;
    for (;;) {
        struct reply reply = {.length = 0};
        struct sockaddr_in from;
        socklen_t from_length = sizeof from;
        ssize_t got = recvfrom(server->fd, reply.bytes, 512, 0, (struct sockaddr *)&from, &from_length);
        if (got < NS_HFIXEDSZ)
            return NULL;
        reply.length = (size_t)got;
        if (answer(server, &reply))
            sendto(server->fd, reply.bytes, reply.length, 0, (struct sockaddr *)&from, from_length);
    }
}

void name_server_begin(struct name_server *server, const struct name_record *records)
{
    socklen_t length = sizeof server->address;
    memset(server, 0, sizeof *server);
    server->records = records;
    server->address.sin_family = AF_INET;
    server->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    pthread_mutex_init(&server->lock, NULL);
    server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(server->fd, (struct sockaddr *)&server->address, length), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(server->fd, (struct sockaddr *)&server->address, &length), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&server->thread, NULL, server_run, server), 0);
}

/* An empty packet tells the thread to end. */
void name_server_end(struct name_server *server)
{
    sendto(server->fd, "", 0, 0, (struct sockaddr *)&server->address, sizeof server->address);
    pthread_join(server->thread, NULL);
    pthread_mutex_destroy(&server->lock);
    close(server->fd);
}

void name_server_tell(struct name_server *server, enum name_manner manner, const struct name_record *records)
{
    pthread_mutex_lock(&server->lock);
    server->manner = manner;
    server->records = records;
    pthread_mutex_unlock(&server->lock);
}

unsigned name_server_asked(struct name_server *server, int type)
{
    pthread_mutex_lock(&server->lock);
    unsigned asked = type == ns_t_a ? server->asked_a : server->asked_aaaa;
    pthread_mutex_unlock(&server->lock);
    return asked;
}

void name_server_last(struct name_server *server, char name[NS_MAXDNAME])
{
    pthread_mutex_lock(&server->lock);
    snprintf(name, NS_MAXDNAME, "%s", server->last_asked);
    pthread_mutex_unlock(&server->lock);
}
