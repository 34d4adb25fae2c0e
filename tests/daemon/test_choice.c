/* Tests of the daemon: which certificate and version a client gets, as openssl s_client sees it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The cases are those of hitch's own tests: a certificate for each listener, by name, by wildcard, by
 * default, with keys of two types, and one version only. */
#include "tests/daemon/harness.h"
#include "tests/daemon/identity.h"
#include "tests/daemon/program.h"
#include "tests/daemon/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(rows)    (sizeof rows / sizeof *rows)
#define PAIR(file)     "{'chain':'@/" file ".crt','key':'@/" file ".key'}"
#define LISTENER(name) "{'name':'" name "','address':'127.0.0.1:0','upstream':'@demo','tls':{"

static void begin(void)
{
    harness_begin(60);
    identity_make();
    identity_sign("wild", "*.wild.test", 0);
    identity_sign("exact", "exact.wild.test", 0);
    identity_sign("twin", "exact.wild.test", 2048);
    harness_configure(
        /* clang-format off */
        "{'listeners':["
        LISTENER("many") "'certificates':[" PAIR("a") "," PAIR("wild") "," PAIR("exact") "," PAIR("twin") "," PAIR("b") "]}},"
        LISTENER("other") "'certificates':[" PAIR("b") "]}},"
        LISTENER("named") "'certificates':[" PAIR("a") "," PAIR("wild") "],'require_sni':true}},"
        LISTENER("old") "'certificates':[" PAIR("a") "],'max_version':'1.2'}},"
        LISTENER("new") "'certificates':[" PAIR("a") "],'min_version':'1.3'}}],"
                                                                                                                                                          /* clang-format on */
                                                                                                                                                          "'upstreams':[]," HARNESS_ADMIN
                                                                                                                                                          "}");
    harness_start();
}

static void end(void)
{
    harness_end();
}

/* What s_client says of a handshake with `listener`; `options` are up to three more, the last NULL. */
static char *shake(const char *listener, const char *name, const char *const options[4])
{
    const char *arguments[14] = {"openssl", "s_client", "-connect", harness_at("127.0.0.1", listener),
                                 "-CAfile", "ca.crt",   "-nameopt", "RFC2253"};
    size_t count = 8;
    if (name)
        arguments[count++] = "-servername";
    arguments[count++] = name ? name : "-noservername";
    for (size_t i = 0; options[i]; i++)
        arguments[count++] = options[i];
    struct program_order order = {.arguments = arguments, .out = "said"};
    program_wait(program_start(&order), 20);
    return program_read("said");
}

struct row {
    const char *listener;
    const char *name;        /* asked for; NULL: none */
    const char *options[4];  /* of s_client */
    const char *certificate; /* whose is shown; NULL: the handshake fails */
    const char *what;        /* is said besides */
};

static void expect(const struct row *rows, size_t count)
{
    char subject[64];
    begin();
    for (size_t i = 0; i < count; i++) {
        char *said = shake(rows[i].listener, rows[i].name, rows[i].options);
        snprintf(subject, sizeof subject, "subject=CN=%s\n", rows[i].certificate);
        bool is_shown = rows[i].certificate ? strstr(said, subject) && strstr(said, "Verification: OK")
                                            : !strstr(said, "subject=");
        CU_ASSERT_TRUE(is_shown && strstr(said, rows[i].what));
        if (!is_shown || !strstr(said, rows[i].what))
            printf("\n    row %zu: %s\n", i, said);
        free(said);
    }
    end();
}

static void each_name_gets_its_certificate_and_each_listener_has_its_own(void)
{
    static const struct row rows[] = {
        {"many", "a.test", {NULL}, "a.test", "TLSv1.3"},
        {"many", "B.Test", {NULL}, "b.test", "TLSv1.3"},
        {"many", "any.wild.test", {NULL}, "*.wild.test", ""},
        {"many", "exact.wild.test", {NULL}, "exact.wild.test", ""},
        {"many", "two.labels.wild.test", {NULL}, "a.test", ""},
        {"many", "unknown.test", {NULL}, "a.test", ""},
        {"many", NULL, {NULL}, "a.test", ""},
        {"other", "a.test", {NULL}, "b.test", ""},
    };
    expect(rows, COUNT(rows));
}

static void a_client_gets_the_key_type_that_it_can_verify(void)
{
    static const struct row rows[] = {
        {"many", "exact.wild.test", {"-tls1_2", NULL}, "exact.wild.test", "ECDHE-ECDSA-AES128-GCM-SHA256"},
        {"many",
         "exact.wild.test",
         {"-tls1_2", "-cipher", "aRSA", NULL},
         "exact.wild.test",
         "ECDHE-RSA-AES128"},
        {"many", "exact.wild.test", {"-sigalgs", "RSA-PSS+SHA256", NULL}, "exact.wild.test", "2048 bit"},
        {"many", "exact.wild.test", {"-sigalgs", "ECDSA+SHA256", NULL}, "exact.wild.test", "256 bit"},
    };
    expect(rows, COUNT(rows));
}

static void where_a_name_is_required_an_unknown_one_is_refused(void)
{
    static const struct row rows[] = {
        {"named", "a.test", {NULL}, "a.test", ""},
        {"named", "any.wild.test", {NULL}, "*.wild.test", ""},
        {"named", "unknown.test", {NULL}, NULL, "no peer certificate available"},
        {"named", NULL, {NULL}, NULL, "no peer certificate available"},
        {"named", "wild.test", {"-tls1_2", NULL}, NULL, "no peer certificate available"},
    };
    expect(rows, COUNT(rows));
}

static void one_version_may_be_all_there_is(void)
{
    static const struct row rows[] = {
        {"old", "a.test", {NULL}, "a.test", "TLSv1.2"},
        {"old", "a.test", {"-tls1_3", NULL}, NULL, "no peer certificate available"},
        {"new", "a.test", {NULL}, "a.test", "TLSv1.3"},
        {"new", "a.test", {"-tls1_2", NULL}, NULL, "no peer certificate available"},
    };
    expect(rows, COUNT(rows));
}

static const struct test tests[] = {
    TEST(each_name_gets_its_certificate_and_each_listener_has_its_own),
    TEST(a_client_gets_the_key_type_that_it_can_verify),
    TEST(where_a_name_is_required_an_unknown_one_is_refused),
    TEST(one_version_may_be_all_there_is),
    {0},
};

const struct suite choice_suite = {.noun = "choice", .tests = tests};
