/* Names out of /etc/hosts: hosts(5).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/lookup_hosts.h"

#include "conf/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static const char default_path[] = "/etc/hosts";
static const char *_Atomic hosts_path = default_path;

void lookup_hosts_path(const char *path)
{
    hosts_path = path ? path : default_path;
}

/* What one pass over the file looks for. */
struct search {
    const char *host;
    size_t length; /* of the host without a dot at its end */
    uint16_t family;
    struct lookup_answer *answer;
};

static bool is_name(const struct search *search, const char *name)
{
    return strlen(name) == search->length && strncasecmp(name, search->host, search->length) == 0;
}

static void add(const struct search *search, char *numeric)
{
    struct conf_address conf = {.kind = CONF_ADDRESS_HOST, .host = numeric};
    struct address address;
    struct lookup_answer *answer = search->answer;
    if (answer->count < LOOKUP_MOST && address_parse(&conf, &address) && address.family == search->family)
        answer->addresses[answer->count++] = address;
}

/* One line: an address, and the names that it has. */
static void search_line(const struct search *search, char *line)
{
    static const char blanks[] = " \t\r\n";
    char *rest;
    line[strcspn(line, "#")] = '\0';
    char *numeric = strtok_r(line, blanks, &rest);
    char *name = numeric ? strtok_r(NULL, blanks, &rest) : NULL;
    while (name && !is_name(search, name))
        name = strtok_r(NULL, blanks, &rest);
    if (name)
        add(search, numeric);
}

static void search_file(const struct search *search)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(hosts_path, "re");
    if (!file)
        return;
    while (getline(&line, &room, file) >= 0)
        search_line(search, line);
    free(line);
    fclose(file);
}

static bool is_localhost(const struct search *search)
{
    static const char localhost[] = ".localhost";
    size_t suffix = sizeof localhost - 1;
    if (search->length > suffix)
        return strncasecmp(search->host + search->length - suffix, localhost, suffix) == 0;
    return is_name(search, localhost + 1);
}

static void add_loopback(struct search *search)
{
    char loopback[] = "127.0.0.1", loopback6[] = "::1";
    search->family = AF_INET;
    add(search, loopback);
    search->family = AF_INET6;
    add(search, loopback6);
}

bool lookup_hosts_find(const char *host, struct lookup_answer *answer)
{
    static const uint16_t families[] = {AF_INET, AF_INET6};
    struct search search = {.host = host, .length = strlen(host), .answer = answer};
    if (search.length > 0 && host[search.length - 1] == '.')
        search.length--;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        search.family = families[i];
        search_file(&search);
    }
    if (answer->count == 0 && is_localhost(&search))
        add_loopback(&search);
    return answer->count > 0;
}
