/* Tests the loading of certificates: every way in which two files can be no pair.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certificate.h"
#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char place[] = "listeners \"web\": tls.certificates[1]";

static int begin(void)
{
    if (folder_begin() != 0)
        return 1;
    forge_pair("a", "DNS:a.test,DNS:*.A.test,IP:127.0.0.1,IP:::1", 0);
    forge_pair("b", "DNS:b.test", 2048);
    folder_write("empty", "");
    folder_write("garbage", "this is no PEM\n");
    return 0;
}

/* Loads the two files and gives back the sentence; frees the certificate. */
static char *load(const char *chain, const char *key)
{
    struct certificate certificate;
    struct conf_certificate conf = {.chain = (char *)chain, .key = (char *)key};
    char *trouble = certificate_begin(&certificate, &conf, place);
    certificate_end(&certificate);
    return trouble;
}

static void a_pair_is_loaded_and_described(void)
{
    struct certificate certificate;
    struct conf_certificate conf = {.chain = (char *)"a.crt", .key = (char *)"a.key"};
    static const char *const names[] = {"a.test", "*.A.test", "127.0.0.1", "::1"};
    CU_ASSERT_FATAL(words_none(certificate_begin(&certificate, &conf, place)));
    const struct certs_description *described = &certificate.description;
    CU_ASSERT_STRING_EQUAL(described->file, "a.crt");
    CU_ASSERT_STRING_EQUAL(described->subject, "CN=a");
    CU_ASSERT_STRING_EQUAL(described->key_type, "EC");
    CU_ASSERT_EQUAL(described->key_bits, 256);
    CU_ASSERT_EQUAL(strspn(described->fingerprint, "0123456789abcdef"), 64);
    CU_ASSERT_EQUAL(strlen(described->fingerprint), 64);
    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_STRING_EQUAL(described->names[i], names[i]);
    CU_ASSERT_PTR_NULL(described->names[4]);
    int64_t now = (int64_t)time(NULL) * 1000;
    CU_ASSERT(llabs(described->not_before_ms - (now - 3600000)) < 60000);
    CU_ASSERT(llabs(described->not_after_ms - (now + 3600000)) < 60000);
    CU_ASSERT_PTR_NULL(certs_validity(described, now));
    certificate_end(&certificate);
}

static void a_certificate_may_demand_a_staple(void)
{
    static const char *const features[] = {NULL, "status_request", "status_request_v2", "17,5"};
    for (size_t i = 0; i < 4; i++) {
        struct certificate certificate;
        struct conf_certificate conf = {.chain = (char *)"f.crt", .key = (char *)"f.key"};
        struct forged made = forge(&(struct forge_order){.name = "f", .feature = features[i]});
        forge_write_chain("f.crt", &made, NULL);
        forge_write_key("f.key", &made, NULL);
        forge_free(&made);
        CU_ASSERT_FATAL(words_none(certificate_begin(&certificate, &conf, place)));
        CU_ASSERT_EQUAL(certificate.description.must_staple, i % 2 == 1);
        certificate_end(&certificate);
    }
}

static void the_fingerprint_is_that_of_openssl(void)
{
    struct certificate certificate;
    struct conf_certificate conf = {.chain = (char *)"b.crt", .key = (char *)"b.key"};
    char line[256] = "";
    char plain[65] = "";
    size_t length = 0;
    CU_ASSERT_FATAL(words_none(certificate_begin(&certificate, &conf, place)));
    FILE *openssl = popen("openssl x509 -in b.crt -noout -fingerprint -sha256", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(openssl);
    CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof line, openssl));
    CU_ASSERT_EQUAL(pclose(openssl), 0);
    for (const char *at = strchr(line, '='); at && *at && length < 64; at++) {
        if (*at != '=' && *at != ':')
            plain[length++] = *at >= 'A' && *at <= 'F' ? (char)(*at + 32) : *at;
    }
    CU_ASSERT_STRING_EQUAL(certificate.description.fingerprint, plain);
    CU_ASSERT_STRING_EQUAL(certificate.description.key_type, "RSA");
    CU_ASSERT_EQUAL(certificate.description.key_bits, 2048);
    certificate_end(&certificate);
}

