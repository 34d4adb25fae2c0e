/* One of our TLS connections and a peer that is plain OpenSSL, at the two ends of a socket pair.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Both ends are non-blocking and driven by turns from one thread. Payload is a pattern that depends on its
 * place in the stream only, so that whoever reads can check each byte. */
#ifndef TESTS_PROXY_TLS_SCENE_H
#define TESTS_PROXY_TLS_SCENE_H

#include "proxy/tls.h"

#include <openssl/ssl.h>

/* What a scene is to be like. All zero: a server connection over a unix socket pair, any version. */
struct scene_plan {
    enum connection_kind kind; /* ours; the peer is the other */
    int version;               /* the peer's only version, 0 for any */
    bool is_tcp;               /* loopback, with what the kernel does only there */
    int peer_room;             /* over loopback: SO_RCVBUF of the peer; 0: the kernel's own */
    const struct certs *certs; /* NULL: the stage's, for this kind */
    const char *host;          /* whom a client connection of ours asks for; NULL: "app.test" */
    const char *server_name;   /* the peer's SNI, NULL for none */
    SSL_CTX *peer;             /* NULL: a plain one, which as a server shows "app" */
    SSL_SESSION *session;      /* the peer resumes it */
};

/* Each kind with each version, over a socketpair: servers first, TLS 1.2 before 1.3. */
enum {
    SCENE_PLANS = 4
};
extern const struct scene_plan scene_plans[SCENE_PLANS];

struct scene {
    struct connection ours;
    SSL *peer;
    int peer_fd;
    uint64_t ours_wrote; /* bytes of the pattern */
    uint64_t ours_read;
    uint64_t peer_wrote;
    uint64_t peer_read;
    bool is_garbled; /* a byte was not what its place says */
};

/* A folder with certificates, a workbench and a loop for a suite: "app" (app.test, 127.0.0.1, ::1) and
 * "other" (other.test), signed by ca.crt; "old" (app.test), expired; an authority "stranger" that has signed
 * nobody. 0 when well. */
int stage_begin(void);
int stage_end(void);

/* Loads what a listener with these certificates (of the stage, ends with NULL) presents, changed by `tls`, of
 * which everything but the certificates counts. */
struct certs *stage_listener(const struct conf_listener_tls *tls, const char *const *names);

/* An upstream that believes the stage's authority `ca` ("ca.crt" or "stranger.crt"). */
struct certs *stage_upstream(const char *ca);

/* What client connections of the stage believe; borrowed. */
const struct certs *stage_believed(void);

/* A peer's context. A server shows the stage's certificate of this name. */
SSL_CTX *stage_peer(enum connection_kind kind, const char *certificate);

/* Makes both ends, ours begun with tls_begin. Asserts. Either way of going on ends with scene_close. */
void scene_open(struct scene *scene, const struct scene_plan *plan);
void scene_close(struct scene *scene);

/* Lets both shake hands as long as anything happens. Returns our last outcome; IO_MOVED: both are complete.
 */
enum io scene_secure(struct scene *scene);

/* scene_open and scene_secure, asserted to be complete. */
void scene_begin(struct scene *scene, const struct scene_plan *plan);

/* Moves up to `most` bytes of the pattern one way and checks them where they are read. What they return is
 * our outcome, or for the peer's SSL_get_error. */
enum io scene_write(struct scene *scene, size_t most);
enum io scene_read(struct scene *scene, size_t most);
enum io scene_write_pipe(struct scene *scene, size_t most); /* by way of a pipe; see connection_takes_raw */
int scene_peer_write(struct scene *scene, size_t most);
int scene_peer_read(struct scene *scene, size_t most);

/* Reads until our read gives anything but IO_MOVED, and gives that; waits up to two seconds for more. */
enum io scene_read_all(struct scene *scene);

/* Moves `up` bytes from the peer to us and `down` bytes back, by turns, until all is there or nothing moves
 * for two seconds. Returns whether all arrived as it was sent. */
bool scene_exchange(struct scene *scene, size_t up, size_t down);

/* Ends of the peer: close_notify, FIN, RST. */
void scene_peer_notify(struct scene *scene);
void scene_peer_shutdown(struct scene *scene);
void scene_peer_reset(struct scene *scene);

/* Waits up to two seconds until the peer's socket, or ours, has something to read. */
bool scene_peer_is_readable(const struct scene *scene);
bool scene_is_readable(const struct scene *scene);

#endif
