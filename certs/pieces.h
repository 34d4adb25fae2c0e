/* Memory for OpenSSL, in pieces that stand together with others of the same size.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A handshake takes some 80 KiB in hundreds of pieces, of which 14 KiB live as long as the connection. In a
 * common heap these pin down the pages of the others: after a burst of handshakes 45 KiB each stay in use.
 * Here every size has chunks of its own, and a chunk goes back to the kernel when its last piece is given;
 * but for a few, and for one of each size that has little memory.
 *
 * Each thread takes from a heap of its own, without a lock. A piece may be given by any thread: one that
 * belongs to another's heap is handed back to it by an atomic push. A thread that ends leaves its heap to the
 * next one that begins. */
#ifndef CERTS_PIECES_H
#define CERTS_PIECES_H

#include <stddef.h>

/* A piece of at least `size` bytes, aligned for anything, with unspecified contents. NULL for 0 bytes, and
 * when memory is out. */
void *pieces_take(size_t size);

/* Makes a piece at least `size` bytes long, moving it where it has to. As realloc(3): NULL is taken, 0 bytes
 * give it back. */
void *pieces_resize(void *piece, size_t size);

/* Gives a piece back. Accepts NULL. */
void pieces_give(void *piece);

/* Memory that all heaps have from the kernel, in bytes: chunks in use and kept for the next need. */
size_t pieces_footprint(void);

#endif
