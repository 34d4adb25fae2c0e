/* The inside of a set of certificates, shared by the rooms that make it up: what all sets have in common
 * (certs.c), and how a listener's is made (certs_listener.c).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_CERTS_INSIDE_H
#define CERTS_CERTS_INSIDE_H

#include "certs/certificate.h"
#include "certs/certs.h"
#include "certs/sessions.h"
#include "certs/tickets.h"
#include "certs/verification.h"

#include <stdatomic.h>

struct certs {
    atomic_uint references;
    bool verifies;
    bool fetches;      /* OCSP responses */
    uint64_t stamp;    /* of its files before they were read */
    char *server_name; /* NULL: the server's own */
    SSL_CTX *context;
    struct tickets *tickets;         /* a reference; NULL: none are issued */
    struct sessions *sessions;       /* a reference; NULL: none are kept */
    uint64_t tickets_unknown_before; /* to other tickets, of the sets before */
    uint64_t sessions_unknown_before;
    struct verification
        *verification; /* a reference: of the other side; NULL: nobody is asked, or anybody believed */
    struct certificate authority; /* that expires first; no leaf: none is named */
    struct certificate *certificates;
    size_t count;
    struct certs_trouble *troubles;
    size_t trouble_count;
};

/* An empty set with one reference, and room for `most` certificates. */
struct certs *certs_create(size_t most);

/* Frees it, whoever holds it. */
void certs_destroy(struct certs *certs);

/* Notes which of the authorities in `verification`, which `ca` names, expires first. */
void certs_note_authority(struct certs *certs, const char *ca);

/* Who has signed the certificate, where its chain tells; else NULL. Borrowed. */
X509 *certs_issuer(const struct certificate *certificate);

#endif
