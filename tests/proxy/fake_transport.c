/* A transport that does as a script says: short reads, would-blocks either way, wants the other way, ends,
 * failures, bytes that it holds back.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/fake_transport.h"

#include "tests/proxy/sockets.h"

#include <errno.h>

static void complain(struct fake *fake, const char *complaint)
{
    if (!fake->complaint)
        fake->complaint = complaint;
}

/* A call of any kind, by chance. */
static struct fake_step step_by_chance(const struct fake *fake, bool may_hold)
{
    static const size_t sizes[] = {1, 7, 100, 5000, 65536, 1000000};
    struct chance *chance = fake->plan.chance;
    if (chance_below(chance, 10000) < fake->plan.failing)
        return (struct fake_step){FAKE_FAIL, chance_in_hundred(chance, 50) ? ECONNRESET : ETIMEDOUT};
    if (chance_in_hundred(chance, fake->plan.awkward))
        return (struct fake_step){chance_in_hundred(chance, 50) ? FAKE_WANT_READ : FAKE_WANT_WRITE, 0};
    size_t amount = 1 + chance_below(chance, sizes[chance_below(chance, sizeof sizes / sizeof *sizes)]);
    if (may_hold && chance_in_hundred(chance, 20))
        return (struct fake_step){FAKE_HOLD, amount};
    return (struct fake_step){chance_in_hundred(chance, 30) ? FAKE_MOVE_LAST : FAKE_MOVE, amount};
}

