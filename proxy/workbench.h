/* What a worker lends to whoever is at work in it: big scratch memory and pipes. Nobody keeps any of it
 * across a turn.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROXY_WORKBENCH_H
#define PROXY_WORKBENCH_H

#include "proxy/pipe.h"

enum {
    WORKBENCH_PLAIN = 64 * 1024,   /* payload on its way from one connection to the other */
    WORKBENCH_CIPHER = 128 * 1024, /* TLS records as they come from or go to a socket */
};

struct workbench {
    unsigned char *plain;      /* WORKBENCH_PLAIN bytes: a flow's */
    unsigned char *cipher_in;  /* WORKBENCH_CIPHER bytes: a TLS transport's, during one call */
    unsigned char *cipher_out; /* WORKBENCH_CIPHER bytes: likewise */
    struct pipe_pool pipes;
    unsigned slot; /* the worker's number: chooses its set of TLS contexts */
};

/* Allocates the memory. `max_pipes` bounds the pipes in use and kept. NULL when well, else a sentence (freed
 * by the caller). */
char *workbench_begin(struct workbench *bench, unsigned slot, unsigned max_pipes);

/* Frees it. Accepts the half-made. */
void workbench_end(struct workbench *bench);

#endif
