/* Tests of both flows of a splice over schedules by chance: whatever the transports do, bytes out are a
 * prefix of bytes in, and nothing stands still when both sides can go on.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/flow.h"
#include "tests/proxy/fake_transport.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SCHEDULES = 400,
    PATIENCE = 5000, /* rounds in which anything may be announced and yet nothing moves */
};

/* What a schedule is like, and the two connections it happens to. */
struct scene {
    struct chance chance;
    struct connection ends[2];
    struct fake fakes[2];
    struct flow flows[2]; /* out of the end of the same number */
    uint64_t lengths[2];
    bool may_fail;
    const char *wrong;
};

static struct workbench bench;

static int begin(void)
{
    return workbench_begin(&bench, 0, 0) ? 1 : 0;
}

static int end(void)
{
    workbench_end(&bench);
    return 0;
}

static uint64_t some_length(struct chance *chance)
{
    static const uint64_t bounds[] = {1, 2, 1000, 100000, 2000000};
    return chance_below(chance, bounds[chance_below(chance, sizeof bounds / sizeof *bounds)]);
}

static void scene_begin(struct scene *scene, uint64_t seed, bool may_fail)
{
    *scene = (struct scene){.may_fail = may_fail};
    struct chance *chance = &scene->chance;
    chance_seed(chance, seed);
    unsigned awkward = (unsigned)chance_below(chance, 90),
             failing = may_fail ? (unsigned)chance_below(chance, 300) : 0;
    for (unsigned i = 0; i < 2; i++) {
        bool breaks = may_fail && chance_in_hundred(chance, 20);
        scene->lengths[i] = some_length(chance);
        struct fake_plan plan = {
            .gives = i,
            .takes = 1 - i,
            .length = scene->lengths[i],
            .end = breaks ? FAKE_BREAKS : FAKE_ENDS,
            .error = chance_in_hundred(chance, 50) ? ECONNRESET : ETIMEDOUT,
            .chance = chance,
            .awkward = awkward,
            .failing = failing,
        };
        connection_begin(&scene->ends[i], i == 0 ? CONNECTION_SERVER : CONNECTION_CLIENT, -1);
        fake_begin(&scene->fakes[i], &scene->ends[i], &plan);
        flow_begin(&scene->flows[i], &scene->ends[i], &scene->ends[1 - i]);
    }
    fake_expect(&scene->fakes[0], &scene->fakes[1]);
    fake_expect(&scene->fakes[1], &scene->fakes[0]);
}

static void scene_end(struct scene *scene)
{
    for (unsigned i = 0; i < 2; i++) {
        flow_end(&scene->flows[i], &bench);
        connection_close(&scene->ends[i], NULL, false);
    }
}

static bool is_over(const struct scene *scene)
{
    return flow_is_over(&scene->flows[0]) && flow_is_over(&scene->flows[1]);
}

/* Grows with everything that happens. */
static uint64_t progress(const struct scene *scene)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < 2; i++)
        sum += fake_given(&scene->fakes[i]) + fake_arrived(&scene->fakes[i]) +
               fake_finishes(&scene->fakes[i]) + scene->ends[i].has_read_ended +
               scene->ends[i].has_write_ended;
    return sum;
}

static void announce_something(struct scene *scene)
{
    for (unsigned i = 0; i < 2; i++) {
        unsigned events = (unsigned)chance_below(&scene->chance, 4);
        if (scene->ends[i].has_read_ended && chance_in_hundred(&scene->chance, 10))
            events |= LOOP_HANGUP;
        fake_announce(&scene->fakes[i], events);
    }
}

static void judge(struct scene *scene)
{
    for (unsigned i = 0; i < 2 && !scene->wrong; i++) {
        const struct flow *flow = &scene->flows[i];
        uint64_t arrived = fake_arrived(&scene->fakes[1 - i]), given = fake_given(&scene->fakes[i]);
        scene->wrong = fake_complaint(&scene->fakes[i]);
        if (!scene->wrong && !flow->to->has_write_failed &&
            given != arrived + flow_held(flow) + flow->to->unsent)
            scene->wrong = "bytes were lost on the way";
        if (!scene->wrong && flow_held(flow) > WORKBENCH_PLAIN)
            scene->wrong = "a vessel grew";
    }
}

/* Plays one schedule to its end. */
static void play(struct scene *scene)
{
    uint64_t before = progress(scene);
    for (unsigned rounds = 0; !is_over(scene) && !scene->wrong; rounds++) {
        announce_something(scene);
        unsigned first = (unsigned)chance_below(&scene->chance, 2);
        flow_move(&scene->flows[first], &bench, NULL);
        if (chance_in_hundred(&scene->chance, 70))
            flow_move(&scene->flows[1 - first], &bench, NULL);
        judge(scene);
        if (progress(scene) != before)
            rounds = 0;
        before = progress(scene);
        if (rounds > PATIENCE)
            scene->wrong = "nothing moved any more";
    }
}

/* A flow that was well has delivered all, and the end. */
static void judge_result(struct scene *scene, unsigned from)
{
    const struct connection *giver = &scene->ends[from], *taker = &scene->ends[1 - from];
    bool is_well = !giver->has_read_failed && !giver->has_write_failed && !taker->has_read_failed &&
                   !taker->has_write_failed;
    if (scene->wrong || !is_well)
        return;
    if (fake_arrived(&scene->fakes[1 - from]) != scene->lengths[from])
        scene->wrong = "not everything arrived";
    else if (fake_finishes(&scene->fakes[1 - from]) != 1 && !scene->may_fail) /* telling it may fail, too */
        scene->wrong = "the end did not arrive";
}

static void play_many(bool may_fail)
{
    struct chance chance;
    chance_begin(&chance);
    bool is_alone = getenv("SPLICED_TEST_SEED") != NULL;
    for (unsigned i = 0; i < SCHEDULES; i++) {
        struct scene scene;
        uint64_t seed = is_alone ? chance.seed : chance_below(&chance, 1000000000);
        scene_begin(&scene, seed, may_fail);
        play(&scene);
        judge_result(&scene, 0);
        judge_result(&scene, 1);
        if (scene.wrong)
            printf("(schedule of seed %llu: %s) ", (unsigned long long)seed, scene.wrong);
        CU_ASSERT_PTR_NULL(scene.wrong);
        scene_end(&scene);
        if (is_alone || scene.wrong)
            return;
    }
}

static void bytes_arrive_whole_and_in_order_whatever_the_schedule(void)
{
    play_many(false);
}

static void failures_take_nothing_from_what_was_well(void)
{
    play_many(true);
}

static const struct test tests[] = {
    TEST(bytes_arrive_whole_and_in_order_whatever_the_schedule),
    TEST(failures_take_nothing_from_what_was_well),
    {0},
};

const struct suite flow_schedules_suite = {
    .noun = "flow_schedules", .begin = begin, .end = end, .tests = tests};
