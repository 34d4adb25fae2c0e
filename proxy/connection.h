/* One end of a splice: a socket with its transport, its state, and what it still can do.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Both kinds are this one type with the same abilities: a *server connection* is formed when a listener
 * accepts a request, a *client connection* is one that we initiate. Where they begin is their only
 * difference.
 *
 * Before its transport is chosen, what a server connection's peer says first may be read ahead
 * (proxy/preface.h). Whichever transport it will be takes those bytes before it asks the socket.
 *
 * Readiness is remembered: the socket is registered once, edge-triggered, for everything; a direction waits
 * only after the transport said that it would block, and only an event of the socket ends the wait. The end
 * of the stream is a result of reading. A failure belongs to one direction: when writing fails, reading goes
 * on until it has delivered everything that the kernel still holds. */
#ifndef PROXY_CONNECTION_H
#define PROXY_CONNECTION_H

#include "proxy/address.h"
#include "proxy/buffer.h"
#include "proxy/loop.h"
#include "proxy/reason.h"
#include "proxy/report.h"
#include "proxy/spares.h"
#include "proxy/transport.h"
#include "proxy/workbench.h"

#include <stdint.h>

enum connection_kind {
    CONNECTION_SERVER, /* a listener formed it: the end towards their client */
    CONNECTION_CLIENT, /* we initiated it: the end towards their service */
};

enum connection_state {
    CONNECTION_PREFACE,    /* what the peer says first is being read: the transport depends on it */
    CONNECTION_DESCRIBED,  /* whom to reach is known by name only */
    CONNECTION_LOOKING_UP, /* its name is being looked up */
    CONNECTION_REQUESTING, /* connect(2) is under way */
    CONNECTION_SECURING,   /* the TLS handshake is under way */
    CONNECTION_COMPLETE,   /* usable: from here on both kinds are alike */
    CONNECTION_CLOSED,
};

/* What a direction waits for before it is worth trying again. */
enum connection_wait {
    WAIT_NOTHING,
    WAIT_READABLE,
    WAIT_WRITABLE,
};

struct connection {
    struct watch watch; /* the socket in its worker's loop; watch.fd is -1 when there is none */
    const struct transport *transport;
    void *session; /* the transport's own: a struct tls; a struct preface, or NULL where nobody listened */
    uint64_t received;         /* payload bytes read from the peer */
    uint64_t sent;             /* payload bytes taken by the kernel or the transport for the peer */
    uint32_t unsent;           /* bytes that the transport holds because the socket would not take them */
    uint32_t discarded;        /* bytes read and dropped, as far as they can be counted */
    uint16_t busy_before;      /* ms of what the kernel tells that are of the socket's connections before */
    uint8_t state;             /* enum connection_state */
    uint8_t read_waits;        /* enum connection_wait */
    uint8_t write_waits;       /* enum connection_wait */
    uint8_t failure;           /* enum reason: why a direction failed; REASON_NONE while none did */
    uint8_t kind : 1;          /* enum connection_kind */
    bool has_hung_up : 1;      /* RDHUP, HUP or ERR was seen: a short read says nothing any more */
    bool is_gone : 1;          /* HUP or ERR was seen: both directions are over once all is read */
    bool has_urgent : 1;       /* urgent data was announced: as above, and splice(2) stops there */
    bool is_reset : 1;         /* the peer reset it; writing is over, reading goes on to its end */
    bool has_read_ended : 1;   /* reading gave IO_END or IO_FAILED */
    bool has_read_failed : 1;  /* it was IO_FAILED: no orderly end, and writing is over too */
    bool has_write_ended : 1;  /* our end was sent, or writing failed */
    bool has_write_failed : 1; /* writing failed: bytes for this end go nowhere */
    bool ends_by_closing : 1;  /* our end was not sent: closing sends it */
    bool is_kept_alive : 1;    /* keep-alive was turned on */
    bool looks_again : 1;      /* with a wait to write: no event may end it, so time does too */
    struct address peer;
};

/* Makes a connection out of a socket (or -1: a client connection yet to be requested), which from now on is
 * its own. Its transport is plain. Nothing is registered yet. */
void connection_begin(struct connection *connection, enum connection_kind kind, int fd);

