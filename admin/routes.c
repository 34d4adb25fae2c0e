/* Which questions there are: one table of method, path, level, function and sentence.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/body.h"
#include "admin/level.h"
#include "proxy/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct route {
    const char *method; /* GET answers HEAD, too (RFC 9110, section 9.3.2) */
    const char *path;   /* {name} stands for any one segment */
    enum conf_access level;
    bool is_open; /* answers without a token, too */
    route_function *answer;
    const struct parameter *parameters;
    const char *sentence;
    const struct grammar_object *body; /* what its body may say; NULL: it takes none, or reads it itself */
};

static route_function answer_index;

static const struct route routes[] = {
    {"GET", "/healthz", CONF_ACCESS_MONITOR, true, health_alive, query_nothing,
     .sentence = "whether the process answers"},
    {"GET", "/readyz", CONF_ACCESS_MONITOR, false, health_ready, query_ready,
     .sentence = "whether requests should be sent here: 200, or 503 with what fails"},
    {"GET", "/metrics", CONF_ACCESS_MONITOR, false, metrics_show, query_nothing,
     .sentence = "counters, gauges and histograms as Prometheus' text"},
    {"GET", "/", CONF_ACCESS_READ, false, answer_index, query_nothing, .sentence = "these routes"},
    {"GET", "/v1", CONF_ACCESS_READ, false, answer_index, query_nothing, .sentence = "these routes"},
    {"GET", "/v1/info", CONF_ACCESS_MONITOR, false, health_info, query_nothing,
     .sentence = "version, libraries, features, limits and addresses of this process"},
    {"GET", "/v1/stats", CONF_ACCESS_READ, false, stats_show, query_stats,
     .sentence = "totals and rates over all listeners, memory, descriptors"},
    {"GET", "/v1/workers", CONF_ACCESS_READ, false, workers_list, query_workers,
     .sentence = "the threads that own splices, with their load"},
    {"GET", "/v1/listeners", CONF_ACCESS_READ, false, listeners_list, query_listeners,
     .sentence = "all listeners with their queues and counters"},
    {"GET", "/v1/listeners/{name}", CONF_ACCESS_READ, false, listeners_one, query_listener,
     .sentence = "one listener"},
    {"GET", "/v1/listeners/{name}/queue", CONF_ACCESS_READ, false, listeners_queue, query_waiting,
     .sentence = "the client requests that wait in the kernel for this listener"},
    {"PATCH", "/v1/listeners/{name}", CONF_ACCESS_WRITE, false, listeners_change, query_listener,
     .sentence = "holds, opens or drains a listener, or changes its numbers: all that is asked or nothing",
     .body = &listener_body},
    {"GET", "/v1/connections", CONF_ACCESS_READ, false, connections_list, query_connections,
     .sentence = "both ends of every splice"},
    {"GET", "/v1/connections/{id}", CONF_ACCESS_READ, false, connections_one, query_connection,
     .sentence = "one connection, such as 4711s (server) or 4711c (client)"},
    {"GET", "/v1/splices", CONF_ACCESS_READ, false, splices_list, query_splices,
     .sentence = "every splice, incomplete ones too, with both ends and why it is slow"},
    {"GET", "/v1/splices/{id}", CONF_ACCESS_READ, false, splices_one, query_splice, .sentence = "one splice"},
    {"PATCH", "/v1/splices/{id}", CONF_ACCESS_WRITE, false, splices_change, query_nothing,
     .sentence = "changes its rate each way, its idle timeout or its label; what is not given stays",
     .body = &splices_change_body},
    {"DELETE", "/v1/splices/{id}", CONF_ACCESS_WRITE, false, splices_end_one, query_close,
     .sentence = "closes it at once, in order or by a reset"},
    {"POST", "/v1/splices/close", CONF_ACCESS_WRITE, false, splices_close, query_nothing,
     .sentence = "closes all that the filter finds, at once or so many a second, or tells how many those are",
     .body = &splices_close_body},
    {"POST", "/v1/splices/reauthorise", CONF_ACCESS_WRITE, false, splices_reauthorise, query_nothing,
     .sentence =
         "judges the clients of open splices by today's allow and deny lists, authorities and revocation "
         "lists, and closes those that would not be let in, or tells which those are",
     .body = &splices_reauthorise_body},
    {"GET", "/v1/upstreams", CONF_ACCESS_READ, false, upstreams_list, query_upstreams,
     .sentence =
         "all upstreams with their servers, how requests to them ended, how old their lookups are, and when "
         "our certificate and the first of their authorities expire"},
    {"GET", "/v1/upstreams/{name}", CONF_ACCESS_READ, false, upstreams_one, query_upstream,
     .sentence = "one upstream"},
    {"GET", "/v1/certificates", CONF_ACCESS_READ, false, certificates_list, query_certificates,
     .sentence = "the certificates that listeners present"},
    {"GET", "/v1/tls/failures", CONF_ACCESS_READ, false, tls_failures_list, query_tls_failures,
     .sentence =
         "the last TLS handshakes that failed, of both kinds of connections: with whom, by which name, "
         "and why"},
    {"GET", "/v1/events", CONF_ACCESS_READ, false, events_list, query_events,
     .sentence =
         "what happened, in order: a page of the ring, or, accepted as text/event-stream (from now, or "
         "from Last-Event-ID on) or application/x-ndjson (from the oldest on), a stream that follows"},
    {"POST", "/v1/certificates/reload", CONF_ACCESS_WRITE, false, certificates_reload, query_certificates,
     .sentence =
         "loads certificates from their files again: answers all of them, or 422 with what could not be"},
    {"POST", "/v1/config/reload", CONF_ACCESS_WRITE, false, config_reload, query_nothing,
     .sentence =
         "reads the configuration's file again, as SIGHUP does: all of it, or 422 with every problem"},
    {"GET", "/v1/doctor", CONF_ACCESS_READ, false, doctor_list, query_findings,
     .sentence = "what is not as it should be, here and in the kernel, with remedies"},
    {"GET", "/v1/log-level", CONF_ACCESS_READ, false, log_level_show, query_nothing,
     .sentence = "the least important lines that are logged now"},
    {"PUT", "/v1/log-level", CONF_ACCESS_WRITE, false, log_level_set, query_nothing,
     .sentence = "logs more or less, for a while or until the configuration is read again",
     .body = &log_level_body},
};

