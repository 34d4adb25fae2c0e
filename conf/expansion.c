/* ${NAME} in the strings of a configuration.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/expansion.h"

#include "conf/memory.h"
#include "conf/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_utf8(const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        size_t size = text_character(text, left);
        if (size == 0)
            return false;
        text += size;
        left -= size;
    }
    return true;
}

static size_t name_length(const char *text)
{
    size_t length = 0;
    if (isdigit((unsigned char)*text))
        return 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    return length;
}

static char *complain(const char *start, const char *remedy)
{
    char *quoted = text_quote(start);
    char *sentence = text_format("at %s: %s", quoted, remedy);
    free(quoted);
    return sentence;
}

/* Writes what the reference at *at, which begins with "${", stands for, and moves *at behind it. */
static char *expand_reference(const char **at, FILE *out)
{
    const char *start = *at;
    const char *name_start = start + 2;
    size_t length = name_length(name_start);
    const char *rest = name_start + length;
    const char *end = strchr(rest, '}');
    bool has_default = strncmp(rest, ":-", 2) == 0;
    if (length == 0 || !end || (!has_default && end != rest))
        return complain(start, "write ${NAME} or ${NAME:-default}, or $${ for ${ itself");
    char *name = text_format("%.*s", (int)length, name_start);
    const char *value = getenv(name);
    char *problem = NULL;
    *at = end + 1;
    if (has_default && (!value || !*value))
        fprintf(out, "%.*s", (int)(end - rest - 2), rest + 2);
    else if (!value)
        problem = text_format("the environment has no %s; set it, or write ${%s:-default}", name, name);
    else if (!is_utf8(value))
        problem = text_format("the environment's %s is not UTF-8; set it to UTF-8 text", name);
    else
        fputs(value, out);
    free(name);
    return problem;
}

char *expansion_apply(const char *text, char **expanded)
{
    char *problem = NULL;
    size_t length;
    *expanded = NULL;
    FILE *out = open_memstream(expanded, &length);
    if (!out)
        memory_exhausted();
    while (*text && !problem) {
        if (strncmp(text, "${", 2) == 0) {
            problem = expand_reference(&text, out);
        } else if (strncmp(text, "$${", 3) == 0) {
            fputs("${", out);
            text += 3;
        } else {
            fputc(*text++, out);
        }
    }
    if (fclose(out) != 0)
        memory_exhausted();
    if (problem) {
        free(*expanded);
        *expanded = NULL;
    }
    return problem;
}

char *expansion_escape(const char *text)
{
    char *escaped = memory_zeroed(strlen(text) * 2 + 1, 1);
    char *to = escaped;
    for (; *text; text++) {
        if (strncmp(text, "${", 2) == 0)
            *to++ = '$';
        *to++ = *text;
    }
    return escaped;
}
