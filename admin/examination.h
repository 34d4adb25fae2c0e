/* What is not as it should be, and what helps: one table of examinations, each of them pure.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_EXAMINATION_H
#define ADMIN_EXAMINATION_H

#include "admin/members.h"
#include "admin/process.h"
#include "admin/signs.h"
#include "proxy/report.h"

/* Everything that is looked at, at one moment. Borrowed. */
struct patient {
    int64_t at; /* ms since the epoch */
    struct report_info info;
    struct process process;
    struct signs signs;
    const struct report_listener *listeners;
    size_t listener_count;
    const struct report_upstream *upstreams;
    size_t upstream_count;
    const struct report_certificate *certificates;
    size_t certificate_count;
    const struct report_trouble *troubles; /* with certificates as their files are now */
    size_t trouble_count;
};

struct finding {
    const char *code;     /* a constant word that programs know it by */
    const char *severity; /* "error", "warning", "info" */
    char subject[256];    /* "listener web", a file, a setting of the kernel */
    char sentence[768];
    const char *remedy; /* a constant sentence */
    char key[ADDRESS_TEXT];
};

struct findings {
    struct finding *items; /* on the heap */
    size_t count;
    size_t room;
    bool is_short; /* memory was out: some are missing */
};

/* Adds what is found to *findings, which is all zero at first and whose items the caller frees. */
void examination_run(const struct patient *patient, struct findings *findings);

extern const struct member finding_members[]; /* of struct finding */

#endif
