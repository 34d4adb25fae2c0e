/* Names out of the DNS with their time to live: resolver(3).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/lookup_dns.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    RETRANS_S = 2,
    TRIES = 2,
};

static const char *_Atomic resolv_path = _PATH_RESCONF;
static const struct sockaddr_in *_Atomic other_server; /* NULL: those of the file */
static const char *_Atomic other_domain;

void lookup_dns_source(const char *path, const struct sockaddr_in *server, const char *domain)
{
    resolv_path = path ? path : _PATH_RESCONF;
    other_server = server;
    other_domain = domain;
}

struct lookup_dns {
    bool is_ready;
    struct stat seen; /* of resolv.conf; all zero when there was none */
    struct __res_state state;
    unsigned char reply[NS_MAXMSG];
};

struct lookup_dns *lookup_dns_create(void)
{
    return calloc(1, sizeof(struct lookup_dns));
}

void lookup_dns_destroy(struct lookup_dns *dns)
{
    if (dns && dns->is_ready)
        res_nclose(&dns->state);
    free(dns);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void take_others(struct __res_state *state)
{
    state->nscount = 1;
    state->nsaddr_list[0] = *other_server;
    snprintf(state->defdname, sizeof state->defdname, "%s", other_domain);
    state->dnsrch[0] = state->defdname;
    state->dnsrch[1] = NULL;
}

/* Makes the resolver read resolv.conf, at first and when it has changed. */
static bool dns_prepare(struct lookup_dns *dns)
{
    struct stat now;
    if (stat(resolv_path, &now) != 0)
        memset(&now, 0, sizeof now);
    if (dns->is_ready && is_same_file(&now, &dns->seen))
        return true;
    if (dns->is_ready)
        res_nclose(&dns->state);
    memset(&dns->state, 0, sizeof dns->state);
    dns->is_ready = res_ninit(&dns->state) == 0;
    if (!dns->is_ready)
        return false;
    dns->seen = now;
    dns->state.retrans = RETRANS_S;
    dns->state.retry = TRIES;
    if (other_server)
        take_others(&dns->state);
    return true;
}

/* What is gathered from the replies. */
struct gathering {
    struct lookup_answer *answer;
    uint32_t ttl_s;
};

static void gather_address(struct lookup_answer *answer, uint16_t family, const void *ip, size_t length)
{
    if (answer->count == LOOKUP_MOST)
        return;
    struct address *address = &answer->addresses[answer->count++];
    memset(address, 0, sizeof *address);
    address->family = family;
    memcpy(address->ip, ip, length);
}

/* A record of the answer section. An alias (CNAME) is followed by the records of the name it stands for, so
 * only its time to live counts. */
static void gather_record(struct gathering *gathering, const ns_rr *record)
{
    if (ns_rr_type(*record) == ns_t_a && ns_rr_rdlen(*record) == 4)
        gather_address(gathering->answer, AF_INET, ns_rr_rdata(*record), 4);
    else if (ns_rr_type(*record) == ns_t_aaaa && ns_rr_rdlen(*record) == 16)
        gather_address(gathering->answer, AF_INET6, ns_rr_rdata(*record), 16);
    else if (ns_rr_type(*record) != ns_t_cname)
        return;
    /* With its highest bit set a time to live is none (RFC 2181, section 8). */
    uint32_t ttl_s = ns_rr_ttl(*record) > INT32_MAX ? 0 : (uint32_t)ns_rr_ttl(*record);
    if (ttl_s < gathering->ttl_s)
        gathering->ttl_s = ttl_s;
}

/* Gathers a reply of `length` bytes. `asked`: when not NULL, takes the name that the search list led to. */
static void gather(struct gathering *gathering, struct lookup_dns *dns, int length, char *asked)
{
    ns_msg message;
    ns_rr record;
    if (length > (int)sizeof dns->reply)
        length = sizeof dns->reply;
    if (ns_initparse(dns->reply, length, &message) != 0)
        return;
    if (asked && ns_msg_count(message, ns_s_qd) > 0 && ns_parserr(&message, ns_s_qd, 0, &record) == 0)
        snprintf(asked, NS_MAXDNAME, "%s", ns_rr_name(record));
    for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
        if (ns_parserr(&message, ns_s_an, i, &record) != 0)
            return;
        gather_record(gathering, &record);
    }
}

/* What the resolver's error means for somebody who waits for an address. */
static enum lookup_outcome fail(const struct lookup_dns *dns, const char *host, struct lookup_answer *answer)
{
    static const struct {
        int error;
        enum lookup_outcome outcome;
        const char *sentence;
    } rows[] = {
        {HOST_NOT_FOUND, LOOKUP_NONE, "neither /etc/hosts nor the DNS knows the name"},
        {NO_DATA, LOOKUP_NONE, "the DNS has no address for the name"},
        {NO_RECOVERY, LOOKUP_FAILED, "the name server refused the question"},
        {TRY_AGAIN, LOOKUP_FAILED, "no name server answered: check /etc/resolv.conf"},
    };
    size_t last = sizeof rows / sizeof *rows - 1, i = 0;
    while (i < last && rows[i].error != dns->state.res_h_errno)
        i++;
    snprintf(answer->failure, sizeof answer->failure, "%.60s: %s", host, rows[i].sentence);
    return rows[i].outcome;
}

enum lookup_outcome lookup_dns_ask(struct lookup_dns *dns, const char *host, struct lookup_answer *answer,
                                   uint32_t *ttl_s)
{
    struct gathering gathering = {.answer = answer, .ttl_s = UINT32_MAX};
    char asked[NS_MAXDNAME] = "";
    if (!dns_prepare(dns)) {
        snprintf(answer->failure, sizeof answer->failure, "%.60s: the resolver cannot start", host);
        return LOOKUP_FAILED;
    }
    int length = res_nsearch(&dns->state, host, ns_c_in, ns_t_a, dns->reply, sizeof dns->reply);
    if (length >= 0)
        gather(&gathering, dns, length, asked);
    else if (dns->state.res_h_errno != NO_DATA)
        return fail(dns, host, answer);
    /* Both families are to be of the same name of the search list. */
    if (answer->count > 0)
        length = res_nquery(&dns->state, asked, ns_c_in, ns_t_aaaa, dns->reply, sizeof dns->reply);
    else
        length = res_nsearch(&dns->state, host, ns_c_in, ns_t_aaaa, dns->reply, sizeof dns->reply);
    if (length >= 0)
        gather(&gathering, dns, length, NULL);
    if (answer->count == 0 && length >= 0)
        dns->state.res_h_errno = NO_DATA;
    *ttl_s = gathering.ttl_s;
    return answer->count > 0 ? LOOKUP_FOUND : fail(dns, host, answer);
}
