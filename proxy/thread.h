/* Threads of the house: named, and deaf to the signals that control waits for.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_THREAD_H
#define PROXY_THREAD_H

#include <pthread.h>

/* Starts a thread. It takes no signals, but those by which the kernel tells a thread its own fault (SIGSEGV
 * and the like) stay open, so that whoever watches over the process (a sanitizer, a crash handler) is told.
 * `name` has at most 15 bytes, as pthread_setname_np(3) wants. 0 or errno. */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *context), void *context);

#endif
