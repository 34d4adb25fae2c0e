/* Tests of what must hold between the parts of a description that are about TLS.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/conf/blaming.h"
#include "tests/conf/reading.h"
#include "tests/conf/suites.h"

#include <stdlib.h>

#define COUNT(rows) (sizeof rows / sizeof *rows)
#define ASKING(inside)                                                                                       \
    ", \"tls\": {\"certificates\": [{\"pem\": \"p\"}], \"client_certificate\": {" inside "}}"
#define AT(path) "/listeners/0/tls/client_certificate/" path

static void whoever_asks_for_certificates_says_whom_to_believe(void)
{
    static const struct blame rows[] = {
        {ASKING("\"require\": \"yes\""), "", "", AT("require"), "give \"ca\""},
        {ASKING("\"require\": \"optional\", \"ca\": null"), "", "", AT("require"), "give \"ca\""},
        {ASKING("\"require\": \"yes\", \"ca\": 5"), "", "", AT("ca"), "not a number"},
        {ASKING("\"require\": \"maybe\", \"ca\": \"c\""), "", "", AT("require"), "one of \"no\""},
    };
    blame_all(rows, COUNT(rows));
}

static void whoever_says_whom_to_believe_asks_for_certificates(void)
{
    static const struct blame rows[] = {
        {ASKING("\"ca\": \"c\""), "", "", AT("ca"), "nobody is asked"},
        {ASKING("\"crl\": \"c\""), "", "", AT("crl"), "nobody is asked"},
        {ASKING("\"allow\": {\"cn\": [\"a\"]}"), "", "", AT("allow/cn/0"), "nobody is asked"},
        {ASKING("\"allow\": {\"uri\": [\"a:b\"]}"), "", "", AT("allow/uri/0"), "nobody is asked"},
    };
    blame_all(rows, COUNT(rows));
    /* Who writes "no" means it. */
    char *text =
        document_with(ASKING("\"require\": \"no\", \"ca\": \"c\", \"allow\": {\"cn\": [\"a\"]}"), "", "");
    conf_destroy(read_well(text));
    free(text);
}

static void entries_that_mean_nothing_are_told_where_they_stand(void)
{
    static const struct blame rows[] = {
        {ASKING("\"require\": \"yes\", \"ca\": \"c\", \"allow\": {\"dns\": [\"a\", \"*\"]}"), "", "",
         AT("allow/dns/1"), "\"*\" of \"dns\" has a wildcard"},
        {ASKING("\"require\": \"yes\", \"ca\": \"c\", \"allow\": {\"uri\": [\"x*\"]}"), "", "",
         AT("allow/uri/0"), "\"x*\" of \"uri\" has a wildcard"},
        {ASKING("\"require\": \"yes\", \"ca\": \"c\", \"allow\": {\"ip\": [\"x\"]}"), "", "",
         AT("allow/ip/0"), "\"x\" of \"ip\" is no IPv4"},
        {ASKING("\"require\": \"yes\", \"ca\": \"c\", \"allow\": {\"spki_sha256\": [\"x\"]}"), "", "",
         AT("allow/spki_sha256/0"), "\"x\" of \"spki_sha256\" is no SHA-256"},
        {ASKING("\"require\": \"yes\", \"ca\": \"c\", \"allow\": {\"cn\": [null]}"), "", "", AT("allow/cn/0"),
         "not null"},
    };
    blame_all(rows, COUNT(rows));
}

static void a_certificate_of_ours_is_a_pair_too(void)
{
    static const struct blame rows[] = {
        {"", ", \"tls\": {\"certificate\": {\"chain\": \"c\"}}", "", "/upstreams/0/tls/certificate/chain",
         "\"chain\" is given without \"key\""},
        {"", ", \"tls\": {\"certificate\": {}}", "", "/upstreams/0/tls/certificate",
         "needs \"chain\" and \"key\", or \"pem\""},
        {"", ", \"tls\": {\"certificate\": \"c\"}", "", "/upstreams/0/tls/certificate", "an object, or null"},
    };
    blame_all(rows, COUNT(rows));
    char *text = document_with("", ", \"tls\": {\"certificate\": {\"pem\": \"p\"}}", "");
    struct conf *conf = read_well(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
    CU_ASSERT_STRING_EQUAL(conf->upstreams[0].tls->certificate->key, "p");
    conf_destroy(conf);
    free(text);
}

static const struct test tests[] = {
    TEST(whoever_asks_for_certificates_says_whom_to_believe),
    TEST(whoever_says_whom_to_believe_asks_for_certificates),
    TEST(entries_that_mean_nothing_are_told_where_they_stand),
    TEST(a_certificate_of_ours_is_a_pair_too),
    {0},
};

const struct suite validate_tls_suite = {"validate_tls", tests, NULL, NULL};
