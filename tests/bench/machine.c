/* The machine that is measured on: a network of our own, processors, clocks, what processes use.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/machine.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static const char congestion_file[] = "/proc/sys/net/ipv4/tcp_congestion_control";

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return is_written;
}

/* The first line of a file, without its end; "" when there is none. */
static char *first_line(const char *path, char *text, int room)
{
    FILE *file = fopen(path, "re");
    text[0] = '\0';
    if (file && fgets(text, room, file))
        text[strcspn(text, "\n")] = '\0';
    if (file)
        fclose(file);
    return text;
}

/* As root directly, else as the root of a user namespace of our own. */
static bool leave_network(void)
{
    char map[32];
    unsigned user = geteuid();
    if (unshare(CLONE_NEWNET) == 0)
        return true;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return false;
    snprintf(map, sizeof map, "0 %u 1", user);
    return write_file("/proc/self/uid_map", map);
}

/* A new network begins with what the first one has, and may not choose otherwise where the administrator has
 * not allowed it. So the first one has cubic for as long as it takes to leave it; its file, once open, stays
 * its own. */
static bool leave_network_with_cubic(void)
{
    char before[32];
    sigset_t all, mask;
    int fd = open(congestion_file, O_WRONLY | O_CLOEXEC);
    first_line(congestion_file, before, sizeof before);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &mask);
    bool is_changed = fd >= 0 && write(fd, "cubic", 5) == 5;
    bool has_left = leave_network();
    if (is_changed && pwrite(fd, before, strlen(before), 0) < 0)
        fprintf(stderr, "congestion control is cubic now, and was %s\n", before);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (fd >= 0)
        close(fd);
    return has_left;
}

static bool raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0)
        close(fd);
    return is_up;
}

bool machine_enter(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    bool has_left = leave_network_with_cubic() && raise_loopback();
    write_file(congestion_file, "cubic");
    return has_left;
}

const char *machine_congestion(void)
{
    static char text[32];
    return first_line(congestion_file, text, sizeof text);
}

const char *machine_kind(void)
{
    static char text[256];
    char line[256], model[128] = "";
    struct utsname name;
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "model name : %127[^\n]", model) == 1)
            break;
    }
    if (file)
        fclose(file);
    uname(&name);
    name.release[strcspn(name.release, "-")] = '\0';
    snprintf(text, sizeof text, "%ld processors (%s), Linux %s", sysconf(_SC_NPROCESSORS_ONLN), model,
             name.release);
    return text;
}

void machine_pin(enum placement placement, bool is_program)
{
    bool has_two = sysconf(_SC_NPROCESSORS_ONLN) > 1;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (placement != PLACEMENT_APART || is_program || !has_two)
        CPU_SET(0, &set);
    if (has_two && (placement == PLACEMENT_SHARED || (placement == PLACEMENT_APART && !is_program)))
        CPU_SET(1, &set);
    sched_setaffinity(0, sizeof set, &set);
}

void machine_hurry(void)
{
    struct sched_param param = {.sched_priority = 1};
    sched_setscheduler(0, SCHED_FIFO, &param);
}

uint64_t machine_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Calls `visit` with each number that names an entry of the folder. */
static void each_number(const char *folder, void (*visit)(int number, void *context), void *context)
{
    DIR *opened = opendir(folder);
    struct dirent *entry;
    while (opened && (entry = readdir(opened))) {
        int number = atoi(entry->d_name);
        if (number > 0)
            visit(number, context);
    }
    if (opened)
        closedir(opened);
}

struct tally {
    pid_t group;
    int pid;
    uint64_t cpu_ns;
    uint64_t waited_ns;
    const char *memory_row;
    int64_t memory;
};

static void add_task(int task, void *context)
{
    struct tally *tally = context;
    char path[64], line[64], *second;
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", tally->pid, task);
    tally->cpu_ns += strtoull(first_line(path, line, sizeof line), &second, 10);
    tally->waited_ns += strtoull(second, NULL, 10);
}

static void add_cpu(int pid, void *context)
{
    struct tally *tally = context;
    char path[32];
    if (getpgid(pid) != tally->group)
        return;
    tally->pid = pid;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    each_number(path, add_task, tally);
}

static void add_memory(int pid, void *context)
{
    struct tally *tally = context;
    char path[40], line[128];
    long long kb;
    if (getpgid(pid) != tally->group)
        return;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        size_t length = strlen(tally->memory_row);
        if (strncmp(line, tally->memory_row, length) == 0 && sscanf(line + length, ": %lld kB", &kb) == 1)
            tally->memory += kb * 1024;
    }
    if (file)
        fclose(file);
}

uint64_t machine_cpu_ns(pid_t group)
{
    struct tally tally = {.group = group};
    each_number("/proc", add_cpu, &tally);
    return tally.cpu_ns;
}

uint64_t machine_waited_ns(pid_t group)
{
    struct tally tally = {.group = group};
    each_number("/proc", add_cpu, &tally);
    return tally.waited_ns;
}

static int64_t memory_of(pid_t group, const char *row)
{
    struct tally tally = {.group = group, .memory_row = row};
    each_number("/proc", add_memory, &tally);
    return tally.memory;
}

int64_t machine_memory(pid_t group)
{
    return memory_of(group, "Pss");
}

int64_t machine_own_memory(pid_t group)
{
    return memory_of(group, "Pss_Anon");
}
