/* Reads any bytes as a ClientHello: the same is found whether they come at once or in pieces.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/hello.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Looks at more and more of the bytes, `piece` further each time, in memory that ends where they do. */
static enum hello_state scan(const uint8_t *bytes, size_t length, size_t piece)
{
    struct hello_scan scan = {0};
    enum hello_state state = HELLO_PARTIAL;
    for (size_t there = 0; state == HELLO_PARTIAL && there < length;) {
        there = length - there < piece ? length : there + piece;
        uint8_t *copy = malloc(there);
        memcpy(copy, bytes, there);
        state = hello_scan(&scan, copy, there);
        free(copy);
    }
    return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static unsigned char room[HELLO_MOST];
    struct hello hello;
    char text[64];
    enum hello_state state = scan(bytes, length, length ? length : 1);
    demand(scan(bytes, length, 1 + length % 7) == state, "pieces make no difference");
    if (state != HELLO_WHOLE)
        return 0;
    bool is_read = hello_read(bytes, length, room, &hello);
    demand(is_read || (!*hello.server_name && !hello.alpn_length), "what is not read says nothing");
    demand(memchr(hello.server_name, '\0', sizeof hello.server_name) != NULL, "a name ends");
    hello_print_alpn(&hello, text, sizeof text);
    demand(strlen(text) < sizeof text, "a list of protocols ends");
    for (const char *at = text; *at; at++)
        demand(*at > ' ' && *at <= '~', "a list of protocols is printable");
    return 0;
}
