/* Tests of addresses as values and as text.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/address.h"
#include "tests/proxy/suites.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static void numeric_addresses_are_parsed_and_printed(void)
{
    static const struct {
        const char *host;
        uint16_t port;
        uint16_t family;
        const char *printed;
    } rows[] = {
        {"1.2.3.4", 80, AF_INET, "1.2.3.4:80"},
        {"0.0.0.0", 0, AF_INET, "0.0.0.0:0"},
        {"::1", 65535, AF_INET6, "[::1]:65535"},
        {"::", 443, AF_INET6, "[::]:443"},
        {"2001:DB8::0:1", 1, AF_INET6, "[2001:db8::1]:1"},
        {"::ffff:10.0.0.1", 9, AF_INET, "10.0.0.1:9"},
        {"fe80::1%lo", 7, AF_INET6, "[fe80::1%lo]:7"},
        {"fe80::1%4000000000", 7, AF_INET6, "[fe80::1%4000000000]:7"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char host[64], text[ADDRESS_TEXT];
        snprintf(host, sizeof host, "%s", rows[i].host);
        struct conf_address conf = {.kind = CONF_ADDRESS_HOST, .host = host, .port = rows[i].port};
        struct address address;
        CU_ASSERT_TRUE(address_parse(&conf, &address));
        CU_ASSERT_EQUAL(address.family, rows[i].family);
        CU_ASSERT_STRING_EQUAL(address_print(&address, text), rows[i].printed);
    }
}

static void names_are_not_parsed(void)
{
    static const char *const hosts[] = {
        "localhost",
        "app",
        "1.2.3",
        "1.2.3.4.5",
        "",
        "fe80::1%",
        "::1::",
        "fe80::1%none?",
        "256.0.0.1",
        "1.2.3.4 ",
        "fe80::1%-1",
        "fe80::1%0",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
    };
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char host[128];
        snprintf(host, sizeof host, "%s", hosts[i]);
        struct conf_address conf = {.kind = CONF_ADDRESS_HOST, .host = host, .port = 80};
        struct address address;
        CU_ASSERT_FALSE(address_parse(&conf, &address));
    }
}

static void the_other_kinds_of_the_configuration_are_understood(void)
{
    char path[] = "/run/app.sock", demo[] = "demo", text[ADDRESS_TEXT];
    struct address address;
    struct conf_address any = {.kind = CONF_ADDRESS_ANY, .port = 8443};
    CU_ASSERT_TRUE(address_parse(&any, &address));
    CU_ASSERT_STRING_EQUAL(address_print(&address, text), "[::]:8443");
    struct conf_address in_unix = {.kind = CONF_ADDRESS_UNIX, .path = path};
    CU_ASSERT_TRUE(address_parse(&in_unix, &address));
    CU_ASSERT_PTR_EQUAL(address.path, path);
    CU_ASSERT_STRING_EQUAL(address_print(&address, text), "unix:/run/app.sock");
    struct conf_address builtin = {.kind = CONF_ADDRESS_BUILTIN, .host = demo};
    CU_ASSERT_FALSE(address_parse(&builtin, &address));
}

static void what_goes_into_the_kernel_comes_back_the_same(void)
{
    static const char *const hosts[] = {"1.2.3.4", "2001:db8::1", "fe80::1%lo"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char host[64];
        snprintf(host, sizeof host, "%s", hosts[i]);
        struct conf_address conf = {.kind = CONF_ADDRESS_HOST, .host = host, .port = 80};
        struct sockaddr_storage storage;
        struct address address, back;
        CU_ASSERT_TRUE(address_parse(&conf, &address));
        socklen_t length = address_into(&address, &storage);
        back = address_from((struct sockaddr *)&storage, length);
        CU_ASSERT_TRUE(address_equal(&address, &back));
        back = address_from((struct sockaddr *)&storage, length - 1);
        CU_ASSERT_EQUAL(back.family, AF_UNSPEC);
    }
}

static void a_mapped_peer_is_told_as_ipv4(void)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(50212), .sin6_scope_id = 3};
    char text[ADDRESS_TEXT];
    inet_pton(AF_INET6, "::ffff:198.51.100.7", &in6.sin6_addr);
    struct address address = address_from((struct sockaddr *)&in6, sizeof in6);
    CU_ASSERT_EQUAL(address.family, AF_INET);
    CU_ASSERT_EQUAL(address.scope, 0);
    CU_ASSERT_STRING_EQUAL(address_print(&address, text), "198.51.100.7:50212");
}

static void a_unix_path_fits_or_gives_no_length(void)
{
    char path[sizeof((struct sockaddr_un *)0)->sun_path + 1];
    struct sockaddr_storage storage;
    memset(path, 'x', sizeof path);
    path[sizeof path - 2] = '\0';
    struct address address = {.family = AF_UNIX, .path = path};
    CU_ASSERT_EQUAL(strlen(path), 107);
    CU_ASSERT_EQUAL(address_into(&address, &storage), sizeof(struct sockaddr_un));
    CU_ASSERT_STRING_EQUAL(((struct sockaddr_un *)&storage)->sun_path, path);
    path[sizeof path - 2] = 'x';
    path[sizeof path - 1] = '\0';
    CU_ASSERT_EQUAL(address_into(&address, &storage), 0);
}

static void unknown_and_unnamed_addresses_have_a_text(void)
{
    char text[ADDRESS_TEXT];
    struct sockaddr_storage storage;
    struct address none = {.family = AF_UNSPEC}, unnamed = {.family = AF_UNIX};
    CU_ASSERT_STRING_EQUAL(address_print(&none, text), "");
    CU_ASSERT_STRING_EQUAL(address_print(&unnamed, text), "unix:");
    CU_ASSERT_EQUAL(address_into(&none, &storage), 0);
    CU_ASSERT_EQUAL(address_into(&unnamed, &storage), sizeof(sa_family_t));
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/tmp/x"};
    struct address from = address_from((struct sockaddr *)&un, sizeof un);
    CU_ASSERT_EQUAL(from.family, AF_UNIX);
    CU_ASSERT_PTR_NULL(from.path);
    from = address_from((struct sockaddr *)&un, 0);
    CU_ASSERT_EQUAL(from.family, AF_UNSPEC);
}

static void addresses_are_equal_in_every_part(void)
{
    static const struct {
        struct address a, b;
        bool is_equal;
    } rows[] = {
        {{.family = AF_INET, .port = 1, .ip = {1, 2, 3, 4}},
         {.family = AF_INET, .port = 1, .ip = {1, 2, 3, 4}},
         true},
        {{.family = AF_INET, .port = 1, .ip = {1, 2, 3, 4}},
         {.family = AF_INET, .port = 2, .ip = {1, 2, 3, 4}},
         false},
        {{.family = AF_INET, .port = 1, .ip = {1, 2, 3, 4}},
         {.family = AF_INET, .port = 1, .ip = {1, 2, 3, 5}},
         false},
        {{.family = AF_INET, .port = 1, .ip = {1, 2, 3, 4, 9}},
         {.family = AF_INET, .port = 1, .ip = {1, 2, 3, 4}},
         true},
        {{.family = AF_INET6, .ip = {[15] = 1}}, {.family = AF_INET6, .ip = {[15] = 1}}, true},
        {{.family = AF_INET6, .ip = {[15] = 1}}, {.family = AF_INET6, .ip = {[15] = 2}}, false},
        {{.family = AF_INET6, .scope = 1}, {.family = AF_INET6, .scope = 2}, false},
        {{.family = AF_INET6}, {.family = AF_INET}, false},
        {{.family = AF_UNIX, .path = "/a"}, {.family = AF_UNIX, .path = "/a"}, true},
        {{.family = AF_UNIX, .path = "/a"}, {.family = AF_UNIX, .path = "/b"}, false},
        {{.family = AF_UNIX, .path = "/a"}, {.family = AF_UNIX}, false},
        {{.family = AF_UNIX}, {.family = AF_UNIX}, true},
        {{.family = AF_UNSPEC}, {.family = AF_UNSPEC}, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(address_equal(&rows[i].a, &rows[i].b), rows[i].is_equal);
        CU_ASSERT_EQUAL(address_equal(&rows[i].b, &rows[i].a), rows[i].is_equal);
    }
}

static void a_socket_tells_where_it_is_bound(void)
{
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&loopback, sizeof loopback), 0);
    struct address bound = address_local(fd);
    CU_ASSERT_EQUAL(bound.family, AF_INET);
    CU_ASSERT_NOT_EQUAL(bound.port, 0);
    CU_ASSERT_EQUAL(bound.ip[0], 127);
    close(fd);
    bound = address_local(fd);
    CU_ASSERT_EQUAL(bound.family, AF_UNSPEC);
}

static void a_masked_address_is_its_network_alone(void)
{
    static const struct {
        const char *host;
        const char *masked;
    } rows[] = {{"198.51.100.7", "198.51.100.0:0"}, {"2001:db8:1:2::3", "[2001:db8:1::]:0"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char host[64], text[ADDRESS_TEXT];
        struct address address, masked;
        snprintf(host, sizeof host, "%s", rows[i].host);
        CU_ASSERT_TRUE(address_parse(
            &(struct conf_address){.kind = CONF_ADDRESS_HOST, .host = host, .port = 50212}, &address));
        masked = address_masked(&address);
        CU_ASSERT_STRING_EQUAL(address_print(&masked, text), rows[i].masked);
    }
    struct address unix_address = {.family = AF_UNIX, .path = "/x"};
    struct address masked = address_masked(&unix_address);
    CU_ASSERT_TRUE(address_equal(&masked, &unix_address));
}

static const struct test tests[] = {
    TEST(numeric_addresses_are_parsed_and_printed),
    TEST(names_are_not_parsed),
    TEST(the_other_kinds_of_the_configuration_are_understood),
    TEST(what_goes_into_the_kernel_comes_back_the_same),
    TEST(a_mapped_peer_is_told_as_ipv4),
    TEST(a_unix_path_fits_or_gives_no_length),
    TEST(unknown_and_unnamed_addresses_have_a_text),
    TEST(addresses_are_equal_in_every_part),
    TEST(a_socket_tells_where_it_is_bound),
    TEST(a_masked_address_is_its_network_alone),
    {0},
};

const struct suite address_suite = {.noun = "address", .tests = tests};
