/* Proves identity: certificate files become TLS contexts, chosen by server name, reloaded as a whole.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A `struct certs` is one immutable set: what a listener presents, or whom an upstream believes. It is
 * reference counted and may be used from any thread; a reload loads a new set beside the old one, and only a
 * set that is good in every part replaces it. Connections keep what they began with: OpenSSL counts its own
 * references. */
#ifndef CERTS_CERTS_H
#define CERTS_CERTS_H

#include "conf/conf.h"

struct certs;
/* OpenSSL's SSL_CTX and X509, opened in certs/ and proxy/tls only. */
struct ssl_ctx_st;
struct x509_st;
struct ssl_st;

/* Loads what a listener presents: every certificate of `tls` with its chain and key, each pair checked.
 * `listener` is the listener's name: sessions of one listener are not resumed at another (RFC 5077,
 * section 5.6). NULL when well: *certs is the caller's, with one reference. Else a sentence that names the
 * key's place in the configuration, the file and the remedy, freed by the caller; *certs is NULL. */
char *certs_load_listener(const struct conf_listener_tls *tls, const char *listener, struct certs **certs);

/* The same for a listener that presented `before` until now, or NULL: sessions that began there can be
 * resumed here. */
char *certs_follow_listener(const struct conf_listener_tls *tls, const char *listener,
                            const struct certs *before, struct certs **certs);

/* Loads again what a listener presents, beside `before`: a pair that cannot be used stays as it was there,
 * and certs_trouble tells. NULL when well, else a sentence: nothing can be made of it at all. */
char *certs_renew_listener(const struct conf_listener_tls *tls, const char *listener,
                           const struct certs *before, struct certs **certs);

/* The same for whom we believe as an upstream's servers. `upstream` is its name. */
char *certs_load_upstream(const struct conf_upstream_tls *tls, const char *upstream, struct certs **certs);

/* One more reference; returns `certs`. Accepts NULL. */
struct certs *certs_hold(struct certs *certs);

/* Gives one reference back; the last one frees the set. Accepts NULL. Leaves *certs NULL. */
void certs_drop(struct certs **certs);

/* The context from which a connection of worker `slot` makes its session; borrowed, it lives as long as the
 * set. A listener's context chooses among the set's certificates by the ClientHello's server name by itself
 * (RFC 6066, section 3; exact name, then wildcard, then the first certificate). */
struct ssl_ctx_st *certs_context(const struct certs *certs, unsigned slot);

/* An upstream's wishes for one session: the name that the server must prove and that is sent as SNI.
 * `host` is the server's host name or address from the configuration, used when tls.server_name is null; NULL
 * when it has none (a unix socket). Borrowed from either. */
const char *certs_server_name(const struct certs *certs, const char *host);

/* Judges the peer of a live session of a listener once more, as the set judges newcomers: by its authorities
 * and revocation lists at this moment, and its allow list. X509_V_OK: it passes, or nobody is asked; else a
 * verdict of OpenSSL's. Of a session that was resumed the peer's intermediate certificates may not be at
 * hand: it fails where they are needed. */
enum {
    CERTS_NO_CERTIFICATE = -1 /* it has shown none, and one is required: a verdict of ours */
};
long certs_review(const struct certs *certs, unsigned slot, struct ssl_st *session);

/* Whether an upstream's servers must prove their name. */
bool certs_verifies(const struct certs *certs);

/* One certificate of a set, described. Strings belong to the set. */
struct certs_description {
    const char *file;
    const char *subject;
    const char *const *names; /* DNS and IP names, ends with NULL */
    int64_t not_before_ms;    /* since the epoch */
    int64_t not_after_ms;
    const char *fingerprint; /* SHA-256 of the certificate, lower-case hex */
    const char *key_type;    /* e.g. "EC" or "RSA" */
    int key_bits;
    bool must_staple;    /* it is to be believed with an OCSP response only (RFC 7633) */
    const char *trouble; /* why it could not be renewed from its files; NULL: they are well */
    int64_t trouble_at;  /* since when, in ms since the epoch */
};

/* How many certificates the set presents, and the one at `index`. */
size_t certs_count(const struct certs *certs);
const struct certs_description *certs_describe(const struct certs *certs, size_t index);

/* Of the authorities that the set believes, by name, the one that expires first; its file is what the
 * configuration names. NULL: those of the system, or nobody is asked who it is. */
const struct certs_description *certs_authority(const struct certs *certs);

/* What went wrong when the set was renewed, in the order of the configuration: of pairs that were kept, of
 * those that are new in a directory, of other files. Strings belong to the set. */
struct certs_trouble {
    const char *file;
    const char *detail;
};
size_t certs_trouble_count(const struct certs *certs);
const struct certs_trouble *certs_trouble(const struct certs *certs, size_t index);

