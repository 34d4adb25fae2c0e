/* Tests the makers of throw-away certificates: the function and the script.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/certs.h"
#include "tests/certs/folder.h"
#include "tests/certs/meeting.h"
#include "tests/certs/suites.h"
#include "tests/certs/words.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Loads a pair as a listener's only certificate. */
static struct certs *load(const char *chain, const char *key)
{
    struct certs *certs;
    struct conf_certificate files = {.chain = (char *)chain, .key = (char *)key};
    struct conf_listener_tls tls = {
        .certificates = &files, .certificate_count = 1, .max_version = CONF_TLS_1_3};
    CU_ASSERT_FATAL(words_none(certs_load_listener(&tls, "web", &certs)));
    return certs;
}

static bool has_name(const struct certs *certs, const char *name)
{
    const char *const *names = certs_describe(certs, 0)->names;
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static unsigned mode_of(const char *file)
{
    struct stat status;
    return stat(file, &status) == 0 ? status.st_mode & 07777 : 0;
}

static void a_certificate_for_this_machine_is_made(void)
{
    int64_t now = (int64_t)time(NULL) * 1000;
    const int64_t hour = 3600000;
    umask(0);
    CU_ASSERT_FATAL(words_none(certs_make_throwaway("own.crt", "own.key")));
    umask(022);
    CU_ASSERT_EQUAL(mode_of("own.crt"), 0600);
    CU_ASSERT_EQUAL(mode_of("own.key"), 0600);
    struct certs *certs = load("own.crt", "own.key");
    const struct certs_description *described = certs_describe(certs, 0);
    CU_ASSERT(has_name(certs, "localhost") && has_name(certs, "127.0.0.1") && has_name(certs, "::1"));
    CU_ASSERT(llabs(described->not_before_ms - (now - hour)) < 60000);
    CU_ASSERT(llabs(described->not_after_ms - (now + 30 * 24 * hour)) < 60000);
    CU_ASSERT_STRING_EQUAL(described->key_type, "EC");
    certs_drop(&certs);
}

static void it_is_believed_by_who_is_given_it(void)
{
    struct certs *client;
    struct meeting meeting;
    struct conf_upstream_tls tls = {.ca = (char *)"own.crt", .verify = true};
    CU_ASSERT_FATAL(words_none(certs_make_throwaway("own.crt", "own.key")));
    struct certs *server = load("own.crt", "own.key");
    CU_ASSERT_FATAL(words_none(certs_load_upstream(&tls, "app", &client)));
    CU_ASSERT(meet(&meeting, certs_context(server, 0), certs_context(client, 0), "localhost", NULL));
    meeting_end(&meeting);
    certs_drop(&client);
    certs_drop(&server);
}

static void each_is_another(void)
{
    CU_ASSERT_FATAL(words_none(certs_make_throwaway("one.crt", "one.key")));
    CU_ASSERT_FATAL(words_none(certs_make_throwaway("two.crt", "two.key")));
    struct certs *one = load("one.crt", "one.key");
    struct certs *two = load("two.crt", "two.key");
    CU_ASSERT_STRING_NOT_EQUAL(certs_describe(one, 0)->fingerprint, certs_describe(two, 0)->fingerprint);
    certs_drop(&one);
    certs_drop(&two);
}

static void a_link_is_replaced_not_followed(void)
{
    struct stat status;
    folder_write("precious", "untouched");
    CU_ASSERT_EQUAL_FATAL(symlink("precious", "link.key"), 0);
    CU_ASSERT(words_none(certs_make_throwaway("link.crt", "link.key")));
    char *text = folder_read("precious");
    CU_ASSERT_STRING_EQUAL(text, "untouched");
    CU_ASSERT(lstat("link.key", &status) == 0 && S_ISREG(status.st_mode));
    free(text);
}

static void a_folder_that_is_not_there_is_told(void)
{
    CU_ASSERT(words_hold(certs_make_throwaway("none/own.crt", "none/own.key"), "\"none/own.key\"",
                         "No such file", NULL));
}

static void the_script_makes_what_its_head_says(void)
{
    static const struct {
        const char *file;
        const char *name;
        const char *key_type;
    } made[] = {
        {"www.script.test", "www.script.test", "EC"},
        {"www.script.test-rsa", "www.script.test", "RSA"},
        {"_.script.test", "*.script.test", "EC"},
        {"10.1.2.3", "10.1.2.3", "EC"},
        {"localhost", "::1", "EC"},
    };
    CU_ASSERT_EQUAL_FATAL(system(THROWAWAY_SCRIPT " scripted www.script.test '*.script.test' 10.1.2.3"), 0);
    CU_ASSERT_EQUAL_FATAL(system(THROWAWAY_SCRIPT " scripted"), 0);
    CU_ASSERT_EQUAL_FATAL(chdir("scripted"), 0);
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        char chain[64];
        char key[64];
        snprintf(chain, sizeof chain, "%s.crt", made[i].file);
        snprintf(key, sizeof key, "%s.key", made[i].file);
        struct certs *certs = load(chain, key);
        CU_ASSERT(has_name(certs, made[i].name));
        CU_ASSERT_STRING_EQUAL(certs_describe(certs, 0)->key_type, made[i].key_type);
        CU_ASSERT_EQUAL(mode_of(key), 0600);
        certs_drop(&certs);
    }
    CU_ASSERT_EQUAL(system("openssl verify -CAfile ca.crt localhost.crt _.script.test-rsa.crt >/dev/null"),
                    0);
    CU_ASSERT_EQUAL(chdir(".."), 0);
}

static void the_script_leaves_nothing_else_behind(void)
{
    CU_ASSERT_EQUAL_FATAL(system(THROWAWAY_SCRIPT " tidy only.test"), 0);
    CU_ASSERT_EQUAL(
        system("test \"$(ls -A tidy | tr '\\n' ' ')\" = "
               "'ca.crt ca.key only.test-rsa.crt only.test-rsa.key only.test.crt only.test.key '"),
        0);
    CU_ASSERT_NOT_EQUAL(system(THROWAWAY_SCRIPT " 2>/dev/null"), 0);
}

static const struct test tests[] = {
    TEST(a_certificate_for_this_machine_is_made),
    TEST(it_is_believed_by_who_is_given_it),
    TEST(each_is_another),
    TEST(a_link_is_replaced_not_followed),
    TEST(a_folder_that_is_not_there_is_told),
    TEST(the_script_makes_what_its_head_says),
    TEST(the_script_leaves_nothing_else_behind),
    {0},
};

const struct suite throwaway_suite = {"throwaway", tests, folder_begin, folder_end};
