/* Tests of admin/report: exact JSON of samples.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/report.h"
#include "tests/admin/fake_proxy.h"
#include "tests/runner.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

static char text[8192];

static const char *json_of(const struct member *members, uint64_t fields, const void *report)
{
    struct json json;
    json_begin(&json);
    members_write(&json, members, fields, report);
    snprintf(text, sizeof text, "%s", json.text);
    json_end(&json);
    return text;
}

static void a_listener_is_told_as_the_api_says(void)
{
    struct proxy proxy;
    fake_begin(&proxy);
    CU_ASSERT_STRING_EQUAL(
        json_of(report_listener_members, 0, &proxy.listeners[0]),
        "{\"name\":\"web\",\"address\":\"0.0.0.0:8443\",\"state\":\"open\",\"tls\":true,\"upstream\":\"app\","
        "\"queue\":{\"depth\":2,\"limit\":4096,\"asked\":4096,\"high_water\":37,\"high_water_error\":8,"
        "\"half_open\":1,\"drops_total\":0,\"drops_per_second\":0,\"last_drop_at\":null,\"reset\":0,"
        "\"wait_ms\":{\"p50\":0,\"p99\":12,\"max\":40},\"left_before_accept_total\":3,\"expired_total\":5},"
        "\"connections\":{\"now\":812,\"securing\":5,\"peak\":2048,\"limit\":20000},"
        "\"totals\":{\"accepted\":981234,\"refused\":3,\"denied\":0,\"tls_failed\":41,\"handshakes\":700,"
        "\"handshakes_resumed\":200,\"tickets_unknown\":4,\"session_ids_unknown\":6,"
        "\"received_bytes\":8123456789,\"sent_bytes\":91234567890},\"ended\":{\"peer_ended\":{\"their_"
        "client\":980000},\"peer_reset\":"
        "{\"their_service\":7},\"drained\":{\"admin\":1}},\"client_authority\":null,\"since\":\"2026-11-"
        "23T05:40:00.000Z\"}");
    fake_end(&proxy);
}

static void what_the_kernel_does_not_tell_is_null(void)
{
    struct report_listener listener = {
        .name = "u",
        .upstream = "app",
        .address = "unix:/run/x",
        .state = "draining",
        .queue = {.depth = -1,
                  .limit = -1,
                  .asked = 16,
                  .high_water = -1,
                  .half_open = -1,
                  .drops = -1,
                  .drops_per_second = NAN,
                  .reset = -1},
        .since = 0,
    };
    CU_ASSERT_PTR_NOT_NULL(strstr(json_of(report_listener_members, 0, &listener),
                                  "\"queue\":{\"depth\":null,\"limit\":null,\"asked\":16,\"high_water\":null,"
                                  "\"high_water_error\":0,\"half_open\":null,\"drops_total\":null,"
                                  "\"drops_per_second\":null,\"last_drop_at\":null,\"reset\":null,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"since\":null}"));
}

static void a_splice_is_told_with_both_ends(void)
{
    struct report_splice splice;
    fake_splice(4711, true, &splice);
    struct report_tls *tls = &splice.ends[0].tls;
    *tls = (struct report_tls){.is_present = true, .version = "TLSv1.3", .cipher = "TLS_AES_128_GCM_SHA256"};
    strcpy(tls->group, "X25519");
    strcpy(tls->server_name, "app.example");
    strcpy(tls->alpn, "h2");
    splice.ends[0].tcp.rttvar_us = 410;
    strcpy(splice.label, "slow one");
    splice.idle_timeout_ms = 600000;
    splice.rate_down = 65536;
    splice.slowness =
        (struct report_slowness){.is_present = true,
                                 .why = "loss_towards_their_client",
                                 .over_ms = 1007,
                                 .ends = {{900, 0, 0, 1200, 61, 65535, 3}, {-1, -1, -1, -1, -1, -1, 0}}};
    CU_ASSERT_STRING_EQUAL(
        json_of(report_splice_members, 0, &splice),
        "{\"id\":4711,\"listener\":\"web\",\"upstream\":\"app\",\"server\":\"10.0.0.2:8080\","
        "\"state\":\"complete\",\"path\":\"memory\",\"opened_at\":\"2026-11-23T05:40:04.711Z\","
        "\"age_ms\":15290,\"idle_ms\":0,"
        "\"up_bytes\":0,\"down_bytes\":0,\"up_per_second\":0,\"down_per_second\":0,"
        "\"label\":\"slow one\",\"idle_timeout_ms\":600000,\"rate\":{\"up\":null,\"down\":65536},"
        "\"why_slow\":\"loss_towards_their_client\","
        "\"why_slow_figures\":{\"over_ms\":1007,"
        "\"their_client\":{\"waited_ms\":3,\"busy_ms\":900,\"receiver_limited_ms\":0,"
        "\"sender_limited_ms\":0,\"segments\":1200,\"retransmits\":61,\"window_bytes\":65535},"
        "\"their_service\":{\"waited_ms\":0,\"busy_ms\":null,\"receiver_limited_ms\":null,"
        "\"sender_limited_ms\":null,\"segments\":null,\"retransmits\":null,\"window_bytes\":null}},"
        "\"phases_ms\":{\"queue\":4,\"secure_server\":3,\"lookup\":0,\"request\":1,\"secure_client\":0,"
        "\"first_byte_down\":9},"
        "\"ends\":[{\"id\":\"4711s\",\"kind\":\"server\",\"state\":\"complete\","
        "\"local\":\"127.0.0.1:8443\",\"peer\":\"10.1.18.103:50000\",\"spliced_to\":\"4711c\","
        "\"received_bytes\":47110,\"sent_bytes\":1,\"buffered_bytes\":0,\"read_ended\":false,"
        "\"write_ended\":false,\"last_moved_ms\":12,"
        "\"tcp\":{\"rtt_us\":1830,\"rttvar_us\":410,\"cwnd\":0,\"retransmits\":0,\"in_queue\":0,"
        "\"out_queue\":0,\"not_sent\":0,\"delivery_rate\":null,\"busy_ms\":0,\"receiver_limited_ms\":0,"
        "\"sender_limited_ms\":0},"
        "\"tls\":{\"version\":\"TLSv1.3\",\"cipher\":\"TLS_AES_128_GCM_SHA256\",\"group\":\"X25519\","
        "\"server_name\":\"app.example\",\"alpn\":\"h2\",\"resumed\":false,\"passed\":false,\"ktls\":null,"
        "\"peer_"
        "certificate\":null}},"
        "{\"id\":\"4711c\",\"kind\":\"client\",\"state\":\"complete\","
        "\"local\":\"127.0.0.1:8443\",\"peer\":\"10.0.0.2:8080\",\"spliced_to\":\"4711s\","
        "\"received_bytes\":47111,\"sent_bytes\":1,\"buffered_bytes\":0,\"read_ended\":false,"
        "\"write_ended\":false,\"last_moved_ms\":12,"
        "\"tcp\":{\"rtt_us\":1830,\"rttvar_us\":0,\"cwnd\":0,\"retransmits\":0,\"in_queue\":0,"
        "\"out_queue\":0,\"not_sent\":0,\"delivery_rate\":null,\"busy_ms\":0,\"receiver_limited_ms\":0,"
        "\"sender_limited_ms\":0},\"tls\":null}]}");
}

static void a_splice_that_is_opening_leaves_open_what_is_not_known(void)
{
    struct report_splice splice;
    fake_splice(3, true, &splice);
    json_of(report_splice_members, 0, &splice);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"server\":null,\"state\":\"opening\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"why_slow\":null,\"why_slow_figures\":null"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"lookup\":0,\"request\":null,\"secure_client\":null"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"id\":\"3c\",\"kind\":\"client\",\"state\":\"described\","));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"peer\":null,\"spliced_to\":\"3s\""));
}

static void a_connection_tells_its_splice_too(void)
{
    struct report_splice splice;
    struct report_end end;
    fake_splice(7, false, &splice);
    splice.ends[0].tls = (struct report_tls){
        .is_present = true,
        .ktls = "send",
        .peer = {.is_present = true,
                 .is_verified = true,
                 .subject = "CN=a\"b",
                 .dns = "a.test\0b.test",
                 .ip = "::1",
                 .fingerprint = "0f",
                 .not_after_at = 1795412400007},
    };
    report_end_from(&end, &splice, 0);
    CU_ASSERT_STRING_EQUAL(
        json_of(report_connection_members, 0, &end),
        "{\"id\":\"7s\",\"kind\":\"server\",\"state\":\"complete\",\"local\":\"127.0.0.1:8443\","
        "\"peer\":\"10.1.0.7:50000\",\"spliced_to\":\"7c\",\"splice\":7,\"listener\":\"web\","
        "\"upstream\":\"app\",\"server\":\"10.0.0.2:8080\",\"opened_at\":\"2026-11-23T05:40:00.007Z\","
        "\"age_ms\":19994,\"idle_ms\":0,\"received_bytes\":70,\"sent_bytes\":7,\"buffered_bytes\":0,"
        "\"read_ended\":false,\"write_ended\":false,\"last_moved_ms\":12,\"tcp\":null,"
        "\"tls\":{\"version\":null,\"cipher\":null,\"group\":null,\"server_name\":null,\"alpn\":null,"
        "\"resumed\":false,\"passed\":false,\"ktls\":\"send\",\"peer_certificate\":{\"verified\":true,"
        "\"subject\":\"CN="
        "a\\\"b\","
        "\"dns\":[\"a.test\",\"b.test\"],\"uri\":[],\"ip\":[\"::1\"],\"fingerprint\":\"0f\","
        "\"not_after\":\"2026-11-23T05:40:00.007Z\"}}}");
}

static void the_texts_of_addresses_are_told_and_borrowed_paths_never_followed(void)
{
    struct report_splice splice;
    struct report_end end;
    fake_splice(7, false, &splice);
    splice.ends[0].peer = (struct address){.family = AF_UNIX, .path = (const char *)1};
    strcpy(splice.ends[0].peer_path, "unix:/run/x");
    strcpy(splice.ends[0].local_path, "");
    report_end_from(&end, &splice, 0);
    uint64_t fields =
        members_bit(report_connection_members, "local") | members_bit(report_connection_members, "peer");
    CU_ASSERT_STRING_EQUAL(json_of(report_connection_members, fields, &end),
                           "{\"local\":\"127.0.0.1:8443\",\"peer\":\"unix:/run/x\"}");
    strcpy(end.connection.peer_path, "");
    CU_ASSERT_STRING_EQUAL(json_of(report_connection_members, fields, &end),
                           "{\"local\":\"127.0.0.1:8443\",\"peer\":null}");
}

static void a_waiting_request_is_told(void)
{
    struct report_request request = {
        .peer = "[::1]:5",
        .waiting = {.state = WAITING_LEFT, .waited_ms = 40, .received_bytes = 517, .rtt_us = -1}};
    CU_ASSERT_STRING_EQUAL(json_of(report_request_members, 0, &request),
                           "{\"peer\":\"[::1]:5\",\"state\":\"left\",\"waited_ms\":40,"
                           "\"received_bytes\":517,\"rtt_us\":null}");
}

static void integers_are_exact(void)
{
    struct report_splice splice;
    struct report_end end;
    fake_splice(1, false, &splice);
    splice.ends[0].received_bytes = INT64_MAX;
    splice.ends[0].sent_bytes = UINT64_MAX;
    splice.id = UINT64_MAX;
    report_end_from(&end, &splice, 0);
    json_of(report_connection_members, 0, &end);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"received_bytes\":9223372036854775807,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"sent_bytes\":18446744073709551615,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"id\":\"18446744073709551615s\""));
}

static void fields_choose_among_the_members(void)
{
    struct report_splice splice;
    fake_splice(8, false, &splice);
    uint64_t fields = members_bit(report_splice_members, "age_ms") | members_bit(report_splice_members, "id");
    CU_ASSERT_STRING_EQUAL(json_of(report_splice_members, fields, &splice), "{\"id\":8,\"age_ms\":19993}");
    CU_ASSERT_EQUAL(members_bit(report_splice_members, "age"), 0);
}

static void ids_are_read_strictly(void)
{
    static const char *const wrong[] = {"",    "s",   "4711", "4711x", "4711S", "4711sc",
                                        "-1s", "+1s", " 1s",  "1 s",   "0x1s",  "18446744073709551616s"};
    uint64_t id;
    unsigned end;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CU_ASSERT_FALSE(report_parse_end_id(wrong[i], &id, &end));
    CU_ASSERT_TRUE(report_parse_end_id("18446744073709551615c", &id, &end));
    CU_ASSERT(id == UINT64_MAX && end == 1);
    CU_ASSERT_FALSE(report_parse_id("", &id));
    CU_ASSERT_FALSE(report_parse_id("12a", &id));
    CU_ASSERT_FALSE(report_parse_id("18446744073709551616", &id));
    CU_ASSERT_TRUE(report_parse_id("0018", &id) && id == 18);
}

static const struct test tests[] = {
    TEST(a_listener_is_told_as_the_api_says),
    TEST(what_the_kernel_does_not_tell_is_null),
    TEST(a_splice_is_told_with_both_ends),
    TEST(a_splice_that_is_opening_leaves_open_what_is_not_known),
    TEST(a_connection_tells_its_splice_too),
    TEST(the_texts_of_addresses_are_told_and_borrowed_paths_never_followed),
    TEST(a_waiting_request_is_told),
    TEST(integers_are_exact),
    TEST(fields_choose_among_the_members),
    TEST(ids_are_read_strictly),
    {0},
};

const struct suite report_suite = {"report", tests, NULL, NULL};
