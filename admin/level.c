/* The words for what somebody may do: monitor < read < write.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/level.h"

#include <string.h>

static const char *const words[] = {
    [CONF_ACCESS_MONITOR] = "monitor",
    [CONF_ACCESS_READ] = "read",
    [CONF_ACCESS_WRITE] = "write",
};

const char *level_word(enum conf_access level)
{
    return words[level];
}

bool level_parse(const char *word, enum conf_access *level)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], word) != 0)
            continue;
        *level = (enum conf_access)i;
        return true;
    }
    return false;
}
