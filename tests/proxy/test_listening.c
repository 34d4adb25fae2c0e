/* Tests of listening sockets and of their files.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/listening.h"
#include "tests/proxy/suites.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/spliced-listening-XXXXXX";
static char path[sizeof folder + 16];
static char text[sizeof path + 16];

static int begin(void)
{
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/socket", folder);
    snprintf(text, sizeof text, "unix:%s", path);
    return 0;
}

static int end(void)
{
    return rmdir(folder);
}

static struct conf_address at_path(void)
{
    return (struct conf_address){.kind = CONF_ADDRESS_UNIX, .text = text, .path = path};
}

static struct conf_address at_host(const char *host, uint16_t port)
{
    static char shown[64];
    snprintf(shown, sizeof shown, "%s:%u", host, port);
    return (struct conf_address){
        .kind = CONF_ADDRESS_HOST, .text = shown, .host = (char *)host, .port = port};
}

static struct listening opened(const struct conf_address *address, unsigned mode)
{
    struct listening listening;
    char *wrong = listening_open(&listening, address, 10, mode);
    CU_ASSERT_PTR_NULL(wrong);
    free(wrong);
    return listening;
}

/* Asserts that it is refused in words that hold `part`. */
static void expect_refusal(const struct conf_address *address, const char *part)
{
    struct listening listening;
    char *wrong = listening_open(&listening, address, 10, 0600);
    CU_ASSERT_EQUAL(listening.fd, -1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, address->text));
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, part));
    free(wrong);
    listening_close(&listening, true);
}

static bool answers(const struct address *address)
{
    struct sockaddr_storage storage;
    socklen_t length = address_into(address, &storage);
    int fd = socket(address->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_connected = connect(fd, (struct sockaddr *)&storage, length) == 0;
    close(fd);
    return is_connected;
}

/* A socket file that its process has left behind. */
static void leave_orphan(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static bool exists(void)
{
    return access(path, F_OK) == 0;
}

static void port_0_takes_a_free_port_and_tells_it(void)
{
    struct conf_address address = at_host("127.0.0.1", 0);
    struct listening first = opened(&address, 0), second = opened(&address, 0);
    CU_ASSERT_NOT_EQUAL(first.bound.port, 0);
    CU_ASSERT_NOT_EQUAL(first.bound.port, second.bound.port);
    CU_ASSERT_TRUE(answers(&first.bound) && answers(&second.bound));
    listening_close(&first, true);
    CU_ASSERT_FALSE(answers(&first.bound));
    listening_close(&second, true);
}

static void a_listening_socket_never_blocks_and_passes_its_options_on(void)
{
    struct conf_address address = at_host("127.0.0.1", 0);
    struct listening listening = opened(&address, 0);
    int nodelay = 0, is_inline = 0;
    socklen_t length = sizeof nodelay;
    CU_ASSERT_EQUAL(accept4(listening.fd, NULL, NULL, SOCK_CLOEXEC), -1);
    CU_ASSERT_EQUAL(errno, EAGAIN);
    CU_ASSERT_TRUE(answers(&listening.bound));
    int accepted = accept4(listening.fd, NULL, NULL, SOCK_CLOEXEC);
    CU_ASSERT_TRUE(accepted >= 0);
    CU_ASSERT_EQUAL(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &nodelay, &length), 0);
    CU_ASSERT_EQUAL(getsockopt(accepted, SOL_SOCKET, SO_OOBINLINE, &is_inline, &length), 0);
    CU_ASSERT_TRUE(nodelay && is_inline);
    CU_ASSERT_TRUE(fcntl(listening.fd, F_GETFD) & FD_CLOEXEC);
    close(accepted);
    listening_close(&listening, true);
}

static void any_address_answers_to_every_family_there_is(void)
{
    struct conf_address address = {.kind = CONF_ADDRESS_ANY, .text = (char[]){"*:0"}};
    struct listening listening = opened(&address, 0);
    struct address four = {.family = AF_INET, .port = listening.bound.port, .ip = {127, 0, 0, 1}};
    struct address six = {.family = AF_INET6, .port = listening.bound.port, .ip = {[15] = 1}};
    CU_ASSERT_TRUE(answers(&four));
    if (listening.bound.family == AF_INET6)
        CU_ASSERT_TRUE(answers(&six));
    listening_close(&listening, true);
}

static void a_name_of_this_machine_is_looked_up(void)
{
    struct conf_address address = at_host("localhost", 0);
    struct listening listening = opened(&address, 0);
    CU_ASSERT_TRUE(answers(&listening.bound));
    listening_close(&listening, true);
    address = at_host("no such name", 0);
    expect_refusal(&address, "use an address of this machine");
}

static void a_port_in_use_is_refused_with_a_remedy(void)
{
    struct conf_address address = at_host("127.0.0.1", 0);
    struct listening first = opened(&address, 0);
    address = at_host("127.0.0.1", first.bound.port);
    expect_refusal(&address, "another process or listener has it");
    listening_close(&first, true);
}

static void an_address_of_another_machine_is_refused_with_a_remedy(void)
{
    struct conf_address address = at_host("192.0.2.1", 0);
    expect_refusal(&address, "no interface of this machine has that address");
}

static void a_socket_file_has_the_mode_that_was_asked_for(void)
{
    static const unsigned modes[] = {0600, 0660, 0666, 0620};
    struct conf_address address = at_path();
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct stat file;
        mode_t before = umask(0077);
        struct listening listening = opened(&address, modes[i]);
        CU_ASSERT_EQUAL(umask(before), 0077); /* put back */
        CU_ASSERT_EQUAL(stat(path, &file), 0);
        CU_ASSERT_EQUAL(file.st_mode & 07777, modes[i]);
        CU_ASSERT_TRUE(answers(&listening.bound));
        listening_close(&listening, true);
        CU_ASSERT_FALSE(exists());
    }
}