enum {
    ROUTES = sizeof routes / sizeof *routes
};

/* Methods that HTTP knows; the others are 501 (RFC 9110, section 9.1). */
static const char *const methods[] = {"GET",    "HEAD",    "POST",  "PUT",    "PATCH",
                                      "DELETE", "OPTIONS", "TRACE", "CONNECT"};

static void write_parameters(struct json *json, const struct parameter *parameters)
{
    json_key(json, "parameters");
    json_array_open(json);
    for (; parameters->name; parameters++) {
        json_object_open(json);
        json_key_string(json, "name", parameters->name);
        json_key_string(json, "sentence", parameters->sentence);
        json_object_close(json);
    }
    json_array_close(json);
}

static void write_body(struct json *json, const struct grammar_object *body)
{
    json_key(json, "body");
    json_array_open(json);
    for (const struct grammar_key *key = body->keys; key->name; key++) {
        char *expectation = document_expectation(key);
        json_object_open(json);
        json_key_string(json, "name", key->name);
        json_key_string(json, "expects", expectation);
        json_key_string(json, "sentence", key->sentence);
        json_object_close(json);
        free(expectation);
    }
    json_array_close(json);
}

static void answer_index(const struct asked *asked, struct reply *reply)
{
    (void)asked;
    struct json *json = reply_json(reply, 200);
    json_object_open(json);
    json_key_string(json, "version", SPLICED_VERSION);
    json_key(json, "routes");
    json_array_open(json);
    for (size_t i = 0; i < ROUTES; i++) {
        json_object_open(json);
        json_key_string(json, "method", routes[i].method);
        json_key_string(json, "path", routes[i].path);
        json_key_string(json, "level", level_word(routes[i].level));
        json_key_string(json, "sentence", routes[i].sentence);
        write_parameters(json, routes[i].parameters);
        if (routes[i].body)
            write_body(json, routes[i].body);
        json_object_close(json);
    }
    json_array_close(json);
    json_object_close(json);
}

/* Whether the path is the route's; what stands for its {name} goes to *name. */
static bool matches_path(const struct route *route, const struct target *target, const char **name)
{
    const char *path = route->path;
    *name = NULL;
    if (target->segment_count == 0)
        return strcmp(path, "/") == 0;
    for (size_t i = 0; i < target->segment_count; i++) {
        if (*path != '/' || i == TARGET_SEGMENTS)
            return false;
        size_t length = strcspn(++path, "/");
        const char *segment = target->segments[i];
        if (*path == '{' && *segment)
            *name = segment;
        else if (strlen(segment) != length || memcmp(segment, path, length) != 0)
            return false;
        path += length;
    }
    return *path == '\0';
}

