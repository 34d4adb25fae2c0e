/* Whom we believe: the system's certificate authorities, or those of a file or a directory; and whom no more:
 * their revocation lists.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/authorities.h"

#include "certs/source.h"
#include "certs/trouble.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool holds_something(const char *directory)
{
    DIR *stream = opendir(directory);
    bool is_found = false;
    for (const struct dirent *entry; stream && !is_found && (entry = readdir(stream));)
        is_found = entry->d_name[0] != '.';
    if (stream)
        closedir(stream);
    return is_found;
}

static const char *named(const char *variable, const char *otherwise)
{
    const char *value = getenv(variable);
    return value ? value : otherwise;
}

static const char *system_file(void)
{
    return named(X509_get_default_cert_file_env(), X509_get_default_cert_file());
}

static const char *system_directory(void)
{
    return named(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
}

/* OpenSSL is content with a system that has no authorities at all, and then believes nobody. */
static char *load_system(X509_STORE *store, const char *place)
{
    const char *file = system_file(), *directory = system_directory();
    if (access(file, R_OK) != 0 && !holds_something(directory))
        return text_format("%s.ca: the system has no authorities, neither in %s nor in %s; install the "
                           "package ca-certificates, or name a file",
                           place, file, directory);
    if (X509_STORE_set_default_paths(store) != 1)
        return text_format("%s.ca: the system's authorities cannot be loaded (OpenSSL: %s); name a file",
                           place, trouble_words());
    return NULL;
}

/* What a file or directory may hold, and how one of it gets into a store. */
struct kind {
    const char *key;
    const char *mark; /* of PEM: "CERTIFICATE" */
    const char *what; /* "certificate" */
    const char *remedy;
    /* Adds the next one; false when there is none that can be read. */
    bool (*add_next)(X509_STORE *store, BIO *bio);
};

static bool add_certificate(X509_STORE *store, BIO *bio)
{
    X509 *one = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    if (one && X509_STORE_add_cert(store, one) != 1)
        memory_exhausted();
    X509_free(one);
    return one != NULL;
}

static bool add_revocation_list(X509_STORE *store, BIO *bio)
{
    X509_CRL *one = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
    if (one && X509_STORE_add_crl(store, one) != 1)
        memory_exhausted();
    X509_CRL_free(one);
    return one != NULL;
}

static const struct kind certificates = {
    .key = "ca",
    .mark = "CERTIFICATE",
    .what = "certificate",
    .remedy = "name the file or directory of the authorities that signed the peers' certificates",
    .add_next = add_certificate,
};

static const struct kind revocation_lists = {
    .key = "crl",
    .mark = "X509 CRL",
    .what = "revocation list",
    .remedy =
        "name the file or directory of what the authorities revoked (from DER: openssl crl -inform DER -in "
        "FILE)",
    .add_next = add_revocation_list,
};

/* Adds what one file holds. Returns how many there were before the first that cannot be read. */
static size_t add_source(X509_STORE *store, const struct kind *kind, const struct source *source,
                         bool *is_whole)
{
    BIO *bio = source_open(source);
    size_t count = 0;
    ERR_clear_error();
    while (kind->add_next(store, bio))
        count++;
    BIO_free(bio);
    *is_whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    return count;
}

static char *load_file(X509_STORE *store, const struct kind *kind, const char *path, const char *place)
{
    struct source source;
    bool is_whole = false;
    size_t count = 0;
    char *trouble = source_begin(&source, path, place, kind->key);
    if (!trouble)
        count = add_source(store, kind, &source, &is_whole);
    if (!trouble && count == 0 && is_whole)
        trouble =
            text_format("%s: \"%s\" holds no %s in PEM; %s", source.place, path, kind->what, kind->remedy);
    else if (!trouble && !is_whole)
        trouble =
            text_format("%s: %s %zu in \"%s\" cannot be read (OpenSSL: %s); it must stand whole between its "
                        "BEGIN %s and END %s lines",
                        source.place, kind->what, count + 1, path, trouble_words(), kind->mark, kind->mark);
    ERR_clear_error();
    source_end(&source);
    return trouble;
}

/* Everything in a directory that may be read: what is hidden is not, as the inside of a Kubernetes mount. */
static void visit_directory(const char *path, certs_tell_file *visit, void *context)
{
    DIR *stream = opendir(path);
    for (const struct dirent *entry; stream && (entry = readdir(stream));) {
        char *file = text_format("%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && !is_directory(file))
            visit(context, file);
        free(file);
    }
    if (stream)
        closedir(stream);
}

/* What the files of a directory hold, on its way into a store. */
struct gathering {
    X509_STORE *store;
    const struct kind *kind;
    const char *place;
    size_t count;
};

static void gather(void *context, const char *file)
{
    struct gathering *gathering = context;
    struct source source;
    bool is_whole;
    char *trouble = source_begin(&source, file, gathering->place, gathering->kind->key);
    if (!trouble)
        gathering->count += add_source(gathering->store, gathering->kind, &source, &is_whole);
    free(trouble);
    source_end(&source);
}

/* Other things may lie in the directory: what holds none is passed over. */
static char *load_directory(X509_STORE *store, const struct kind *kind, const char *path, const char *place)
{
    struct gathering gathering = {.store = store, .kind = kind, .place = place};
    visit_directory(path, gather, &gathering);
    ERR_clear_error();
    if (gathering.count > 0)
        return NULL;
    return text_format("%s.%s: no file in the directory \"%s\" holds a %s in PEM that can be read; %s", place,
                       kind->key, path, kind->what, kind->remedy);
}

static char *load(X509_STORE *store, const struct kind *kind, const char *path, const char *place)
{
    return is_directory(path) ? load_directory(store, kind, path, place)
                              : load_file(store, kind, path, place);
}

bool authorities_are_system(const char *ca)
{
    return !ca || strcmp(ca, "system") == 0;
}

void authorities_tell_files(const char *path, certs_tell_file *tell, void *context)
{
    if (path && authorities_are_system(path)) {
        tell(context, system_file());
        tell(context, system_directory());
    } else if (path) {
        tell(context, path);
        if (is_directory(path))
            visit_directory(path, tell, context);
    }
}

char *authorities_load(X509_STORE *store, const char *ca, const char *place)
{
    if (authorities_are_system(ca))
        return load_system(store, place);
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    return load(store, &certificates, ca, place);
}

char *authorities_load_revocations(X509_STORE *store, const char *crl, const char *place)
{
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return load(store, &revocation_lists, crl, place);
}
