/* Forms client connections: describes, looks up, requests, secures; asks the next server when one refuses.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/dialer.h"

#include "proxy/handover.h"
#include "proxy/kernel.h"
#include "proxy/log.h"
#include "proxy/tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

enum {
    QUEUE_FULL_RETRY_MS = 10
};

static const uint32_t no_server = UINT32_MAX;

/* A question to a name, and afterwards its answer. It outlives its dialer when that ends before the answer
 * comes. */
struct inquiry {
    struct lookup_question question;
    struct dialer *dialer; /* NULL: nobody waits any more */
    void (*answered)(struct dialer *dialer);
    bool is_asked; /* the letter is under way */
};

/* How one step of an attempt ends. */
enum step {
    STEP_ON,     /* the state has changed: go on with the next step */
    STEP_WAITS,  /* nothing to do now */
    STEP_FAILED, /* this attempt is over; connection->failure tells why */
    STEP_NOBODY, /* no server is left */
};

void dialer_begin(struct dialer *dialer, struct upstream *upstream)
{
    *dialer = (struct dialer){
        .upstream = upstream, .server = no_server, .lookup_ms = -1, .request_ms = -1, .secure_ms = -1};
}

struct server *dialer_server(const struct dialer *dialer)
{
    return dialer->server == no_server ? NULL : &dialer->upstream->servers[dialer->server];
}

static void answer_arrived(struct letter *letter, void *owner)
{
    struct inquiry *inquiry = list_owner(letter, struct inquiry, question.letter);
    (void)owner;
    inquiry->is_asked = false;
    if (inquiry->dialer)
        inquiry->answered(inquiry->dialer);
    else
        free(inquiry);
}

static void forget_inquiry(struct dialing *dialing)
{
    struct inquiry *inquiry = dialing->inquiry;
    dialing->inquiry = NULL;
    if (inquiry && inquiry->is_asked)
        inquiry->dialer = NULL;
    else
        free(inquiry);
}

static void leave_server(struct dialer *dialer)
{
    upstream_release(dialer_server(dialer));
    dialer->server = no_server;
}

static bool begin_dialing(struct dialer *dialer, struct slab *dialings)
{
    dialer->dialing = slab_take(dialings);
    if (dialer->dialing)
        *dialer->dialing = (struct dialing){0};
    return dialer->dialing;
}

static void end_dialing(struct dialer *dialer, struct slab *dialings)
{
    if (!dialer->dialing)
        return;
    forget_inquiry(dialer->dialing);
    slab_give(dialings, dialer->dialing);
    dialer->dialing = NULL;
}

void dialer_end(struct dialer *dialer, struct slab *dialings)
{
    leave_server(dialer);
    end_dialing(dialer, dialings);
}

static int32_t since(uint64_t began, const struct dialer_site *site)
{
    return (int32_t)(site->loop->now - began);
}

static bool choose_server(struct dialer *dialer, const struct dialer_site *site)
{
    struct dialing *dialing = dialer->dialing;
    forget_inquiry(dialing);
    leave_server(dialer);
    if (dialing->tried_count >= dialer->upstream->tries)
        return false;
    struct server *server = upstream_choose(dialer->upstream, dialing->tried, dialing->tried_count);
    if (!server)
        return false;
    dialer->server = upstream_index(dialer->upstream, server);
    dialer->lookup_ms = 0;
    dialing->tried[dialing->tried_count++] = dialer->server;
    dialing->addresses_left = 1;
    dialing->address_at = 0;
    dialing->began = site->loop->now;
    return true;
}

static enum step ask_name(struct dialer *dialer, struct connection *client, const struct dialer_site *site)
{
    struct inquiry *inquiry = calloc(1, sizeof *inquiry);
    if (!inquiry) {
        connection_blame(client, ENOMEM);
        return STEP_FAILED;
    }
    *inquiry = (struct inquiry){
        .question = {.letter.deliver = answer_arrived, .mailbox = site->mailbox},
        .dialer = dialer,
        .answered = site->answered,
    };
    dialer->dialing->inquiry = inquiry;
    inquiry->is_asked = !lookup_ask(dialer_server(dialer)->name, &inquiry->question);
    client->state = CONNECTION_LOOKING_UP;
    return STEP_ON;
}

