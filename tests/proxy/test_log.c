/* Tests of the log: its two forms and its levels.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/log.h"
#include "tests/proxy/output.h"
#include "tests/proxy/suites.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say_members(void)
{
    struct log_field fields[] = {
        {.key = "listener", .text = "web"},
        {.key = "peer", .text = "1.2.3.4:5"},
        {.key = "up", .number = INT64_MIN},
        {.key = "server_name", .is_absent = true},
        {.key = "empty", .text = ""},
        {.key = "words", .text = "two \"quoted\" words"},
        {.key = "sum", .text = "a=b"},
        {.key = "path", .text = "C:\\x"},
        {0},
    };
    log_fields(CONF_LOG_INFO, "splice.close", fields);
}

static void a_line_of_members_is_one_json_object(void)
{
    char *text = output_hear(&output_json, say_members);
    CU_ASSERT_EQUAL(output_lines(text), 1);
    CU_ASSERT_TRUE(
        output_matches(text, "^\\{\"at\":\"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z\","
                             "\"level\":\"info\",\"what\":\"splice\\.close\",\"instance\":\"here\","
                             "\"listener\":\"web\",\"peer\":\"1\\.2\\.3\\.4:5\",\"up\":-9223372036854775808,"
                             "\"server_name\":null,\"empty\":\"\","
                             "\"words\":\"two \\\\\"quoted\\\\\" words\",\"sum\":\"a=b\","
                             "\"path\":\"C:\\\\\\\\x\"\\}\n$"));
    free(text);
}

static void a_line_of_members_is_short_text(void)
{
    char *text = output_hear(&output_text, say_members);
    CU_ASSERT_EQUAL(output_lines(text), 1);
    CU_ASSERT_TRUE(output_matches(text,
                                  "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z info  splice\\.close "
                                  "listener=web peer=1\\.2\\.3\\.4:5 up=-9223372036854775808 empty=\"\" "
                                  "words=\"two \\\\\"quoted\\\\\" words\" sum=\"a=b\" path=C:\\\\\\\\x\n$"));
    free(text);
}

static void say_sentences(void)
{
    log_line(CONF_LOG_WARNING, "config.rejected", "line %d: %s", 7, "no such key");
    log_line(CONF_LOG_ERROR, "listener.failed", "gone");
    log_line(CONF_LOG_DEBUG, "never.seen", "not wanted");
}

static void a_sentence_has_its_level_and_its_word(void)
{
    char *text = output_hear(&output_text, say_sentences);
    CU_ASSERT_EQUAL(output_lines(text), 2);
    CU_ASSERT_TRUE(output_matches(text, "Z warning config\\.rejected line 7: no such key\n"));
    CU_ASSERT_TRUE(output_matches(text, "Z error listener\\.failed gone\n$"));
    free(text);
    text = output_hear(&output_json, say_sentences);
    CU_ASSERT_EQUAL(output_lines(text), 2);
    CU_ASSERT_TRUE(output_matches(text,
                                  "\"level\":\"warning\",\"what\":\"config.rejected\",\"instance\":\"here\","
                                  "\"message\":\"line 7: no such key\"\\}\n"));
    free(text);
}

/* What a peer could send to forge lines or to command a terminal. */
static const char evil[] = "a\n[alert] x\x1b[31m\r\t\x7f\xc2\x9b"
                           "31m\xff\xc3\xa4\\";

static void say_evil(void)
{
    struct log_field fields[] = {{.key = "server_name", .text = evil}, {0}};
    log_fields(CONF_LOG_INFO, "splice.close", fields);
    log_line(CONF_LOG_INFO, "tls.failed", "the peer said %s", evil);
}