static struct fake_step next_step(const struct fake *fake, const struct fake_step **script, bool may_hold)
{
    if (fake->plan.chance)
        return step_by_chance(fake, may_hold);
    struct fake_step step = *script ? **script : (struct fake_step){FAKE_REST, 0};
    if (step.what != FAKE_REST)
        ++*script;
    return step;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A would-block, and the event that ends the wait. */
static enum io block(unsigned *waits, enum fake_what what)
{
    *waits = what == FAKE_WANT_READ ? LOOP_READABLE : LOOP_WRITABLE;
    return what == FAKE_WANT_READ ? IO_WANT_READ : IO_WANT_WRITE;
}

static enum io fake_handshake(struct connection *connection)
{
    struct fake *fake = connection->session;
    struct fake_step step = next_step(fake, &fake->plan.handshakes, false);
    if (step.what == FAKE_FAIL) {
        connection_blame(connection, (int)step.amount);
        return IO_FAILED;
    }
    return step.what == FAKE_WANT_READ || step.what == FAKE_WANT_WRITE ? block(&fake->read_waits, step.what)
                                                                       : IO_MOVED;
}

static enum io fail_reading(struct fake *fake, int error)
{
    connection_blame(fake->connection, error);
    fake->has_read_failed = true;
    return IO_FAILED;
}

static enum io fake_read(struct connection *connection, void *bytes, size_t room, size_t *moved)
{
    struct fake *fake = connection->session;
    struct fake_step step = next_step(fake, &fake->plan.reads, false);
    uint64_t left = fake->plan.length - fake->given;
    *moved = 0;
    if (fake->read_waits)
        complain(fake, "it was read though it had said that it would block");
    if (fake->has_given_end || fake->has_read_failed)
        complain(fake, "it was read after its end");
    if (step.what == FAKE_WANT_READ || step.what == FAKE_WANT_WRITE)
        return block(&fake->read_waits, step.what);
    if (step.what == FAKE_FAIL)
        return fail_reading(fake, (int)step.amount);
    if (left == 0) {
        if (fake->plan.end == FAKE_STAYS_OPEN)
            return block(&fake->read_waits, FAKE_WANT_READ);
        if (fake->plan.end == FAKE_BREAKS)
            return fail_reading(fake, fake->plan.error);
        fake->has_given_end = true;
        return IO_END;
    }
    *moved = smaller(room, left);
    if (step.what != FAKE_REST)
        *moved = smaller(*moved, step.amount);
    pattern_fill(fake->plan.gives, fake->given, bytes, *moved);
    fake->given += *moved;
    if (step.what == FAKE_MOVE_LAST) {
        connection->read_waits = WAIT_READABLE;
        fake->read_waits = LOOP_READABLE;
    }
    return IO_MOVED;
}

static enum io fail_writing(struct fake *fake, int error)
{
    connection_blame(fake->connection, error);
    fake->has_write_failed = true;
    return IO_FAILED;
}

/* One step towards sending what is held back. IO_MOVED: nothing is any more. */
static enum io flush(struct fake *fake)
{
    struct connection *connection = fake->connection;
    if (connection->unsent == 0)
        return IO_MOVED;
    struct fake_step step = next_step(fake, &fake->plan.writes, true);
    if (step.what == FAKE_FAIL)
        return fail_writing(fake, (int)step.amount);
    if (step.what == FAKE_WANT_READ)
        return block(&fake->write_waits, FAKE_WANT_READ);
    if (step.what == FAKE_REST)
        connection->unsent = 0;
    else
        connection->unsent -= (uint32_t)smaller(step.amount, connection->unsent);
    return connection->unsent == 0 ? IO_MOVED : block(&fake->write_waits, FAKE_WANT_WRITE);
}

static void take(struct fake *fake, const void *bytes, size_t length)
{
    if (!pattern_holds(fake->plan.takes, fake->taken, bytes, length))
        complain(fake, "a byte was not what its place says");
    if (fake->finishes > 0)
        complain(fake, "bytes came after the end");
    fake->taken += length;
}

static enum io fake_write(struct connection *connection, const void *bytes, size_t length, size_t *moved)
{
    struct fake *fake = connection->session;
    *moved = 0;
    if (fake->write_waits)
        complain(fake, "it was written to though it had said that it would block");
    if (fake->has_write_failed || fake->has_read_failed)
        complain(fake, "it was written to after its failure");
    enum io io = flush(fake);
    if (io != IO_MOVED || length == 0)
        return io;
    struct fake_step step = next_step(fake, &fake->plan.writes, true);
    if (step.what == FAKE_WANT_READ || step.what == FAKE_WANT_WRITE)
        return block(&fake->write_waits, step.what);
    if (step.what == FAKE_FAIL)
        return fail_writing(fake, (int)step.amount);
    bool is_part = step.what == FAKE_MOVE || step.what == FAKE_MOVE_LAST;
    *moved = is_part ? smaller(step.amount, length) : length;
    take(fake, bytes, *moved);
    if (step.what == FAKE_HOLD)
        connection->unsent = (uint32_t)smaller(step.amount, *moved);
    if (step.what == FAKE_MOVE_LAST) {
        connection->write_waits = WAIT_WRITABLE;
        fake->write_waits = LOOP_WRITABLE;
    }
    return IO_MOVED;
}

/* An end may be told when everything that came from where the bytes come from has been taken, and it ended in
 * order. */
static void judge_finish(struct fake *fake)
{
    const struct fake *origin = fake->origin;
    if (fake->finishes > 0)
        complain(fake, "the end was told twice");
    if (origin && (!origin->has_given_end || origin->has_read_failed))
        complain(fake, "an end was told that there was not");
    if (origin && fake->taken != origin->given)
        complain(fake, "the end was told before the last byte");
}

static enum io fake_finish(struct connection *connection)
{
    struct fake *fake = connection->session;
    if (fake->write_waits)
        complain(fake, "it was finished though it had said that it would block");
    enum io io = flush(fake);
    if (io != IO_MOVED)
        return io;
    struct fake_step step = next_step(fake, &fake->plan.finishes, false);
    if (step.what == FAKE_WANT_READ || step.what == FAKE_WANT_WRITE)
        return block(&fake->write_waits, step.what);
    if (step.what == FAKE_FAIL)
        return fail_writing(fake, (int)step.amount);
    judge_finish(fake);
    fake->finishes++;
    return IO_MOVED;
}

static void fake_close(struct connection *connection)
{
    struct fake *fake = connection->session;
    fake->closes++;
    connection->session = NULL;
}

#define FAKE_TRANSPORT(raw)                                                                                  \
    {                                                                                                        \
        .name = "fake", .is_raw = (raw), .handshake = fake_handshake, .read = fake_read,                     \
        .write = fake_write, .finish = fake_finish, .close = fake_close,                                     \
    }
static const struct transport transports[] = {FAKE_TRANSPORT(false), FAKE_TRANSPORT(true)};

void fake_begin(struct fake *fake, struct connection *connection, const struct fake_plan *plan)
{
    *fake = (struct fake){.connection = connection, .plan = *plan, .read_waits = LOOP_READABLE};
    connection->transport = &transports[plan->is_raw];
    connection->session = fake;
    connection->state = plan->handshakes ? CONNECTION_SECURING : CONNECTION_COMPLETE;
}

void fake_expect(struct fake *fake, const struct fake *origin)
{
    fake->origin = origin;
}

void fake_announce(struct fake *fake, unsigned events)
{
    if (events & fake->read_waits)
        fake->read_waits = 0;
    if (events & fake->write_waits)
        fake->write_waits = 0;
    connection_note(fake->connection, events);
}

uint64_t fake_given(const struct fake *fake)
{
    return fake->given;
}

uint64_t fake_arrived(const struct fake *fake)
{
    return fake->taken - fake->connection->unsent;
}

unsigned fake_finishes(const struct fake *fake)
{
    return fake->finishes;
}

unsigned fake_closes(const struct fake *fake)
{
    return fake->closes;
}

const char *fake_complaint(const struct fake *fake)
{
    return fake->complaint;
}
