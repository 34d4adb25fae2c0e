/* Tests of flows between real sockets: copying changes over to splice(2) and back, and pipes come and go.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/flow.h"
#include "tests/proxy/chance.h"
#include "tests/proxy/sockets.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    PATIENCE_MS = 20000,
    STALL_MS = 3000,
};

/* Two peers of ours, each at one of our connections; flows and streams are named by the end that they come
 * from. */
struct scene {
    struct loop loop;
    struct workbench bench;
    struct connection ends[2];
    struct flow flows[2];
    int peers[2];
    struct stream streams[2];
    bool is_broken;
    bool has_more;       /* a flow's budget ended its turn */
    bool has_spliced[2]; /* since it was last asked: a flow did */
};

static void note(struct watch *watch, unsigned events)
{
    connection_note(list_owner(watch, struct connection, watch), events);
}

static void scene_begin(struct scene *scene, enum pair_kind first, enum pair_kind second, unsigned max_pipes)
{
    const enum pair_kind kinds[] = {first, second};
    *scene = (struct scene){.streams = {{.name = 0}, {.name = 1}}};
    CU_ASSERT_PTR_NULL_FATAL(loop_open(&scene->loop));
    CU_ASSERT_PTR_NULL_FATAL(workbench_begin(&scene->bench, 0, max_pipes));
    for (unsigned i = 0; i < 2; i++) {
        int pair[2];
        pair_open(kinds[i], pair);
        connection_begin(&scene->ends[i], CONNECTION_SERVER, pair[0]);
        scene->ends[i].peer.family = kinds[i] == PAIR_UNIX ? AF_UNIX : AF_INET;
        scene->peers[i] = pair[1];
        CU_ASSERT_EQUAL_FATAL(connection_watch(&scene->ends[i], &scene->loop, note), 0);
        flow_begin(&scene->flows[i], &scene->ends[i], &scene->ends[1 - i]);
    }
}

static void scene_end(struct scene *scene)
{
    CU_ASSERT_FALSE(scene->is_broken);
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT_FALSE(scene->streams[i].is_garbled);
        flow_end(&scene->flows[i], &scene->bench);
        connection_close(&scene->ends[i], &scene->loop, false);
        end_close(&scene->peers[i]);
    }
    workbench_end(&scene->bench);
    loop_close(&scene->loop);
}

/* One turn of the loop, and one of each flow. */
static void turn(struct scene *scene, int wait_ms)
{
    loop_turn(&scene->loop, scene->has_more ? 0 : wait_ms);
    scene->has_more = false;
    for (unsigned i = 0; i < 2; i++) {
        enum flow_outcome outcome = flow_move(&scene->flows[i], &scene->bench, NULL);
        scene->is_broken |= outcome == FLOW_BROKEN;
        scene->has_more |= outcome == FLOW_AGAIN;
        scene->has_spliced[i] |= scene->flows[i].is_splicing;
    }
}

static size_t give(struct scene *scene, unsigned from, size_t most)
{
    return stream_write(&scene->streams[from], scene->peers[from], most);
}

static size_t take(struct scene *scene, unsigned from, size_t most)
{
    return stream_read(&scene->streams[from], scene->peers[1 - from], most);
}

/* Sends so much through at once, from the end of that number, and waits for all of it. */
static void pass(struct scene *scene, unsigned from, uint64_t length)
{
    struct stream *stream = &scene->streams[from];
    uint64_t until = stream->written + length, began = loop_clock_ms();
    while (stream->read < until && loop_clock_ms() - began < PATIENCE_MS) {
        give(scene, from, until - stream->written);
        turn(scene, 10);
        take(scene, from, 1024 * 1024);
    }
    CU_ASSERT_EQUAL(stream->read, until);
}

/* The same in pieces, each of which arrives before the next is sent. */
static void pass_in_pieces(struct scene *scene, unsigned from, unsigned count, size_t piece)
{
    while (count-- > 0)
        pass(scene, from, piece);
}

static bool has_spliced(struct scene *scene, unsigned from)
{
    bool result = scene->has_spliced[from];
    scene->has_spliced[from] = false;
    return result;
}

/* Passes megabytes until they have been spliced: where the kernel is short of memory for TCP, the first
 * come in small portions. */
static void pass_in_bulk(struct scene *scene, unsigned from)
{
    uint64_t began = loop_clock_ms();
    do {
        pass(scene, from, 8 * 1024 * 1024);
    } while (!scene->has_spliced[from] && loop_clock_ms() - began < PATIENCE_MS);
    CU_ASSERT_TRUE(has_spliced(scene, from));
}

