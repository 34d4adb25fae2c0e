/* Whom we believe: the system's certificate authorities, or those of a file or a directory.
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

/* OpenSSL is content with a system that has no authorities at all, and then believes nobody. */
static char *load_system(SSL_CTX *context, const char *place)
{
    const char *file = named(X509_get_default_cert_file_env(), X509_get_default_cert_file());
    const char *directory = named(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
    if (access(file, R_OK) != 0 && !holds_something(directory))
        return text_format("%s.ca: the system has no authorities, neither in %s nor in %s; install the "
                           "package ca-certificates, or name a file",
                           place, file, directory);
    if (SSL_CTX_set_default_verify_paths(context) != 1)
        return text_format("%s.ca: the system's authorities cannot be loaded (OpenSSL: %s); name a file",
                           place, trouble_words());
    return NULL;
}

/* Adds the certificates of one file. Returns how many there were before the first that cannot be read. */
static size_t add_source(X509_STORE *store, const struct source *source, bool *is_whole)
{
    BIO *bio = source_open(source);
    size_t count = 0;
    X509 *one;
    ERR_clear_error();
    while ((one = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        if (X509_STORE_add_cert(store, one) != 1)
            memory_exhausted();
        X509_free(one);
        count++;
    }
    BIO_free(bio);
    *is_whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    return count;
}

static char *load_file(X509_STORE *store, const char *path, const char *place)
{
    struct source source;
    bool is_whole = false;
    size_t count = 0;
    char *trouble = source_begin(&source, path, place, "ca");
    if (!trouble)
        count = add_source(store, &source, &is_whole);
    if (!trouble && count == 0 && is_whole)
        trouble = text_format("%s: \"%s\" holds no certificate in PEM; name the file of the authority that "
                              "signed the servers' certificates",
                              source.place, path);
    else if (!trouble && !is_whole)
        trouble = text_format("%s: certificate %zu in \"%s\" cannot be read (OpenSSL: %s); it must stand "
                              "whole between its BEGIN CERTIFICATE and END CERTIFICATE lines",
                              source.place, count + 1, path, trouble_words());
    ERR_clear_error();
    source_end(&source);
    return trouble;
}

/* Other things may lie in the directory: what holds no certificate is passed over. */
static char *load_directory(X509_STORE *store, const char *path, const char *place)
{
    DIR *stream = opendir(path);
    size_t count = 0;
    for (const struct dirent *entry; stream && (entry = readdir(stream));) {
        struct source source;
        bool is_whole;
        char *file = text_format("%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && !is_directory(file)) {
            char *trouble = source_begin(&source, file, place, "ca");
            if (!trouble)
                count += add_source(store, &source, &is_whole);
            free(trouble);
            source_end(&source);
        }
        free(file);
    }
    if (stream)
        closedir(stream);
    ERR_clear_error();
    if (count > 0)
        return NULL;
    return text_format("%s.ca: no file in the directory \"%s\" holds a certificate in PEM that can be read; "
                       "name the directory of the authorities",
                       place, path);
}

char *authorities_load(SSL_CTX *context, const char *ca, const char *place)
{
    if (!ca || strcmp(ca, "system") == 0)
        return load_system(context, place);
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    return is_directory(ca) ? load_directory(store, ca, place) : load_file(store, ca, place);
}
