/* Takes lines from any thread and writes them out on a thread of its own, so that no reader of the log can
 * stall anybody.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Private to proxy/log. Lines wait in one bounded ring. The thread is woken when the ring becomes non-empty
 * and then lets lines gather for some milliseconds: many lines, one wake-up. A line that does not fit is
 * counted instead, and a line that tells how many stands in their place. When writing fails, what stands in
 * the ring is tried again each second. */
#ifndef PROXY_LOG_WRITER_H
#define PROXY_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOG_RING = 256 * 1024, /* bytes that may wait */
    LOG_LINE = 8 * 1024,   /* bytes of a short text line, at most */
};

/* Writes the line that tells of `lost` lines into `room`, with its line break; returns its length. */
typedef size_t log_writer_loss(uint64_t lost, char room[LOG_LINE]);

/* Starts the thread, which writes to `fd` (the caller's; it may block, its flags are left alone). False when
 * there can be no thread. One writer per process. */
bool log_writer_begin(int fd, log_writer_loss *loss);

/* Any thread: puts a whole line, never waiting for the descriptor. False when no writer runs. */
bool log_writer_put(const char *line, size_t length);

/* Writes out what is left, within two seconds, and ends the thread; what its reader would not take until then
 * is lost. Accepts one that does not run. */
void log_writer_end(void);

#endif