/* Calls `tell` with every file and directory that a listener's TLS is made of, those in directories too. */
typedef void certs_tell_file(void *context, const char *path);
void certs_tell_files(const struct conf_listener_tls *tls, certs_tell_file *tell, void *context);

/* The same for an upstream's; of the system's authorities, the bundle and the directory that OpenSSL looks
 * into. None: nothing of it can change under way. */
void certs_tell_upstream_files(const struct conf_upstream_tls *tls, certs_tell_file *tell, void *context);

/* A number that changes when any of these files does, or other ones come to their paths; nothing is read. */
uint64_t certs_stamp_files(const struct conf_listener_tls *tls);
uint64_t certs_stamp_upstream_files(const struct conf_upstream_tls *tls);

/* The same of the files that the set was made of, as they were before the first of them was read: as long as
 * it is that of today, another set would be the same. */
uint64_t certs_stamp(const struct certs *certs);

/* Whether two sets of an upstream that is described alike are as good as each other: they show the same
 * certificate with the same chain, and judge alike. The system's authorities are looked up as they are
 * needed, so that nobody can tell. */
bool certs_are_alike(const struct certs *a, const struct certs *b);

/* Whether both believe the same authorities, let in the same, and know the same to be revoked. */
bool certs_judge_alike(const struct certs *a, const struct certs *b);

/* Whether a certificate with this fingerprint is among the set's. */
bool certs_presents(const struct certs *certs, const char *fingerprint);

/* Whether fresh OCSP responses are to be fetched for the set; until when the one of a certificate is good, in
 * ms since the epoch, 0 without one. */
bool certs_fetches(const struct certs *certs);
int64_t certs_ocsp_until(const struct certs *certs, size_t index);

/* Asks the responders for what is due, one after the other, which blocks for some seconds each, and tells how
 * it ended: `trouble` is NULL when a fresh response was taken. Returns in how many ms the next is due. A set
 * is refreshed by one thread at a time. */
typedef void certs_tell_fetched(void *context, const char *file, const char *trouble);
int64_t certs_refresh(const struct certs *certs, certs_tell_fetched *tell, void *context);

/* How many session tickets came to the listener, across its sets, that no key opens. */
uint64_t certs_unknown_tickets(const struct certs *certs);

/* How many sessions are kept for the listener to be resumed by their id, across its sets, and how many ids
 * came that nothing is kept for. */
size_t certs_sessions(const struct certs *certs);
uint64_t certs_unknown_sessions(const struct certs *certs);

/* To be called now and then: keys of tickets, and sessions, whose time is over are wiped. */
void certs_turn(const struct certs *certs);

/* What is wrong with a certificate's validity at `now_ms` since the epoch: "expired", "not yet valid", or
 * NULL when it is valid. A set with such certificates loads all the same. */
const char *certs_validity(const struct certs_description *description, int64_t now_ms);

/* The names that a certificate can have. */
enum certs_name {
    CERTS_NAME_CN, /* a common name of its subject */
    CERTS_NAME_DNS,
    CERTS_NAME_URI,
    CERTS_NAME_IP,
};

/* Calls `tell` with each name of subjectAltName in its order, then with each common name. A name with a NUL
 * in it, which would make it another one, is passed over (CVE-2009-2408). */
typedef void certs_tell(void *context, enum certs_name kind, const char *name);
void certs_tell_names(const struct x509_st *certificate, certs_tell *tell, void *context);

/* When the certificate expires, in milliseconds since the epoch; 0 when it cannot be read. */
int64_t certs_not_after_ms(const struct x509_st *certificate);

/* Writes the SHA-256 of the certificate in lower-case hex. */
enum {
    CERTS_FINGERPRINT = 65 /* room for it with its NUL */
};
void certs_print_fingerprint(const struct x509_st *certificate, char text[CERTS_FINGERPRINT]);

/* Writes the certificate's subject as RFC 2253 has it, cut to `room` bytes (> 0) with its NUL. What is not
 * printable ASCII is escaped. */
void certs_print_subject(const struct x509_st *certificate, char *text, size_t room);

/* Makes a throw-away certificate (EC P-256, self-signed, for localhost, 127.0.0.1 and ::1, valid for 30 days)
 * and its key as files of mode 0600, replacing what was there at once. For the embedded default; a listener
 * in earnest has its own. NULL or a sentence. */
char *certs_make_throwaway(const char *chain_file, const char *key_file);

/* Has OpenSSL take its memory from certs/pieces, so that little is left of a burst of handshakes. To be
 * called before anything else that uses OpenSSL; later it changes nothing. */
void certs_prepare(void);

/* The version of the OpenSSL library that is linked at run time, e.g. "3.0.15"; constant. */
const char *certs_library(void);

#endif
