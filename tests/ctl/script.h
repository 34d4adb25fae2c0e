/* An HTTP server that answers as it is told, however wrong that is.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_CTL_SCRIPT_H
#define TESTS_CTL_SCRIPT_H

#include "tests/daemon/service.h"

enum {
    SCRIPT_ASKED = 16 /* requests that are kept */
};

/* What happens when an answer is written. */
enum script_end {
    SCRIPT_CLOSES,
    SCRIPT_HOLDS, /* until the client goes */
    SCRIPT_RESETS,
};

struct script_answer {
    const char *bytes;
    size_t piece; /* bytes written at a time, 0: all */
    unsigned us;  /* between two pieces */
    enum script_end end;
    bool is_hasty;   /* answers without having read the request */
    bool is_endless; /* the bytes again and again */
};

struct script {
    struct service service;
    const char *address; /* for splicectl and client_begin */
    const struct script_answer *answers;
    size_t count;
    pthread_mutex_t lock;
    size_t asked;
    char requests[SCRIPT_ASKED][2048];
};

/* Starts it on "script.sock" in the test's folder: the first connection gets the first answer, and so on; the
 * last answer is for all that follow. */
void script_begin(struct script *script, const struct script_answer *answers, size_t count);
void script_end(struct script *script);

/* The request that came with this number, from 0; "" when none did. */
const char *script_request(struct script *script, size_t number);

/* The answer 200 of a body, whose type is JSON. */
#define SCRIPT_JSON(body) "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" body

#endif
