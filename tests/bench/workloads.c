/* The workloads: what is done through a program, and the one figure that each gives.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/workloads.h"

#include "tests/bench/pings.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    NS = 1000000000,
    BULK_FLOWS = 4,
    HANDSHAKES_A_SECOND = 200, /* beside bulk and messages */
    PATIENCE_S = 20,
    WAITED_MOST = 33, /* a 33rd of the time; nobody else there, it is less than a 100th */
    CROWDS = 5,       /* of which one should meet nobody else */
};

/* Lets the load run for so long. */
static void run_for(struct trial *trial, double seconds)
{
    uint64_t until = machine_now_ns() + (uint64_t)(seconds * NS);
    while (machine_now_ns() < until)
        load_turn(&trial->load, 1);
}

/* On a busy machine a moment may be too short for anything to happen: goes on until something has. */
static void run_until(struct trial *trial, const uint64_t *counter, uint64_t before)
{
    uint64_t until = machine_now_ns() + (uint64_t)PATIENCE_S * NS;
    while (*counter == before && !trial->load.failed && machine_now_ns() < until)
        load_turn(&trial->load, 5);
}

/* CPU time of the program per unit, in µs: of whatever *counter counts, while the load runs. */
static double cost(struct trial *trial, const uint64_t *counter, double seconds)
{
    uint64_t cpu = machine_cpu_ns(trial->pid), units = *counter;
    run_for(trial, seconds);
    run_until(trial, counter, units);
    units = *counter - units;
    cpu = machine_cpu_ns(trial->pid) - cpu;
    return units > 0 ? (double)cpu / 1e3 / (double)units : -1;
}

static uint16_t port_of(const struct trial *trial, const struct workload *workload)
{
    return trial->setup.ports[workload->entry];
}

static double measure_habit(struct trial *trial, const struct workload *workload, enum habit habit,
                            unsigned count, const uint64_t *counter)
{
    bool is_tls = workload->entry != ENTRY_PLAIN;
    struct client *clients = clients_begin(&trial->load, count, habit, port_of(trial, workload), is_tls);
    run_for(trial, trial->effort->warming);
    double result = cost(trial, counter, trial->effort->seconds);
    clients_end(clients, count);
    return trial->load.failed ? -1 : result;
}

static double measure_visits(struct trial *trial, const struct workload *workload)
{
    unsigned count = workload->entry == ENTRY_PLAIN ? trial->effort->clients : trial->effort->handshakes;
    return measure_habit(trial, workload, HABIT_VISITS, count, &trial->load.visits);
}

static double measure_resumed(struct trial *trial, const struct workload *workload)
{
    struct load *load = &trial->load;
    struct client *first = clients_begin(load, 1, HABIT_VISITS, trial->setup.ports[workload->entry], true);
    for (unsigned waited = 0; waited < 1000 && !load->session; waited++)
        load_turn(load, 5);
    clients_end(first, 1);
    load->resumes = true;
    load->visits = load->resumed = 0; /* the first had none to take up */
    double result = measure_habit(trial, workload, HABIT_VISITS, trial->effort->handshakes, &load->visits);
    /* Nine of ten; and where there were but a few, all but one. */
    if (result > 0 && (load->resumed == 0 || (load->resumed + 1) * 10 < load->visits * 9)) {
        fprintf(stderr, "only %llu of %llu sessions were resumed\n", (unsigned long long)load->resumed,
                (unsigned long long)load->visits);
        return -1;
    }
    return result;
}

static double measure_messages(struct trial *trial, const struct workload *workload)
{
    return measure_habit(trial, workload, HABIT_TALKS, trial->effort->clients, &trial->load.messages);
}

/* In µs per MiB. */
static double measure_down(struct trial *trial, const struct workload *workload)
{
    return measure_habit(trial, workload, HABIT_TAKES, BULK_FLOWS, &trial->load.bytes) * (1 << 20);
}

static double measure_up(struct trial *trial, const struct workload *workload)
{
    return measure_habit(trial, workload, HABIT_GIVES, BULK_FLOWS, &trial->load.bytes) * (1 << 20);
}

