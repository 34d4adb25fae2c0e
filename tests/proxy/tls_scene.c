/* One of our TLS connections and a peer that is plain OpenSSL, at the two ends of a socket pair.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/proxy/tls_scene.h"

#include "tests/certs/folder.h"
#include "tests/certs/forge.h"
#include "tests/certs/words.h"

#include <CUnit/CUnit.h>
#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 2000,
    PIECE = 64 * 1024,
};

const struct scene_plan scene_plans[SCENE_PLANS] = {
    {.kind = CONNECTION_SERVER, .version = TLS1_2_VERSION},
    {.kind = CONNECTION_SERVER, .version = TLS1_3_VERSION},
    {.kind = CONNECTION_CLIENT, .version = TLS1_2_VERSION},
    {.kind = CONNECTION_CLIENT, .version = TLS1_3_VERSION},
};

static struct workbench bench;
static struct loop loop;
static struct certs *presented;
static struct certs *believed;

static void make_certificate(const char *file, const char *alternatives, long from, long until,
                             const struct forged *authority)
{
    char path[64];
    struct forged made = forge(&(struct forge_order){
        .name = file, .alternatives = alternatives, .from = from, .until = until, .issuer = authority});
    snprintf(path, sizeof path, "%s.crt", file);
    forge_write_chain(path, &made, authority);
    snprintf(path, sizeof path, "%s.key", file);
    forge_write_key(path, &made, NULL);
    forge_free(&made);
}

static void make_certificates(void)
{
    struct forged authority = forge(&(struct forge_order){.name = "ca", .is_authority = true});
    struct forged stranger = forge(&(struct forge_order){.name = "stranger", .is_authority = true});
    forge_write_chain("ca.crt", &authority, NULL);
    forge_write_chain("stranger.crt", &stranger, NULL);
    make_certificate("app", "DNS:app.test,IP:127.0.0.1,IP:::1", 0, 0, &authority);
    make_certificate("other", "DNS:other.test", 0, 0, &authority);
    make_certificate("old", "DNS:app.test", -7200, -3600, &authority);
    forge_free(&authority);
    forge_free(&stranger);
}

struct certs *stage_listener(const struct conf_listener_tls *tls, const char *const *names)
{
    struct conf_certificate files[4] = {0};
    struct conf_listener_tls own = *tls;
    struct certs *certs = NULL;
    own.certificates = files;
    own.certificate_count = 0;
    for (; *names; names++) {
        char *path = malloc(64);
        char *key = malloc(64);
        snprintf(path, 64, "%s.crt", *names);
        snprintf(key, 64, "%s.key", *names);
        files[own.certificate_count++] = (struct conf_certificate){.chain = path, .key = key};
    }
    assert(words_none(certs_load_listener(&own, "web", &certs)));
    for (size_t i = 0; i < own.certificate_count; i++) {
        free(files[i].chain);
        free(files[i].key);
    }
    return certs;
}

struct certs *stage_upstream(const char *ca)
{
    struct conf_upstream_tls tls = {.ca = (char *)ca, .verify = true};
    struct certs *certs = NULL;
    assert(words_none(certs_load_upstream(&tls, "app", &certs)));
    return certs;
}

int stage_begin(void)
{
    static const char *const names[] = {"app", "other", NULL};
    if (folder_begin() != 0 || !words_none(workbench_begin(&bench, 0, 4)) || !words_none(loop_open(&loop)))
        return 1;
    make_certificates();
    presented = stage_listener(
        &(struct conf_listener_tls){.max_version = CONF_TLS_1_3, .session_tickets = true}, names);
    believed = stage_upstream("ca.crt");
    return 0;
}

int stage_end(void)
{
    certs_drop(&presented);
    certs_drop(&believed);
    workbench_end(&bench);
    loop_close(&loop);
    return folder_end();
}

SSL_CTX *stage_peer(enum connection_kind kind, const char *certificate)
{
    char path[64];
    SSL_CTX *context = SSL_CTX_new(kind == CONNECTION_SERVER ? TLS_server_method() : TLS_client_method());
    assert(context);
    if (kind == CONNECTION_SERVER) {
        snprintf(path, sizeof path, "%s.crt", certificate);
        assert(SSL_CTX_use_certificate_chain_file(context, path) == 1);
        snprintf(path, sizeof path, "%s.key", certificate);
        assert(SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) == 1);
    }
    /* Turns are short: a write may stop after a record. */
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

