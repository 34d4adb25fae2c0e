/* Speaks HTTP over sockets that it is given: the only room that knows libmicrohttpd.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/server.h"

#include "admin/sending.h"
#include "conf/text.h"
#include "proxy/log.h"
#include "proxy/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    NICE = 10, /* of a thread that answers a question */
    STACK = 128 << 10,
    MEMORY = 32 << 10,       /* of a connection, for headers and what is being sent */
    BLOCK = 16 << 10,        /* of a body, at first */
    LIBRARY_LIMIT = 1000,    /* far above ours: libmicrohttpd 0.9.75 does not survive reaching its own */
    FLOOD = 4 * SERVER_BODY, /* a body that goes on after 413 was due is not waited for */
    ASKING_MS = 10000,
    ANSWER_MS = 30000,
    LAST_WORDS_MS = 300, /* for those who follow a stream, when the server ends */
};

struct server {
    struct MHD_Daemon *daemon;
    struct server_settings settings;
    struct visitors visitors;
    atomic_bool is_stopping;
};

/* A request from its first line to its answer. */
struct exchange {
    struct request request;
    char *text;
    char *body;
    size_t body_room;
    struct visitor *visitor;
    bool is_begun; /* its headers were read */
    bool has_reserved;
    bool is_out_of_memory;
};

static void note_message(void *context, const char *format, va_list values)
    __attribute__((format(printf, 2, 0)));

/* What libmicrohttpd has to say is about its clients: worth a line only to who looks for it. */
static void note_message(void *context, const char *format, va_list values)
{
    const struct server *server = context;
    char text[256];
    if (!log_wants(CONF_LOG_DEBUG))
        return;
    vsnprintf(text, sizeof text, format, values);
    text[strcspn(text, "\n")] = '\0';
    log_line(CONF_LOG_DEBUG, "admin.http", "%s: %s", server->settings.name, text);
}

/* Leaves percent signs alone: admin/target.c splits before it decodes. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static void note_connection(void *context, struct MHD_Connection *connection, void **held,
                            enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        visitor_leaves(*held);
        return;
    }
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    *held = visitors_meet(&server->visitors, fd);
    if (!*held)
        shutdown(fd, SHUT_RDWR);
}

/* The request's first line is there: from here on there is something to free at its end. */
static void *begin_exchange(void *context, const char *text, struct MHD_Connection *connection)
{
    (void)context;
    (void)connection;
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange)
        exchange->text = text_copy(text);
    return exchange;
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **held,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *held;
    (void)context;
    (void)connection;
    (void)code;
    if (!exchange)
        return;
    if (exchange->visitor)
        visitor_rests(exchange->visitor, loop_clock_ms());
    target_end(&exchange->request.target);
    free(exchange->text);
    free(exchange->body);
    free(exchange);
    *held = NULL;
}

static bool reserve(void *context)
{
    struct exchange *exchange = context;
    exchange->has_reserved = exchange->visitor && visitor_streams(exchange->visitor, loop_clock_ms());
    return exchange->has_reserved;
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct request *request = context;
    (void)kind;
    if (request->header_count < REQUEST_HEADERS)
        request->headers[request->header_count] = (struct request_header){name, value ? value : ""};
    if (request->header_count <= REQUEST_HEADERS)
        request->header_count++;
    return MHD_YES;
}

static void read_headers(struct exchange *exchange, struct MHD_Connection *connection, const char *method,
                         const char *version)
{
    struct request *request = &exchange->request;
    struct visitor *visitor =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    exchange->is_begun = true;
    exchange->visitor = visitor;
    request->method = method;
    request->version = version;
    request->text = exchange->text;
    request->target_problem = target_read(&request->target, exchange->text);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, request);
    request->reserve = reserve;
    request->reserve_context = exchange;
    if (!visitor)
        return;
    request->peer = visitor->arrival.peer;
    request->is_over_loopback = visitor->arrival.is_over_loopback;
    request->door = visitor->arrival.door;
    visitor_asks(visitor, loop_clock_ms());
}

/* The Content-Length, 0 without one. False: it is malformed, or there are two that differ. */
static bool read_length(const struct request *request, uint64_t *length)
{
    *length = 0;
    const char *first = request_header(request, "Content-Length");
    if (!first)
        return true;
    char *behind;
    errno = 0;
    *length = strtoull(first, &behind, 10);
    return errno == 0 && *first >= '0' && *first <= '9' && *behind == '\0' &&
           request_header_times(request, "Content-Length") == 1;
}

