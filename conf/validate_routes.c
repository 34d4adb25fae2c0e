/* What must hold between the routes of a listener.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/validate_routes.h"

#include "conf/claims.h"
#include "conf/grammar.h"
#include "conf/text.h"

#include <string.h>

/* A host name, "*." in front of it or not. Letters beyond ASCII are sent in another form. */
static bool is_server_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (strncmp(name, "*.", 2) == 0)
        name += 2;
    return *name && *name != '.' && !strstr(name, "..") && name[strspn(name, allowed)] == '\0';
}

static void check_route(struct validation *validation, const struct conf_listener *listener,
                        const struct conf_route *route)
{
    const struct origin *whole = origins_find(validation->conf->origins, route, &grammar_route);
    if (!whole) /* not even an object */
        return;
    if (route->server_name && !is_server_name(route->server_name))
        validation_blame(validation, &route->server_name,
                         text_format("\"%s\" is no server name; write a host name in ASCII (xn--...), with "
                                     "\"*.\" in front for any first label",
                                     route->server_name));
    if (!validation_is_given(validation, &route->server_name) && route->alpn.count == 0)
        validation_blame_entry(validation, whole,
                               text_copy("a route needs \"server_name\" or \"alpn\"; what matches no route "
                                         "goes to the listener's own upstream"));
    if (route->tls == CONF_ROUTE_TERMINATE && !validation_is_wrong(validation, &route->tls) &&
        !conf_terminates(listener))
        validation_blame_entry(validation, whole,
                               text_copy("to terminate TLS the listener needs \"tls\" with \"certificates\"; "
                                         "give them, or \"tls\": \"pass\" to this route"));
}

static size_t count_claims(const struct conf_listener *listener)
{
    size_t count = listener->route_count;
    for (size_t i = 0; i < listener->route_count; i++)
        count += listener->routes[i].alpn.count;
    return count;
}

/* Names are told apart without regard to case. */
static char *print_claim(const char *name, const char *protocol)
{
    char *text = protocol ? text_format("%s with %s", name ? name : "any name", protocol) : text_copy(name);
    for (char *at = text; name && at < text + strlen(name); at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    return text;
}

static void claim_route(struct validation *validation, struct claims *claims, const struct conf_route *route)
{
    for (size_t i = 0; i < route->alpn.count; i++) {
        char *const *protocol = &route->alpn.items[i];
        if (*protocol)
            claims_add(claims, validation, print_claim(route->server_name, *protocol), protocol);
    }
    if (route->alpn.count == 0 && route->server_name)
        claims_add(claims, validation, print_claim(route->server_name, NULL), &route->server_name);
}

void validate_routes(struct validation *validation, const struct conf_listener *listener)
{
    struct claims claims;
    claims_begin(&claims, count_claims(listener));
    for (size_t i = 0; i < listener->route_count; i++) {
        check_route(validation, listener, &listener->routes[i]);
        claim_route(validation, &claims, &listener->routes[i]);
    }
    /* Of two for the same, the second would never be taken. */
    claims_settle(&claims, validation, "route for");
}
