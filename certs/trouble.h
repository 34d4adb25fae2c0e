/* What OpenSSL had to say about the last thing that failed, as words for a sentence.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CERTS_TROUBLE_H
#define CERTS_TROUBLE_H

/* OpenSSL's latest reason, e.g. "no start line"; "no reason given" when its queue is empty. Empties the queue
 * (ERR_get_error(3)). Borrowed: good until the next failure of this thread. */
const char *trouble_words(void);

#endif
