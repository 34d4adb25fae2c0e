/* What this process may use: processors, descriptors, memory, and what follows for workers and connections.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/budget.h"

#include "proxy/slots.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    MEMORY_PER_CONNECTION = 64 * 1024, /* two sockets, two buffers, a TLS session: on the safe side */
    ADMIN_MOST = 144,                  /* descriptors kept for those who ask */
    DESCRIPTORS_PER_WORKER = 4,
    PIPES_MOST = 256,
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The first number in a file, or `otherwise`: control groups say "max" where there is no limit. */
static int64_t number_in(const char *path, int64_t otherwise)
{
    FILE *file = fopen(path, "re");
    long long number;
    if (!file)
        return otherwise;
    if (fscanf(file, "%lld", &number) != 1 || number <= 0)
        number = otherwise;
    fclose(file);
    return number;
}

/* Whole processors that the control group's quota amounts to, at least one; `otherwise` without a quota. */
static int64_t quota(int64_t otherwise)
{
    long long most = 0, period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file) {
        if (fscanf(file, "%lld %lld", &most, &period) != 2)
            most = 0;
        fclose(file);
    } else {
        most = number_in("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", 0);
        period = number_in("/sys/fs/cgroup/cpu/cpu.cfs_period_us", 0);
    }
    return most > 0 && period > 0 ? (most + period - 1) / period : otherwise;
}

static unsigned processors(void)
{
    cpu_set_t set;
    int64_t count =
        sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
    count = smaller(count, quota(count));
    return (unsigned)smaller(count < 1 ? 1 : count, SLOTS_WORKERS);
}

static int64_t memory(void)
{
    int64_t bytes = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    bytes = smaller(bytes, number_in("/sys/fs/cgroup/memory.max", bytes));
    return smaller(bytes, number_in("/sys/fs/cgroup/memory/memory.limit_in_bytes", bytes));
}

static int64_t raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > INT32_MAX ? INT32_MAX : (int64_t)limit.rlim_cur;
}

/* Descriptors that are open already: what was inherited counts too. */
static int64_t open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int64_t count = -3; /* ".", ".." and the folder's own */
    if (!folder)
        return 8;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

struct budget budget_make(const struct conf *conf)
{
    struct budget budget = {.descriptors = raise_descriptors()};
    budget.workers = conf->workers ? (unsigned)smaller(conf->workers, SLOTS_WORKERS) : processors();
    budget.admin = smaller(ADMIN_MOST, budget.descriptors / 4);
    int64_t free = budget.descriptors - open_descriptors() -
                   DESCRIPTORS_PER_WORKER * (int64_t)budget.workers - (int64_t)conf->listener_count -
                   budget.admin;
    budget.pipes = (unsigned)smaller(PIPES_MOST, budget.descriptors / 32 / budget.workers);
    free -= 2 * (int64_t)(budget.pipes * budget.workers);
    budget.most = free / 2 < 1 ? 1 : free / 2;
    budget.derived = smaller(budget.most, memory() / MEMORY_PER_CONNECTION);
    return budget;
}

int64_t budget_limit(const struct budget *budget, int64_t asked)
{
    return asked ? smaller(asked, budget->most) : budget->derived;
}
