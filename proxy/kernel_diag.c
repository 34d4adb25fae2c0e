/* Questions to the kernel about sockets that are not ours to ask directly, over netlink: sock_diag(7).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/kernel_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PIECE = 16 * 1024, /* of an answer; the kernel makes its pieces fit, and threads have small stacks */
};

/* Takes one message of an answer; false when no more are wanted. */
typedef bool take_function(void *context, const struct nlmsghdr *message);

static bool diag_send(int fd, void *question, size_t length)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    return sendto(fd, question, length, 0, (struct sockaddr *)&kernel, sizeof kernel) == (ssize_t)length;
}

/* How taking a piece ended. */
enum piece {
    PIECE_MORE,
    PIECE_LAST,
    PIECE_FAILED, /* errno tells */
};

static enum piece piece_take(const struct nlmsghdr *message, unsigned left, take_function *take,
                             void *context)
{
    for (; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
        if (message->nlmsg_type == NLMSG_DONE)
            return PIECE_LAST;
        if (message->nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *error = NLMSG_DATA(message);
            errno = message->nlmsg_len < NLMSG_LENGTH(sizeof *error) ? EBADMSG : -error->error;
            return errno ? PIECE_FAILED : PIECE_LAST;
        }
        if (!take(context, message) || !(message->nlmsg_flags & NLM_F_MULTI))
            return PIECE_LAST;
    }
    return PIECE_MORE;
}

/* Asks, and lets `take` see every message of the answer. False, with errno, when the kernel refuses. The
 * kernel makes each piece before the call that asks for it returns, so nothing is ever waited for. */
static bool diag_ask(void *question, size_t length, take_function *take, void *context)
{
    _Alignas(struct nlmsghdr) char bytes[PIECE];
    enum piece piece = PIECE_FAILED;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return false;
    if (diag_send(fd, question, length)) {
        do {
            ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
            piece = got < 0 ? PIECE_FAILED : piece_take((void *)bytes, (unsigned)got, take, context);
        } while (piece == PIECE_MORE);
    }
    int error = errno;
    close(fd);
    errno = error;
    return piece == PIECE_LAST;
}

/* One attribute of a message, or NULL when it is absent or shorter than `least`. */
static const void *find_attribute(const struct rtattr *attribute, int left, int type, size_t least)
{
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type == type)
            return RTA_PAYLOAD(attribute) >= least ? RTA_DATA(attribute) : NULL;
    }
    return NULL;
}

/* inet_diag: TCP sockets */

struct requests {
    kernel_tell *tell;
    void *context;
};

static struct address address_of(uint8_t family, const __be32 ip[4], __be16 port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = ip[0]};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port};
    if (family == AF_INET)
        return address_from((struct sockaddr *)&in, sizeof in);
    memcpy(&in6.sin6_addr, ip, sizeof in6.sin6_addr);
    return address_from((struct sockaddr *)&in6, sizeof in6);
}

/* The kernel sets last_data_sent when its handshake is complete, and nobody sends before accepting. */
static void take_info(const struct nlmsghdr *message, struct kernel_request *request)
{
    const struct inet_diag_msg *said = NLMSG_DATA(message);
    int left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof *said));
    const struct tcp_info *info = find_attribute((const void *)(said + 1), left, INET_DIAG_INFO,
                                                 offsetof(struct tcp_info, tcpi_rttvar));
    request->waited_ms = info ? (int64_t)info->tcpi_last_data_sent : -1;
    request->rtt_us = info ? (int64_t)info->tcpi_rtt : -1;
}

static bool take_request(void *context, const struct nlmsghdr *message)
{
    const struct requests *requests = context;
    const struct inet_diag_msg *said = NLMSG_DATA(message);
    /* An inode is given when a request is accepted. */
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof *said) || said->idiag_inode != 0)
        return true;
    struct kernel_request request = {
        .local = address_of(said->idiag_family, said->id.idiag_src, said->id.idiag_sport),
        .peer = address_of(said->idiag_family, said->id.idiag_dst, said->id.idiag_dport),
        .state = said->idiag_state,
        .received_bytes = said->idiag_rqueue,
    };
    /* A FIN stands in the queue as one byte. */
    if (request.state == KERNEL_CLOSE_WAIT && request.received_bytes > 0)
        request.received_bytes--;
    take_info(message, &request);
    return requests->tell(requests->context, &request);
}

/* The filter that the kernel runs for us: both tests must hold. Each takes two words, its operand stands in
 * the second one's `no`; jumping four bytes behind the end is "no". */
