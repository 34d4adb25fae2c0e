/* The token by which a client proves that it may ask.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/token.h"

#include "conf/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONGEST = 255 /* as the daemon has it */
};

/* Where the token begins in a line of either form. */
static const char *find_token(const char *line)
{
    static const char *const levels[] = {":monitor:", ":read:", ":write:"};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const char *first = strchr(line, ':');
        if (first && strncmp(first, levels[i], strlen(levels[i])) == 0)
            return first + strlen(levels[i]);
    }
    return line;
}

static bool is_token(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return length >= 1 && length <= LONGEST;
}

char *token_read(const char *path, char **token)
{
    char line[1024];
    FILE *file = fopen(path, "re");
    if (!file)
        return text_format("cannot read the token file %s: %s", path, strerror(errno));
    do {
        *line = '\0';
        if (!fgets(line, sizeof line, file))
            break;
        line[strcspn(line, "\r\n")] = '\0';
    } while (*line == '\0' || *line == '#');
    int error = ferror(file) ? errno : 0;
    fclose(file);
    const char *found = find_token(line);
    char *wrong = NULL;
    if (error)
        wrong = text_format("cannot read the token file %s: %s", path, strerror(error));
    else if (!is_token(found))
        wrong =
            text_format("there is no token in %s: its first line must be 1 to %d printable ASCII characters "
                        "without spaces",
                        path, LONGEST);
    else
        *token = text_copy(found);
    explicit_bzero(line, sizeof line);
    return wrong;
}

void token_destroy(char *token)
{
    if (token)
        explicit_bzero(token, strlen(token));
    free(token);
}
