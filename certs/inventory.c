/* Which certificates a configuration names, with its directories read: one entry for each pair.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/inventory.h"

#include "certs/source.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *copy(const char *text)
{
    return text ? text_copy(text) : NULL;
}

/* Takes over the strings of `conf` and `place`. */
static void add(struct inventory *inventory, struct conf_certificate conf, char *place)
{
    inventory->entries = memory_resized(inventory->entries, inventory->count + 1, sizeof *inventory->entries);
    inventory->entries[inventory->count++] = (struct inventory_entry){.conf = conf, .place = place};
}

/* `file` with its ending, from the last dot on, replaced. */
static char *beside(const char *file, const char *ending)
{
    const char *dot = strrchr(file, '.');
    return text_format("%.*s%s", (int)(dot - file), file, ending);
}

/* The file of that ending beside, where it is; else NULL. */
static char *find_beside(const char *file, const char *ending)
{
    char *path = beside(file, ending);
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

static bool has_ending(const char *name, const char *ending)
{
    size_t length = strlen(name), size = strlen(ending);
    return length > size && strcmp(name + length - size, ending) == 0;
}

static bool holds_key(const char *file, const char *place)
{
    struct source source;
    char *trouble = source_begin(&source, file, place, NULL);
    bool is_found = !trouble && memmem(source.bytes, source.length, "PRIVATE KEY-----", 16) != NULL;
    source_end(&source);
    free(trouble);
    return is_found;
}

/* Whether the file begins a pair, and then which. What else lies there (authorities, keys by themselves,
 * anything hidden, as the inside of a Kubernetes mount) is passed over. */
static bool recognise(const char *file, const char *name, const char *place, struct conf_certificate *conf)
{
    *conf = (struct conf_certificate){0};
    if (name[0] == '.')
        return false;
    if (has_ending(name, ".p12") || has_ending(name, ".pfx")) {
        conf->pkcs12 = text_copy(file);
        return true;
    }
    bool is_pem = has_ending(name, ".pem");
    if (!is_pem && !has_ending(name, ".crt"))
        return false;
    conf->key = find_beside(file, ".key");
    if (conf->key) {
        conf->chain = text_copy(file);
        return true;
    }
    if (!is_pem || !holds_key(file, place))
        return false;
    conf->pem = text_copy(file);
    conf->chain = text_copy(file);
    conf->key = text_copy(file);
    return true;
}

static char *add_directory(struct inventory *inventory, const struct conf_certificate *named,
                           const char *place)
{
    struct dirent **names;
    size_t before = inventory->count;
    int count = scandir(named->dir, &names, NULL, alphasort);
    if (count < 0)
        return text_format("%s.dir: cannot read the directory \"%s\": %s; create it or correct its path",
                           place, named->dir, strerror(errno));
    for (int i = 0; i < count; i++) {
        struct conf_certificate conf;
        char *file = text_format("%s/%s", named->dir, names[i]->d_name);
        if (recognise(file, names[i]->d_name, place, &conf)) {
            conf.password_file = copy(named->password_file);
            conf.ocsp = find_beside(file, ".ocsp");
            add(inventory, conf, text_copy(place));
        }
        free(file);
        free(names[i]);
    }
    free(names);
    if (inventory->count > before)
        return NULL;
    return text_format(
        "%s.dir: the directory \"%s\" holds no certificate with its key; put X.crt and X.key, X.pem "
        "or X.p12 there",
        place, named->dir);
}

static void add_named(struct inventory *inventory, const struct conf_certificate *named, const char *place)
{
    add(inventory,
        (struct conf_certificate){
            .chain = copy(named->chain),
            .key = copy(named->key),
            .pem = copy(named->pem),
            .pkcs12 = copy(named->pkcs12),
            .password_file = copy(named->password_file),
            .ocsp = copy(named->ocsp),
        },
        text_copy(place));
}

char *inventory_begin(struct inventory *inventory, const struct conf_certificate *certificates, size_t count,
                      const char *place)
{
    char *trouble = NULL;
    *inventory = (struct inventory){0};
    for (size_t i = 0; i < count && !trouble; i++) {
        char *own_place = text_format("%s.certificates[%zu]", place, i);
        if (certificates[i].dir)
            trouble = add_directory(inventory, &certificates[i], own_place);
        else
            add_named(inventory, &certificates[i], own_place);
        free(own_place);
    }
    return trouble;
}

void inventory_end(struct inventory *inventory)
{
    for (size_t i = 0; i < inventory->count; i++) {
        struct inventory_entry *entry = &inventory->entries[i];
        free(entry->conf.chain);
        free(entry->conf.key);
        free(entry->conf.pem);
        free(entry->conf.pkcs12);
        free(entry->conf.password_file);
        free(entry->conf.ocsp);
        free(entry->place);
    }
    free(inventory->entries);
    *inventory = (struct inventory){0};
}

const char *inventory_file(const struct inventory_entry *entry)
{
    return entry->conf.pkcs12 ? entry->conf.pkcs12 : entry->conf.chain;
}