static void one_file_may_hold_both(void)
{
    struct certificate certificate;
    struct conf_certificate conf = {.pem = (char *)"both.pem"};
    CU_ASSERT_EQUAL_FATAL(system("cat a.key a.crt b.crt > both.pem"), 0);
    CU_ASSERT(words_none(certificate_begin(&certificate, &conf, place)));
    CU_ASSERT_EQUAL(sk_X509_num(certificate.chain), 1);
    CU_ASSERT_STRING_EQUAL(certificate.description.file, "both.pem");
    certificate_end(&certificate);
    conf.pem = (char *)"a.crt";
    CU_ASSERT(words_hold(certificate_begin(&certificate, &conf, place), "tls.certificates[1].pem",
                         "\"a.crt\"", "no private key", NULL));
    certificate_end(&certificate);
}

static void keys_in_older_forms_are_read(void)
{
    CU_ASSERT_EQUAL_FATAL(system("openssl ec -in a.key -out old.key 2>/dev/null && "
                                 "openssl ecparam -name prime256v1 > ec.key && cat old.key >> ec.key && "
                                 "openssl rsa -traditional -in b.key -out rsa.key 2>/dev/null"),
                          0);
    CU_ASSERT(words_none(load("a.crt", "ec.key")));
    CU_ASSERT(words_none(load("b.crt", "rsa.key")));
}

static void a_missing_file_is_named_with_its_key(void)
{
    CU_ASSERT(words_hold(load("none.crt", "a.key"), "listeners \"web\": tls.certificates[1].chain:",
                         "\"none.crt\"", "No such file", "correct its path", NULL));
    CU_ASSERT(words_hold(load("a.crt", "none.key"), "tls.certificates[1].key:", "\"none.key\"", NULL));
}

static void a_directory_is_no_file(void)
{
    CU_ASSERT(words_hold(load(".", "a.key"), "[1].chain", "name a file, not a directory", NULL));
}

static void a_file_that_may_not_be_read_is_told(void)
{
    CU_ASSERT_EQUAL_FATAL(system("cp a.key secret.key"), 0);
    CU_ASSERT_EQUAL_FATAL(chmod("secret.key", 0), 0);
    /* The superuser may read everything: be somebody else meanwhile, who may still enter the folder. */
    CU_ASSERT_EQUAL_FATAL(chmod(".", 0755) + chmod("a.crt", 0644), 0);
    CU_ASSERT_FATAL(getuid() != 0 || seteuid(65534) == 0);
    CU_ASSERT(
        words_hold(load("a.crt", "secret.key"), "secret.key", "Permission denied", "let the user", NULL));
    CU_ASSERT_FATAL(getuid() != 0 || seteuid(0) == 0);
}

static void an_empty_file_is_told(void)
{
    CU_ASSERT(words_hold(load("empty", "a.key"), "[1].chain", "is empty", NULL));
    CU_ASSERT(words_hold(load("a.crt", "empty"), "[1].key", "is empty", NULL));
}

static void a_file_without_pem_is_told(void)
{
    CU_ASSERT(words_hold(load("garbage", "a.key"), "no certificate in PEM", "BEGIN CERTIFICATE", NULL));
    CU_ASSERT(words_hold(load("a.crt", "garbage"), "no private key", "BEGIN PRIVATE KEY", NULL));
    CU_ASSERT(words_hold(load("a.key", "a.key"), "no certificate in PEM", NULL));
    CU_ASSERT(words_hold(load("a.crt", "a.crt"), "no private key", NULL));
}

static void a_certificate_cut_short_is_told(void)
{
    char *text = folder_read("a.crt");
    text[strlen(text) - 60] = '\0';
    folder_write("cut.crt", text);
    CU_ASSERT(words_hold(load("cut.crt", "a.key"), "certificate 1 in \"cut.crt\"", "OpenSSL", NULL));
    CU_ASSERT_EQUAL(system("cat a.crt cut.crt > second.crt"), 0);
    CU_ASSERT(words_hold(load("second.crt", "a.key"), "certificate 2 in \"second.crt\"", NULL));
    free(text);
}

static void a_key_of_another_certificate_is_refused(void)
{
    CU_ASSERT(words_hold(load("a.crt", "b.key"), "[1].key", "\"b.key\" does not belong", "\"a.crt\"",
                         "made together", NULL));
    forge_pair("other", "DNS:a.test", 0);
    CU_ASSERT(words_hold(load("a.crt", "other.key"), "does not belong", NULL));
}

static void a_chain_in_the_wrong_order_is_told(void)
{
    CU_ASSERT_EQUAL_FATAL(system("cat b.crt a.crt > reversed.crt"), 0);
    CU_ASSERT(words_hold(load("reversed.crt", "a.key"), "certificate 2", "must stand first", NULL));
}

