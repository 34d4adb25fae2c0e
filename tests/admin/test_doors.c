/* Tests of admin/door and admin/doors: addresses, socket files, and a new description.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/door.h"
#include "tests/admin/http.h"
#include "tests/admin/stage.h"
#include "tests/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/spliced-doors-XXXXXX";
static char address[128]; /* "unix:" and the path */
static const char *path = address + 5;

static int begin(void)
{
    if (!mkdtemp(folder))
        return 1;
    snprintf(address, sizeof address, "unix:%s/admin.sock", folder);
    return 0;
}

static int end(void)
{
    return rmdir(folder);
}

/* What door_open says, "" when it opened. */
static const char *open_door(const char *text, struct door **door)
{
    static char told[512];
    struct conf_admin_listen listen = stage_listen(text, CONF_ACCESS_READ, NULL);
    char *wrong = door_open(&listen, door);
    snprintf(told, sizeof told, "%s", wrong ? wrong : "");
    CU_ASSERT((wrong == NULL) == (*door != NULL));
    free(wrong);
    return told;
}

static ino_t inode_of(const char *file)
{
    struct stat status;
    return lstat(file, &status) == 0 ? status.st_ino : 0;
}

static void a_unix_socket_has_its_mode_and_goes_with_its_door(void)
{
    struct door *door;
    struct stat status;
    CU_ASSERT_STRING_EQUAL(open_door(address, &door), "");
    CU_ASSERT_EQUAL(lstat(path, &status), 0);
    CU_ASSERT(S_ISSOCK(status.st_mode) && (status.st_mode & 07777) == 0600);
    CU_ASSERT_STRING_EQUAL(door->shown, address);
    door_destroy(door);
    CU_ASSERT_EQUAL(inode_of(path), 0);
}

static void a_socket_somebody_answers_is_in_use(void)
{
    struct door *first, *second;
    CU_ASSERT_STRING_EQUAL(open_door(address, &first), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(open_door(address, &second), "in use"));
    CU_ASSERT_NOT_EQUAL(inode_of(path), 0);
    door_destroy(first);
}

static void a_socket_nobody_answers_is_replaced(void)
{
    struct door *first, *second;
    char aside[160];
    snprintf(aside, sizeof aside, "%s.aside", path);
    CU_ASSERT_STRING_EQUAL(open_door(address, &first), "");
    CU_ASSERT_EQUAL(rename(path, aside), 0);
    door_destroy(first); /* its file is not where it was: it stays, and nobody answers there */
    CU_ASSERT_EQUAL(rename(aside, path), 0);
    CU_ASSERT_STRING_EQUAL(open_door(address, &second), "");
    int fd = http_connect(path, 0);
    CU_ASSERT(fd >= 0);
    close(fd);
    door_destroy(second);
    CU_ASSERT_EQUAL(inode_of(path), 0);
}

static void the_file_of_a_successor_is_left_alone(void)
{
    struct door *first, *second;
    CU_ASSERT_STRING_EQUAL(open_door(address, &first), "");
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_STRING_EQUAL(open_door(address, &second), "");
    door_destroy(first);
    CU_ASSERT_NOT_EQUAL(inode_of(path), 0);
    door_destroy(second);
    CU_ASSERT_EQUAL(inode_of(path), 0);
}

static void a_file_that_is_no_socket_is_left_alone(void)
{
    struct door *door;
    FILE *file = fopen(path, "w");
    fclose(file);
    CU_ASSERT_PTR_NOT_NULL(strstr(open_door(address, &door), "no socket"));
    CU_ASSERT_EQUAL(unlink(path), 0);
}