static void an_orphaned_socket_file_is_replaced(void)
{
    struct conf_address address = at_path();
    leave_orphan();
    struct listening listening = opened(&address, 0600);
    CU_ASSERT_TRUE(answers(&listening.bound));
    listening_close(&listening, true);
    CU_ASSERT_FALSE(exists());
}

static void a_socket_file_in_use_is_refused_and_left_alone(void)
{
    struct conf_address address = at_path();
    struct listening listening = opened(&address, 0600);
    expect_refusal(&address, "another process or listener has it");
    CU_ASSERT_TRUE(answers(&listening.bound));
    listening_close(&listening, true);
}

/* A queue that is full does not answer either, and yet somebody is there. */
static void a_busy_socket_file_is_no_orphan(void)
{
    struct conf_address address = at_path();
    struct sockaddr_storage storage;
    struct listening listening;
    int waiting[8];
    CU_ASSERT_PTR_NULL(listening_open(&listening, &address, 0, 0600));
    socklen_t length = address_into(&listening.bound, &storage);
    for (unsigned i = 0; i < 8; i++) {
        waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int result = connect(waiting[i], (struct sockaddr *)&storage, length);
        CU_ASSERT_TRUE(result == 0 || errno == EAGAIN);
    }
    expect_refusal(&address, "another process or listener has it");
    CU_ASSERT_TRUE(exists());
    for (unsigned i = 0; i < 8; i++)
        close(waiting[i]);
    listening_close(&listening, true);
}

static void a_file_that_is_no_socket_is_never_removed(void)
{
    struct conf_address address = at_path();
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CU_ASSERT_EQUAL(write(fd, "precious", 8), 8);
    close(fd);
    expect_refusal(&address, "no socket");
    CU_ASSERT_TRUE(exists());
    CU_ASSERT_EQUAL(unlink(path), 0);
}

static void a_link_to_a_file_is_never_removed_either(void)
{
    struct conf_address address = at_path();
    CU_ASSERT_EQUAL(symlink("/nowhere", path), 0);
    expect_refusal(&address, "no socket");
    CU_ASSERT_EQUAL(unlink(path), 0);
}

static void a_missing_folder_is_told(void)
{
    struct conf_address address = {.kind = CONF_ADDRESS_UNIX,
                                   .text = (char[]){"unix:/no/such/folder/socket"},
                                   .path = (char[]){"/no/such/folder/socket"}};
    expect_refusal(&address, "its folder does not exist");
}

/* A reload opens anew what it closes: the file of the new socket is not the old one's to remove. */
static void only_its_own_file_is_removed(void)
{
    struct conf_address address = at_path();
    struct listening old = opened(&address, 0600);
    CU_ASSERT_EQUAL(unlink(path), 0);
    struct listening new = opened(&address, 0600);
    listening_close(&old, true);
    CU_ASSERT_TRUE(exists());
    CU_ASSERT_TRUE(answers(&new.bound));
    listening_close(&new, false);
    CU_ASSERT_TRUE(exists());
    CU_ASSERT_EQUAL(unlink(path), 0);
}

static void a_shared_socket_lives_as_long_as_one_of_its_descriptors(void)
{
    struct conf_address address = at_host("127.0.0.1", 0);
    struct listening first = opened(&address, 0), second;
    CU_ASSERT_PTR_NULL(listening_share(&second, &first));
    CU_ASSERT_NOT_EQUAL(first.fd, second.fd);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage storage;
    socklen_t length = address_into(&first.bound, &storage);
    CU_ASSERT_EQUAL(connect(client, (struct sockaddr *)&storage, length), 0);
    listening_close(&first, true);
    listening_close(&first, true);
    int accepted = accept4(second.fd, NULL, NULL, SOCK_CLOEXEC); /* the queue is not lost */
    CU_ASSERT_TRUE(accepted >= 0);
    close(accepted);
    close(client);
    listening_close(&second, true);
}

static const struct test tests[] = {
    TEST(port_0_takes_a_free_port_and_tells_it),
    TEST(a_listening_socket_never_blocks_and_passes_its_options_on),
    TEST(any_address_answers_to_every_family_there_is),
    TEST(a_name_of_this_machine_is_looked_up),
    TEST(a_port_in_use_is_refused_with_a_remedy),
    TEST(an_address_of_another_machine_is_refused_with_a_remedy),
    TEST(a_socket_file_has_the_mode_that_was_asked_for),
    TEST(an_orphaned_socket_file_is_replaced),
    TEST(a_socket_file_in_use_is_refused_and_left_alone),
    TEST(a_busy_socket_file_is_no_orphan),
    TEST(a_file_that_is_no_socket_is_never_removed),
    TEST(a_link_to_a_file_is_never_removed_either),
    TEST(a_missing_folder_is_told),
    TEST(only_its_own_file_is_removed),
    TEST(a_shared_socket_lives_as_long_as_one_of_its_descriptors),
    {0},
};

const struct suite listening_suite = {.noun = "listening", .begin = begin, .end = end, .tests = tests};