static enum step step_lookup(struct dialer *dialer, struct connection *client, const struct dialer_site *site)
{
    struct dialing *dialing = dialer->dialing;
    if (dialing->inquiry->is_asked)
        return STEP_WAITS;
    const struct lookup_answer *answer = &dialing->inquiry->question.answer;
    dialer->lookup_ms = since(dialing->began, site);
    client->state = CONNECTION_DESCRIBED;
    dialing->addresses_left = (uint8_t)answer->count;
    if (answer->count > 0) {
        uint64_t turn =
            atomic_fetch_add_explicit(&dialer_server(dialer)->tally->requests, 1, memory_order_relaxed);
        dialing->address_at = (uint8_t)(turn % answer->count);
        return STEP_ON;
    }
    client->failure = REASON_LOOKUP_FAILED;
    return STEP_FAILED;
}

/* The next address of the server at hand. */
static struct address take_address(struct dialer *dialer)
{
    struct dialing *dialing = dialer->dialing;
    const struct server *server = dialer_server(dialer);
    struct address address = server->address;
    dialing->addresses_left--;
    if (dialing->inquiry) {
        const struct lookup_answer *answer = &dialing->inquiry->question.answer;
        address = answer->addresses[dialing->address_at % answer->count];
        address.port = server->port;
        dialing->address_at = (uint8_t)((dialing->address_at + 1) % answer->count);
    }
    return address;
}

/* Options that only lower latency or keep urgent bytes in their place (RFC 6093): a socket that refuses them
 * still serves. */
static void tune_socket(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
}

/* When keep-alive is turned on: by the half of its idle time no silence can have lasted long enough for a
 * probe, and most connections are over, at three system calls less. 0: never, or it is on. */
static uint64_t keepalive_due(const struct dialer *dialer, const struct connection *client, uint64_t opened)
{
    int64_t idle = dialer->upstream->keepalive;
    bool is_wanted = idle >= 1000 && !client->is_kept_alive && client->state == CONNECTION_COMPLETE &&
                     client->peer.family != AF_UNIX;
    return is_wanted ? opened + (uint64_t)idle / 2 : 0;
}

/* The kernel counts from when something last came (tcp(7)). */
void dialer_keep_alive(const struct dialer *dialer, struct connection *client, uint64_t opened, uint64_t now)
{
    uint64_t due = keepalive_due(dialer, client, opened);
    if (!due || due > now)
        return;
    int fd = client->watch.fd, on = 1, seconds = (int)(dialer->upstream->keepalive / 1000);
    int interval = seconds < 4 ? 1 : seconds / 4;
    client->is_kept_alive = true;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
}

static enum step connect_socket(struct dialer *dialer, struct connection *client,
                                const struct dialer_site *site)
{
    struct sockaddr_storage storage;
    socklen_t length = address_into(&client->peer, &storage);
    dialer->dialing->retry_due = 0;
    if (connect(client->watch.fd, (struct sockaddr *)&storage, length) == 0 || errno == EISCONN) {
        client->write_waits = WAIT_NOTHING;
        return STEP_ON;
    }
    if (errno == EINPROGRESS || errno == EINTR)
        return STEP_WAITS;
    if (errno == EAGAIN && client->peer.family == AF_UNIX) {
        dialer->dialing->retry_due = site->loop->now + QUEUE_FULL_RETRY_MS;
        return STEP_WAITS;
    }
    connection_blame(client, errno);
    return STEP_FAILED;
}

static enum step request_builtin(struct dialer *dialer, struct connection *client,
                                 const struct dialer_site *site)
{
    int fd = handover_post(site->commons, dialer_server(dialer)->host, site->peer);
    dialer->dialing->addresses_left--;
    if (fd < 0) {
        connection_blame(client, errno);
        return STEP_FAILED;
    }
    client->peer = (struct address){.family = AF_UNIX};
    connection_request(client, fd);
    client->write_waits = WAIT_NOTHING;
    return STEP_ON;
}

