/* Hears of changes to files, however they are replaced: by inotify(7) on the directories that lead to them.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A file is replaced by renaming another one over it, or by turning a symbolic link anywhere on the way to it
 * (Kubernetes turns "..data", certbot the file itself). So what is watched is the directory of the file and
 * of every link that leads there, not the file. Whoever owns a lookout waits until its descriptor is
 * readable. */
#ifndef CERTS_LOOKOUT_H
#define CERTS_LOOKOUT_H

#include <stdbool.h>

struct lookout;

/* Opens one that watches nothing. NULL when well, else a sentence that the caller frees: the kernel has none
 * left. */
char *lookout_open(struct lookout **lookout);

/* Accepts NULL. */
void lookout_close(struct lookout *lookout);

/* Readable when something has changed. */
int lookout_descriptor(const struct lookout *lookout);

/* Watches other things from now on: begins anew, and then adds each. A file, or a directory with all that is
 * in it; neither has to be there yet, but what it stands in. */
void lookout_begin(struct lookout *lookout);
void lookout_add(struct lookout *lookout, const char *path);

/* Takes what the kernel has to tell. Whether anything has changed that may matter. */
bool lookout_hear(struct lookout *lookout);

#endif