static void an_encrypted_key_is_refused_without_asking(void)
{
    struct forged made = forge(&(struct forge_order){.name = "c"});
    forge_write_chain("c.crt", &made, NULL);
    forge_write_key("c.key", &made, "secret");
    CU_ASSERT(words_hold(load("c.crt", "c.key"), "[1].key", "is encrypted", "password_file", NULL));
    CU_ASSERT_EQUAL(system("openssl ec -in a.key -aes128 -passout pass:x -out d.key 2>/dev/null"), 0);
    CU_ASSERT(words_hold(load("a.crt", "d.key"), "is encrypted", NULL));
    forge_free(&made);
}

static void an_expired_certificate_loads_and_tells(void)
{
    struct certificate certificate;
    struct conf_certificate conf = {.chain = (char *)"e.crt", .key = (char *)"e.key"};
    struct forged made = forge(&(struct forge_order){.name = "e", .from = -7200, .until = -3600});
    int64_t now = (int64_t)time(NULL) * 1000;
    forge_write_chain("e.crt", &made, NULL);
    forge_write_key("e.key", &made, NULL);
    CU_ASSERT(words_none(certificate_begin(&certificate, &conf, place)));
    CU_ASSERT_STRING_EQUAL(certs_validity(&certificate.description, now), "expired");
    CU_ASSERT_STRING_EQUAL(certs_validity(&certificate.description, now - 10800000), "not yet valid");
    CU_ASSERT_PTR_NULL(certs_validity(&certificate.description, now - 5400000));
    certificate_end(&certificate);
    forge_free(&made);
}

static void the_common_name_counts_only_without_dns_names(void)
{
    struct certificate certificate;
    struct conf_certificate conf = {.chain = (char *)"f.crt", .key = (char *)"f.key"};
    struct forged made = forge(&(struct forge_order){.name = "f.test", .alternatives = "IP:10.0.0.1"});
    forge_write_chain("f.crt", &made, NULL);
    forge_write_key("f.key", &made, NULL);
    CU_ASSERT_FATAL(words_none(certificate_begin(&certificate, &conf, place)));
    CU_ASSERT_STRING_EQUAL(certificate.names[0], "10.0.0.1");
    CU_ASSERT_STRING_EQUAL(certificate.names[1], "f.test");
    CU_ASSERT_PTR_NULL(certificate.names[2]);
    certificate_end(&certificate);
    forge_free(&made);
}

static void a_name_with_a_nul_in_it_is_none(void)
{
    struct forged made = forge(&(struct forge_order){0});
    static const unsigned char name[] = "good.test\0.evil.test";
    struct certificate certificate;
    struct conf_certificate conf = {.chain = (char *)"nul.crt", .key = (char *)"nul.key"};
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.certificate), "CN", MBSTRING_ASC, name,
                               sizeof name - 1, -1, 0);
    CU_ASSERT(X509_sign(made.certificate, made.key, EVP_sha256()) > 0);
    forge_write_chain("nul.crt", &made, NULL);
    forge_write_key("nul.key", &made, NULL);
    CU_ASSERT_FATAL(words_none(certificate_begin(&certificate, &conf, place)));
    CU_ASSERT_PTR_NULL(certificate.names[0]);
    certificate_end(&certificate);
    forge_free(&made);
}

static const struct test tests[] = {
    TEST(a_pair_is_loaded_and_described),
    TEST(a_certificate_may_demand_a_staple),
    TEST(the_fingerprint_is_that_of_openssl),
    TEST(one_file_may_hold_both),
    TEST(keys_in_older_forms_are_read),
    TEST(a_missing_file_is_named_with_its_key),
    TEST(a_directory_is_no_file),
    TEST(a_file_that_may_not_be_read_is_told),
    TEST(an_empty_file_is_told),
    TEST(a_file_without_pem_is_told),
    TEST(a_certificate_cut_short_is_told),
    TEST(a_key_of_another_certificate_is_refused),
    TEST(a_chain_in_the_wrong_order_is_told),
    TEST(an_encrypted_key_is_refused_without_asking),
    TEST(an_expired_certificate_loads_and_tells),
    TEST(the_common_name_counts_only_without_dns_names),
    TEST(a_name_with_a_nul_in_it_is_none),
    {0},
};

const struct suite certificate_suite = {"certificate", tests, begin, folder_end};
