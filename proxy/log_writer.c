/* Takes lines from any thread and writes them out on a thread of its own, so that no reader of the log can
 * stall anybody.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/log_writer.h"

#include "proxy/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    GATHER_MS = 10,       /* lines gather so long after the first */
    TRY_MS = 100,         /* for a descriptor that takes nothing, before looking around again */
    AGAIN_MS = 1000,      /* between tries of one that fails */
    END_MS = 2000,        /* for the last lines */
    CANCEL_MS = 200,      /* for a thread that the kernel holds in a write */
    PIECE_FILE = 1 << 16, /* bytes of one write */
    PIECE = 4096,         /* ... to what may block: poll(2) promises room for PIPE_BUF in a pipe, no more */
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled; /* the thread waits for it: lines, or the end */
    pthread_cond_t ended;  /* log_writer_end waits for it */
    pthread_t thread;
    log_writer_loss *loss;
    int fd;
    size_t piece;
    bool is_socket;
    bool is_running;
    bool is_ending;
    bool has_ended;
    uint64_t lost;
    struct timespec end_by;
    size_t head; /* where the oldest byte stands */
    size_t length;
    char ring[LOG_RING];
} writer = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct timespec clock_after(clockid_t clock, long ms)
{
    struct timespec at;
    clock_gettime(clock, &at);
    at.tv_nsec += ms % 1000 * 1000000;
    at.tv_sec += ms / 1000 + at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

static bool is_past(const struct timespec *at)
{
    struct timespec now = clock_after(CLOCK_MONOTONIC, 0);
    return now.tv_sec > at->tv_sec || (now.tv_sec == at->tv_sec && now.tv_nsec >= at->tv_nsec);
}

/* The ring; the lock is held */

static bool ring_has_room(size_t length)
{
    return length <= LOG_RING - writer.length;
}

static void ring_append(const char *bytes, size_t length)
{
    size_t at = (writer.head + writer.length) % LOG_RING;
    size_t first = length < LOG_RING - at ? length : LOG_RING - at;
    memcpy(writer.ring + at, bytes, first);
    memcpy(writer.ring, bytes + first, length - first);
    writer.length += length;
}

/* Puts the line that tells of lost ones in their place, if there is room for it and `more` bytes. */
static void ring_tell_loss(size_t more)
{
    char line[LOG_LINE];
    if (writer.lost == 0 || !ring_has_room(LOG_LINE + more))
        return;
    ring_append(line, writer.loss(writer.lost, line));
    writer.lost = 0;
}

bool log_writer_put(const char *line, size_t length)
{
    pthread_mutex_lock(&writer.lock);
    bool is_running = writer.is_running;
    if (is_running) {
        size_t before = writer.length;
        ring_tell_loss(length);
        if (writer.lost == 0 && ring_has_room(length))
            ring_append(line, length);
        else
            writer.lost++;
        bool is_half_full = before < LOG_RING / 2 && writer.length >= LOG_RING / 2;
        if ((before == 0 && writer.length > 0) || is_half_full)
            pthread_cond_signal(&writer.filled);
    }
    pthread_mutex_unlock(&writer.lock);
    return is_running;
}

/* The thread */

/* Waits for `filled` at most `ms`; the lock is held. Returns false when the time is over. */
static bool wait_filled(const struct timespec *until)
{
    return pthread_cond_timedwait(&writer.filled, &writer.lock, until) != ETIMEDOUT;
}

/* Sleeps until there are lines, and then until some have gathered. */
static void wait_lines(void)
{
    while (writer.length == 0 && !writer.is_ending)
        pthread_cond_wait(&writer.filled, &writer.lock);
    struct timespec until = clock_after(CLOCK_MONOTONIC, GATHER_MS);
    while (writer.length < LOG_RING / 2 && !writer.is_ending && wait_filled(&until))
        continue;
}

/* Writes as far as the descriptor takes it without blocking. Returns the bytes written, 0 when it takes none
 * now, or -errno. Cancellation is open here only: another writer of the same pipe may have taken the room
 * that poll(2) saw, and then the write blocks. */
static ssize_t write_some(int fd, const char *bytes, size_t length)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    int state;
    if (poll(&poll_fd, 1, TRY_MS) <= 0)
        return 0;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    ssize_t written =
        writer.is_socket ? send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) : write(fd, bytes, length);
    int error = errno;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    if (written >= 0)
        return written;
    return error == EAGAIN || error == EINTR ? 0 : -error;
}