static void connect_tcp(int fds[2], int peer_room)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(bind(listening, (struct sockaddr *)&address, sizeof address) == 0 && listen(listening, 1) == 0);
    assert(getsockname(listening, (struct sockaddr *)&address, &length) == 0);
    fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer_room)
        setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &peer_room, sizeof peer_room);
    assert(connect(fds[1], (struct sockaddr *)&address, sizeof address) == 0);
    fds[0] = accept(listening, NULL, NULL);
    assert(fds[0] >= 0);
    close(listening);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    fcntl(fds[1], F_SETFL, O_NONBLOCK);
}

static void open_peer(struct scene *scene, const struct scene_plan *plan)
{
    bool is_client = plan->kind == CONNECTION_SERVER;
    SSL_CTX *context =
        plan->peer ? plan->peer : stage_peer(is_client ? CONNECTION_CLIENT : CONNECTION_SERVER, "app");
    scene->peer = SSL_new(context);
    assert(scene->peer);
    if (!plan->peer)
        SSL_CTX_free(context);
    if (plan->version) {
        SSL_set_min_proto_version(scene->peer, plan->version);
        SSL_set_max_proto_version(scene->peer, plan->version);
    }
    if (plan->server_name)
        SSL_set_tlsext_host_name(scene->peer, plan->server_name);
    if (plan->session)
        SSL_set_session(scene->peer, plan->session);
    SSL_set_fd(scene->peer, scene->peer_fd);
    if (is_client)
        SSL_set_connect_state(scene->peer);
    else
        SSL_set_accept_state(scene->peer);
}

const struct certs *stage_believed(void)
{
    return believed;
}

void scene_open(struct scene *scene, const struct scene_plan *plan)
{
    int fds[2];
    if (plan->is_tcp)
        connect_tcp(fds, plan->peer_room);
    else
        assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
    *scene = (struct scene){.peer_fd = fds[1]};
    connection_begin(&scene->ours, plan->kind, fds[0]);
    open_peer(scene, plan);
    const struct certs *certs = plan->kind == CONNECTION_SERVER ? presented : believed;
    const char *host = plan->host ? plan->host : "app.test";
    assert(tls_begin(&scene->ours, &bench, plan->certs ? plan->certs : certs,
                     plan->kind == CONNECTION_SERVER ? NULL : host));
}

void scene_close(struct scene *scene)
{
    connection_close(&scene->ours, &loop, false);
    SSL_free(scene->peer);
    if (scene->peer_fd >= 0)
        close(scene->peer_fd);
    ERR_clear_error();
}

/* TCP may need a moment, where the kernel is slow. */
static void await_either(const struct scene *scene)
{
    struct pollfd both[] = {{.fd = scene->ours.watch.fd, .events = POLLIN},
                            {.fd = scene->peer_fd, .events = POLLIN}};
    poll(both, 2, 10);
}

enum io scene_secure(struct scene *scene)
{
    enum io io = IO_WANT_READ;
    int done = 0;
    for (int round = 0; round < 20 && !(done == 1 && io == IO_MOVED) && io != IO_FAILED; round++) {
        if (io != IO_MOVED)
            io = connection_secure(&scene->ours);
        ERR_clear_error();
        if (done != 1)
            done = SSL_do_handshake(scene->peer);
        if (done != 1 || io == IO_WANT_READ)
            await_either(scene);
    }
    return io == IO_MOVED && done != 1 ? IO_WANT_READ : io;
}

void scene_begin(struct scene *scene, const struct scene_plan *plan)
{
    scene_open(scene, plan);
    CU_ASSERT_EQUAL_FATAL(scene_secure(scene), IO_MOVED);
    CU_ASSERT_EQUAL_FATAL(scene->ours.state, CONNECTION_COMPLETE);
}

/* The byte at that place of any stream: no two neighbouring records are alike. */
static unsigned char pattern(uint64_t place)
{
    return (unsigned char)(place * 31 + (place >> 8) * 17 + (place >> 16) * 7);
}

static void fill(unsigned char *bytes, size_t length, uint64_t place)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = pattern(place + i);
}

static bool is_pattern(const unsigned char *bytes, size_t length, uint64_t place)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != pattern(place + i))
            return false;
    }
    return true;
}

enum io scene_write(struct scene *scene, size_t most)
{
    unsigned char bytes[PIECE];
    size_t moved;
    size_t length = most < sizeof bytes ? most : sizeof bytes;
    fill(bytes, length, scene->ours_wrote);
    enum io io = connection_write(&scene->ours, bytes, length, &moved);
    scene->ours_wrote += moved;
    return io;
}

