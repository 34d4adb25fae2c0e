/* Tests how it is told that files have changed, and whether what they make is anything else.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certs.h"
#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct conf_certificate us = {.chain = (char *)"us.crt", .key = (char *)"us.key"};
static struct conf_upstream_tls tls = {.ca = (char *)"cas", .verify = true, .certificate = &us};

static int begin(void)
{
    return folder_begin();
}

static void make_files(void)
{
    CU_ASSERT_EQUAL(system("rm -rf cas && mkdir cas"), 0);
    forge_pair("us", "DNS:us.test", 0);
    forge_pair("ca", "DNS:ca.test", 0);
    CU_ASSERT_EQUAL(rename("ca.crt", "cas/ca.crt"), 0);
}

static struct certs *load(void)
{
    struct certs *certs;
    CU_ASSERT_FATAL(words_none(certs_load_upstream(&tls, "app", &certs)));
    return certs;
}

/* Whether another stamp than before is there once these commands have run. */
static bool changes(const char *commands)
{
    uint64_t before = certs_stamp_upstream_files(&tls);
    CU_ASSERT_EQUAL(system(commands), 0);
    return certs_stamp_upstream_files(&tls) != before;
}

static void every_change_of_a_file_shows_and_nothing_else(void)
{
    make_files();
    CU_ASSERT_FALSE(changes("cat us.crt us.key cas/ca.crt >read; echo > stranger"));
    CU_ASSERT_TRUE(changes("cp us.crt new && mv new us.crt"));
    CU_ASSERT_TRUE(changes("echo >> us.key"));
    CU_ASSERT_TRUE(changes("cp us.crt cas/more.crt"));
    CU_ASSERT_TRUE(changes("echo >> cas/more.crt"));
    CU_ASSERT_TRUE(changes("rm cas/more.crt"));
    CU_ASSERT_TRUE(changes("mv us.crt us.2 && ln -s us.2 us.crt && touch -r us.crt us.2"));
    CU_ASSERT_TRUE(changes("rm us.crt"));
    CU_ASSERT_FALSE(changes("true"));
}

static void of_the_systems_authorities_what_packages_write_counts(void)
{
    struct conf_upstream_tls named = tls;
    make_files();
    tls = (struct conf_upstream_tls){.ca = (char *)"system", .verify = true};
    CU_ASSERT_EQUAL_FATAL(setenv("SSL_CERT_FILE", "us.crt", 1), 0);
    CU_ASSERT_EQUAL_FATAL(setenv("SSL_CERT_DIR", "cas", 1), 0);
    CU_ASSERT_TRUE(changes("cp us.crt new && mv new us.crt"));
    CU_ASSERT_TRUE(changes("cp us.crt cas/0a1b2c3d.0"));
    CU_ASSERT_FALSE(changes("echo > stranger"));
    tls.verify = false;
    CU_ASSERT_FALSE(changes("cp us.crt new && mv new us.crt"));
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    tls = named;
}

static void a_set_knows_its_files_as_they_were_before_they_were_read(void)
{
    make_files();
    uint64_t before = certs_stamp_upstream_files(&tls);
    struct certs *certs = load();
    CU_ASSERT_EQUAL(certs_stamp(certs), before);
    CU_ASSERT_EQUAL(system("cp us.crt new && mv new us.crt"), 0);
    CU_ASSERT_NOT_EQUAL(certs_stamp(certs), certs_stamp_upstream_files(&tls));
    certs_drop(&certs);
}

/* Whether what is loaded once these commands have run is as good as what was before. */
static bool stays_alike(const char *commands)
{
    struct certs *before = load();
    CU_ASSERT_EQUAL(system(commands), 0);
    struct certs *after = load();
    bool are = certs_are_alike(before, after);
    certs_drop(&before);
    certs_drop(&after);
    return are;
}

static void sets_are_alike_when_they_show_and_believe_the_same(void)
{
    make_files();
    forge_pair("other", "DNS:other.test", 0);
    CU_ASSERT_TRUE(stays_alike("true"));
    CU_ASSERT_TRUE(stays_alike("cp us.crt new && mv new us.crt; cp cas/ca.crt cas/again.crt"));
    CU_ASSERT_FALSE(stays_alike("cp other.crt cas/"));
    CU_ASSERT_TRUE(stays_alike("echo >> cas/other.crt"));
    CU_ASSERT_FALSE(stays_alike("rm cas/other.crt"));
    CU_ASSERT_FALSE(stays_alike("cat cas/ca.crt >> us.crt"));
    CU_ASSERT_FALSE(stays_alike("mv other.crt us.crt; mv other.key us.key"));
}

static const struct test tests[] = {
    TEST(every_change_of_a_file_shows_and_nothing_else),
    TEST(of_the_systems_authorities_what_packages_write_counts),
    TEST(a_set_knows_its_files_as_they_were_before_they_were_read),
    TEST(sets_are_alike_when_they_show_and_believe_the_same),
    {0},
};

const struct suite stamp_suite = {.noun = "stamp", .tests = tests, .begin = begin, .end = folder_end};
