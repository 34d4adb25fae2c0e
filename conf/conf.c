/* The description as a whole: read from text or a file, found in, compared, freed.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/conf.h"

#include "conf/memory.h"
#include "conf/object.h"
#include "conf/origins.h"
#include "conf/places.h"
#include "conf/problems.h"
#include "conf/reader.h"
#include "conf/scanner.h"
#include "conf/text.h"
#include "conf/validate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One file with both parts is the chain and the key. */
static void complete_certificate(struct conf_certificate *certificate)
{
    if (!certificate->pem)
        return;
    certificate->chain = text_copy(certificate->pem);
    certificate->key = text_copy(certificate->pem);
}

static void complete_certificates(struct conf *conf)
{
    for (size_t i = 0; i < conf->listener_count; i++) {
        struct conf_listener_tls *tls = conf->listeners[i].tls;
        for (size_t k = 0; tls && k < tls->certificate_count; k++)
            complete_certificate(&tls->certificates[k]);
    }
    for (size_t i = 0; i < conf->upstream_count; i++) {
        if (conf->upstreams[i].tls && conf->upstreams[i].tls->certificate)
            complete_certificate(conf->upstreams[i].tls->certificate);
    }
}

static struct conf *read_tree(const cJSON *tree, const struct places *places, struct conf_problems *problems)
{
    struct conf *conf = reader_read(tree, places, problems);
    validate_conf(conf, places, problems);
    if (problems->count > 0) {
        conf_destroy(conf);
        return NULL;
    }
    complete_certificates(conf);
    return conf;
}

struct conf *conf_read(const char *text, size_t length, struct conf_problems *problems)
{
    struct places places;
    struct conf *conf = NULL;
    memset(problems, 0, sizeof *problems);
    places_begin(&places);
    cJSON *tree = scanner_read(text, length, &places, problems);
    if (tree)
        conf = read_tree(tree, &places, problems);
    problems_sort(problems);
    cJSON_Delete(tree);
    places_end(&places);
    return conf;
}

/* Reads the whole file, or one byte more than a document may have. NULL: errno tells. */
static char *read_whole(int fd, size_t *length)
{
    size_t room = 1 << 16;
    char *text = memory_zeroed(1, room);
    *length = 0;
    for (;;) {
        ssize_t count = read(fd, text + *length, room - *length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            free(text);
            return NULL;
        }
        *length += (size_t)count;
        if (count == 0 || *length > SCANNER_LONGEST)
            return text;
        if (*length == room) {
            room *= 2;
            text = memory_resized(text, room, 1);
        }
    }
}

struct conf *conf_read_file(const char *path, struct conf_problems *problems)
{
    size_t length = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = fd >= 0 ? read_whole(fd, &length) : NULL;
    int error = errno;
    struct conf *conf = NULL;
    if (fd >= 0)
        close(fd);
    if (text) {
        conf = conf_read(text, length, problems);
    } else {
        memset(problems, 0, sizeof *problems);
        problems_add(problems, text_copy(""), 1, 1,
                     text_format("cannot read this file: %s", strerror(error)));
    }
    free(text);
    return conf;
}

void conf_destroy(struct conf *conf)
{
    if (!conf)
        return;
    object_end(&grammar_conf, conf);
    origins_destroy(conf->origins);
    free(conf);
}

bool conf_listener_equal(const struct conf_listener *a, const struct conf_listener *b)
{
    return object_equal(&grammar_listener, a, b);
}

bool conf_upstream_equal(const struct conf_upstream *a, const struct conf_upstream *b)
{
    return object_equal(&grammar_upstream, a, b);
}

int64_t conf_session_cache(const struct conf_listener_tls *tls)
{
    if (tls->session_cache >= 0)
        return tls->session_cache;
    return tls->session_tickets ? CONF_SESSION_CACHE : 0;
}

bool conf_terminates(const struct conf_listener *listener)
{
    return listener->tls && listener->tls->certificate_count > 0;
}

const struct conf_upstream *conf_find_upstream(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->upstream_count; i++) {
        if (strcmp(conf->upstreams[i].name, name) == 0)
            return &conf->upstreams[i];
    }
    return NULL;
}

const char *conf_instance(const struct conf *conf)
{
    static char host[256];
    if (conf->instance)
        return conf->instance;
    if (!*host && gethostname(host, sizeof host - 1) != 0)
        snprintf(host, sizeof host, "spliced");
    return host;
}
