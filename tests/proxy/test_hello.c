/* Tests what is read of a ClientHello: cut in every way, spoilt in every way, and those of real clients.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/hello.h"
#include "tests/proxy/chance.h"
#include "tests/proxy/greeting.h"
#include "tests/proxy/recorded.h"
#include "tests/proxy/suites.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct greeting greeting;
static unsigned char room[HELLO_MOST];

static const char *const protocols[] = {"\x0a\x1a", "h2", "http/1.1", NULL};

/* What all of it is, looked at in pieces of at most `piece` bytes. Each look finds the bytes in memory that
 * is exactly as large, for sanitizers to guard. Before the end nothing may be known. */
static enum hello_state scan_in_pieces(const unsigned char *bytes, size_t length, size_t piece)
{
    struct hello_scan scan = {0};
    enum hello_state state = HELLO_PARTIAL;
    for (size_t there = 0; state == HELLO_PARTIAL && there < length;) {
        there = length - there < piece ? length : there + piece;
        unsigned char *copy = malloc(there);
        memcpy(copy, bytes, there);
        state = hello_scan(&scan, copy, there);
        free(copy);
    }
    return state;
}

static enum hello_state scan_at_once(const unsigned char *bytes, size_t length)
{
    return scan_in_pieces(bytes, length, length);
}

static void names_and_protocols_are_read(void)
{
    struct hello hello;
    char text[64];
    greeting_write(&greeting, &(struct greeting_plan){.server_name = "App.Example", .alpn = protocols});
    CU_ASSERT_EQUAL(scan_at_once(greeting.bytes, greeting.length), HELLO_WHOLE);
    CU_ASSERT_TRUE(hello_read(greeting.bytes, greeting.length, room, &hello));
    CU_ASSERT_STRING_EQUAL(hello.server_name, "App.Example");
    CU_ASSERT_TRUE(hello_offers(&hello, "h2") && hello_offers(&hello, "http/1.1"));
    CU_ASSERT_FALSE(hello_offers(&hello, "h") || hello_offers(&hello, "h2c") || hello_offers(&hello, ""));
    hello_print_alpn(&hello, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "h2,http/1.1");
    hello_print_alpn(&hello, text, 11);
    CU_ASSERT_STRING_EQUAL(text, "h2");
    hello_print_alpn(&hello, text, 2);
    CU_ASSERT_STRING_EQUAL(text, "");
}

static void a_hello_without_extensions_says_nothing(void)
{
    struct hello hello;
    greeting_write(&greeting, &(struct greeting_plan){0});
    CU_ASSERT_EQUAL(scan_at_once(greeting.bytes, greeting.length), HELLO_WHOLE);
    CU_ASSERT_TRUE(hello_read(greeting.bytes, greeting.length, room, &hello));
    CU_ASSERT_STRING_EQUAL(hello.server_name, "");
    CU_ASSERT_EQUAL(hello.alpn_length, 0);
}

/* Of any records, in any pieces: the same is read, and not before its last byte is there. */
static void records_may_cut_it_anywhere_and_bytes_come_in_any_pieces(void)
{
    static const size_t records[] = {1, 2, 3, 4, 5, 6, 7, 50, 100, 0}, pieces[] = {1, 2, 3, 7, 1000};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct hello hello;
        greeting_write(&greeting, &(struct greeting_plan){
                                      .server_name = "a.test", .alpn = protocols, .record = records[i]});
        for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
            CU_ASSERT_EQUAL(scan_in_pieces(greeting.bytes, greeting.length, pieces[k]), HELLO_WHOLE);
            CU_ASSERT_EQUAL(scan_in_pieces(greeting.bytes, greeting.length - 1, pieces[k]), HELLO_PARTIAL);
        }
        CU_ASSERT_TRUE(hello_read(greeting.bytes, greeting.length, room, &hello));
        CU_ASSERT_STRING_EQUAL(hello.server_name, "a.test");
        CU_ASSERT_TRUE(hello_offers(&hello, "http/1.1"));
    }
}

static void what_follows_it_does_not_matter(void)
{
    struct hello hello;
    greeting_write(&greeting,
                   &(struct greeting_plan){.server_name = "a.test", .more = "early data, or anything"});
    CU_ASSERT_EQUAL(scan_at_once(greeting.bytes, greeting.length), HELLO_WHOLE);
    CU_ASSERT_TRUE(hello_read(greeting.bytes, greeting.length, room, &hello));
    CU_ASSERT_STRING_EQUAL(hello.server_name, "a.test");
}

