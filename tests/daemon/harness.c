/* The daemon in a folder of its own, started, asked and stopped by a test.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/harness.h"

#include "tests/daemon/program.h"

#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 10000,
    STEP_US = 3000,
    STOP_S = 15,
    TAIL_S = 60, /* for what a test does behind harness_end */
    ARGUMENTS = 16,
};

static const char file[] = "spliced.json", out[] = "out.log", err[] = "err.log";

static struct {
    char folder[64];
    char admin[96];
    pid_t pid; /* 0: none runs */
    size_t log_seen;
} harness;

/* The clock of the test; nothing here may wait. */
static void run_over(int signal)
{
    static const char message[] = "\na test takes too long: the program ends\n";
    (void)signal;
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
        _exit(2);
    if (harness.pid > 0)
        kill(harness.pid, SIGKILL);
    _exit(1);
}

static int remove_entry(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
    (void)stat;
    (void)type;
    (void)walk;
    return remove(path);
}

static void clean_up(void)
{
    if (harness.pid > 0) {
        kill(harness.pid, SIGKILL);
        program_wait(harness.pid, STOP_S);
    }
    harness.pid = 0;
    if (harness.folder[0] && chdir("/") == 0)
        nftw(harness.folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    harness.folder[0] = '\0';
}

void harness_begin(unsigned seconds)
{
    clean_up();
    signal(SIGALRM, run_over);
    alarm(seconds);
    strcpy(harness.folder, "/tmp/test_daemon.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(harness.folder));
    CU_ASSERT_EQUAL_FATAL(chdir(harness.folder), 0);
    snprintf(harness.admin, sizeof harness.admin, "unix:%s/admin.sock", harness.folder);
}

void harness_end(void)
{
    if (harness.pid > 0)
        harness_stop();
    clean_up();
    alarm(TAIL_S);
}

void harness_configure(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    FILE *to = fopen(file, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    va_start(arguments, format);
    CU_ASSERT_TRUE_FATAL(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    for (const char *at = text; *at; at++) {
        if (at[0] == '@' && at[1] == '/')
            fputs(harness.folder, to);
        else
            fputc(*at == '\'' ? '"' : *at, to);
    }
    free(text);
    fclose(to);
}

/* A report of a sanitizer is a failure of whatever was tested. */
static void assert_sane(const char *path)
{
    static const char *const reports[] = {"Sanitizer", "runtime error:"};
    char *text = program_read(path);
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
        if (strstr(text, reports[i])) {
            printf("\n%s\n", text);
            CU_FAIL("a sanitizer reports");
            break;
        }
    }
    free(text);
}

int harness_wait(unsigned seconds)
{
    int status = program_wait(harness.pid, seconds);
    if (status < 0)
        return status;
    harness.pid = 0;
    assert_sane(err);
    return status;
}

void harness_signal(int signal)
{
    CU_ASSERT_EQUAL(kill(harness.pid, signal), 0);
}

void harness_stop(void)
{
    harness_signal(SIGTERM);
    int status = harness_wait(STOP_S);
    if (status != 0) {
        char *log = program_read(out), *said = program_read(err);
        size_t length = strlen(log);
        printf("\n    exit status %d, log ends with:\n%s\n%s\n", status,
               log + (length > 2000 ? length - 2000 : 0), said);
        free(log);
        free(said);
    }
    CU_ASSERT_EQUAL(status, 0);
}

pid_t harness_pid(void)
{
    return harness.pid;
}

const char *harness_admin(void)
{
    return harness.admin;
}

void harness_start_limited(unsigned descriptors)
{
    static const char *const arguments[] = {SPLICED, "-c", file, NULL};
    struct program_order order = {.arguments = arguments, .out = out, .err = err, .descriptors = descriptors};
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    harness.log_seen = 0;
    harness.pid = program_start(&order);
    CU_ASSERT_TRUE_FATAL(harness.pid > 0);
    int status = 0, ended = -1;
    while (status != 200 && ended < 0 && harness_now_ms() < until) {
        ended = program_wait(harness.pid, 0);
        status = asking_get(harness.admin, "/readyz", NULL);
        usleep(STEP_US);
    }
    if (status != 200) {
        char *said = program_read(err), *log = program_read(out);
        printf("\n    the daemon does not start (%d):\n%s\n%s\n", ended, said, log);
        free(said);
        free(log);
    }
    if (ended >= 0)
        harness.pid = 0;
    CU_ASSERT_EQUAL_FATAL(status, 200);
}

void harness_start(void)
{
    harness_start_limited(0);
}

int harness_run(const char *argument, ...)
{
    const char *arguments[ARGUMENTS] = {SPLICED, argument};
    va_list more;
    va_start(more, argument);
    for (size_t i = 2; arguments[i - 1] && i < ARGUMENTS - 1; i++)
        arguments[i] = va_arg(more, const char *);
    va_end(more);
    int status = program_run(arguments, "out");
    assert_sane("err");
    return status;
}

/* A daemon that does not answer may have ended: with what last words? */
static void tell_last_words(void)
{
    int status = harness.pid > 0 ? program_wait(harness.pid, 0) : -1;
    if (status < 0)
        return;
    char *said = program_read(err);
    printf("\n    the daemon has ended: exit status %d\n%s\n", status, said);
    free(said);
    harness.pid = 0;
}

cJSON *harness_get(const char *path)
{
    cJSON *body;
    int status = asking_get(harness.admin, path, &body);
    if (status != 200) {
        printf("\n    GET %s: %d", path, status);
        tell_last_words();
    }
    CU_ASSERT_EQUAL_FATAL(status, 200);
    CU_ASSERT_PTR_NOT_NULL_FATAL(body);
    return body;
}

int harness_status(const char *path)
{
    return asking_get(harness.admin, path, NULL);
}

int harness_order(const char *line, const char *body, cJSON **answer)
{
    char quoted[1024];
    snprintf(quoted, sizeof quoted, "%s", body);
    for (char *at = quoted; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    return asking_order(harness.admin, line, quoted, answer);
}

char *harness_ask_raw(const char *bytes, size_t length, unsigned patience_s)
{
    return asking_raw(harness.admin, bytes, length, patience_s);
}

int64_t harness_number(const char *path, const char *member)
{
    cJSON *body = harness_get(path);
    int64_t number = asking_number(body, member);
    cJSON_Delete(body);
    return number;
}

void harness_await(const char *path, const char *member, int64_t wanted)
{
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    int64_t number;
    while ((number = harness_number(path, member)) != wanted && harness_now_ms() < until)
        usleep(STEP_US);
    if (number != wanted)
        printf("\n    %s of %s is %lld instead of %lld", member, path, (long long)number, (long long)wanted);
    CU_ASSERT_EQUAL(number, wanted);
}

const char *harness_at(const char *host, const char *listener)
{
    static char texts[4][128];
    static unsigned turn;
    char path[128], *text = texts[turn++ % 4];
    snprintf(path, sizeof path, "/v1/listeners/%s", listener);
    cJSON *body = harness_get(path);
    const char *port = strrchr(asking_text(body, "address"), ':');
    CU_ASSERT_PTR_NOT_NULL_FATAL(port);
    snprintf(text, sizeof texts[0], "%s%s", host, port);
    cJSON_Delete(body);
    return text;
}

void harness_await_log(const char *wanted)
{
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    for (;;) {
        char *log = program_read(out);
        size_t length = strlen(log);
        const char *found = length >= harness.log_seen ? strstr(log + harness.log_seen, wanted) : NULL;
        bool is_over = found || harness_now_ms() >= until;
        if (found)
            harness.log_seen = (size_t)(found - log) + strlen(wanted);
        else if (is_over)
            printf("\n    the log does not say %s:\n%s", wanted, log + (length > 2000 ? length - 2000 : 0));
        free(log);
        if (is_over) {
            CU_ASSERT_PTR_NOT_NULL(found);
            return;
        }
        usleep(STEP_US);
    }
}

bool harness_log_has_line(const char *const *texts)
{
    char *log = program_read(out), *rest = log, *line;
    bool has = false;
    while (!has && (line = strsep(&rest, "\n"))) {
        has = true;
        for (size_t i = 0; texts[i]; i++)
            has = has && strstr(line, texts[i]);
    }
    free(log);
    return has;
}

bool harness_log_has(const char *text)
{
    char *log = program_read(out);
    bool has = strstr(log, text);
    free(log);
    return has;
}

unsigned harness_descriptors(void)
{
    char path[64], what[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", harness.pid);
    DIR *folder = opendir(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, what, sizeof what);
        count += length > 0 && strncmp(what, "pipe:", 5) != 0;
    }
    closedir(folder);
    return count;
}

void harness_await_descriptors(unsigned wanted)
{
    uint64_t until = harness_now_ms() + PATIENCE_MS;
    unsigned count;
    while ((count = harness_descriptors()) > wanted && harness_now_ms() < until)
        usleep(STEP_US);
    if (count > wanted)
        printf("\n    %u descriptors are open instead of %u", count, wanted);
    CU_ASSERT_TRUE(count <= wanted);
}

long harness_resident_kb(void)
{
    static const char word[] = "VmRSS:";
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", harness.pid);
    char *text = program_read(path), *at = strstr(text, word);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    long resident = strtol(at + sizeof word - 1, NULL, 10);
    free(text);
    return resident;
}

/* Members 14 and 15 behind the name in parentheses: proc(5). */
long harness_cpu_ms(void)
{
    char path[64];
    long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", harness.pid);
    char *text = program_read(path), *at = strrchr(text, ')');
    int found = at ? sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) : 0;
    CU_ASSERT_EQUAL(found, 2);
    free(text);
    return (user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

bool harness_is_long(void)
{
    const char *asked = getenv("SPLICED_LONG");
    return asked && strcmp(asked, "1") == 0;
}

uint64_t harness_seed(void)
{
    const char *given = getenv("SPLICED_SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed =
        given ? strtoull(given, NULL, 0) : (uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec;
    printf("SPLICED_SEED=%llu ", (unsigned long long)seed);
    return seed;
}

uint64_t harness_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