static double measure_round_trip(struct trial *trial, const struct workload *workload)
{
    struct pings pings;
    if (!pings_begin(&pings, &trial->load, port_of(trial, workload)))
        return -1;
    pings_run(&pings, trial->effort->warming, 0);
    pings.count = 0;
    pings_run(&pings, trial->effort->seconds, 0);
    double result = pings_end(&pings, 0.5);
    return result;
}

/* Small messages, one after the other, beside one bulk flow and a stream of handshakes. *waited: how long the
 * program had no processor meanwhile. */
static double crowd(struct trial *trial, const struct workload *workload, uint64_t *waited)
{
    struct load *load = &trial->load;
    struct pings pings;
    if (!pings_begin(&pings, load, port_of(trial, workload)))
        return -1;
    unsigned count = trial->effort->handshakes, begun = 0;
    struct client *bulk = clients_begin(load, 1, HABIT_TAKES, trial->setup.ports[ENTRY_PLAIN], false);
    struct client *visits = clients_begin_paced(load, count, trial->setup.ports[ENTRY_TLS], true);
    run_for(trial, trial->effort->warming);
    *waited = machine_waited_ns(trial->pid);
    pings_start(&pings, trial->effort->seconds);
    uint64_t began = machine_now_ns();
    while (!pings_are_over(&pings)) {
        unsigned due = 1 + (unsigned)((machine_now_ns() - began) * HANDSHAKES_A_SECOND / NS);
        while (begun < due && clients_step(visits, count))
            begun++;
        load_turn(load, 1);
    }
    *waited = machine_waited_ns(trial->pid) - *waited;
    run_until(trial, &load->visits, 0);
    run_until(trial, &load->bytes, 0);
    clients_end(visits, count);
    clients_end(bulk, 1);
    double result = pings_end(&pings, 0.99);
    return load->bytes > 0 && load->visits > 0 && !load->failed ? result : -1;
}

/* Whoever else runs on the program's processor has it for milliseconds at a time, which would be all that the
 * figure told: measured anew until hardly anybody did. */
static double measure_crowded(struct trial *trial, const struct workload *workload)
{
    double result = -1;
    uint64_t waited = UINT64_MAX, most = (uint64_t)(trial->effort->seconds * NS / WAITED_MOST);
    for (unsigned i = 0; i < CROWDS && waited > most; i++) {
        result = crowd(trial, workload, &waited);
        if (result < 0)
            return result;
    }
    if (waited > most)
        fprintf(stderr, "%s: others had the processor for %.0f ms meanwhile\n", workload->name,
                (double)waited / 1e6);
    return result;
}

/* Opens so many splices at once and has each pass one message. NULL: not all came in. */
static struct client *open_crowd(struct trial *trial, unsigned count, enum entry entry)
{
    struct load *load = &trial->load;
    uint64_t until = machine_now_ns() + (uint64_t)PATIENCE_S * NS, before = load->messages;
    struct client *crowd =
        clients_begin(load, count, HABIT_RESTS, trial->setup.ports[entry], entry != ENTRY_PLAIN);
    while (load->messages - before < count && !load->failed && machine_now_ns() < until)
        load_turn(load, 5);
    if (load->messages - before == count) {
        run_for(trial, trial->effort->settling);
        return crowd;
    }
    fprintf(stderr, "only %llu of %u splices came in\n", (unsigned long long)(load->messages - before),
            count);
    clients_end(crowd, count);
    return NULL;
}

/* So many come and go one after the other: whatever a program keeps of those that are over, such as a ring of
 * events, it has then. */
static bool come_and_go(struct trial *trial, unsigned count, enum entry entry)
{
    struct load *load = &trial->load;
    uint64_t until = machine_now_ns() + (uint64_t)PATIENCE_S * NS, enough = load->visits + count;
    unsigned few = trial->effort->handshakes;
    struct client *visits =
        clients_begin(load, few, HABIT_VISITS, trial->setup.ports[entry], entry != ENTRY_PLAIN);
    while (load->visits < enough && !load->failed && machine_now_ns() < until)
        load_turn(load, 5);
    clients_end(visits, few);
    return load->visits >= enough;
}