static void it_may_have_64_kib_and_not_a_byte_more(void)
{
    struct hello hello;
    size_t empty;
    greeting_write(&greeting, &(struct greeting_plan){.server_name = "a.test", .padding = 1});
    empty = greeting.length - 1 + 3 * 5; /* it takes three more records */
    struct greeting_plan plan = {.server_name = "a.test", .padding = HELLO_MOST - empty};
    greeting_write(&greeting, &plan);
    CU_ASSERT_EQUAL(greeting.length, HELLO_MOST);
    CU_ASSERT_EQUAL(scan_at_once(greeting.bytes, greeting.length), HELLO_WHOLE);
    CU_ASSERT_TRUE(hello_read(greeting.bytes, greeting.length, room, &hello));
    CU_ASSERT_STRING_EQUAL(hello.server_name, "a.test");
    plan.padding++;
    greeting_write(&greeting, &plan);
    CU_ASSERT_EQUAL(scan_at_once(greeting.bytes, greeting.length), HELLO_BROKEN);
    CU_ASSERT_EQUAL(scan_in_pieces(greeting.bytes, greeting.length, 4096), HELLO_BROKEN);
    /* One that only says so is not waited for. */
    CU_ASSERT_EQUAL(scan_at_once((const unsigned char *)"\x16\x03\x01\x40\x00\x01\x02\x00\x00", 9),
                    HELLO_BROKEN);
}

static void what_is_no_tls_is_told_by_its_first_bytes(void)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum hello_state state;
    } rows[] = {
        {"G", 1, HELLO_FOREIGN},
        {"GET / HTTP/1.1\r\n\r\n", 18, HELLO_FOREIGN},
        {"SSH-2.0-x\r\n", 11, HELLO_FOREIGN},
        {"\x80\x2e\x01\x03\x01", 5, HELLO_FOREIGN},         /* SSLv2 */
        {"\x15\x03\x01\x00\x02\x01\x00", 7, HELLO_FOREIGN}, /* an alert */
        {"\x16\x02", 2, HELLO_FOREIGN},
        {"\x16\x03\x01\x00\x00", 5, HELLO_FOREIGN},     /* an empty record */
        {"\x16\x03\x01\x40\x01", 5, HELLO_FOREIGN},     /* one that is too long */
        {"\x16\x03\x01\x00\x05\x02", 6, HELLO_FOREIGN}, /* another message */
        {"\x16", 1, HELLO_PARTIAL},
        {"\x16\x03\x01\x00", 4, HELLO_PARTIAL},
        {"\x16\x03\x01\x00\x01\x01", 6, HELLO_PARTIAL},
        {"\x16\x03\x01\x00\x01\x01\x17\x03\x03", 9, HELLO_BROKEN}, /* data in the middle */
        {"\x16\x03\x01\x00\x01\x01\x16\x03\x01\x00\x00", 11, HELLO_BROKEN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const unsigned char *bytes = (const unsigned char *)rows[i].bytes;
        CU_ASSERT_EQUAL(scan_at_once(bytes, rows[i].length), rows[i].state);
        CU_ASSERT_EQUAL(scan_in_pieces(bytes, rows[i].length, 1), rows[i].state);
    }
}

static bool is_read(const struct greeting_plan *plan)
{
    struct hello hello;
    greeting_write(&greeting, plan);
    CU_ASSERT_EQUAL(scan_at_once(greeting.bytes, greeting.length), HELLO_WHOLE);
    bool is_well = hello_read(greeting.bytes, greeting.length, room, &hello);
    CU_ASSERT_TRUE(is_well || (*hello.server_name == '\0' && hello.alpn_length == 0));
    return is_well;
}

static void one_that_could_be_understood_in_two_ways_says_nothing(void)
{
    static const char *const empty[] = {"", NULL}, *const none[] = {NULL};
    char longest[256 + 1];
    memset(longest, 'a', 256);
    longest[256] = '\0';
    CU_ASSERT_FALSE(is_read(&(struct greeting_plan){.server_name = "a.test", .second_name = "b.test"}));
    CU_ASSERT_FALSE(is_read(&(struct greeting_plan){.server_name = ""}));
    CU_ASSERT_FALSE(is_read(&(struct greeting_plan){.server_name = longest}));
    CU_ASSERT_TRUE(is_read(&(struct greeting_plan){.server_name = longest + 1}));
    CU_ASSERT_FALSE(is_read(&(struct greeting_plan){.server_name = "a.test", .alpn = empty}));
    CU_ASSERT_FALSE(is_read(&(struct greeting_plan){.server_name = "a.test", .alpn = none}));
    CU_ASSERT_FALSE(is_read(&(struct greeting_plan){.server_name = "a.test", .is_short = 1}));
    CU_ASSERT_FALSE(is_read(&(struct greeting_plan){.server_name = "a.test", .is_short = -1}));
}

