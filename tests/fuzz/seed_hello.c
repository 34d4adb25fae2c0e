/* Writes seeds for fuzz_hello into a folder: the hellos of real clients, and some written by hand.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 *   seed_hello FOLDER-OF-HEX FOLDER */
#include "tests/proxy/greeting.h"
#include "tests/proxy/recorded.h"

#include <assert.h>
#include <stdio.h>

static void write_seed(void *folder, const char *name, const unsigned char *bytes, size_t length)
{
    char file[4096];
    snprintf(file, sizeof file, "%s/%s.seed", (const char *)folder, name);
    FILE *out = fopen(file, "we");
    assert(out && fwrite(bytes, 1, length, out) == length);
    fclose(out);
}

int main(int argc, char **argv)
{
    static const char *const alpn[] = {"h2", "http/1.1", "\x0a\x0a", NULL};
    static const struct greeting_plan plans[] = {
        {.server_name = NULL},
        {.server_name = "a.test", .alpn = alpn},
        {.server_name = "a.test", .alpn = alpn, .record = 1},
        {.server_name = "a.test", .second_name = "b.test", .record = 9},
        {.server_name = "a.test", .padding = 700, .record = 100, .more = "\x14\x03\x03\x00\x01\x01"},
        {.server_name = "a.test", .is_short = 1},
    };
    static struct greeting greeting;
    assert(argc == 3);
    recorded_read(argv[1], write_seed, argv[2]);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        char name[32];
        snprintf(name, sizeof name, "greeting-%zu", i);
        greeting_write(&greeting, &plans[i]);
        write_seed(argv[2], name, greeting.bytes, greeting.length);
    }
    return 0;
}
