/* A transport that does as a script says: short reads, would-blocks either way, wants the other way, ends,
 * failures, bytes that it holds back.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What it gives is a stream of the pattern (tests/proxy/sockets.h); what it takes has to be the pattern of
 * another one, whole and in order. It also watches its caller: whoever calls against the contract of
 * proxy/transport.h, or does not keep a wait, is told of by fake_complaint. Nothing is announced by itself:
 * fake_announce stands for the loop. */
#ifndef TESTS_PROXY_FAKE_TRANSPORT_H
#define TESTS_PROXY_FAKE_TRANSPORT_H

#include "proxy/connection.h"
#include "tests/proxy/chance.h"

/* What one call does. */
enum fake_what {
    FAKE_REST,       /* the script is over: this and every further call moves all that it can */
    FAKE_MOVE,       /* moves up to .amount bytes */
    FAKE_MOVE_LAST,  /* likewise, and says at once that the socket has or takes no more */
    FAKE_HOLD,       /* write: takes everything, of which up to .amount waits inside for a writable socket */
    FAKE_WANT_READ,  /* would block */
    FAKE_WANT_WRITE, /* would block */
    FAKE_FAIL,       /* fails with .amount as errno */
};

struct fake_step {
    enum fake_what what;
    size_t amount;
};

/* What comes after the last byte that it gives. */
enum fake_end {
    FAKE_STAYS_OPEN,
    FAKE_ENDS,
    FAKE_BREAKS, /* with fake_plan.error */
};

/* All zero: it gives nothing, stays open and takes everything. */
struct fake_plan {
    unsigned gives; /* names of streams */
    unsigned takes;
    uint64_t length; /* of what it gives */
    enum fake_end end;
    int error;
    bool is_raw; /* as plain is; then it must not give so much that splice(2) would be tried */
    const struct fake_step *handshakes; /* scripts, ending with { 0 }; NULL is an empty one */
    const struct fake_step *reads;
    const struct fake_step *writes;
    const struct fake_step *finishes;
    struct chance *chance; /* every call by chance instead, ... */
    unsigned awkward;      /* ... would-blocks in so many of a hundred, ... */
    unsigned failing;      /* ... failures in so many of ten thousand */
};

/* One end's transport and its memory. Its insides are fake_transport.c's. */
struct fake {
    struct connection *connection;
    struct fake_plan plan;
    const struct fake *origin;
    uint64_t given;
    uint64_t taken;
    unsigned finishes;
    unsigned closes;
    unsigned read_waits;  /* events that end the wait; 0: none is kept */
    unsigned write_waits; /* likewise */
    bool has_given_end;
    bool has_read_failed;
    bool has_write_failed;
    const char *complaint;
};

/* Gives a connection, begun without a socket, this transport. It is COMPLETE, or SECURING when there is a
 * script of handshakes. */
void fake_begin(struct fake *fake, struct connection *connection, const struct fake_plan *plan);

/* Says whose bytes this one takes: then an end that is passed on before all of them, or though reading them
 * failed, is complained of. */
void fake_expect(struct fake *fake, const struct fake *origin);

/* The loop announces LOOP_READABLE, LOOP_WRITABLE, LOOP_HANGUP. */
void fake_announce(struct fake *fake, unsigned events);

/* What has happened. */
uint64_t fake_given(const struct fake *fake);
uint64_t fake_arrived(const struct fake *fake);  /* taken and not held back */
unsigned fake_finishes(const struct fake *fake); /* ends that were sent */
unsigned fake_closes(const struct fake *fake);

/* What the caller did wrong first; NULL: nothing. */
const char *fake_complaint(const struct fake *fake);

#endif
