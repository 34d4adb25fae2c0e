/* What the kernel knows of this process: memory, time, threads, descriptors.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PROPORTIONAL_MS = 1000
};

static const char descriptors_folder[] = "/proc/self/fd";

/* Reads the file whole, or as much as there is room for. */
static bool read_file(const char *path, char *text, size_t room)
{
    size_t length = 0;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while (got > 0 && length < room - 1) {
        got = read(fd, text + length, room - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    }
    text[length] = '\0';
    close(fd);
    return got >= 0 && length > 0;
}

/* The program's name in its second field may hold spaces and brackets: what follows begins behind the last
 * one (proc_pid_stat(5)). */
static void read_stat(struct process *process)
{
    char text[1024];
    int64_t threads, size, pages;
    const char *behind = read_file("/proc/self/stat", text, sizeof text) ? strrchr(text, ')') : NULL;
    if (!behind || sscanf(behind,
                          ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %" SCNd64
                          " %*d %*u %" SCNd64 " %" SCNd64,
                          &threads, &size, &pages) != 3)
        return;
    process->threads = threads;
    process->virtual_bytes = size;
    process->resident_bytes = pages * sysconf(_SC_PAGESIZE);
}

static int64_t count_entries(const char *path)
{
    int64_t count = -1; /* the one that reads the folder does not count */
    DIR *folder = opendir(path);
    if (!folder)
        return -1;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static int64_t count_descriptors(void)
{
    struct stat folder;
    if (stat(descriptors_folder, &folder) == 0 && folder.st_size > 0)
        return folder.st_size;
    return count_entries(descriptors_folder);
}

void process_read(struct process *process)
{
    struct timespec spent;
    struct rlimit limit;
    *process = (struct process){
        .cpu_ms = -1,
        .resident_bytes = -1,
        .virtual_bytes = -1,
        .threads = -1,
        .descriptors = count_descriptors(),
        .descriptor_limit = -1,
    };
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) == 0)
        process->cpu_ms = (int64_t)spent.tv_sec * 1000 + spent.tv_nsec / 1000000;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= INT64_MAX)
        process->descriptor_limit = (int64_t)limit.rlim_cur;
    read_stat(process);
}

static int64_t read_proportional(void)
{
    char text[2048];
    int64_t kilobytes;
    if (!read_file("/proc/self/smaps_rollup", text, sizeof text))
        return -1;
    const char *line = strstr(text, "\nPss:");
    return line && sscanf(line, "\nPss: %" SCNd64, &kilobytes) == 1 ? kilobytes * 1024 : -1;
}

int64_t process_proportional_bytes(uint64_t now)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static int64_t bytes = -1;
    static uint64_t read_at;
    pthread_mutex_lock(&mutex);
    if (bytes < 0 || now >= read_at + PROPORTIONAL_MS) {
        bytes = read_proportional();
        read_at = now;
    }
    int64_t known = bytes;
    pthread_mutex_unlock(&mutex);
    return known;
}
