/* Tests of the daemon: a hundred admin clients at once, many of them slow or silent, while thousands of
 * splices are open. Who asks for health is answered, and the long form prints how quickly.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"
#include "tests/daemon/herd.h"
#include "tests/daemon/suites.h"
#include "tests/daemon/wire.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    SHORT = 200,
    LONG = 6000,
    SHORT_MS = 3000,
    LONG_MS = 30000,
    KINDS = 4, /* of slow clients */
    SLOW_OF_A_KIND = 10,
    BUSY = 60,
    RETRY_AFTER_MS = 1000, /* what a refusal says */
    STEP_MS = 50,          /* of a slow client */
    PROBE_MS = 20,         /* between two questions for health */
};

static struct herd herd;
static atomic_bool is_over;

/* One of the crowd. They stand for other machines, and leave the processors to the daemon: each steps back.
 */
struct guest {
    pthread_t thread;
    unsigned number;
    unsigned served;
    unsigned refused;
    unsigned sent_away; /* before it had asked: it was long in coming to it */
};

static void step_back(void)
{
    setpriority(PRIO_PROCESS, 0, 19);
}

/* The slow ones: what each says at first, and whether it goes on with a byte at a time. */
static const struct manner {
    const char *says;
    bool goes_on; /* with letters of a header */
    bool reads;   /* a few bytes at a time */
} manners[KINDS] = {
    {"", false, false},
    {"GET /v1/splices HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", true, false},
    {"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n", false, false},
    {"GET /v1/splices?limit=10000 HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n", false,
     true},
};

/* Whether the connection still stands after one step of slowness. */
static bool dawdle(struct wire *wire, const struct manner *manner)
{
    char bytes[64];
    struct pollfd poll_fd = {.fd = wire->fd, .events = POLLIN};
    usleep(STEP_MS * 1000);
    if (manner->goes_on && !wire_write(wire, "a", 1))
        return false;
    if (poll(&poll_fd, 1, 0) == 0)
        return true;
    if (manner->reads)
        return wire_read(wire, bytes, sizeof bytes) > 0;
    return !(poll_fd.revents & (POLLIN | POLLHUP | POLLERR));
}

/* Comes back whenever it is sent away. */
static void *slow_run(void *context)
{
    struct guest *guest = context;
    const struct manner *manner = &manners[guest->number % KINDS];
    step_back();
    while (!atomic_load(&is_over)) {
        struct wire wire = wire_dial(harness_admin());
        bool stands = wire.fd >= 0 && wire_write(&wire, manner->says, strlen(manner->says));
        while (stands && !atomic_load(&is_over))
            stands = dawdle(&wire, manner);
        wire_close(&wire);
        guest->served++;
    }
    return NULL;
}

static void *busy_run(void *context)
{
    static const char *const paths[] = {"/v1/splices?limit=10000", "/metrics",
                                        "/v1/splices?limit=100",   "/v1/connections?limit=10000",
                                        "/v1/listeners",           "/v1/stats"};
    struct guest *guest = context;
    step_back();
    while (!atomic_load(&is_over)) {
        int status;
        free(asking_fetch(harness_admin(), paths[guest->number % (sizeof paths / sizeof *paths)], "*/*",
                          &status));
        guest->served += status == 200;
        guest->refused += status == 503;
        guest->sent_away += status == 0;
        if (status != 200)
            usleep(RETRY_AFTER_MS * 1000);
    }
    return NULL;
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* What was seen of /healthz. */
struct probe {
    unsigned asked;
    unsigned failed;
    double slowest_ms;
    double sum_ms;
};

static void probe_for(struct probe *probe, unsigned ms)
{
    for (double until = now_ms() + ms; now_ms() < until; usleep(PROBE_MS * 1000)) {
        double since = now_ms();
        int status = harness_status("/healthz");
        double took = now_ms() - since;
        probe->asked++;
        probe->failed += status != 200;
        probe->sum_ms += took;
        probe->slowest_ms = took > probe->slowest_ms ? took : probe->slowest_ms;
    }
}

/* Whoever asks for health does so in a process of its own, as an orchestrator does: in that of the crowd it
 * would wait for locks of the heap, held by clients that stepped back and wait for a processor. */
struct prober {
    pid_t pid;
    int told; /* a pipe: the probe comes at its end */
};

/* Before there is a crowd: of a process with many threads fork(2) copies only one, and locks as they are. */
static void prober_begin(struct prober *prober, unsigned ms)
{
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    prober->told = ends[0];
    prober->pid = fork();
    CU_ASSERT_TRUE_FATAL(prober->pid >= 0);
    if (prober->pid == 0) {
        struct probe probe = {0};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        probe_for(&probe, ms);
        _exit(write(ends[1], &probe, sizeof probe) != sizeof probe);
    }
    close(ends[1]);
}

/* Waits until it has asked for so long. */
static struct probe prober_end(struct prober *prober)
{
    struct probe probe = {0};
    CU_ASSERT_EQUAL(read(prober->told, &probe, sizeof probe), sizeof probe);
    CU_ASSERT_EQUAL(waitpid(prober->pid, NULL, 0), prober->pid);
    close(prober->told);
    return probe;
}

static void health_is_told_to_whoever_asks_in_a_crowd(void)
{
    static struct guest slow[KINDS * SLOW_OF_A_KIND], busy[BUSY];
    struct prober prober;
    struct guest sum = {0};
    harness_begin(harness_is_long() ? 300 : 120);
    atomic_store(&is_over, false);
    herd_begin(&herd, "", "", herd_most(harness_is_long() ? LONG : SHORT));
    prober_begin(&prober, harness_is_long() ? LONG_MS : SHORT_MS);
    for (unsigned i = 0; i < KINDS * SLOW_OF_A_KIND; i++) {
        slow[i] = (struct guest){.number = i};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&slow[i].thread, NULL, slow_run, &slow[i]), 0);
    }
    for (unsigned i = 0; i < BUSY; i++) {
        busy[i] = (struct guest){.number = i};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&busy[i].thread, NULL, busy_run, &busy[i]), 0);
    }
    struct probe probe = prober_end(&prober);
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < KINDS * SLOW_OF_A_KIND; i++)
        pthread_join(slow[i].thread, NULL);
    for (unsigned i = 0; i < BUSY; i++) {
        pthread_join(busy[i].thread, NULL);
        sum.served += busy[i].served;
        sum.refused += busy[i].refused;
        sum.sent_away += busy[i].sent_away;
    }
    printf("\n    %u splices; health asked %u times: failed %u, mean %.1f ms, slowest %.1f ms; others served "
           "%u, refused %u, sent away %u ",
           herd.count, probe.asked, probe.failed, probe.sum_ms / probe.asked, probe.slowest_ms, sum.served,
           sum.refused, sum.sent_away);
    CU_ASSERT_EQUAL(probe.failed, 0);
    CU_ASSERT_TRUE(sum.served > 0);
    herd_end(&herd);
}

static const struct test tests[] = {
    TEST(health_is_told_to_whoever_asks_in_a_crowd),
    {0},
};

const struct suite crowded_suite = {.noun = "crowded", .tests = tests};