enum io scene_write_pipe(struct scene *scene, size_t most)
{
    unsigned char bytes[PIECE];
    size_t moved;
    size_t length = most < sizeof bytes ? most : sizeof bytes;
    struct pipe *pipe = pipe_take(&bench.pipes);
    assert(pipe);
    fill(bytes, length, scene->ours_wrote);
    assert(write(pipe->in, bytes, length) == (ssize_t)length);
    pipe->held = length;
    enum io io = connection_write_pipe(&scene->ours, pipe, false, &moved);
    scene->ours_wrote += moved;
    pipe_give(&bench.pipes, pipe);
    return io;
}

enum io scene_read(struct scene *scene, size_t most)
{
    unsigned char bytes[PIECE];
    size_t moved;
    enum io io = connection_read(&scene->ours, bytes, most < sizeof bytes ? most : sizeof bytes, &moved);
    scene->is_garbled |= !is_pattern(bytes, moved, scene->ours_read);
    scene->ours_read += moved;
    return io;
}

int scene_peer_write(struct scene *scene, size_t most)
{
    unsigned char bytes[PIECE];
    size_t moved = 0;
    size_t length = most < sizeof bytes ? most : sizeof bytes;
    fill(bytes, length, scene->peer_wrote);
    ERR_clear_error();
    int result = SSL_write_ex(scene->peer, bytes, length, &moved);
    scene->peer_wrote += moved;
    return SSL_get_error(scene->peer, result);
}

int scene_peer_read(struct scene *scene, size_t most)
{
    unsigned char bytes[PIECE];
    size_t moved = 0;
    ERR_clear_error();
    int result = SSL_read_ex(scene->peer, bytes, most < sizeof bytes ? most : sizeof bytes, &moved);
    scene->is_garbled |= !is_pattern(bytes, moved, scene->peer_read);
    scene->peer_read += moved;
    return SSL_get_error(scene->peer, result);
}

static bool is_readable(int fd, int patience)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    return poll(&watched, 1, patience) == 1;
}

bool scene_peer_is_readable(const struct scene *scene)
{
    return is_readable(scene->peer_fd, PATIENCE_MS);
}

bool scene_is_readable(const struct scene *scene)
{
    return is_readable(scene->ours.watch.fd, PATIENCE_MS);
}

enum io scene_read_all(struct scene *scene)
{
    enum io io;
    do {
        io = scene_read(scene, PIECE);
    } while (io == IO_MOVED || (io == IO_WANT_READ && scene_is_readable(scene)));
    return io;
}

/* One turn of everybody who still has something to do. */
static void turn(struct scene *scene, size_t up, size_t down)
{
    size_t moved;
    if (scene->peer_wrote < up)
        scene_peer_write(scene, up - scene->peer_wrote);
    if (scene->ours_read < up)
        scene_read(scene, up - scene->ours_read);
    if (scene->ours.unsent > 0)
        connection_write(&scene->ours, NULL, 0, &moved);
    if (scene->ours_wrote < down)
        scene_write(scene, down - scene->ours_wrote);
    if (scene->peer_read < down)
        scene_peer_read(scene, down - scene->peer_read);
}

bool scene_exchange(struct scene *scene, size_t up, size_t down)
{
    uint64_t since = loop_clock_ms();
    uint64_t seen = 0;
    up += scene->ours_read;
    down += scene->peer_read;
    while (scene->ours_read < up || scene->peer_read < down) {
        turn(scene, up, down);
        uint64_t now = loop_clock_ms();
        uint64_t sum = scene->ours_read + scene->peer_read + scene->ours_wrote + scene->peer_wrote;
        if (sum != seen)
            since = now;
        seen = sum;
        if (now - since > PATIENCE_MS)
            return false;
    }
    return !scene->is_garbled;
}

void scene_peer_notify(struct scene *scene)
{
    ERR_clear_error();
    assert(SSL_shutdown(scene->peer) >= 0);
}

void scene_peer_shutdown(struct scene *scene)
{
    assert(shutdown(scene->peer_fd, SHUT_WR) == 0);
}

void scene_peer_reset(struct scene *scene)
{
    struct linger no_linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(scene->peer_fd, SOL_SOCKET, SO_LINGER, &no_linger, sizeof no_linger);
    close(scene->peer_fd);
    scene->peer_fd = -1;
}
