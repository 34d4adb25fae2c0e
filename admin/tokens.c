/* The tokens of an admin address: a file of lines `name:level:token`, read again when it changes.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/tokens.h"

#include "admin/level.h"
#include "conf/text.h"
#include "proxy/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_TOKENS = 1024,
    MOST_BYTES = 1 << 20,
};

/* A token fills its room with zeros, so that comparing takes the same time for all. */
struct token {
    enum conf_access level;
    char text[TOKENS_LENGTH];
    char name[TOKENS_NAME];
};

struct token_list {
    struct token *items;
    size_t count;
};

struct tokens {
    atomic_uint references;
    pthread_mutex_t mutex;
    char *path;
    struct stat seen; /* the file as it was read last, whether it was good or not */
    struct token_list list;
};

static bool is_name(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(text);
    return length >= 1 && length <= 64 && strspn(text, letters) == length;
}

static bool is_token(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return length >= 1 && length < TOKENS_LENGTH;
}

/* Reads one line, which it takes apart. The line's own text never goes into a sentence: it is secret. */
static const char *read_line(char *line, struct token *token)
{
    char *name = strsep(&line, ":");
    char *level = line ? strsep(&line, ":") : NULL;
    memset(token, 0, sizeof *token);
    if (!line)
        return "it is not of the form name:level:token";
    if (!is_name(name))
        return "its name must be 1 to 64 of A-Z a-z 0-9 . _ -";
    if (!level_parse(level, &token->level))
        return "its level must be monitor, read or write";
    if (!is_token(line))
        return "its token must be 1 to 255 printable ASCII characters without spaces";
    memcpy(token->name, name, strlen(name));
    memcpy(token->text, line, strlen(line));
    return NULL;
}

/* Reads all lines of `text`, which it takes apart. NULL when well, else a sentence. */
static char *read_lines(const char *path, char *text, struct token_list *list)
{
    unsigned number = 0;
    for (char *line; (line = strsep(&text, "\n"));) {
        number++;
        line[strcspn(line, "\r")] = '\0';
        if (*line == '\0' || *line == '#')
            continue;
        if (list->count == MOST_TOKENS)
            return text_format("%s:%u: there are more than %d tokens", path, number, MOST_TOKENS);
        const char *wrong = read_line(line, &list->items[list->count++]);
        if (wrong)
            return text_format("%s:%u: the line cannot be used: %s", path, number, wrong);
    }
    if (list->count == 0)
        return text_format("%s: there is no token in it; write lines of the form name:level:token", path);
    return NULL;
}

static char *read_open_file(int fd, const char *path, struct token_list *list)
{
    char *text = malloc(MOST_BYTES + 1);
    list->items = calloc(MOST_TOKENS, sizeof *list->items);
    list->count = 0;
    char *wrong = NULL;
    size_t length = 0;
    ssize_t got = 1;
    if (!text || !list->items)
        wrong = text_format("cannot read the token file %s: memory is out", path);
    while (!wrong && got > 0 && length < MOST_BYTES) {
        got = read(fd, text + length, MOST_BYTES - length);
        if (got < 0)
            wrong = text_format("cannot read the token file %s: %s", path, strerror(errno));
        else
            length += (size_t)got;
    }
    if (!wrong && (length == MOST_BYTES || memchr(text, '\0', length)))
        wrong = text_format("%s: this is no token file: it is too long or has NUL bytes", path);
    if (!wrong) {
        text[length] = '\0';
        wrong = read_lines(path, text, list);
    }
    if (text)
        explicit_bzero(text, length);
    free(text);
    return wrong;
}

static void forget(struct token_list *list)
{
    if (list->items)
        explicit_bzero(list->items, list->count * sizeof *list->items);
    free(list->items);
    *list = (struct token_list){0};
}

/* Takes over the file as it is now, or leaves the tokens as they are and says why. */
static char *read_file(struct tokens *tokens)
{
    struct token_list list = {0};
    int fd = open(tokens->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return text_format("cannot open the token file %s: %s", tokens->path, strerror(errno));
    fstat(fd, &tokens->seen);
    char *wrong = read_open_file(fd, tokens->path, &list);
    close(fd);
    forget(wrong ? &list : &tokens->list);
    if (!wrong)
        tokens->list = list;
    return wrong;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static void refresh(struct tokens *tokens)
{
    struct stat now = {0};
    char *wrong = NULL;
    if (stat(tokens->path, &now) == 0) {
        if (is_same_file(&now, &tokens->seen))
            return;
        wrong = read_file(tokens);
    } else if (tokens->seen.st_ino != 0) {
        wrong = text_format("cannot open the token file %s: %s", tokens->path, strerror(errno));
    }
    /* What failed is not tried again, and not told again, until it changes. */
    tokens->seen = now;
    if (wrong)
        log_line(CONF_LOG_WARNING, "admin.tokens", "%s; the tokens read before stay in force", wrong);
    free(wrong);
}

char *tokens_open(const char *path, struct tokens **tokens)
{
    struct tokens *opened = calloc(1, sizeof *opened);
    *tokens = NULL;
    if (!opened)
        return text_format("cannot read the token file %s: memory is out", path);
    atomic_init(&opened->references, 1);
    pthread_mutex_init(&opened->mutex, NULL);
    opened->path = text_copy(path);
    char *wrong = read_file(opened);
    if (wrong)
        tokens_drop(opened);
    else
        *tokens = opened;
    return wrong;
}

struct tokens *tokens_hold(struct tokens *tokens)
{
    if (tokens)
        atomic_fetch_add_explicit(&tokens->references, 1, memory_order_relaxed);
    return tokens;
}

void tokens_drop(struct tokens *tokens)
{
    if (!tokens || atomic_fetch_sub_explicit(&tokens->references, 1, memory_order_acq_rel) > 1)
        return;
    forget(&tokens->list);
    free(tokens->path);
    pthread_mutex_destroy(&tokens->mutex);
    free(tokens);
}

static bool is_equal(const char *a, const char *b)
{
    unsigned difference = 0;
    for (size_t i = 0; i < TOKENS_LENGTH; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

bool tokens_find(struct tokens *tokens, const char *token, enum conf_access *level, char *name)
{
    char shown[TOKENS_LENGTH] = {0};
    bool is_found = false;
    if (!is_token(token))
        return false;
    memcpy(shown, token, strlen(token));
    pthread_mutex_lock(&tokens->mutex);
    refresh(tokens);
    for (size_t i = 0; i < tokens->list.count; i++) {
        const struct token *item = &tokens->list.items[i];
        bool is_this = is_equal(shown, item->text);
        if (is_this) {
            *level = item->level;
            memcpy(name, item->name, sizeof item->name);
        }
        is_found |= is_this;
    }
    pthread_mutex_unlock(&tokens->mutex);
    return is_found;
}
