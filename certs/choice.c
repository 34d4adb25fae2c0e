/* Which of a listener's contexts answers a ClientHello, by the server name in it (RFC 6066, section 3).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/choice.h"

#include "certs/attachment.h"
#include "conf/memory.h"
#include "conf/text.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LISTENER_LONGEST = 64 /* bytes of a name of the configuration */
};

struct choice {
    struct names *names;
    char *listener;
    bool requires_name;
    EVP_MD *sha256;                             /* fetched once: looking it up costs more than a digest */
    unsigned char judged[SHA256_DIGEST_LENGTH]; /* by what clients are */
    size_t count;
    SSL_CTX *contexts[]; /* [0] is borrowed: it owns this choice */
};

static void free_choice(void *owned)
{
    struct choice *choice = owned;
    for (size_t i = 1; i < choice->count; i++)
        SSL_CTX_free(choice->contexts[i]);
    names_destroy(choice->names);
    EVP_MD_free(choice->sha256);
    free(choice->listener);
    free(choice);
}

/* Takes the host name out of the extension's body: list length, type 0, name length, name. A malformed one is
 * left for OpenSSL to refuse, which reads it next. */
static bool read_server_name(SSL *ssl, char name[NAMES_LONGEST + 1])
{
    const unsigned char *body;
    size_t length;
    if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &body, &length) || length < 5)
        return false;
    size_t size = (size_t)body[3] << 8 | body[4];
    if (body[2] != TLSEXT_NAMETYPE_host_name || size == 0 || size > length - 5 || size > NAMES_LONGEST ||
        memchr(body + 5, '\0', size))
        return false;
    memcpy(name, body + 5, size);
    name[size] = '\0';
    return true;
}

/* A session is good for this listener, this server name, and this judgement of who connects only. */
static bool set_session_context(SSL *ssl, const struct choice *choice, const char *name)
{
    char text[SHA256_DIGEST_LENGTH + LISTENER_LONGEST + 1 + NAMES_LONGEST + 1];
    char normal[NAMES_LONGEST + 1];
    unsigned char digest[SHA256_DIGEST_LENGTH];
    names_normalise(name, normal);
    memcpy(text, choice->judged, sizeof choice->judged);
    /* Neither the name of a listener nor a server name has a line break in a listener's place. */
    int length = snprintf(text + sizeof choice->judged, sizeof text - sizeof choice->judged, "%.*s\n%s",
                          LISTENER_LONGEST, choice->listener, normal);
    size_t size = sizeof choice->judged + (size_t)length;
    return EVP_Digest(text, size, digest, NULL, choice->sha256, NULL) == 1 &&
           SSL_set_session_id_context(ssl, digest, sizeof digest) == 1;
}

static int choose(SSL *ssl, int *alert, void *argument)
{
    const struct choice *choice = argument;
    char name[NAMES_LONGEST + 1] = "";
    long which = read_server_name(ssl, name) ? names_find(choice->names, name) : -1;
    if (which < 0 && choice->requires_name) {
        /* The words of the log. */
        ERR_raise(ERR_LIB_SSL, SSL_R_TLSV1_UNRECOGNIZED_NAME);
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    bool is_set = set_session_context(ssl, choice, name);
    if (which > 0)
        is_set = is_set && SSL_set_SSL_CTX(ssl, choice->contexts[which]) != NULL;
    if (is_set)
        return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
}

/* Says in the ServerHello that the name was heard, so that it stands in the session too (RFC 6066). */
static int acknowledge(SSL *ssl, int *alert, void *argument)
{
    (void)ssl;
    (void)alert;
    (void)argument;
    return SSL_TLSEXT_ERR_OK;
}

void choice_install(SSL_CTX *const *contexts, size_t count, struct names *names, const char *listener,
                    const struct verification *verification, bool requires_name)
{
    struct choice *choice = memory_zeroed(1, sizeof *choice + count * sizeof *contexts);
    choice->names = names;
    choice->listener = text_copy(listener);
    choice->requires_name = requires_name;
    choice->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!choice->sha256) /* which the contexts could not have been made without */
        memory_exhausted();
    choice->count = count;
    verification_digest(verification, choice->judged);
    for (size_t i = 0; i < count; i++) {
        choice->contexts[i] = contexts[i];
        SSL_CTX_set_tlsext_servername_callback(contexts[i], acknowledge);
    }
    attachment_hang(contexts[0], ATTACHMENT_CHOICE, choice, free_choice);
    SSL_CTX_set_client_hello_cb(contexts[0], choose, choice);
}
