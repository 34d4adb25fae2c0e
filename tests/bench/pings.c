/* One connection on which a message goes there and an answer back, again and again, and how long that takes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/pings.h"

#include "tests/bench/clients.h"
#include "tests/bench/machine.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    PAUSE_US = 300,
    PATIENCE_S = 10,
};

bool pings_begin(struct pings *pings, struct load *load, uint16_t port)
{
    struct timeval patience = {.tv_sec = PATIENCE_S};
    *pings = (struct pings){.service = -1, .us = malloc(PINGS_MOST * sizeof(float))};
    pings->client = clients_pair(load, port, &pings->service);
    if (pings->us && pings->client >= 0 && pings->service >= 0) {
        setsockopt(pings->client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(pings->service, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return true;
    }
    pings_end(pings, 1);
    return false;
}

static bool pass(int from, int to)
{
    char message[LOAD_MESSAGE] = {0};
    return send(from, message, sizeof message, MSG_NOSIGNAL) == (ssize_t)sizeof message &&
           recv(to, message, sizeof message, MSG_WAITALL) == (ssize_t)sizeof message;
}

void pings_run(struct pings *pings, double seconds, unsigned pause_us)
{
    uint64_t now = machine_now_ns(), until = now + (uint64_t)(seconds * 1e9);
    while (now < until && pings->count < PINGS_MOST && !pings->has_failed) {
        uint64_t sent = machine_now_ns();
        pings->has_failed = !pass(pings->client, pings->service) || !pass(pings->service, pings->client);
        now = machine_now_ns();
        pings->us[pings->count++] = (float)(now - sent) / 1e3f;
        if (pause_us)
            usleep(pause_us);
    }
}

static void *run(void *context)
{
    struct pings *pings = context;
    machine_hurry();
    pings_run(pings, pings->seconds, PAUSE_US);
    atomic_store(&pings->is_over, true);
    return NULL;
}

void pings_start(struct pings *pings, double seconds)
{
    pings->seconds = seconds;
    if (pthread_create(&pings->thread, NULL, run, pings) != 0) {
        pings->has_failed = true;
        atomic_store(&pings->is_over, true);
    }
}

bool pings_are_over(struct pings *pings)
{
    if (!atomic_load(&pings->is_over))
        return false;
    if (!pings->has_failed || pings->count > 0)
        pthread_join(pings->thread, NULL);
    return true;
}

static int by_length(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

double pings_end(struct pings *pings, double part)
{
    double result = -1;
    if (pings->count > 0 && !pings->has_failed) {
        qsort(pings->us, pings->count, sizeof *pings->us, by_length);
        unsigned at = (unsigned)(part * pings->count);
        result = (double)pings->us[at < pings->count ? at : pings->count - 1];
    }
    free(pings->us);
    if (pings->client >= 0)
        close(pings->client);
    if (pings->service >= 0)
        close(pings->service);
    return result;
}
