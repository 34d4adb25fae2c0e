/* The terminal as a screen: taken over, drawn as a whole, and given back as it was, whatever ends it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/screen.h"

#include "admin/ctl/call.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum {
    ESCAPE_MS = 50, /* the rest of a key's sequence comes within this, or it was the key Escape */
    SEQUENCE = 8,
};

/* The other screen, no cursor; and back. Written by signal handlers too. */
static const char take_over[] = "\033[?1049h\033[?25l\033[2J";
static const char give_back[] = "\033[?25h\033[?1049l";

static struct termios before;
static struct termios raw;
static volatile sig_atomic_t is_open;
static volatile sig_atomic_t wants_end;

static void write_all(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, text, length);
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return;
        text += written > 0 ? written : 0;
        length -= written > 0 ? (size_t)written : 0;
    }
}

static void enter(void)
{
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    write_all(take_over, sizeof take_over - 1);
}

static void leave(void)
{
    write_all(give_back, sizeof give_back - 1);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static void note_end(int signal)
{
    (void)signal;
    wants_end = 1;
}

static void note_size(int signal)
{
    (void)signal;
}

/* All of this may be called in a handler: signal-safety(7). */
static void stop(int signal)
{
    int error = errno;
    (void)signal;
    leave();
    raise(SIGSTOP);
    enter();
    errno = error;
}

static const struct {
    int signal;
    void (*handler)(int signal);
} handlers[] = {
    {SIGINT, note_end}, {SIGTERM, note_end}, {SIGHUP, note_end}, {SIGWINCH, note_size}, {SIGTSTP, stop},
};

static void handle(bool is_ours)
{
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
        /* Without SA_RESTART, so that poll(2) comes back. */
        struct sigaction action = {.sa_handler = is_ours ? handlers[i].handler : SIG_DFL};
        sigaction(handlers[i].signal, &action, NULL);
    }
}

bool screen_open(void)
{
    if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0)
        return false;
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    wants_end = 0;
    handle(true);
    enter();
    is_open = 1;
    return true;
}

void screen_close(void)
{
    if (!is_open)
        return;
    is_open = 0;
    leave();
    handle(false);
}

void screen_size(size_t *rows, size_t *columns)
{
    struct winsize size;
    bool is_told = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;
    *rows = is_told ? size.ws_row : 24;
    *columns = is_told ? size.ws_col : 80;
}

/* Writes a line in reverse: after each sequence that ends a colour it begins again. */
static void write_inverted(const char *line, size_t length, FILE *out)
{
    static const char ends[] = "\033[0m";
    fputs("\033[7m", out);
    while (length > 0) {
        const char *found = memmem(line, length, ends, sizeof ends - 1);
        size_t part = found ? (size_t)(found - line) : length;
        fwrite(line, 1, part, out);
        if (found)
            fputs("\033[0;7m", out);
        part += found ? sizeof ends - 1 : 0;
        line += part;
        length -= part;
    }
    fputs(ends, out);
}

void screen_show(const char *text, int inverted)
{
    size_t rows, columns, size = 0;
    char *drawn = NULL;
    FILE *out = open_memstream(&drawn, &size);
    if (!out)
        return;
    screen_size(&rows, &columns);
    fputs("\033[H", out);
    for (size_t row = 0; row < rows && *text; row++) {
        size_t length = strcspn(text, "\n");
        if ((int)row == inverted)
            write_inverted(text, length, out);
        else
            fwrite(text, 1, length, out);
        text += length + (text[length] == '\n');
        fputs("\033[K", out);
        if (row + 1 < rows)
            fputs("\r\n", out);
    }
    fputs("\033[J", out);
    fclose(out);
    write_all(drawn, size);
    free(drawn);
}

/* One byte within so many ms, negative: none came. */
static int read_byte(int64_t ms)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    unsigned char byte;
    if (wants_end)
        return SCREEN_END;
    int ready = poll(&input, 1, ms > 0 ? (int)ms : 0);
    if (wants_end)
        return SCREEN_END;
    if (ready <= 0)
        return SCREEN_NOTHING;
    ssize_t got = read(STDIN_FILENO, &byte, 1);
    return got == 1 ? byte : got == 0 || errno == EINTR ? SCREEN_NOTHING : SCREEN_END;
}

/* What stands behind an Escape. */
static int read_sequence(void)
{
    static const struct {
        const char *bytes;
        int key;
    } sequences[] = {
        {"[A", SCREEN_UP},       {"[B", SCREEN_DOWN},  {"OA", SCREEN_UP},   {"OB", SCREEN_DOWN},
        {"[5~", SCREEN_PAGE_UP}, {"[H", SCREEN_HOME},  {"[F", SCREEN_LAST}, {"[6~", SCREEN_PAGE_DOWN},
        {"[1~", SCREEN_HOME},    {"[4~", SCREEN_LAST},
    };
    char bytes[SEQUENCE] = "";
    for (size_t length = 0; length + 1 < sizeof bytes; length++) {
        int byte = read_byte(ESCAPE_MS);
        if (byte < 0)
            return length == 0 ? SCREEN_ESCAPE : SCREEN_NOTHING;
        bytes[length] = (char)byte;
        bytes[length + 1] = '\0';
        for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
            if (strcmp(sequences[i].bytes, bytes) == 0)
                return sequences[i].key;
        }
    }
    return SCREEN_NOTHING;
}

int screen_key(int64_t until_ms)
{
    int64_t left = until_ms - call_now_ms();
    int byte = read_byte(left > INT32_MAX ? INT32_MAX : left);
    switch (byte) {
    case '\033':
        return read_sequence();
    case '\b':
    case 0x7f:
        return SCREEN_BACKSPACE;
    case '\r':
    case '\n':
        return SCREEN_ENTER;
    default:
        return byte;
    }
}
