/* The programs that are measured: spliced, its peers, and the floor.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_BENCH_SUBJECTS_H
#define TESTS_BENCH_SUBJECTS_H

#include "tests/bench/machine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the measured program listens. */
enum entry {
    ENTRY_PLAIN,
    ENTRY_TLS, /* certificate with an ECDSA key */
    ENTRY_RSA, /* certificate with an RSA key */
    ENTRY_COUNT
};

/* How a program is started. */
struct setup {
    const char *folder; /* ours, for its files */
    const char *certificates;
    uint16_t ports[ENTRY_COUNT]; /* where it listens */
    uint16_t backend;            /* where it connects to */
    unsigned workers;
    enum placement placement;
    const char *floor; /* how the floor relays: "copy", "splice" or "tls" */
};

struct subject {
    const char *name;
    const char *program; /* looked for in PATH and where administrators' programs are */
    bool is_peer;
    bool is_tls_only;
    /* Writes its files into the folder and fills in its arguments. */
    void (*prepare)(const struct setup *setup, const char **arguments);
};

extern const struct subject subjects[];
extern const size_t subject_count;

/* Another build of spliced, to be measured beside it as the subject "other". Borrowed. */
void subjects_set_other(const char *program);

/* The subject of that name, or NULL. */
const struct subject *subject_find(const char *name);

/* Whether its program is installed. */
bool subject_is_there(const struct subject *subject);

/* Makes the certificates in `folder` once, with the project's script. */
bool subjects_make_certificates(const char *folder);

/* Starts it, as the leader of a process group, and waits until it listens wherever it should. Its process id,
 * or -1. Its words stand in "FOLDER/NAME.log". */
pid_t subject_start(const struct subject *subject, const struct setup *setup);

/* Ends it and all that it started. */
void subject_stop(pid_t pid);

#endif
