/* What the kernel knows of queues and connections: accept queue, SYN queue, drops, who waits, TCP_INFO.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/kernel.h"

#include "proxy/kernel_diag.h"

#include <errno.h>
#include <limits.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* TCP_INFO as far as this kernel knows it: older ones answer with a shorter one. */
struct answer {
    struct tcp_info info;
    socklen_t length;
};

static bool ask_info(int fd, struct answer *answer)
{
    answer->length = sizeof answer->info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &answer->info, &answer->length) == 0;
}

/* A member of the answer, or -1 where the kernel did not write it. */
#define TOLD(answer, member)                                                                                 \
    ((answer)->length >= offsetof(struct tcp_info, member) + sizeof(answer)->info.member                     \
         ? (int64_t)(answer)->info.member                                                                    \
         : -1)

/* The same in ms, of a member that counts microseconds. */
static int64_t told_ms(int64_t told_us)
{
    return told_us < 0 ? -1 : told_us / 1000;
}

static bool is_unix(int fd)
{
    int domain = AF_UNSPEC;
    socklen_t length = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX;
}

static int64_t ask_drops(int fd)
{
    uint32_t memory[SK_MEMINFO_VARS];
    socklen_t length = sizeof memory;
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length) != 0 ||
        length < (SK_MEMINFO_DROPS + 1) * sizeof *memory)
        return -1;
    return memory[SK_MEMINFO_DROPS];
}

int64_t kernel_depth(int listening)
{
    struct answer answer;
    return ask_info(listening, &answer) ? TOLD(&answer, tcpi_unacked) : -1;
}

bool kernel_queue(int listening, struct report_queue *queue)
{
    struct answer answer;
    struct stat stat;
    if (is_unix(listening)) {
        queue->drops = -1;
        return fstat(listening, &stat) == 0 && kernel_diag_unix(stat.st_ino, &queue->depth, &queue->limit);
    }
    if (!ask_info(listening, &answer))
        return false;
    queue->depth = TOLD(&answer, tcpi_unacked);
    queue->limit = TOLD(&answer, tcpi_sacked);
    queue->drops = ask_drops(listening);
    return true;
}

/* Whether a request that came to `local` stands in the queue of a listener bound to `bound`. A wildcard takes
 * all of its family; [::] also those of IPv4, which the kernel lists under AF_INET6. */
static bool is_bound_for(const struct address *bound, const struct address *local)
{
    static const uint8_t wildcard[16];
    size_t length = bound->family == AF_INET ? 4 : 16;
    if (bound->port != local->port)
        return false;
    if (memcmp(bound->ip, wildcard, length) == 0)
        return bound->family == AF_INET6 || local->family == AF_INET;
    return bound->family == local->family && memcmp(bound->ip, local->ip, length) == 0;
}

static int64_t wait_state(const struct kernel_request *request)
{
    if (request->state == KERNEL_SYN_RECV)
        return WAITING_HALF_OPEN;
    return request->state == KERNEL_CLOSE_WAIT && request->received_bytes == 0 ? WAITING_LEFT : WAITING_HERE;
}

struct waiting {
    const struct address *bound;
    bool (*tell)(void *context, const struct report_waiting *waiting);
    void *context;
};

static bool waiting_tell(void *context, const struct kernel_request *request)
{
    const struct waiting *waiting = context;
    if (!is_bound_for(waiting->bound, &request->local))
        return true;
    struct report_waiting report = {
        .peer = request->peer,
        .state = wait_state(request),
        .waited_ms = request->waited_ms,
        .received_bytes = request->received_bytes,
        .rtt_us = request->rtt_us,
    };
    return waiting->tell(waiting->context, &report);
}

bool kernel_waiting(const struct address *bound,
                    bool (*tell)(void *context, const struct report_waiting *waiting), void *context)
{
    struct waiting waiting = {.bound = bound, .tell = tell, .context = context};
    struct kernel_question question = {
        .family = (uint8_t)bound->family,
        .with_info = true,
        .lowest_port = bound->port,
        .highest_port = bound->port,
    };
    if (bound->family != AF_INET && bound->family != AF_INET6)
        return true;
    return kernel_diag_requests(&question, waiting_tell, &waiting);
}

static bool waiting_unix_tell(void *context, ino_t client)
{
    const struct waiting *waiting = context;
    const struct report_waiting report = {
        .peer = {.family = AF_UNIX},
        .inode = client,
        .state = WAITING_HERE,
        .waited_ms = -1,
        .received_bytes = -1,
        .rtt_us = -1,
    };
    return waiting->tell(waiting->context, &report);
}

bool kernel_waiting_unix(ino_t inode, bool (*tell)(void *context, const struct report_waiting *waiting),
                         void *context)
{
    struct waiting waiting = {.tell = tell, .context = context};
    return kernel_diag_unix_waiting(inode, waiting_unix_tell, &waiting);
}

struct counting {
    struct kernel_count *counts;
    size_t count;
    uint8_t family;
};