/* Says once per spell of failure what is wrong, where somebody may see it. */
static void tell_failure(int error)
{
    char line[256], why[128];
    if (writer.fd == STDERR_FILENO)
        return;
    int length = snprintf(line, sizeof line,
                          "spliced: the log cannot be written (%s): make its output writable; until then "
                          "lines are dropped\n",
                          strerror_r(error, why, sizeof why));
    write_some(STDERR_FILENO, line, (size_t)length);
}

/* Writes one piece of the ring; the lock is held but while writing: the bytes at hand are the thread's until
 * `head` moves. Returns as write_some. */
static ssize_t write_piece(void)
{
    size_t length = writer.length < writer.piece ? writer.length : writer.piece;
    if (length > LOG_RING - writer.head)
        length = LOG_RING - writer.head;
    const char *bytes = writer.ring + writer.head;
    pthread_mutex_unlock(&writer.lock);
    ssize_t written = write_some(writer.fd, bytes, length);
    pthread_mutex_lock(&writer.lock);
    if (written > 0) {
        writer.head = (writer.head + (size_t)written) % LOG_RING;
        writer.length -= (size_t)written;
    }
    return written;
}

/* Writes until the ring is empty. False when it is time to end without. */
static bool write_lines(bool *is_failing)
{
    while (writer.length > 0) {
        ssize_t written = write_piece();
        if (writer.length == 0)
            ring_tell_loss(0);
        if (written < 0 && !*is_failing) {
            pthread_mutex_unlock(&writer.lock);
            tell_failure((int)-written);
            pthread_mutex_lock(&writer.lock);
        }
        if (written != 0)
            *is_failing = written < 0;
        if (writer.is_ending && (written < 0 || is_past(&writer.end_by)))
            return false;
        struct timespec until = clock_after(CLOCK_MONOTONIC, AGAIN_MS);
        while (*is_failing && !writer.is_ending && wait_filled(&until))
            continue;
    }
    return true;
}

static void *writer_run(void *unused)
{
    int state;
    bool is_failing = false;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pthread_mutex_lock(&writer.lock);
    while (!writer.is_ending || writer.length > 0) {
        wait_lines();
        if (!write_lines(&is_failing))
            break;
    }
    writer.has_ended = true;
    pthread_cond_signal(&writer.ended);
    pthread_mutex_unlock(&writer.lock);
    return unused;
}

bool log_writer_begin(int fd, log_writer_loss *loss)
{
    struct stat stat = {.st_mode = 0};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    fstat(fd, &stat);
    pthread_mutex_lock(&writer.lock);
    pthread_cond_init(&writer.filled, &monotonic);
    pthread_cond_init(&writer.ended, &monotonic);
    writer.fd = fd;
    writer.loss = loss;
    writer.piece = S_ISREG(stat.st_mode) ? PIECE_FILE : PIECE;
    writer.is_socket = S_ISSOCK(stat.st_mode);
    writer.is_ending = writer.has_ended = false;
    writer.head = writer.length = 0;
    writer.lost = 0;
    bool is_running = writer.is_running = thread_start(&writer.thread, "log", writer_run, NULL) == 0;
    pthread_mutex_unlock(&writer.lock);
    pthread_condattr_destroy(&monotonic);
    return is_running;
}

void log_writer_end(void)
{
    pthread_mutex_lock(&writer.lock);
    bool was_running = writer.is_running;
    writer.is_running = false;
    writer.is_ending = true;
    writer.end_by = clock_after(CLOCK_MONOTONIC, END_MS - TRY_MS);
    struct timespec until = clock_after(CLOCK_MONOTONIC, END_MS);
    if (was_running)
        pthread_cond_signal(&writer.filled);
    while (was_running && !writer.has_ended &&
           pthread_cond_timedwait(&writer.ended, &writer.lock, &until) != ETIMEDOUT)
        continue;
    bool has_ended = writer.has_ended;
    pthread_mutex_unlock(&writer.lock);
    if (!was_running)
        return;
    if (!has_ended)
        pthread_cancel(writer.thread);
    struct timespec join_by = clock_after(CLOCK_REALTIME, CANCEL_MS);
    if (pthread_timedjoin_np(writer.thread, NULL, &join_by) != 0)
        pthread_detach(writer.thread);
}