/* One that is ready to connect to that address. -1, with errno: there is none. */
static int get_socket(const struct address *address, struct spares *spares, uint16_t *busy_ms)
{
    int kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, fd = spares_take(spares, address, busy_ms);
    if (fd >= 0)
        return fd;
    fd = socket(address->family, kind, 0);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && spares_drop(spares))
        fd = socket(address->family, kind, 0);
    if (fd >= 0 && address->family != AF_UNIX)
        tune_socket(fd);
    return fd;
}

static enum step request_address(struct dialer *dialer, struct connection *client,
                                 const struct dialer_site *site)
{
    struct address address = take_address(dialer);
    uint16_t busy_ms = 0;
    int fd = get_socket(&address, site->spares, &busy_ms);
    if (fd < 0) {
        connection_blame(client, errno);
        return STEP_FAILED;
    }
    bool speaks_first = site->has_bytes || dialer->upstream->credentials.are_there;
    if (address.family != AF_UNIX && speaks_first)
        kernel_answer_with_bytes(fd);
    client->peer = address;
    client->busy_before = busy_ms;
    connection_request(client, fd);
    return STEP_ON;
}

static enum step step_describe(struct dialer *dialer, struct connection *client,
                               const struct dialer_site *site)
{
    struct dialing *dialing = dialer->dialing;
    if (dialing->addresses_left == 0) {
        if (!choose_server(dialer, site))
            return STEP_NOBODY;
        if (dialer_server(dialer)->name)
            return ask_name(dialer, client, site);
        atomic_fetch_add_explicit(&dialer_server(dialer)->tally->requests, 1, memory_order_relaxed);
    } else {
        dialing->began = site->loop->now - (uint64_t)dialer->lookup_ms;
    }
    dialer->request_ms = -1;
    bool is_builtin = dialer_server(dialer)->is_builtin;
    enum step step =
        is_builtin ? request_builtin(dialer, client, site) : request_address(dialer, client, site);
    if (step == STEP_ON && !is_builtin)
        step = connect_socket(dialer, client, site);
    if (step == STEP_FAILED)
        return step;
    /* Only now: one that has not asked yet would be announced as gone. */
    int error = connection_watch(client, site->loop, site->ready);
    if (error) {
        connection_blame(client, error);
        return STEP_FAILED;
    }
    return step;
}

static enum step begin_tls(struct dialer *dialer, struct connection *client, const struct dialer_site *site)
{
    struct server *server = dialer_server(dialer);
    struct certs *certs = credentials_take(&dialer->upstream->credentials);
    bool has_begun = tls_begin(client, site->bench, certs, server->host ? server->host : "");
    certs_drop(&certs);
    if (has_begun)
        tls_resume(client, &server->sessions);
    else
        connection_blame(client, ENOMEM);
    return has_begun ? STEP_ON : STEP_FAILED;
}