/* Registers the socket in `loop`; `ready` is called with the connection's watch at each event, after the
 * connection has noted it with connection_note. NULL when well, else a constant word of errno. */
int connection_watch(struct connection *connection, struct loop *loop, watch_function *ready);

/* Gives the connection a socket that it did not begin with: a client connection's, which becomes REQUESTING.
 */
void connection_request(struct connection *connection, int fd);

/* Takes note of what the socket announced (LOOP_READABLE ...): ends the waits that this answers. */
void connection_note(struct connection *connection, unsigned events);

/* Frees transport and socket. `with_reset`: the peer gets RST and whatever was queued behind it is lost
 * (SO_LINGER with zero, socket(7)); else the kernel goes on delivering what was sent. Accepts one without a
 * socket. Idempotent. */
void connection_close(struct connection *connection, struct loop *loop, bool with_reset);

/* The same of one whose ends were both told in order; the socket of a client connection that could be a new
 * one's is kept for that. */
void connection_retire(struct connection *connection, struct spares *spares);

/* Whether a read that gave `count` of `room` bytes has emptied the socket, so that the next announcement can
 * be waited for. Not when it hung up, for then none would come; nor where reads stop short for other reasons:
 * at the mark of urgent data, and at bytes that came with a descriptor (unix(7)). */
bool connection_was_emptied(const struct connection *connection, size_t count, size_t room);

/* Time has passed: ends a wait that no event may end. Whether there was one. */
bool connection_look_again(struct connection *connection);

/* Whether trying is worth it: nothing has ended and nothing is waited for. */
bool connection_can_read(const struct connection *connection);
bool connection_can_write(const struct connection *connection);

/* Whether it failed in a direction, or before it was complete: no orderly end. */
bool connection_has_failed(const struct connection *connection);

/* Goes on with the handshake (state SECURING, or COMPLETE at once for plain). IO_MOVED: state is COMPLETE. */
enum io connection_secure(struct connection *connection);

/* As the transport's, with the counters, waits and ends kept. IO_END and IO_FAILED are remembered:
 * has_read_ended. */
enum io connection_read(struct connection *connection, void *bytes, size_t room, size_t *moved);

/* As the transport's. IO_FAILED is remembered: has_write_failed, has_write_ended. */
enum io connection_write(struct connection *connection, const void *bytes, size_t length, size_t *moved);

/* Whether payload can go into the socket as it is, by connection_write_pipe: where the transport is raw, or
 * has the kernel do the rest from now on. Called with nothing unsent. */
bool connection_takes_raw(struct connection *connection);

/* The first two by way of a pipe: from a raw transport, and into one that takes what is raw. */
enum io connection_read_pipe(struct connection *connection, struct pipe *pipe, size_t most, size_t *moved);
enum io connection_write_pipe(struct connection *connection, struct pipe *pipe, bool has_more, size_t *moved);

/* As the transport's: IO_MOVED when the end is sent, IO_FAILED when the peer is gone already, which is no
 * failure to deliver anything. has_write_ended is set after either. */
enum io connection_finish(struct connection *connection);

/* The same where the transport is raw, the peer has ended and the connection is closed in this turn: closing
 * tells the peer, and a system call is saved. */
void connection_finish_by_closing(struct connection *connection);

/* Reads and drops what has come, whatever the transport, so that closing does not turn into a reset of what
 * we sent (RFC 1122, section 4.2.2.13). Reading means nothing any more afterwards. IO_MOVED: there may be
 * more, others first; IO_WANT_READ; IO_END: the peer's direction is over, in whatever way. */
enum io connection_discard(struct connection *connection);

/* Bytes that we sent and the peer's kernel has not acknowledged (SIOCOUTQ, tcp(7)); 0 when it cannot be told.
 */
size_t connection_unacknowledged(const struct connection *connection);

/* Tells about it, but for what only its splice and its transport know (buffered_bytes, last_moved_ms, tls).
 * `with_kernel`: its own address and the kernel's figures too, at the cost of a few system calls. */
void connection_report(const struct connection *connection, bool with_kernel,
                       struct report_connection *report);

/* What a failed system call on this socket means, as a reason; and marks the connection reset where it does.
 */
enum reason connection_blame(struct connection *connection, int error);

#endif
