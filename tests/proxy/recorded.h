/* ClientHellos of real clients as they were recorded, each asking for "db.example": texts of hex in a folder.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PROXY_RECORDED_H
#define TESTS_PROXY_RECORDED_H

#include <stddef.h>

/* Calls `tell` with each hello of the folder: whose it is, and its bytes. Returns how many there were. */
typedef void recorded_tell(void *context, const char *name, const unsigned char *bytes, size_t length);
unsigned recorded_read(const char *folder, recorded_tell *tell, void *context);

#endif
