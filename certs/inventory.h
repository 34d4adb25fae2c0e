/* Which certificates a configuration names, with its directories read: one entry for each pair.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_INVENTORY_H
#define CERTS_INVENTORY_H

#include "conf/conf.h"

struct inventory_entry {
    struct conf_certificate conf; /* no directory */
    char *place;                  /* where it stands in the configuration */
};

struct inventory {
    struct inventory_entry *entries;
    size_t count;
};

/* Lists what `certificates` names, in its order, the pairs of a directory in the order of their names (see
 * the grammar's sentence for what is one). `place` is where `tls` stands. NULL when well, else a sentence
 * that the caller frees: a directory that cannot be read, or that holds no pair. Either way the caller ends
 * it. */
char *inventory_begin(struct inventory *inventory, const struct conf_certificate *certificates, size_t count,
                      const char *place);
void inventory_end(struct inventory *inventory);

/* The file that tells the entry from others. */
const char *inventory_file(const struct inventory_entry *entry);

#endif
