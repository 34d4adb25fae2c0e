/* The password of a private key, out of a file.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/password.h"

#include "certs/source.h"
#include "conf/text.h"

#include <openssl/crypto.h>
#include <string.h>

static size_t first_line(const struct source *source)
{
    const unsigned char *end = memchr(source->bytes, '\n', source->length);
    size_t length = end ? (size_t)(end - source->bytes) : source->length;
    return length > 0 && source->bytes[length - 1] == '\r' ? length - 1 : length;
}

char *password_begin(struct password *password, const char *path, const char *place)
{
    struct source source;
    *password = (struct password){.is_known = false};
    if (!path)
        return NULL;
    char *trouble = source_begin(&source, path, place, "password_file");
    size_t length = trouble ? 0 : first_line(&source);
    if (!trouble && length >= PASSWORD_MOST)
        trouble = text_format("%s: the first line of \"%s\" is longer than %d bytes; it must be the password",
                              source.place, path, PASSWORD_MOST - 1);
    if (!trouble) {
        memcpy(password->text, source.bytes, length);
        password->is_known = true;
    }
    source_end(&source);
    return trouble;
}

void password_end(struct password *password)
{
    OPENSSL_cleanse(password, sizeof *password);
}

int password_ask(char *text, int size, int is_writing, void *context)
{
    struct password *password = context;
    int length = (int)strlen(password->text);
    (void)is_writing;
    password->was_asked = true;
    if (!password->is_known || length > size)
        return -1;
    memcpy(text, password->text, (size_t)length);
    return length;
}