enum {
    FILTER_TEST = 2 * sizeof(struct inet_diag_bc_op),
    FILTER = 2 * FILTER_TEST,
};

bool kernel_diag_requests(const struct kernel_question *question, kernel_tell *tell, void *context)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
        struct rtattr attribute;
        struct inet_diag_bc_op filter[4];
    } asked = {
        .header = {.nlmsg_len = sizeof asked,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .request = {.sdiag_family = question->family,
                    .sdiag_protocol = IPPROTO_TCP,
                    .idiag_ext = question->with_info ? 1 << (INET_DIAG_INFO - 1) : 0,
                    .idiag_states = 1 << KERNEL_ESTABLISHED | 1 << KERNEL_CLOSE_WAIT | 1 << KERNEL_SYN_RECV},
        .attribute = {.rta_len = RTA_LENGTH(FILTER), .rta_type = INET_DIAG_REQ_BYTECODE},
        .filter = {{.code = INET_DIAG_BC_S_GE, .yes = FILTER_TEST, .no = FILTER + 4},
                   {.no = question->lowest_port},
                   {.code = INET_DIAG_BC_S_LE, .yes = FILTER_TEST, .no = FILTER_TEST + 4},
                   {.no = question->highest_port}},
    };
    _Static_assert(sizeof asked == NLMSG_LENGTH(sizeof asked.request) + RTA_LENGTH(FILTER), "no padding");
    struct requests requests = {.tell = tell, .context = context};
    return diag_ask(&asked, sizeof asked, take_request, &requests);
}

/* unix_diag */

struct unix_queue {
    bool is_told;
    struct unix_diag_rqlen length;
};

static bool take_unix(void *context, const struct nlmsghdr *message)
{
    struct unix_queue *queue = context;
    const struct unix_diag_msg *said = NLMSG_DATA(message);
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof *said))
        return true;
    int left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof *said));
    const void *found = find_attribute((const void *)(said + 1), left, UNIX_DIAG_RQLEN, sizeof queue->length);
    if (found) {
        memcpy(&queue->length, found, sizeof queue->length);
        queue->is_told = true;
    }
    return true;
}

/* Asks for one listening socket. */
static bool ask_unix(ino_t inode, uint32_t show, take_function *take, void *context)
{
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } asked = {
        .header = {.nlmsg_len = sizeof asked,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST},
        .request = {.sdiag_family = AF_UNIX,
                    .udiag_ino = (uint32_t)inode,
                    .udiag_show = show,
                    .udiag_cookie = {(uint32_t)INET_DIAG_NOCOOKIE, (uint32_t)INET_DIAG_NOCOOKIE}},
    };
    return diag_ask(&asked, sizeof asked, take, context);
}

bool kernel_diag_unix(ino_t inode, int64_t *depth, int64_t *limit)
{
    struct unix_queue queue = {.is_told = false};
    if (!ask_unix(inode, UDIAG_SHOW_RQLEN, take_unix, &queue))
        return false;
    if (!queue.is_told) {
        errno = ENOENT;
        return false;
    }
    /* Of a listening socket the kernel tells the queue's length and its limit in the two (unix_diag.h). */
    *depth = queue.length.udiag_rqueue;
    *limit = queue.length.udiag_wqueue;
    return true;
}

struct unix_clients {
    bool (*tell)(void *context, ino_t client);
    void *context;
};

/* The inodes of those who connect, 0 for one who is gone (UNIX_DIAG_ICONS). */
static bool take_clients(void *context, const struct nlmsghdr *message)
{
    const struct unix_clients *clients = context;
    const struct unix_diag_msg *said = NLMSG_DATA(message);
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof *said))
        return true;
    int left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof *said));
    const struct rtattr *attribute = (const void *)(said + 1);
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        const uint32_t *inodes = RTA_DATA(attribute);
        for (size_t i = 0; attribute->rta_type == UNIX_DIAG_ICONS && i < RTA_PAYLOAD(attribute) / 4; i++) {
            if (inodes[i] != 0 && !clients->tell(clients->context, inodes[i]))
                return false;
        }
    }
    return true;
}

bool kernel_diag_unix_waiting(ino_t inode, bool (*tell)(void *context, ino_t client), void *context)
{
    struct unix_clients clients = {.tell = tell, .context = context};
    return ask_unix(inode, UDIAG_SHOW_ICONS, take_clients, &clients);
}
