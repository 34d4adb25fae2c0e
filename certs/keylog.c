/* Writes the secrets of TLS sessions into a file, for whoever has to look into them with Wireshark.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/keylog.h"

#include "conf/memory.h"
#include "conf/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int keylog_index; /* of the context's ex_data: the descriptor and one, so that NULL is none */
static pthread_once_t keylog_once = PTHREAD_ONCE_INIT;

static void close_file(void *parent, void *held, CRYPTO_EX_DATA *data, int index, long number, void *pointer)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)number;
    (void)pointer;
    if (held)
        close((int)(intptr_t)held - 1);
}

static void make_index(void)
{
    keylog_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, close_file);
}

/* One call a line: whoever else appends to the file does not get in between (O_APPEND, write(2)). A line that
 * cannot be written is lost: it is worth no connection. */
static void write_line(const SSL *ssl, const char *line)
{
    int fd = (int)(intptr_t)SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), keylog_index) - 1;
    struct iovec parts[] = {{(void *)(uintptr_t)line, strlen(line)}, {(void *)(uintptr_t) "\n", 1}};
    ssize_t written = writev(fd, parts, 2);
    (void)written;
}

char *keylog_begin(SSL_CTX *context, const char *file, const char *place)
{
    if (!file)
        return NULL;
    pthread_once(&keylog_once, make_index);
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return text_format(
            "%s.keylog_file: cannot write \"%s\": %s; name a file in a directory that the user who "
            "runs this program can write to",
            place, file, strerror(errno));
    if (SSL_CTX_set_ex_data(context, keylog_index, (void *)(intptr_t)(fd + 1)) != 1)
        memory_exhausted();
    SSL_CTX_set_keylog_callback(context, write_line);
    return NULL;
}
