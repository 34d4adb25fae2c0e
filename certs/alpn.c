/* The application protocols that are offered or chosen in the handshake (ALPN, RFC 7301).
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/alpn.h"

#include "conf/memory.h"
#include "conf/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A list as it stands in a ClientHello: each protocol after a byte with its length. */
struct wire_list {
    unsigned length;
    unsigned char bytes[];
};

static int list_index; /* of the context's ex_data that holds its list */
static pthread_once_t list_once = PTHREAD_ONCE_INIT;

static void free_list(void *parent, void *list, CRYPTO_EX_DATA *data, int index, long number, void *pointer)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)number;
    (void)pointer;
    free(list);
}

static void make_index(void)
{
    list_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_list);
}

/* Makes the list, NULL where there are none. Returns NULL, or why a name cannot stand in it. */
static char *create_list(const struct conf_strings *protocols, const char *place, struct wire_list **list)
{
    size_t length = 0;
    *list = NULL;
    for (size_t i = 0; i < protocols->count; i++) {
        size_t size = strlen(protocols->items[i]);
        if (size == 0 || size > 255)
            return text_format("%s.alpn[%zu]: a protocol's name has 1 to 255 bytes (RFC 7301)", place, i);
        length += 1 + size;
    }
    if (length > 65535)
        return text_format("%s.alpn: the names have more than 65535 bytes together; list fewer", place);
    if (length == 0)
        return NULL;
    struct wire_list *made = memory_zeroed(1, sizeof *made + length);
    for (size_t i = 0; i < protocols->count; i++) {
        size_t size = strlen(protocols->items[i]);
        made->bytes[made->length] = (unsigned char)size;
        memcpy(made->bytes + made->length + 1, protocols->items[i], size);
        made->length += (unsigned)(1 + size);
    }
    *list = made;
    return NULL;
}

static int choose(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *offer,
                  unsigned offer_length, void *argument)
{
    const struct wire_list *own = argument;
    unsigned char *chosen = NULL;
    (void)ssl;
    if (SSL_select_next_proto(&chosen, out_length, own->bytes, own->length, offer, offer_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

char *alpn_choose(SSL_CTX *context, const struct conf_strings *protocols, const char *place)
{
    struct wire_list *list;
    char *trouble = create_list(protocols, place, &list);
    if (!list)
        return trouble;
    pthread_once(&list_once, make_index);
    if (SSL_CTX_set_ex_data(context, list_index, list) != 1)
        memory_exhausted();
    SSL_CTX_set_alpn_select_cb(context, choose, list);
    return NULL;
}

char *alpn_offer(SSL_CTX *context, const struct conf_strings *protocols, const char *place)
{
    struct wire_list *list;
    char *trouble = create_list(protocols, place, &list);
    if (!list)
        return trouble;
    /* The one function of OpenSSL that answers 0 when well. */
    if (SSL_CTX_set_alpn_protos(context, list->bytes, list->length) != 0)
        memory_exhausted();
    free(list);
    return NULL;
}