static void check_change(enum pair_kind first, enum pair_kind second)
{
    struct scene scene;
    scene_begin(&scene, first, second, 4);
    for (unsigned round = 0; round < 2; round++) {
        pass_in_pieces(&scene, 0, 20, 1000);
        CU_ASSERT_FALSE(scene.flows[0].is_splicing);
        has_spliced(&scene, 0);
        pass_in_bulk(&scene, 0);
        CU_ASSERT_FALSE(has_spliced(&scene, 1)); /* each flow for itself */
    }
    pass(&scene, 1, 100);
    scene_end(&scene);
}

static void bulk_changes_over_to_splicing_and_back(void)
{
    check_change(PAIR_TCP, PAIR_TCP);
    check_change(PAIR_TCP, PAIR_UNIX);
    check_change(PAIR_UNIX, PAIR_TCP);
    check_change(PAIR_UNIX, PAIR_UNIX);
}

static void without_a_pipe_to_be_had_bytes_are_copied(void)
{
    struct scene scene;
    scene_begin(&scene, PAIR_TCP, PAIR_UNIX, 0);
    pass(&scene, 0, 8 * 1024 * 1024);
    CU_ASSERT_FALSE(scene.flows[0].is_splicing);
    scene_end(&scene);
}

/* A small segment takes up a place of the pipe like a big one. Big ones before them have the flow splice. */
static void small_segments_pass_while_splicing(void)
{
    struct scene scene;
    scene_begin(&scene, PAIR_UNIX, PAIR_TCP, 1);
    for (unsigned round = 0; round < 20; round++) {
        pass(&scene, 0, 1024 * 1024);
        for (unsigned i = 0; i < 100; i++)
            CU_ASSERT_EQUAL(give(&scene, 0, 3), 3);
        pass(&scene, 0, 1);
    }
    CU_ASSERT_TRUE(has_spliced(&scene, 0));
    scene_end(&scene);
}

/* Fills up a flow that splices until its receiver takes no more. */
static void fill_up(struct scene *scene)
{
    pass_in_bulk(scene, 0);
    for (unsigned still = 0; still < 20; still++) {
        if (give(scene, 0, 1024 * 1024) > 0)
            still = 0;
        turn(scene, 5);
    }
}

static void a_full_pipe_stops_reading_and_goes_on_later(void)
{
    struct scene scene;
    scene_begin(&scene, PAIR_TCP, PAIR_TCP, 1);
    fill_up(&scene);
    CU_ASSERT_TRUE(flow_held(&scene.flows[0]) > 0 && flow_held(&scene.flows[0]) <= PIPE_SIZE);
    pass(&scene, 1, 50000); /* the other way is open */
    pass(&scene, 0, 1);
    CU_ASSERT_EQUAL(flow_held(&scene.flows[0]), 0);
    scene_end(&scene);
}

static void a_flow_that_dies_with_bytes_in_its_pipe_closes_it(void)
{
    struct scene scene;
    scene_begin(&scene, PAIR_TCP, PAIR_TCP, 1);
    fill_up(&scene);
    unsigned before = descriptors_open();
    CU_ASSERT_TRUE(flow_held(&scene.flows[0]) > 0);
    flow_end(&scene.flows[0], &scene.bench);
    CU_ASSERT_EQUAL(flow_held(&scene.flows[0]), 0);
    CU_ASSERT_EQUAL(descriptors_open(), before - 2);
    scene_end(&scene);
}

static void an_end_after_splicing_comes_after_the_last_byte(void)
{
    struct scene scene;
    uint64_t began = loop_clock_ms();
    scene_begin(&scene, PAIR_TCP, PAIR_TCP, 1);
    fill_up(&scene);
    shutdown(scene.peers[0], SHUT_WR);
    while (!scene.streams[0].has_ended && loop_clock_ms() - began < PATIENCE_MS) {
        turn(&scene, 10);
        take(&scene, 0, 100000);
    }
    CU_ASSERT_EQUAL(scene.streams[0].read, scene.streams[0].written);
    CU_ASSERT_TRUE(flow_is_over(&scene.flows[0]));
    pass(&scene, 1, 100000);
    scene_end(&scene);
}