/* Memory per splice, in bytes. What is there for good is not counted. */
static double measure_memory(struct trial *trial, const struct workload *workload)
{
    bool is_tls = workload->entry != ENTRY_PLAIN;
    unsigned count = is_tls ? trial->effort->idle_tls : trial->effort->idle_plain;
    if (!come_and_go(trial, 2 * count, workload->entry))
        return -1;
    run_for(trial, trial->effort->settling);
    int64_t before = machine_memory(trial->pid);
    struct client *crowd = open_crowd(trial, count, workload->entry);
    if (!crowd)
        return -1;
    double grown = (double)(machine_memory(trial->pid) - before);
    clients_end(crowd, count);
    return grown > 0 ? grown / count : 0;
}

static double measure_beside_idle(struct trial *trial, const struct workload *workload)
{
    struct client *crowd = open_crowd(trial, trial->effort->crowd, workload->entry);
    if (!crowd)
        return -1;
    double result = measure_messages(trial, workload);
    clients_end(crowd, trial->effort->crowd);
    return result;
}

/* In thousandths of a processor. */
static double measure_idling(struct trial *trial, const struct workload *workload)
{
    struct client *crowd = open_crowd(trial, trial->effort->crowd, workload->entry);
    if (!crowd)
        return -1;
    uint64_t cpu = machine_cpu_ns(trial->pid);
    run_for(trial, trial->effort->seconds * 2);
    cpu = machine_cpu_ns(trial->pid) - cpu;
    clients_end(crowd, trial->effort->crowd);
    return (double)cpu / (trial->effort->seconds * 2) / 1e6;
}

const struct workload workloads[] = {
    {"tcp_connection", "TCP connection", "us", ENTRY_PLAIN, PLACEMENT_APART, 1, "copy", true, 0.90,
     measure_visits},
    {"message", "small message", "us", ENTRY_PLAIN, PLACEMENT_APART, 1, "copy", true, 0.90, measure_messages},
    {"round_trip", "round trip, one core", "us", ENTRY_PLAIN, PLACEMENT_ONE, 1, "copy", true, 0.90,
     measure_round_trip},
    {"bulk_down", "bulk down", "us/MiB", ENTRY_PLAIN, PLACEMENT_APART, 1, "splice", true, 0.40, measure_down},
    {"bulk_up", "bulk up", "us/MiB", ENTRY_PLAIN, PLACEMENT_APART, 1, "splice", true, 0.40, measure_up},
    {"idle_plain", "idle plain splice", "B", ENTRY_PLAIN, PLACEMENT_APART, 1, "copy", true, 0.15,
     measure_memory},
    {"crowded_p99", "p99 beside bulk, handshakes", "us", ENTRY_PLAIN, PLACEMENT_APART, 1, NULL, true, 0.80,
     measure_crowded},
    {"tls_ecdsa", "TLS 1.3 full, ECDSA", "us", ENTRY_TLS, PLACEMENT_APART, 1, "tls", false, 0.80,
     measure_visits},
    {"tls_rsa", "TLS 1.3 full, RSA", "us", ENTRY_RSA, PLACEMENT_APART, 1, "tls", false, 0.85, measure_visits},
    {"tls_resumed", "TLS 1.3 resumed", "us", ENTRY_TLS, PLACEMENT_APART, 1, "tls", false, 0.85,
     measure_resumed},
    {"tls_message", "TLS message", "us", ENTRY_TLS, PLACEMENT_APART, 1, "tls", false, 0.85, measure_messages},
    {"tls_bulk_down", "TLS bulk down", "us/MiB", ENTRY_TLS, PLACEMENT_APART, 1, "tls", false, 0.75,
     measure_down},
    {"tls_bulk_up", "TLS bulk up", "us/MiB", ENTRY_TLS, PLACEMENT_APART, 1, "tls", false, 0.75, measure_up},
    {"idle_tls", "idle TLS splice after a burst", "B", ENTRY_TLS, PLACEMENT_APART, 1, "tls", false, 0.40,
     measure_memory},
    {"one_worker", "TCP connection, 1 worker", "us", ENTRY_PLAIN, PLACEMENT_SHARED, 1, "copy", true, 0,
     measure_visits},
    {"two_workers", "TCP connection, 2 workers", "us", ENTRY_PLAIN, PLACEMENT_SHARED, 2, "copy", true, 0,
     measure_visits},
    {"beside_idle", "small message beside idle splices", "us", ENTRY_PLAIN, PLACEMENT_APART, 1, "copy", true,
     0, measure_beside_idle},
    {"idling", "CPU of idle splices", "mcore", ENTRY_PLAIN, PLACEMENT_APART, 1, "copy", true, 0,
     measure_idling},
};
const size_t workload_count = sizeof workloads / sizeof *workloads;

