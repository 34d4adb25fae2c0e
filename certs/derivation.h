/* How TLS 1.3 derives one secret from another (RFC 8446, section 7.1), as a provider within OpenSSL.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A handshake derives some twenty secrets. For each of them OpenSSL's own function looks the digest up by its
 * name and copies each input into a piece of memory, which together takes three times as long as the digests
 * do: a tenth of all that OpenSSL spends on a connection. Ours has looked the digests up once and copies
 * nothing; the digests themselves are OpenSSL's.
 *
 * It is preferred, no more: where the machine's policy asks for properties that it has not (fips=yes), or
 * when it cannot be loaded, OpenSSL's own goes on as before. provider(7), provider-kdf(7),
 * EVP_KDF-TLS13_KDF(7), property(7). */
#ifndef CERTS_DERIVATION_H
#define CERTS_DERIVATION_H

/* What SSL_CTX_new_ex(3) is to be asked for so that its connections derive with ours, which the first call
 * loads. NULL: with whatever there is. Static. Any thread may ask. */
const char *derivation_query(void);

#endif
