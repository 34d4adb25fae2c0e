/* A folder of its own for a suite's files, in which the suite works and which is gone afterwards.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/folder.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static int came_from = -1;

int folder_begin(void)
{
    strcpy(folder, "/tmp/spliced-test.XXXXXX");
    came_from = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return came_from >= 0 && mkdtemp(folder) && chdir(folder) == 0 ? 0 : 1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

int folder_end(void)
{
    int went_back = fchdir(came_from);
    close(came_from);
    return went_back == 0 && nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : 1;
}

void folder_write(const char *file, const char *text)
{
    FILE *out = fopen(file, "w");
    assert(out);
    assert(fputs(text, out) >= 0);
    assert(fclose(out) == 0);
}

char *folder_read(const char *file)
{
    FILE *in = fopen(file, "r");
    char *text = NULL;
    size_t room = 0;
    assert(in);
    assert(getdelim(&text, &room, '\0', in) > 0);
    fclose(in);
    return text;
}