static void control_bytes_never_reach_the_reader(void)
{
    static const struct conf_log *const forms[] = {&output_json, &output_text};
    for (size_t i = 0; i < 2; i++) {
        char *text = output_hear(forms[i], say_evil);
        CU_ASSERT_EQUAL(output_lines(text), 2);
        for (const char *byte = text; *byte; byte++)
            CU_ASSERT_TRUE(*byte == '\n' || ((unsigned char)*byte >= 0x20 && *byte != 0x7f));
        free(text);
    }
    char *text = output_hear(&output_text, say_evil);
    CU_ASSERT_PTR_NOT_NULL(strstr(
        text, " server_name=\"a\\x0a[alert] x\\x1b[31m\\x0d\\x09\\x7f\\xc2\\x9b31m\\xff\xc3\xa4\\\\\"\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " the peer said a\\x0a[alert] x\\x1b[31m"));
    free(text);
}

static void say_long(void)
{
    char *value = malloc(100001);
    memset(value, 'v', 100000);
    value[100000] = '\0';
    struct log_field fields[] = {{.key = "long", .text = value}, {0}};
    log_fields(CONF_LOG_INFO, "splice.close", fields);
    log_line(CONF_LOG_INFO, "long", "%s", value);
    free(value);
}

static void what_is_too_long_is_cut(void)
{
    char *text = output_hear(&output_text, say_long);
    CU_ASSERT_EQUAL(output_lines(text), 2);
    CU_ASSERT_TRUE(strcspn(text, "\n") < 3000);
    CU_ASSERT_TRUE(output_matches(text, "v\\.\\.\\.\n$"));
    free(text);
    text = output_hear(&output_json, say_long);
    CU_ASSERT_EQUAL(output_lines(text), 2);
    CU_ASSERT_TRUE(output_matches(text, "v\\.\\.\\.\"\\}\n$"));
    free(text);
}

static void say_after_configuring(void)
{
    struct conf_log changed = output_json;
    CU_ASSERT_TRUE(log_wants(CONF_LOG_INFO));
    CU_ASSERT_FALSE(log_wants(CONF_LOG_DEBUG));
    CU_ASSERT_TRUE(log_wants_access());
    log_line(CONF_LOG_INFO, "one", "as text");
    changed.level = CONF_LOG_DEBUG;
    changed.access = false;
    log_configure(&changed);
    CU_ASSERT_TRUE(log_wants(CONF_LOG_DEBUG));
    CU_ASSERT_FALSE(log_wants_access());
    log_line(CONF_LOG_DEBUG, "two", "as JSON");
    changed.level = CONF_LOG_ERROR;
    changed.access = true;
    log_configure(&changed);
    CU_ASSERT_FALSE(log_wants_access());
    log_line(CONF_LOG_WARNING, "three", "not wanted");
}

static void a_new_configuration_takes_effect_at_once(void)
{
    char *text = output_hear(&output_text, say_after_configuring);
    CU_ASSERT_EQUAL(output_lines(text), 2);
    CU_ASSERT_TRUE(output_matches(text, "info  one as text\n\\{"));
    CU_ASSERT_TRUE(output_matches(text, "\"debug\",\"what\":\"two\""));
    free(text);
}

static void say_member(void)
{
    log_line(CONF_LOG_INFO, "one", "x");
}

static void the_form_is_chosen_by_the_descriptor(void)
{
    struct conf_log as_auto = {.level = CONF_LOG_INFO, .format = CONF_LOG_AUTO};
    char *text = output_hear(&as_auto, say_member), line[256];
    CU_ASSERT_EQUAL(text[0], '{');
    free(text);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    int end = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(end >= 0);
    log_begin(end, &as_auto, "here");
    say_member();
    log_end();
    ssize_t got = read(terminal, line, sizeof line - 1);
    line[got > 0 ? got : 0] = '\0';
    CU_ASSERT_TRUE(output_matches(line, "info  one x"));
    close(end);
    close(terminal);
}

static struct log_gate gate;

static void say_gated(void)
{
    for (int i = 0; i < 5; i++)
        log_line_gated(&gate, CONF_LOG_WARNING, "gated", "number %d", i);
    gate.last_ms -= 10001;
    for (int i = 5; i < 8; i++)
        log_line_gated(&gate, CONF_LOG_WARNING, "gated", "number %d", i);
    gate.last_ms -= 10001;
    log_line_gated(&gate, CONF_LOG_DEBUG, "gated", "not wanted");
}

static void a_gate_lets_one_line_pass_and_tells_of_the_others(void)
{
    char *text = output_hear(&output_text, say_gated);
    CU_ASSERT_EQUAL(output_lines(text), 2);
    CU_ASSERT_TRUE(output_matches(text, "gated number 0\n"));
    CU_ASSERT_TRUE(output_matches(text, "gated number 5 \\(and 4 more like this since the last\\)\n$"));
    free(text);
}

static void without_a_writer_lines_go_to_standard_error(void)
{
    output_stderr_begin();
    log_configure(&output_text);
    log_line(CONF_LOG_INFO, "before", "x");
    char *text = output_hear(&output_text, say_member);
    CU_ASSERT_TRUE(output_matches(text, "info  one x\n$"));
    free(text);
    log_line(CONF_LOG_INFO, "after", "x");
    log_end();
    text = output_stderr_end();
    CU_ASSERT_EQUAL(output_lines(text), 2);
    CU_ASSERT_TRUE(output_matches(text, "info  before x\n.*info  after x\n$"));
    free(text);
}

static void *say_from_a_thread(void *context)
{
    for (int i = 0; i < 200; i++)
        log_line(CONF_LOG_INFO, "flood", "%s %d", (const char *)context, i);
    return NULL;
}

static void say_from_threads(void)
{
    pthread_t threads[4];
    char name[] = "thread";
    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, say_from_a_thread, name), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void lines_of_threads_do_not_mix(void)
{
    char *text = output_hear(&output_text, say_from_threads), *rest = text;
    CU_ASSERT_EQUAL(output_lines(text), 800);
    for (char *line; (line = strsep(&rest, "\n")) && *line;)
        CU_ASSERT_TRUE(output_matches(line, "^20[^ ]*Z info  flood thread [0-9]{1,3}$"));
    free(text);
}

static const struct test tests[] = {
    TEST(a_line_of_members_is_one_json_object),
    TEST(a_line_of_members_is_short_text),
    TEST(a_sentence_has_its_level_and_its_word),
    TEST(control_bytes_never_reach_the_reader),
    TEST(what_is_too_long_is_cut),
    TEST(a_new_configuration_takes_effect_at_once),
    TEST(the_form_is_chosen_by_the_descriptor),
    TEST(a_gate_lets_one_line_pass_and_tells_of_the_others),
    TEST(without_a_writer_lines_go_to_standard_error),
    TEST(lines_of_threads_do_not_mix),
    {0},
};

const struct suite log_suite = {.noun = "log", .tests = tests};
