/* What OpenSSL had to say about the last thing that failed, as words for a sentence.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "certs/trouble.h"

#include <openssl/err.h>
#include <stddef.h>
#include <string.h>

const char *trouble_words(void)
{
    unsigned long error = ERR_peek_last_error();
    const char *words = NULL;
    /* OpenSSL has no reason strings for the errors of system calls. */
    if (error && ERR_SYSTEM_ERROR(error))
        words = strerror(ERR_GET_REASON(error));
    else if (error)
        words = ERR_reason_error_string(error);
    ERR_clear_error();
    return words ? words : "no reason given";
}
