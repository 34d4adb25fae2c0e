/* ClientHellos of real clients as they were recorded, each asking for "db.example": texts of hex in a folder.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/recorded.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum {
    LONGEST = 16 * 1024
};

/* Lines of hex; one that begins with "#" says what it is. */
static size_t read_hex(const char *file, unsigned char bytes[LONGEST])
{
    char line[256];
    size_t length = 0;
    FILE *in = fopen(file, "re");
    assert(in);
    while (fgets(line, sizeof line, in)) {
        unsigned byte;
        for (const char *at = line; *line != '#' && sscanf(at, "%2x", &byte) == 1; at += 2) {
            assert(length < LONGEST);
            bytes[length++] = (unsigned char)byte;
        }
    }
    fclose(in);
    return length;
}

unsigned recorded_read(const char *folder, recorded_tell *tell, void *context)
{
    static unsigned char bytes[LONGEST];
    unsigned count = 0;
    DIR *stream = opendir(folder);
    assert(stream);
    for (const struct dirent *entry; (entry = readdir(stream));) {
        char file[4096];
        if (!strstr(entry->d_name, ".hex"))
            continue;
        snprintf(file, sizeof file, "%s/%s", folder, entry->d_name);
        tell(context, entry->d_name, bytes, read_hex(file, bytes));
        count++;
    }
    closedir(stream);
    return count;
}
