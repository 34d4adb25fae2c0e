/* What a certificate says about itself: subject, names, times, fingerprint.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/description.h"

#include <arpa/inet.h>
#include <openssl/tls1.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

void certs_print_subject(const X509 *certificate, char *text, size_t room)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int length = 0;
    if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0)
        length = BIO_read(bio, text, (int)room - 1);
    text[length > 0 ? length : 0] = '\0';
    BIO_free(bio);
}

/* Tells a string of a certificate, unless a NUL in it would make it another one (CVE-2009-2408). */
static void tell_string(enum certs_name kind, const ASN1_STRING *string, certs_tell *tell, void *context)
{
    unsigned char *text = NULL;
    int length = ASN1_STRING_to_UTF8(&text, string);
    if (length > 0 && strlen((char *)text) == (size_t)length)
        tell(context, kind, (char *)text);
    OPENSSL_free(text);
}

static void tell_address(const ASN1_OCTET_STRING *bytes, certs_tell *tell, void *context)
{
    char text[INET6_ADDRSTRLEN];
    int length = ASN1_STRING_length(bytes);
    if ((length == 4 || length == 16) &&
        inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes), text, sizeof text))
        tell(context, CERTS_NAME_IP, text);
}

static void tell_common_names(const X509 *certificate, certs_tell *tell, void *context)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = -1;
    while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
        tell_string(CERTS_NAME_CN, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), tell, context);
}

void certs_tell_names(const X509 *certificate, certs_tell *tell, void *context)
{
    GENERAL_NAMES *alternatives = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(alternatives, i);
        if (name->type == GEN_DNS)
            tell_string(CERTS_NAME_DNS, name->d.dNSName, tell, context);
        else if (name->type == GEN_URI)
            tell_string(CERTS_NAME_URI, name->d.uniformResourceIdentifier, tell, context);
        else if (name->type == GEN_IPADD)
            tell_address(name->d.iPAddress, tell, context);
    }
    GENERAL_NAMES_free(alternatives);
    tell_common_names(certificate, tell, context);
}

int64_t description_time_ms(const ASN1_TIME *time)
{
    struct tm tm;
    return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}

bool description_must_staple(const X509 *certificate)
{
    TLS_FEATURE *features = X509_get_ext_d2i(certificate, NID_tlsfeature, NULL, NULL);
    bool does_list = false;
    for (int i = 0; i < sk_ASN1_INTEGER_num(features) && !does_list; i++)
        does_list = ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == TLSEXT_TYPE_status_request;
    TLS_FEATURE_free(features);
    return does_list;
}

int64_t certs_not_after_ms(const X509 *certificate)
{
    return description_time_ms(X509_get0_notAfter(certificate));
}

void certs_print_fingerprint(const X509 *certificate, char text[CERTS_FINGERPRINT])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (X509_digest(certificate, EVP_sha256(), digest, &length) != 1)
        length = 0;
    for (unsigned i = 0; i < length; i++) {
        text[i * 2] = digits[digest[i] >> 4];
        text[i * 2 + 1] = digits[digest[i] & 15];
    }
    text[length * 2] = '\0';
}
