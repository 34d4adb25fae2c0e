/* Programs that a test runs: never for ever, and never longer than the test.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PATIENCE_S = 30,
    STEP_US = 2000,
};

static void redirect(const char *file, int flags, int fd)
{
    int opened = open(file, flags, 0600);
    if (opened >= 0)
        dup2(opened, fd);
}

/* In the child: what it may and what it sees. */
static void prepare(const struct program_order *order)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    redirect(order->in ? order->in : "/dev/null", O_RDONLY, STDIN_FILENO);
    redirect(order->out, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, STDOUT_FILENO);
    if (order->err)
        redirect(order->err, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, STDERR_FILENO);
    else
        dup2(STDOUT_FILENO, STDERR_FILENO);
    struct rlimit limit = {.rlim_cur = order->descriptors, .rlim_max = order->descriptors};
    if (order->descriptors)
        setrlimit(RLIMIT_NOFILE, &limit);
}

pid_t program_start(const struct program_order *order)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prepare(order);
    execvp(order->arguments[0], (char *const *)order->arguments);
    _exit(127);
}

int program_wait(pid_t pid, unsigned seconds)
{
    for (unsigned long left = seconds * 1000000ul / STEP_US;; left--) {
        int status;
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (left == 0)
            return -1;
        usleep(STEP_US);
    }
}

int program_stop(pid_t pid, unsigned seconds)
{
    kill(pid, SIGTERM);
    int status = program_wait(pid, seconds);
    if (status >= 0)
        return status;
    kill(pid, SIGKILL);
    return program_wait(pid, PATIENCE_S);
}

int program_run(const char *const *arguments, const char *out)
{
    struct program_order order = {.arguments = arguments, .out = out, .err = "err"};
    pid_t pid = program_start(&order);
    int status = pid < 0 ? -1 : program_wait(pid, PATIENCE_S);
    return pid > 0 && status < 0 ? program_stop(pid, 1) : status;
}

char *program_read(const char *file)
{
    size_t length = 0, room = 65536;
    char *text = malloc(room);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t got;
    while (fd >= 0 && (got = read(fd, text + length, room - length - 1)) > 0) {
        length += (size_t)got;
        if (room - length < 4096)
            text = realloc(text, room *= 2);
    }
    if (fd >= 0)
        close(fd);
    text[length] = '\0';
    return text;
}