/* Whatever one byte is changed to: it is read within its bounds, which a sanitizer watches. */
static void spoilt_ones_are_survived(void)
{
    struct hello hello;
    char text[256];
    struct chance chance;
    chance_begin(&chance);
    greeting_write(&greeting,
                   &(struct greeting_plan){.server_name = "a.test", .alpn = protocols, .record = 40});
    for (size_t at = 0; at < greeting.length; at++) {
        unsigned char was = greeting.bytes[at];
        for (unsigned turn = 0; turn < 8; turn++) {
            greeting.bytes[at] = (unsigned char)chance_below(&chance, 256);
            unsigned char *copy = malloc(greeting.length);
            memcpy(copy, greeting.bytes, greeting.length);
            struct hello_scan scan = {0};
            if (hello_scan(&scan, copy, greeting.length) == HELLO_WHOLE &&
                hello_read(copy, greeting.length, room, &hello))
                hello_print_alpn(&hello, text, sizeof text);
            free(copy);
        }
        greeting.bytes[at] = was;
    }
    CU_ASSERT_TRUE(hello_read(greeting.bytes, greeting.length, room, &hello));
}

/* The hello of a real library, as it lies in a BIO. */
static void openssl_is_understood_in_both_versions(void)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        struct hello hello;
        char *bytes;
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_max_proto_version(context, versions[i]);
        SSL *ssl = SSL_new(context);
        BIO *out = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
        SSL_set_tlsext_host_name(ssl, "db.example");
        SSL_set_alpn_protos(ssl, (const unsigned char *)"\x08postgres\x02h2", 12);
        CU_ASSERT_NOT_EQUAL(SSL_connect(ssl), 1);
        size_t length = (size_t)BIO_get_mem_data(out, &bytes);
        CU_ASSERT_EQUAL(scan_in_pieces((unsigned char *)bytes, length, 1), HELLO_WHOLE);
        CU_ASSERT_TRUE(hello_read((unsigned char *)bytes, length, room, &hello));
        CU_ASSERT_STRING_EQUAL(hello.server_name, "db.example");
        CU_ASSERT_TRUE(hello_offers(&hello, "postgres") && hello_offers(&hello, "h2"));
        SSL_free(ssl);
        SSL_CTX_free(context);
    }
}

static void read_recorded(void *context, const char *name, const unsigned char *bytes, size_t length)
{
    struct hello hello;
    (void)context;
    if (scan_in_pieces(bytes, length, 1) != HELLO_WHOLE)
        printf("\n    %s is not whole", name);
    CU_ASSERT_EQUAL(scan_in_pieces(bytes, length, 1), HELLO_WHOLE);
    CU_ASSERT_EQUAL(scan_in_pieces(bytes, length - 1, 7), HELLO_PARTIAL);
    CU_ASSERT_TRUE(hello_read(bytes, length, room, &hello));
    CU_ASSERT_STRING_EQUAL(hello.server_name, "db.example");
}

/* With GREASE, post-quantum key shares and an encrypted hello inside, as browsers send them. */
static void recorded_ones_of_real_clients_are_understood(void)
{
    CU_ASSERT_TRUE(recorded_read(RECORDED_HELLOS, read_recorded, NULL) >= 5);
}

static const struct test tests[] = {
    TEST(names_and_protocols_are_read),
    TEST(a_hello_without_extensions_says_nothing),
    TEST(records_may_cut_it_anywhere_and_bytes_come_in_any_pieces),
    TEST(what_follows_it_does_not_matter),
    TEST(it_may_have_64_kib_and_not_a_byte_more),
    TEST(what_is_no_tls_is_told_by_its_first_bytes),
    TEST(one_that_could_be_understood_in_two_ways_says_nothing),
    TEST(spoilt_ones_are_survived),
    TEST(openssl_is_understood_in_both_versions),
    TEST(recorded_ones_of_real_clients_are_understood),
    {0},
};

const struct suite hello_suite = {.noun = "hello", .tests = tests};
