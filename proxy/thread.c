/* Threads of the house: named, and deaf to the signals that control waits for.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/thread.h"

#include <signal.h>
#include <stddef.h>

int thread_start(pthread_t *thread, const char *name, void *(*run)(void *context), void *context)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t deaf, before;
    sigfillset(&deaf);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&deaf, faults[i]);
    pthread_sigmask(SIG_SETMASK, &deaf, &before);
    int error = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        pthread_setname_np(*thread, name);
    return error;
}
