/* The terminal as a screen: taken over, drawn as a whole, and given back as it was, whatever ends it.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Plain ANSI (ECMA-48) and termios(3), no library. There is one screen at a time. SIGINT, SIGTERM and SIGHUP
 * are taken as the wish to end; SIGTSTP gives the terminal back until the program goes on; SIGWINCH wakes
 * whoever waits for a key. */
#ifndef ADMIN_CTL_SCREEN_H
#define ADMIN_CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was pressed: a byte as it is, or one of these. */
enum screen_key {
    SCREEN_NOTHING = -1, /* time is up, or the size has changed */
    SCREEN_END = -2,     /* a signal, or the terminal is gone */
    SCREEN_UP = 0x100,
    SCREEN_DOWN,
    SCREEN_PAGE_UP,
    SCREEN_PAGE_DOWN,
    SCREEN_HOME,
    SCREEN_LAST,
    SCREEN_ESCAPE,
    SCREEN_BACKSPACE,
    SCREEN_ENTER,
};

/* Takes over the terminal on standard input and output. False: they are none. */
bool screen_open(void);

/* Gives it back. Idempotent. */
void screen_close(void);

/* Its size at the moment. */
void screen_size(size_t *rows, size_t *columns);

/* Shows the text: lines that end with \n, of which those that do not fit are left out. The caller has cut
 * them to the width; `inverted` is the line that is shown in reverse, from 0; negative: none. */
void screen_show(const char *text, int inverted);

/* Waits for a key until that time of call_now_ms. */
int screen_key(int64_t until_ms);

#endif
