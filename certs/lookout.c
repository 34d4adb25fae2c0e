/* Hears of changes to files, however they are replaced: by inotify(7) on the directories that lead to them.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/lookout.h"

#include "conf/memory.h"
#include "conf/text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINKS_MOST = 40, /* path_resolution(7) */
    CHANGES = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_ATTRIB |
              IN_DELETE_SELF | IN_MOVE_SELF,
};

struct lookout {
    int fd;
    int *watches; /* of the kernel's; one directory has one, however often it is added */
    size_t count;
};

char *lookout_open(struct lookout **made)
{
    struct lookout *lookout = memory_zeroed(1, sizeof *lookout);
    lookout->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    *made = lookout;
    if (lookout->fd >= 0)
        return NULL;
    int error = errno;
    lookout_close(lookout);
    *made = NULL;
    return text_format(
        "changes to certificates are not heard of: %s; raise fs.inotify.max_user_instances, or tell "
        "by SIGHUP",
        strerror(error));
}

void lookout_close(struct lookout *lookout)
{
    if (!lookout)
        return;
    if (lookout->fd >= 0)
        close(lookout->fd);
    free(lookout->watches);
    free(lookout);
}

int lookout_descriptor(const struct lookout *lookout)
{
    return lookout->fd;
}

void lookout_begin(struct lookout *lookout)
{
    for (size_t i = 0; i < lookout->count; i++)
        inotify_rm_watch(lookout->fd, lookout->watches[i]);
    lookout->count = 0;
    lookout_hear(lookout);
}

static void watch_directory(struct lookout *lookout, const char *directory)
{
    int watch = inotify_add_watch(lookout->fd, *directory ? directory : "/", CHANGES | IN_ONLYDIR);
    for (size_t i = 0; i < lookout->count; i++) {
        if (lookout->watches[i] == watch)
            return;
    }
    if (watch < 0)
        return;
    lookout->watches = memory_resized(lookout->watches, lookout->count + 1, sizeof *lookout->watches);
    lookout->watches[lookout->count++] = watch;
}

/* Watches the directory that `path`, up to `end`, stands in. */
static void watch_around(struct lookout *lookout, char *path, char *end)
{
    char kept = *end;
    *end = '\0';
    char *slash = strrchr(path, '/');
    if (slash) {
        *slash = '\0';
        watch_directory(lookout, path);
        *slash = '/';
    }
    *end = kept;
}

/* The path with its link, which ends at `end`, replaced by what it holds; NULL when that is too long. */
static char *turn(char *path, char *end)
{
    char held[PATH_MAX];
    char kept = *end;
    *end = '\0';
    ssize_t length = readlink(path, held, sizeof held - 1);
    char *slash = strrchr(path, '/');
    *end = kept;
    if (length < 0 || !slash)
        return NULL;
    held[length] = '\0';
    return held[0] == '/' ? text_format("%s%s", held, end)
                          : text_format("%.*s/%s%s", (int)(slash - path), path, held, end);
}

static bool is_link(char *path, char *end)
{
    struct stat status;
    char kept = *end;
    *end = '\0';
    bool is_one = lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
    *end = kept;
    return is_one;
}

/* The first part of the path, from `from` on, that is a symbolic link: where it ends; NULL: none is. */
static char *find_link(char *path)
{
    for (char *at = path; *at;) {
        char *end = at + 1 + strcspn(at + 1, "/");
        if (is_link(path, end))
            return end;
        at = end;
    }
    return NULL;
}

static char *absolute(const char *path)
{
    char here[PATH_MAX];
    if (*path == '/' || !getcwd(here, sizeof here))
        return text_copy(path);
    return text_format("%s/%s", here, path);
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

void lookout_add(struct lookout *lookout, const char *named)
{
    char *path = absolute(named), *link;
    for (int links = 0; path && (link = find_link(path)) && links < LINKS_MOST; links++) {
        watch_around(lookout, path, link);
        char *turned = turn(path, link);
        free(path);
        path = turned;
    }
    if (!path)
        return;
    watch_around(lookout, path, path + strlen(path));
    if (is_directory(path))
        watch_directory(lookout, path);
    free(path);
}

bool lookout_hear(struct lookout *lookout)
{
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool has_changed = false;
    for (ssize_t length; (length = read(lookout->fd, events, sizeof events)) > 0;) {
        for (char *at = events; at < events + length;) {
            const struct inotify_event *event = (const void *)at;
            /* That a watch was taken away is no change. */
            has_changed = has_changed || (event->mask & ~(uint32_t)IN_IGNORED) != 0;
            at += sizeof *event + event->len;
        }
    }
    return has_changed;
}