static void what_came_before_a_reset_arrives_though_it_was_spliced(void)
{
    struct scene scene;
    scene_begin(&scene, PAIR_TCP, PAIR_UNIX, 1);
    pass_in_bulk(&scene, 0);
    give(&scene, 0, 100000);
    turn(&scene, 50);
    give(&scene, 0, 60000);
    end_reset(&scene.peers[0]);
    uint64_t began = loop_clock_ms();
    while (!flow_is_over(&scene.flows[0]) && loop_clock_ms() - began < PATIENCE_MS) {
        turn(&scene, 10);
        take(&scene, 0, 100000);
    }
    take(&scene, 0, 1000000);
    CU_ASSERT_EQUAL(scene.streams[0].read, scene.ends[0].received);
    CU_ASSERT_TRUE(scene.ends[0].is_reset);
    CU_ASSERT_FALSE(scene.streams[0].has_ended);
    scene_end(&scene);
}

/* splice(2) does not go past the mark of urgent data; only recv does. */
static void urgent_data_does_not_stop_a_flow_that_splices(void)
{
    struct scene scene;
    int on = 1;
    scene_begin(&scene, PAIR_TCP, PAIR_TCP, 1);
    setsockopt(scene.ends[0].watch.fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
    pass_in_bulk(&scene, 0);
    give(&scene, 0, 500000);
    turn(&scene, 10);
    struct stream *stream = &scene.streams[0];
    unsigned char urgent = pattern_byte(stream->name, stream->written);
    CU_ASSERT_EQUAL(send(scene.peers[0], &urgent, 1, MSG_OOB), 1);
    stream->written++;
    pass(&scene, 0, 8 * 1024 * 1024);
    scene_end(&scene);
}

/* Both peers write and read as chance has it; whatever one has written, the other gets. */
static void play(struct chance *chance, enum pair_kind first, enum pair_kind second)
{
    struct scene scene;
    uint64_t goals[2];
    bool has_shut[2] = {false, false};
    scene_begin(&scene, first, second, (unsigned)chance_below(chance, 3));
    for (unsigned i = 0; i < 2; i++)
        goals[i] = chance_below(chance, chance_in_hundred(chance, 50) ? 20000 : 6000000);
    uint64_t seen = UINT64_MAX, since = loop_clock_ms();
    while (!(scene.streams[0].has_ended && scene.streams[1].has_ended) &&
           loop_clock_ms() - since < STALL_MS) {
        for (unsigned i = 0; i < 2; i++) {
            uint64_t left = goals[i] - scene.streams[i].written;
            uint64_t piece = 1 + chance_below(chance, chance_in_hundred(chance, 50) ? 300 : 400000);
            if (chance_in_hundred(chance, 60))
                give(&scene, i, left < piece ? left : piece);
            if (!has_shut[i] && scene.streams[i].written == goals[i])
                has_shut[i] = shutdown(scene.peers[i], SHUT_WR) == 0;
            if (chance_in_hundred(chance, 60))
                take(&scene, i, 1 + chance_below(chance, 500000));
        }
        turn(&scene, 1);
        uint64_t moved = scene.streams[0].read + scene.streams[1].read + scene.streams[0].written +
                         scene.streams[1].written + scene.streams[0].has_ended + scene.streams[1].has_ended;
        if (moved != seen)
            since = loop_clock_ms();
        seen = moved;
    }
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(scene.streams[i].read, goals[i]);
        CU_ASSERT_TRUE(scene.streams[i].has_ended);
        CU_ASSERT_TRUE(flow_is_over(&scene.flows[i]));
    }
    scene_end(&scene);
}

static void bytes_arrive_whole_between_real_sockets_too(void)
{
    struct chance chance;
    chance_begin(&chance);
    for (unsigned i = 0; i < 40; i++)
        play(&chance, i & 1 ? PAIR_TCP : PAIR_UNIX, i & 2 ? PAIR_TCP : PAIR_UNIX);
}

static const struct test tests[] = {
    TEST(bulk_changes_over_to_splicing_and_back),
    TEST(without_a_pipe_to_be_had_bytes_are_copied),
    TEST(small_segments_pass_while_splicing),
    TEST(a_full_pipe_stops_reading_and_goes_on_later),
    TEST(a_flow_that_dies_with_bytes_in_its_pipe_closes_it),
    TEST(an_end_after_splicing_comes_after_the_last_byte),
    TEST(what_came_before_a_reset_arrives_though_it_was_spliced),
    TEST(urgent_data_does_not_stop_a_flow_that_splices),
    TEST(bytes_arrive_whole_between_real_sockets_too),
    {0},
};

const struct suite flow_sockets_suite = {.noun = "flow_sockets", .tests = tests};