/* What is refused before its body is read: whatever could be taken for the end of one request by us and for
 * another by somebody on the way (RFC 9112, section 6.1), and what is too long. */
static bool refuse_framing(const struct request *request, struct reply *reply)
{
    uint64_t length;
    const char *encoding = request_header(request, "Transfer-Encoding");
    bool has_length = request_header(request, "Content-Length") != NULL;
    if (!read_length(request, &length))
        reply_problem(reply, 400, "the Content-Length is malformed, or there is more than one");
    else if (encoding && has_length)
        reply_problem(reply, 400, "there are both Transfer-Encoding and Content-Length");
    else if (encoding &&
             (strcasecmp(encoding, "chunked") != 0 || request_header_times(request, "Transfer-Encoding") > 1))
        reply_problem(reply, 501, "the only Transfer-Encoding that is known is chunked");
    else if (encoding && strcmp(request->version, "HTTP/1.1") != 0)
        reply_problem(reply, 400, "%s knows no Transfer-Encoding", request->version);
    else if (length > SERVER_BODY)
        reply_problem(reply, 413, "the body is longer than %d bytes", SERVER_BODY);
    else
        return false;
    reply->closes = true;
    return true;
}

static struct MHD_Response *make_response(struct server *server, struct exchange *exchange,
                                          struct reply *reply)
{
    static char nothing[1];
    if (exchange->has_reserved)
        return sending_begin(reply, strcmp(exchange->request.method, "HEAD") == 0, exchange->visitor,
                             &server->is_stopping);
    size_t length = reply->json.length;
    if (length == 0)
        return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, reply->json.text, MHD_RESPMEM_MUST_FREE);
    if (response)
        json_begin(&reply->json);
    return response;
}

static void add_headers(struct MHD_Response *response, const struct reply *reply)
{
    MHD_add_response_header(response, "Content-Type", reply->type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (*reply->allow)
        MHD_add_response_header(response, "Allow", reply->allow);
    if (reply->asks_for_token) {
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"spliced\"");
        MHD_add_response_header(response, "WWW-Authenticate", "Basic realm=\"spliced\"");
    }
    if (reply->retry_after > 0) {
        char *seconds = text_format("%u", reply->retry_after);
        MHD_add_response_header(response, "Retry-After", seconds);
        free(seconds);
    }
    if (reply->closes)
        MHD_add_response_header(response, "Connection", "close");
}

static enum MHD_Result send_reply(struct server *server, struct exchange *exchange,
                                  struct MHD_Connection *connection, struct reply *reply)
{
    unsigned status = reply->status;
    struct MHD_Response *response = make_response(server, exchange, reply);
    enum MHD_Result queued = MHD_NO;
    if (response) {
        add_headers(response, reply);
        queued = MHD_queue_response(connection, status, response);
        MHD_destroy_response(response);
    }
    reply_end(reply);
    return queued;
}

/* Whoever looks at much, or follows for long, gives way to those who move bytes, to orders, and to questions
 * for health. On Linux a thread has a priority of its own (setpriority(2)), and this one serves one
 * connection. */
static void give_way(const struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    bool is_order = strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
    bool is_health =
        request->target.segment_count == 1 && (strcmp(request->target.segments[0], "healthz") == 0 ||
                                               strcmp(request->target.segments[0], "readyz") == 0);
    if (!is_order && !is_health)
        setpriority(PRIO_PROCESS, 0, NICE);
}

static void answer(struct server *server, struct exchange *exchange, struct reply *reply)
{
    const struct request *request = &exchange->request;
    if (request->body_bytes > SERVER_BODY) {
        reply_problem(reply, 413, "the body is longer than %d bytes", SERVER_BODY);
        reply->closes = true;
    } else if (exchange->is_out_of_memory) {
        reply_busy(reply, "there is no memory for the body");
    } else {
        if (server->settings.is_threaded)
            give_way(exchange);
        server->settings.answer(server->settings.context, request, reply);
    }
    reply->closes |= server->settings.is_brief;
}

