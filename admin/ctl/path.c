/* A path with its query out of the words of a command line.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/path.h"

#include "admin/ctl/client.h"
#include "conf/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char place[] = "{name}";

static char *put_name(const char *pattern, const char *name)
{
    const char *at = strstr(pattern, place);
    char *encoded = client_encode(name);
    char *text = text_format("%.*s%s%s", (int)(at - pattern), pattern, encoded, at + sizeof place - 1);
    free(encoded);
    return text;
}

char *path_begin(struct path *path, const char *pattern, char *const *words)
{
    bool needs_name = strstr(pattern, place);
    size_t count = 0;
    *path = (struct path){0};
    for (; *words; words++) {
        bool is_pair = strchr(*words, '=');
        if (is_pair && count < PATH_WORDS)
            path->pairs[count++] = *words;
        else if (!is_pair && needs_name && !path->text)
            path->text = put_name(pattern, *words);
        else
            return text_format("\"%s\" is one word too many%s", *words,
                               is_pair ? "" : ": filters are written key=value");
    }
    if (needs_name && !path->text)
        return text_copy("a name is missing");
    if (!path->text)
        path->text = text_copy(pattern);
    return NULL;
}

void path_end(struct path *path)
{
    free(path->text);
    *path = (struct path){0};
}

static bool has_key(const char *pair, const char *key)
{
    size_t length = strcspn(pair, "=");
    return strlen(key) == length && strncmp(pair, key, length) == 0;
}

const char *path_parameter(const struct path *path, const char *key)
{
    for (const char *const *pair = path->pairs; *pair; pair++) {
        if (has_key(*pair, key))
            return *pair + strlen(key) + 1;
    }
    return NULL;
}

void path_remove(struct path *path, const char *key)
{
    const char **kept = path->pairs;
    for (const char *const *pair = path->pairs; *pair; pair++) {
        if (!has_key(*pair, key))
            *kept++ = *pair;
    }
    *kept = NULL;
}

/* The text with one parameter more, in place of the text. */
static char *add(char *text, const char *key, size_t length, const char *value)
{
    char *name = text_format("%.*s", (int)length, key);
    char *encoded_name = client_encode(name);
    char *encoded = client_encode(value);
    char *longer = text_format("%s%c%s=%s", text, strchr(text, '?') ? '&' : '?', encoded_name, encoded);
    free(name);
    free(encoded_name);
    free(encoded);
    free(text);
    return longer;
}

char *path_text(const struct path *path, const char *limit, const char *after)
{
    char *text = text_copy(path->text);
    for (const char *const *pair = path->pairs; *pair; pair++) {
        size_t length = strcspn(*pair, "=");
        text = add(text, *pair, length, *pair + length + 1);
    }
    if (limit)
        text = add(text, "limit", strlen("limit"), limit);
    return after ? add(text, "after", strlen("after"), after) : text;
}