static bool matches_method(const struct route *route, const char *method)
{
    return strcmp(method, route->method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

/* The route of path and method. Without one *is_path_known tells whether another method would have. */
static const struct route *find_route(const struct request *request, const char **name, bool *is_path_known)
{
    *is_path_known = false;
    for (size_t i = 0; i < ROUTES; i++) {
        if (!matches_path(&routes[i], &request->target, name))
            continue;
        *is_path_known = true;
        if (matches_method(&routes[i], request->method))
            return &routes[i];
    }
    return NULL;
}

static bool is_method_known(const char *method)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(method, methods[i]) == 0)
            return true;
    }
    return false;
}

/* RFC 9110, section 10.2.1: what the path may be asked with. */
static void list_methods(const struct request *request, char *list, size_t size)
{
    const char *name;
    size_t length = 0;
    for (size_t i = 0; i < ROUTES; i++) {
        if (!matches_path(&routes[i], &request->target, &name))
            continue;
        bool is_get = strcmp(routes[i].method, "GET") == 0;
        length += (size_t)snprintf(list + length, size - length, "%s%s%s", length > 0 ? ", " : "",
                                   routes[i].method, is_get ? ", HEAD" : "");
        assert(length < size);
    }
}

static void refuse_method(const struct request *request, struct reply *reply)
{
    char allowed[sizeof reply->allow] = "";
    if (!is_method_known(request->method)) {
        reply_problem(reply, 501, "the method %.40s is unknown", request->method);
        return;
    }
    list_methods(request, allowed, sizeof allowed);
    reply_problem(reply, 405, "this path cannot be asked with %s, only with: %s", request->method, allowed);
    memcpy(reply->allow, allowed, sizeof allowed);
}

static void refuse(const struct verdict *verdict, struct reply *reply)
{
    reply_problem(reply, verdict->status, "%s", verdict->detail);
    reply->asks_for_token = verdict->status == 401;
}

/* Whether the level is enough for the route; a path that is not there is as secret as the rest. */
static bool may_ask(const struct route *route, const struct verdict *verdict, struct reply *reply)
{
    static const struct verdict no_token = {401, "a token is needed: Authorization: Bearer TOKEN",
                                            ACCESS_NONE, ""};
    if (route && route->is_open)
        return true;
    if (verdict->level == ACCESS_NONE) {
        refuse(&no_token, reply);
        return false;
    }
    if (!route || verdict->level >= (int)route->level)
        return true;
    reply_problem(reply, 403, "this needs the level \"%s\", and yours here is \"%s\"",
                  level_word(route->level), level_word((enum conf_access)verdict->level));
    return false;
}

static void answer_with_body(const struct route *route, struct asked *asked, struct reply *reply)
{
    void *body = NULL;
    if (!body_is_declared(asked->request, reply))
        return;
    if (route->body && !body_read(asked->request, route->body, &body, reply))
        return;
    asked->body = body;
    route->answer(asked, reply);
    body_end(route->body, body);
}

/* Whoever changes something is told about, whatever came of it. */
static void log_change(const struct asked *asked, const struct reply *reply)
{
    char peer[ADDRESS_TEXT];
    address_print(&asked->request->peer, peer);
    const struct log_field fields[] = {
        {.key = "method", .text = asked->request->method},
        {.key = "target", .text = asked->request->text},
        {.key = "status", .number = reply->status},
        {.key = "peer", .text = peer},
        {.key = "token", .text = asked->who, .is_absent = !*asked->who},
        {0},
    };
    log_fields(CONF_LOG_INFO, event_word(EVENT_ADMIN_REQUEST), fields);
    event_tell(proxy_events(asked->house->proxy),
               &(struct event){.what = EVENT_ADMIN_REQUEST,
                               .number = reply->status,
                               .peer = &asked->request->peer,
                               .texts = {asked->request->method, asked->request->text, asked->who}});
}

static bool is_change(const struct route *route)
{
    return strcmp(route->method, "GET") != 0;
}

void routes_answer(const struct house *house, const struct gate *gate, const struct request *request,
                   struct reply *reply)
{
    bool is_path_known;
    struct query query;
    struct asked asked = {.house = house, .request = request, .query = &query};
    if (request->target_problem) {
        reply_problem(reply, 400, "%s", request->target_problem);
        return;
    }
    struct verdict verdict = access_judge(gate, request);
    if (verdict.status != 0) {
        refuse(&verdict, reply);
        return;
    }
    asked.who = verdict.who;
    const struct route *route = find_route(request, &asked.name, &is_path_known);
    if (!may_ask(route, &verdict, reply))
        return;
    if (!route && (is_path_known || !is_method_known(request->method)))
        refuse_method(request, reply);
    else if (!route)
        reply_problem(reply, 404, "there is no such path; GET /v1 lists those there are");
    else if (query_read(route->parameters, &request->target, &query, reply))
        answer_with_body(route, &asked, reply);
    if (route && is_change(route))
        log_change(&asked, reply);
}