static void what_cannot_be_opened_says_the_address_and_the_reason(void)
{
    static const struct {
        const char *address;
        const char *told;
    } wrong[] = {
        {"unix:/nowhere/at/all/admin.sock", "folder does not exist"},
        {"unix:/tmp/01234567890123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789",
         "too long"},
        {"192.0.2.1:0", "Cannot assign"},
        {"no-such-name.invalid:0", "no-such-name.invalid:0"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct door *door;
        const char *told = open_door(wrong[i].address, &door);
        CU_ASSERT_PTR_NOT_NULL(strstr(told, wrong[i].told));
        CU_ASSERT_PTR_NOT_NULL(strstr(told, wrong[i].address));
        door_destroy(door);
    }
}

static void tcp_addresses_tell_their_real_port(void)
{
    static const char *const texts[] = {"127.0.0.1:0", "[::1]:0", "localhost:0", "*:0"};
    static const char *const shown[] = {"127.0.0.1:", "[::1]:", "", ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct door *door;
        const char *told = open_door(texts[i], &door);
        if (i == 1 && *told)
            continue; /* a machine without IPv6 */
        CU_ASSERT_STRING_EQUAL(told, "");
        CU_ASSERT_EQUAL(strncmp(door->shown, shown[i], strlen(shown[i])), 0);
        CU_ASSERT(atoi(strrchr(door->shown, ':') + 1) > 0);
        door_destroy(door);
    }
}

/* A new description for the stage's admin API. */
struct change {
    struct conf_admin_listen listen[3];
    size_t count;
    char *wrong;
};

static void apply(struct stage *stage, void *context)
{
    struct change *change = context;
    struct conf_admin conf = {.listen = change->listen, .listen_count = change->count};
    change->wrong = admin_apply(stage->admin, &conf);
}

static int status_at(const char *at, int port)
{
    struct http_answer answer;
    http_get(at, port, "/v1/listeners", "", &answer);
    int status = answer.status;
    http_end(&answer);
    return status;
}

static void a_new_description_keeps_opens_and_closes(void)
{
    static struct stage stage;
    char kept[160], added[160], added_path[128];
    stage_begin(&stage);
    snprintf(kept, sizeof kept, "unix:%s", stage.path);
    snprintf(added_path, sizeof added_path, "%s/second.sock", stage.folder);
    snprintf(added, sizeof added, "unix:%s", added_path);
    ino_t before = inode_of(stage.path);
    int guest = http_connect(NULL, stage.port);
    CU_ASSERT(guest >= 0);
    CU_ASSERT_EQUAL(status_at(NULL, stage.port), 200);
    struct change change = {.listen = {stage_listen(kept, CONF_ACCESS_MONITOR, NULL),
                                       stage_listen(added, CONF_ACCESS_READ, NULL)},
                            .count = 2};
    change.listen[0].mode = 0640;
    stage_order(&stage, apply, &change);
    CU_ASSERT_PTR_NULL_FATAL(change.wrong);
    CU_ASSERT_EQUAL(inode_of(stage.path), before);
    struct stat status;
    CU_ASSERT(lstat(stage.path, &status) == 0 && (status.st_mode & 0777) == 0640);
    CU_ASSERT_EQUAL(status_at(stage.path, 0), 403); /* its level is lower now */
    CU_ASSERT_EQUAL(status_at(added_path, 0), 200);
    CU_ASSERT_EQUAL(http_connect(NULL, stage.port), -1);
    char byte;
    CU_ASSERT(read(guest, &byte, 1) <= 0); /* who came through the closed address is ended */
    close(guest);
    stage_end(&stage);
    CU_ASSERT_EQUAL(inode_of(added_path), 0);
}

static void without_a_description_the_default_stands_where_it_can(void)
{
    struct proxy proxy;
    struct loop loop;
    struct admin *admin;
    bool is_possible = access("/run/spliced", W_OK | X_OK) == 0;
    bool is_taken = inode_of("/run/spliced/admin.sock") != 0;
    fake_begin(&proxy);
    char *wrong = loop_open(&loop);
    CU_ASSERT_PTR_NULL_FATAL(wrong);
    wrong = admin_create(&loop, &proxy, NULL, &admin);
    CU_ASSERT_PTR_NULL_FATAL(wrong);
    CU_ASSERT(is_taken || (inode_of("/run/spliced/admin.sock") != 0) == is_possible);
    CU_ASSERT_PTR_NOT_NULL(proxy.service);
    admin_destroy(admin);
    CU_ASSERT_PTR_NULL(proxy.service);
    CU_ASSERT(is_taken || inode_of("/run/spliced/admin.sock") == 0);
    admin_destroy(NULL);
    loop_close(&loop);
    fake_end(&proxy);
}

static void a_description_that_fails_changes_nothing(void)
{
    static struct stage stage;
    char kept[160], added[160];
    stage_begin(&stage);
    snprintf(kept, sizeof kept, "unix:%s", stage.path);
    snprintf(added, sizeof added, "unix:%s/second.sock", stage.folder);
    struct change change = {.listen = {stage_listen(kept, CONF_ACCESS_MONITOR, NULL),
                                       stage_listen(added, CONF_ACCESS_READ, NULL),
                                       stage_listen("unix:/nowhere/at/all/x.sock", CONF_ACCESS_READ, NULL)},
                            .count = 3};
    stage_order(&stage, apply, &change);
    CU_ASSERT_PTR_NOT_NULL(change.wrong);
    free(change.wrong);
    CU_ASSERT_EQUAL(status_at(stage.path, 0), 200);
    CU_ASSERT_EQUAL(status_at(NULL, stage.port), 200);
    CU_ASSERT_EQUAL(inode_of(added + 5), 0);
    stage_end(&stage);
}

static void a_token_file_guards_its_address(void)
{
    static struct stage stage;
    char text[128];
    struct http_answer answer;
    stage_begin(&stage);
    snprintf(text, sizeof text, "unix:%s", stage.path);
    struct change change = {
        .listen = {stage_listen(text, CONF_ACCESS_WRITE,
                                stage_write(&stage, "tokens", "a:monitor:mm\nb:read:rr\n"))},
        .count = 1};
    stage_order(&stage, apply, &change);
    CU_ASSERT_PTR_NULL_FATAL(change.wrong);
    static const struct {
        const char *target;
        const char *header;
        int status;
    } asked[] = {
        {"/healthz", "", 200},
        {"/healthz", "Authorization: Bearer wrong\r\n", 401},
        {"/readyz", "", 401},
        {"/v1/listeners", "", 401},
        {"/nowhere", "", 401},
        {"/readyz", "Authorization: Bearer mm\r\n", 200},
        {"/v1/listeners", "Authorization: Bearer mm\r\n", 403},
        {"/v1/listeners", "Authorization: Bearer rr\r\n", 200},
        {"/v1/listeners", "Authorization: Basic eDpycg==\r\n", 200},
        {"/nowhere", "Authorization: Bearer mm\r\n", 404},
    };
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        http_get(stage.path, 0, asked[i].target, asked[i].header, &answer);
        CU_ASSERT_EQUAL(answer.status, asked[i].status);
        if (asked[i].status == 401) {
            CU_ASSERT_TRUE(http_has(&answer, "WWW-Authenticate: Bearer realm=\"spliced\""));
            CU_ASSERT_TRUE(http_has(&answer, "Content-Type: application/problem+json"));
        }
        http_end(&answer);
    }
    stage_end(&stage);
}

static const struct test tests[] = {
    TEST(a_unix_socket_has_its_mode_and_goes_with_its_door),
    TEST(a_socket_somebody_answers_is_in_use),
    TEST(a_socket_nobody_answers_is_replaced),
    TEST(the_file_of_a_successor_is_left_alone),
    TEST(a_file_that_is_no_socket_is_left_alone),
    TEST(what_cannot_be_opened_says_the_address_and_the_reason),
    TEST(tcp_addresses_tell_their_real_port),
    TEST(a_new_description_keeps_opens_and_closes),
    TEST(without_a_description_the_default_stands_where_it_can),
    TEST(a_description_that_fails_changes_nothing),
    TEST(a_token_file_guards_its_address),
    {0},
};

const struct suite doors_suite = {"doors", tests, begin, end};