const struct workload *workload_find(const char *name)
{
    for (size_t i = 0; i < workload_count; i++) {
        if (strcmp(workloads[i].name, name) == 0)
            return &workloads[i];
    }
    return NULL;
}

/* A port where nobody listens. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        perror("no free port");
    close(fd);
    return ntohs(address.sin_port);
}

static bool trial_begin(struct trial *trial, const struct workload *workload, const struct subject *subject,
                        const struct effort *effort, const char *folder, const char *certificates)
{
    *trial = (struct trial){
        .effort = effort,
        .setup = {.folder = folder,
                  .certificates = certificates,
                  .workers = workload->workers,
                  .placement = workload->placement,
                  .floor = workload->floor},
    };
    machine_pin(workload->placement, false);
    load_open(&trial->load);
    trial->setup.backend = trial->load.backend;
    for (int entry = 0; entry < ENTRY_COUNT; entry++)
        trial->setup.ports[entry] = free_port();
    trial->pid = subject_start(subject, &trial->setup);
    if (trial->pid < 0) {
        load_close(&trial->load);
        return false;
    }
    /* Whoever looked whether the program listens is gone before anything is counted. */
    run_for(trial, effort->warming);
    trial->load.failed = 0;
    return true;
}

static void trial_end(struct trial *trial)
{
    subject_stop(trial->pid);
    load_close(&trial->load);
}

double workload_run(const struct workload *workload, const struct subject *subject,
                    const struct effort *effort, const char *folder, const char *certificates)
{
    struct trial trial;
    if (!trial_begin(&trial, workload, subject, effort, folder, certificates))
        return -1;
    double result = workload->measure(&trial, workload);
    if (result < 0)
        fprintf(stderr, "%s through %s: %llu connections failed, %llu messages, %llu bytes\n", workload->name,
                subject->name, (unsigned long long)trial.load.failed, (unsigned long long)trial.load.messages,
                (unsigned long long)trial.load.bytes);
    trial_end(&trial);
    return result;
}

bool workload_drift(const struct subject *subject, const struct effort *effort, const char *folder,
                    const char *certificates, double seconds)
{
    enum {
        SAMPLES = 10
    };
    const struct workload everything = {.workers = 1, .placement = PLACEMENT_APART};
    struct trial trial;
    double first_cost = 0, last_cost = 0;
    int64_t first_memory = 0, last_memory = 0;
    if (!trial_begin(&trial, &everything, subject, effort, folder, certificates))
        return false;
    struct load *load = &trial.load;
    const uint16_t *ports = trial.setup.ports;
    unsigned few = effort->handshakes;
    struct client *visits = clients_begin(load, few, HABIT_VISITS, ports[ENTRY_PLAIN], false);
    struct client *secured = clients_begin(load, few, HABIT_VISITS, ports[ENTRY_TLS], true);
    struct client *talks = clients_begin(load, few, HABIT_TALKS, ports[ENTRY_TLS], true);
    printf("%10s %20s %16s\n", "seconds", "us per connection", "own memory, KiB");
    for (int sample = 0; sample < SAMPLES; sample++) {
        last_cost = cost(&trial, &load->visits, seconds / SAMPLES);
        last_memory = machine_own_memory(trial.pid);
        printf("%10.0f %20.2f %16lld\n", seconds / SAMPLES * (sample + 1), last_cost,
               (long long)last_memory / 1024);
        fflush(stdout);
        /* The first sample is of a program that is still growing into its work. */
        if (sample == 1) {
            first_cost = last_cost;
            first_memory = last_memory;
        }
    }
    clients_end(visits, few);
    clients_end(secured, few);
    clients_end(talks, few);
    trial_end(&trial);
    printf("memory %+.1f %%, cost %+.1f %% from the second sample to the last; %llu connections failed\n",
           100.0 * (double)(last_memory - first_memory) / (double)first_memory,
           100.0 * (last_cost / first_cost - 1), (unsigned long long)load->failed);
    return load->failed == 0 && last_memory - first_memory < first_memory / 20;
}