static enum step step_request(struct dialer *dialer, struct connection *client,
                              const struct dialer_site *site)
{
    if (dialer->dialing->retry_due)
        return connect_socket(dialer, client, site);
    if (client->write_waits != WAIT_NOTHING)
        return STEP_WAITS;
    int error = 0;
    socklen_t length = sizeof error;
    if (client->has_hung_up && getsockopt(client->watch.fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 &&
        error) {
        connection_blame(client, error);
        return STEP_FAILED;
    }
    dialer->request_ms = since(dialer->dialing->began, site) - dialer->lookup_ms;
    if (!dialer->upstream->credentials.are_there) {
        client->state = CONNECTION_COMPLETE;
        return STEP_ON;
    }
    return begin_tls(dialer, client, site);
}

static enum step step_secure(struct dialer *dialer, struct connection *client, const struct dialer_site *site)
{
    switch (connection_secure(client)) {
    case IO_MOVED:
        dialer->secure_ms = since(dialer->dialing->began, site) - dialer->lookup_ms - dialer->request_ms;
        return STEP_ON;
    case IO_WANT_READ:
    case IO_WANT_WRITE:
        return STEP_WAITS;
    default:
        return STEP_FAILED;
    }
}

typedef enum step step_function(struct dialer *dialer, struct connection *client,
                                const struct dialer_site *site);

static step_function *const steps[] = {
    [CONNECTION_DESCRIBED] = step_describe,
    [CONNECTION_LOOKING_UP] = step_lookup,
    [CONNECTION_REQUESTING] = step_request,
    [CONNECTION_SECURING] = step_secure,
};

static uint64_t attempt_due(const struct dialer *dialer)
{
    int64_t most = dialer->upstream->connect_timeout;
    return most > 0 ? dialer->dialing->began + (uint64_t)most : 0;
}

static bool has_timed_out(const struct dialer *dialer, const struct connection *client,
                          const struct dialer_site *site)
{
    uint64_t due = attempt_due(dialer);
    return client->state != CONNECTION_DESCRIBED && due && site->loop->now >= due;
}

static const uint8_t timeout_reasons[] = {
    [CONNECTION_LOOKING_UP] = REASON_LOOKUP_FAILED,
    [CONNECTION_REQUESTING] = REASON_CONNECT_TIMEOUT,
    [CONNECTION_SECURING] = REASON_HANDSHAKE_TIMEOUT,
};

/* What is known beyond the reason; "" when nothing is. */
static const char *failure_detail(const struct dialer *dialer, const struct connection *client)
{
    if (client->state == CONNECTION_SECURING)
        return tls_failure(client);
    const struct inquiry *inquiry = dialer->dialing->inquiry;
    return inquiry && !inquiry->is_asked ? inquiry->question.answer.failure : "";
}

/* Puts the connection back to where it was before the attempt, but for why it failed. */
static void undo_attempt(struct dialer *dialer, struct connection *client, const struct dialer_site *site)
{
    char where[ADDRESS_TEXT];
    const char *detail = failure_detail(dialer, client);
    uint8_t failure = client->failure;
    struct server *server = dialer_server(dialer);
    log_line_gated(&server->told, CONF_LOG_WARNING, "upstream.failed", "upstream %s: %s (%s): %s%s%s",
                   dialer->upstream->name, server->text, address_print(&client->peer, where),
                   reason_sentence(failure), *detail ? ": " : "", detail);
    atomic_fetch_add_explicit(&server->tally->failed[failure], 1, memory_order_relaxed);
    if (client->state == CONNECTION_LOOKING_UP)
        dialer->dialing->addresses_left = 0;
    site->failed(dialer, detail);
    connection_close(client, site->loop, false);
    connection_begin(client, CONNECTION_CLIENT, -1);
    client->failure = failure;
    dialer->dialing->retry_due = 0;
}

enum dial dialer_step(struct dialer *dialer, struct connection *client, const struct dialer_site *site)
{
    if (!dialer->dialing && !begin_dialing(dialer, site->dialings)) {
        connection_blame(client, ENOMEM);
        return DIAL_FAILED;
    }
    while (client->state != CONNECTION_COMPLETE) {
        uint8_t state = client->state;
        enum step step = steps[state](dialer, client, site);
        if (client->state != state)
            site->entered(dialer);
        if (step == STEP_WAITS && has_timed_out(dialer, client, site)) {
            client->failure = timeout_reasons[client->state];
            step = STEP_FAILED;
        }
        if (step == STEP_WAITS)
            return DIAL_WAITS;
        if (step == STEP_FAILED)
            undo_attempt(dialer, client, site);
        if (step == STEP_NOBODY) {
            if (client->failure == REASON_NONE)
                client->failure = REASON_NO_SERVER;
            return DIAL_FAILED;
        }
    }
    histogram_note_shared(&dialer_server(dialer)->tally->connect,
                          since(dialer->dialing->began, site) - dialer->lookup_ms);
    end_dialing(dialer, site->dialings);
    client->failure = REASON_NONE;
    return DIAL_COMPLETE;
}

uint64_t dialer_due(const struct dialer *dialer, const struct connection *client, uint64_t opened)
{
    if (client->state == CONNECTION_COMPLETE)
        return keepalive_due(dialer, client, opened);
    if (client->state == CONNECTION_DESCRIBED || client->state == CONNECTION_CLOSED)
        return 0;
    uint64_t due = attempt_due(dialer), retry_due = dialer->dialing->retry_due;
    return retry_due && (!due || retry_due < due) ? retry_due : due;
}