/* Takes in a piece of the body. False: nobody wants to hear that much. */
static bool take_piece(struct server *server, struct exchange *exchange, const char *piece, size_t size)
{
    size_t before = exchange->request.body_bytes, after = before + size;
    exchange->request.body_bytes = after;
    if (!server->settings.keeps_bodies || after > SERVER_BODY)
        return after <= FLOOD;
    if (after > exchange->body_room) {
        size_t room = after < BLOCK ? BLOCK : after < SERVER_BODY / 2 ? 2 * after : SERVER_BODY;
        char *body = realloc(exchange->body, room);
        exchange->is_out_of_memory |= !body;
        if (!body)
            return true;
        exchange->body = body;
        exchange->body_room = room;
    }
    memcpy(exchange->body + before, piece, size);
    exchange->request.body = exchange->body;
    return true;
}

/* Called with the headers, then with each piece of the body, then once more. */
static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *body, size_t *body_size,
                             void **held)
{
    struct server *server = context;
    struct exchange *exchange = *held;
    struct reply reply;
    (void)url;
    if (!exchange)
        return MHD_NO;
    reply_begin(&reply);
    if (!exchange->is_begun) {
        read_headers(exchange, connection, method, version);
        return refuse_framing(&exchange->request, &reply) ? send_reply(server, exchange, connection, &reply)
                                                          : MHD_YES;
    }
    if (*body_size > 0) {
        bool is_taken = take_piece(server, exchange, body, *body_size);
        *body_size = 0;
        return is_taken ? MHD_YES : MHD_NO;
    }
    answer(server, exchange, &reply);
    return send_reply(server, exchange, connection, &reply);
}

static struct MHD_Daemon *start_library(struct server *server)
{
    unsigned flags = MHD_USE_NO_LISTEN_SOCKET | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC | MHD_USE_POLL |
                     MHD_USE_ERROR_LOG;
    if (server->settings.is_threaded)
        flags |= MHD_USE_THREAD_PER_CONNECTION;
    return MHD_start_daemon(flags, 0, NULL, NULL, serve, server, MHD_OPTION_EXTERNAL_LOGGER, note_message,
                            server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIBRARY_LIMIT,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_THREAD_STACK_SIZE,
                            (size_t)STACK, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK,
                            keep_escapes, NULL, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, server,
                            MHD_OPTION_NOTIFY_COMPLETED, end_exchange, server, MHD_OPTION_NOTIFY_CONNECTION,
                            note_connection, server, MHD_OPTION_END);
}

char *server_create(const struct server_settings *settings, struct server **server)
{
    const struct visitors_limits limits = {
        .places = settings->places,
        .streams = settings->streams,
        .asking_ms = ASKING_MS,
        .answer_ms = ANSWER_MS,
    };
    struct server *created = calloc(1, sizeof *created);
    *server = NULL;
    if (!created || !visitors_begin(&created->visitors, &limits)) {
        free(created);
        return text_format("cannot start the %s server: memory is out", settings->name);
    }
    created->settings = *settings;
    atomic_init(&created->is_stopping, false);
    created->daemon = start_library(created);
    if (!created->daemon) {
        int error = errno;
        server_destroy(created);
        return text_format("cannot start the %s server: %s", settings->name, strerror(error));
    }
    *server = created;
    return NULL;
}

/* Who follows an endless stream gets its last items and an end in order, if it takes them. */
static void await_followers(struct server *server)
{
    for (unsigned waited = 0; waited < LAST_WORDS_MS && visitors_following(&server->visitors) > 0; waited++)
        usleep(1000);
}

void server_destroy(struct server *server)
{
    if (!server)
        return;
    atomic_store(&server->is_stopping, true);
    await_followers(server);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    visitors_end(&server->visitors);
    free(server);
}

bool server_take(struct server *server, const struct arrival *arrival)
{
    struct sockaddr_storage storage;
    struct visitor *visitor = visitors_admit(&server->visitors, arrival, loop_clock_ms());
    if (!visitor)
        return false;
    socklen_t length = address_into(&arrival->peer, &storage);
    if (length == 0) {
        storage.ss_family = AF_UNIX;
        length = sizeof storage.ss_family;
    }
    /* Whatever it answers, the descriptor is the library's. */
    if (MHD_add_connection(server->daemon, arrival->fd, (struct sockaddr *)&storage, length) != MHD_YES)
        visitor_leaves(visitor);
    return true;
}

void server_beat(struct server *server)
{
    visitors_beat(&server->visitors, loop_clock_ms());
}

void server_dismiss(struct server *server, const void *door)
{
    visitors_dismiss(&server->visitors, door);
}

bool server_has_visitors(struct server *server, const void *door)
{
    return visitors_through(&server->visitors, door) > 0;
}

const char *server_library(void)
{
    return MHD_get_version();
}
