/* Throw-away certificates for the daemon's tests, in the test's folder.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/identity.h"

#include <assert.h>
#include <openssl/pem.h>
#include <stdio.h>

static struct forged authority;

void identity_forge(const char *file, struct forge_order order)
{
    char path[128];
    if (!order.issuer)
        order.issuer = &authority;
    struct forged made = forge(&order);
    snprintf(path, sizeof path, "%s.crt", file);
    forge_write_chain(path, &made, NULL);
    snprintf(path, sizeof path, "%s.key", file);
    forge_write_key(path, &made, NULL);
    forge_free(&made);
}

void identity_sign(const char *file, const char *name, int rsa_bits)
{
    char alternatives[128];
    snprintf(alternatives, sizeof alternatives, "DNS:%s", name);
    identity_forge(file,
                   (struct forge_order){.name = name, .alternatives = alternatives, .rsa_bits = rsa_bits});
}

void identity_revoke(const char *list, const char *file)
{
    char path[128];
    struct forged revoked = {0};
    if (file) {
        snprintf(path, sizeof path, "%s.crt", file);
        FILE *in = fopen(path, "re");
        assert(in);
        revoked.certificate = PEM_read_X509(in, NULL, NULL, NULL);
        fclose(in);
    }
    forge_write_revocations(list, &authority, file ? &revoked : NULL, 3600);
    forge_free(&revoked);
}

void identity_make(void)
{
    struct forged other = forge(&(struct forge_order){.name = "other", .is_authority = true});
    forge_write_chain("other.crt", &other, NULL);
    forge_free(&other);
    forge_free(&authority);
    authority = forge(&(struct forge_order){.name = "authority", .is_authority = true});
    forge_write_chain("ca.crt", &authority, NULL);
    identity_sign("a", "a.test", 0);
    identity_sign("b", "b.test", 2048);
}
