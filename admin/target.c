/* What a request asks for: a path in segments and a query in pairs, each percent-decoded on its own.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/target.h"

#include "conf/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char broken_percent[] =
    "a \"%\" of the request target is not followed by two hexadecimal digits";
static const char nul_byte[] = "the request target contains a NUL byte (\"%00\")";
static const char not_a_path[] = "the request target must be a path that begins with \"/\"";
static const char many_pairs[] = "the query has more than 32 parameters";

static int hex_digit(char letter)
{
    static const char digits[] = "0123456789abcdef";
    if (letter >= 'A' && letter <= 'F')
        letter = (char)(letter - 'A' + 'a');
    const char *found = letter ? strchr(digits, letter) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Decodes in place: what comes out is never longer. */
static const char *decode(char *text, bool plus_is_space)
{
    char *to = text;
    for (const char *from = text; *from; from++, to++) {
        *to = *from == '+' && plus_is_space ? ' ' : *from;
        if (*from != '%')
            continue;
        int high = hex_digit(from[1]);
        int low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0)
            return broken_percent;
        if (high == 0 && low == 0)
            return nul_byte;
        *to = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return NULL;
}

static const char *read_path(struct target *target, char *path)
{
    if (*path == '\0')
        return NULL;
    for (char *segment; (segment = strsep(&path, "/"));) {
        if (target->segment_count == TARGET_SEGMENTS) {
            target->segment_count++;
            return NULL;
        }
        const char *wrong = decode(segment, false);
        if (wrong)
            return wrong;
        target->segments[target->segment_count++] = segment;
    }
    return NULL;
}

static const char *read_query(struct target *target, char *query)
{
    for (char *name; (name = strsep(&query, "&"));) {
        if (*name == '\0')
            continue;
        if (target->pair_count == TARGET_PAIRS)
            return many_pairs;
        char *value = strchr(name, '=');
        if (value)
            *value++ = '\0';
        else
            value = name + strlen(name);
        const char *wrong = decode(name, true);
        if (!wrong && *value)
            wrong = decode(value, true);
        if (wrong)
            return wrong;
        target->pairs[target->pair_count++] = (struct target_pair){name, value};
    }
    return NULL;
}

/* Steps over "http://authority"; returns where the path begins. */
static char *read_authority(struct target *target, char *text)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i]);
        if (strncasecmp(text, schemes[i], length) != 0)
            continue;
        /* The authority moves to the front, so that a NUL fits between it and the path. */
        size_t size = strcspn(text + length, "/?");
        memmove(text, text + length, size);
        text[size] = '\0';
        target->authority = text;
        return text + length + size;
    }
    return text;
}

const char *target_read(struct target *target, const char *text)
{
    *target = (struct target){.memory = text_copy(text)};
    char *path = read_authority(target, target->memory);
    char *query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    if (*path == '/')
        path++;
    else if (!target->authority || *path)
        return not_a_path;
    const char *wrong = read_path(target, path);
    return wrong || !query ? wrong : read_query(target, query);
}

void target_end(struct target *target)
{
    free(target->memory);
    *target = (struct target){0};
}
