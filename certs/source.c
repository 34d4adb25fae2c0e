/* A file that the configuration names, read whole into memory that is wiped afterwards.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/source.h"

#include "conf/memory.h"
#include "conf/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FIRST_ROOM = 16 * 1024
};

static const struct {
    int error;
    const char *remedy;
} remedies[] = {
    {ENOENT, "create the file or correct its path"},
    {ENOTDIR, "correct the path: a part of it is no directory"},
    {EACCES, "let the user that runs this program read it, e.g. by its group and mode 0640"},
    {EISDIR, "name a file, not a directory"},
};

static char *explain(const struct source *source, int error)
{
    const char *remedy = "name a file that can be read";
    for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++) {
        if (remedies[i].error == error)
            remedy = remedies[i].remedy;
    }
    return text_format("%s: cannot read \"%s\": %s; %s", source->place, source->path, strerror(error),
                       remedy);
}

/* Makes room by hand: realloc(3) would leave copies of a private key behind. */
static void grow(struct source *source, size_t *room)
{
    size_t wider = *room ? *room * 2 : FIRST_ROOM;
    unsigned char *bytes = memory_zeroed(wider, 1);
    if (source->length > 0)
        memcpy(bytes, source->bytes, source->length);
    if (source->bytes)
        OPENSSL_cleanse(source->bytes, source->length);
    free(source->bytes);
    source->bytes = bytes;
    *room = wider;
}

/* Reads to the end. 0 or errno. */
static int read_all(struct source *source, int fd)
{
    size_t room = 0;
    for (;;) {
        if (source->length == room)
            grow(source, &room);
        ssize_t count = read(fd, source->bytes + source->length, room - source->length);
        if (count == 0)
            return 0;
        if (count < 0 && errno != EINTR)
            return errno;
        source->length += count > 0 ? (size_t)count : 0;
        if (source->length > SOURCE_MOST)
            return EFBIG;
    }
}

char *source_begin(struct source *source, const char *path, const char *place, const char *key)
{
    *source = (struct source){
        .path = path,
        .place = key ? text_format("%s.%s", place, key) : text_copy(place),
    };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return explain(source, errno);
    int error = read_all(source, fd);
    close(fd);
    if (error)
        return explain(source, error);
    if (source->length == 0)
        return text_format("%s: \"%s\" is empty; name a file in PEM", source->place, path);
    return NULL;
}

BIO *source_open(const struct source *source)
{
    BIO *bio = BIO_new_mem_buf(source->bytes, (int)source->length);
    if (!bio)
        memory_exhausted();
    return bio;
}

void source_end(struct source *source)
{
    if (source->bytes)
        OPENSSL_cleanse(source->bytes, source->length);
    free(source->bytes);
    free(source->place);
    *source = (struct source){0};
}