static bool counting_tell(void *context, const struct kernel_request *request)
{
    const struct counting *counting = context;
    for (size_t i = 0; i < counting->count; i++) {
        struct kernel_count *count = &counting->counts[i];
        if (count->bound.family != counting->family || !is_bound_for(&count->bound, &request->local))
            continue;
        if (request->state == KERNEL_SYN_RECV)
            count->half_open++;
        else
            count->listed++;
        break;
    }
    return true;
}

/* Counts for all listeners of one address family. */
static bool count_family(struct kernel_count *counts, size_t count, uint8_t family)
{
    struct counting counting = {.counts = counts, .count = count, .family = family};
    struct kernel_question question = {.family = family, .lowest_port = UINT16_MAX, .highest_port = 0};
    for (size_t i = 0; i < count; i++) {
        const struct address *bound = &counts[i].bound;
        if (bound->family != family)
            continue;
        if (bound->port < question.lowest_port)
            question.lowest_port = bound->port;
        if (bound->port > question.highest_port)
            question.highest_port = bound->port;
    }
    return question.highest_port == 0 || kernel_diag_requests(&question, counting_tell, &counting);
}

bool kernel_count(struct kernel_count *counts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_inet = counts[i].bound.family == AF_INET || counts[i].bound.family == AF_INET6;
        counts[i].half_open = 0;
        counts[i].listed = is_inet ? 0 : -1;
    }
    return count_family(counts, count, AF_INET) && count_family(counts, count, AF_INET6);
}

static int64_t ask_queue(int fd, unsigned long request)
{
    int bytes;
    return ioctl(fd, request, &bytes) == 0 ? bytes : -1;
}

struct kernel_arrival kernel_arrival_at_once(int accepted)
{
    char byte;
    ssize_t count = recv(accepted, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    bool has_left = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
    return (struct kernel_arrival){.has_spoken = count > 0, .has_left = has_left};
}

struct kernel_arrival kernel_arrival(int accepted)
{
    struct kernel_arrival arrival = {0};
    struct answer answer;
    if (!ask_info(accepted, &answer))
        return kernel_arrival_at_once(accepted);
    arrival.waited_ms = answer.info.tcpi_last_data_sent;
    arrival.has_spoken = TOLD(&answer, tcpi_bytes_received) > 0;
    if (answer.info.tcpi_state == KERNEL_CLOSE || answer.info.tcpi_state == KERNEL_CLOSE_WAIT)
        arrival.has_left = ask_queue(accepted, SIOCINQ) == 0;
    return arrival;
}

bool kernel_is_over(int fd, uint16_t *busy_ms)
{
    struct answer answer;
    if (!ask_info(fd, &answer) || answer.info.tcpi_state != KERNEL_CLOSE)
        return false;
    int64_t busy = told_ms(TOLD(&answer, tcpi_busy_time));
    *busy_ms = busy > 0 ? (uint16_t)busy : 0;
    return busy <= UINT16_MAX && TOLD(&answer, tcpi_rwnd_limited) == 0 &&
           TOLD(&answer, tcpi_sndbuf_limited) == 0 && answer.info.tcpi_max_pacing_rate == UINT64_MAX;
}

void kernel_answer_with_bytes(int fd)
{
    int off = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
}

bool kernel_pace(int fd, uint64_t rate)
{
    unsigned long most = rate == 0 || rate > ULONG_MAX ? ULONG_MAX : (unsigned long)rate;
    return !is_unix(fd) && setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &most, sizeof most) == 0;
}

void kernel_tcp(int fd, struct report_tcp *tcp)
{
    struct answer answer;
    memset(tcp, 0, sizeof *tcp);
    tcp->is_present = ask_info(fd, &answer);
    if (!tcp->is_present)
        return;
    tcp->rtt_us = TOLD(&answer, tcpi_rtt);
    tcp->rttvar_us = TOLD(&answer, tcpi_rttvar);
    tcp->cwnd = TOLD(&answer, tcpi_snd_cwnd);
    tcp->retransmits = TOLD(&answer, tcpi_total_retrans);
    tcp->in_queue = ask_queue(fd, SIOCINQ);
    tcp->out_queue = ask_queue(fd, SIOCOUTQ);
    tcp->not_sent = TOLD(&answer, tcpi_notsent_bytes);
    /* Until something was sent, what it tells is of the socket's connection before this one. */
    bool has_sent = TOLD(&answer, tcpi_data_segs_out) != 0;
    tcp->delivery_rate = has_sent ? TOLD(&answer, tcpi_delivery_rate) : 0;
    tcp->busy_ms = told_ms(TOLD(&answer, tcpi_busy_time));
    tcp->receiver_limited_ms = told_ms(TOLD(&answer, tcpi_rwnd_limited));
    tcp->sender_limited_ms = told_ms(TOLD(&answer, tcpi_sndbuf_limited));
    tcp->segments = TOLD(&answer, tcpi_data_segs_out);
    tcp->mss = TOLD(&answer, tcpi_snd_mss);
    tcp->window = TOLD(&answer, tcpi_snd_wnd);
    tcp->congestion = TOLD(&answer, tcpi_ca_state);
}
