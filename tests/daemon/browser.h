/* The ClientHello of a browser, as Chromium sends it, for where none is installed.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DAEMON_BROWSER_H
#define TESTS_DAEMON_BROWSER_H

#include <stddef.h>
#include <stdint.h>

enum {
    BROWSER_HELLO = 4096 /* room for one */
};

/* Writes one record with a hello that asks for `name`, with what is special about a browser's: values that
 * mean nothing on purpose (GREASE, RFC 8701), an extension that may be an encrypted hello (ECH), a key share
 * of 1216 bytes (X25519MLKEM768), extensions in an order that follows from `seed`. Returns its length. */
size_t browser_hello(unsigned char bytes[BROWSER_HELLO], const char *name, uint64_t seed);

#endif
