/* Formatted sentences, copies, quotes, and the shape of UTF-8.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/text.h"

#include "conf/memory.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

char *text_format(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        memory_exhausted();
    return text;
}

char *text_copy(const char *text)
{
    if (!text)
        return NULL;
    char *copy = strdup(text);
    if (!copy)
        memory_exhausted();
    return copy;
}

char *text_quote(const char *text)
{
    enum {
        ROOM = 80,
        LONGEST_ESCAPE = 6
    };
    char *quoted = memory_zeroed(1, ROOM + LONGEST_ESCAPE + sizeof "\"...\"");
    char *end = quoted;
    size_t left = strlen(text);
    *end++ = '"';
    while (left > 0 && end - quoted < ROOM) {
        size_t size = text_character(text, left);
        unsigned char byte = (unsigned char)*text;
        if (size == 0)
            end += sprintf(end, "\\x%02x", byte);
        else if (byte < 0x20 || byte == 0x7f)
            end += sprintf(end, "\\u%04x", byte);
        else if (byte == '"' || byte == '\\')
            end += sprintf(end, "\\%c", byte);
        else
            end = mempcpy(end, text, size);
        text += size ? size : 1;
        left -= size ? size : 1;
    }
    strcpy(end, left > 0 ? "...\"" : "\"");
    return quoted;
}

/* RFC 3629, section 4: which second byte may follow which first; all further bytes are 80 to bf. */
static const struct {
    unsigned char first_low;
    unsigned char first_high;
    unsigned char size;
    unsigned char second_low;
    unsigned char second_high;
} shapes[] = {
    {0x00, 0x7f, 1, 0x00, 0x00}, {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

size_t text_character(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (length == 0)
        return 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (bytes[0] < shapes[i].first_low || bytes[0] > shapes[i].first_high)
            continue;
        size_t size = shapes[i].size;
        if (size > length)
            return 0;
        if (size > 1 && (bytes[1] < shapes[i].second_low || bytes[1] > shapes[i].second_high))
            return 0;
        for (size_t k = 2; k < size; k++) {
            if ((bytes[k] & 0xc0) != 0x80)
                return 0;
        }
        return size;
    }
    return 0;
}

/* The number in so many digits, and what stands behind it; returns where to go on. */
static char *put_number(char *at, unsigned digits, uint64_t number, char behind)
{
    for (unsigned i = digits; i-- > 0; number /= 10)
        at[i] = (char)('0' + number % 10);
    at[digits] = behind;
    return at + digits + 1;
}

/* The Gregorian date of a day since the epoch. Years are counted from March, so that the leap day is the last
 * of its year, and days from 1 March of the year 0; 400 years have 146,097. */
static char *put_date(char *at, uint64_t day)
{
    uint64_t days = day + 719468, era = days / 146097, of_era = days % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * of_year + 2) / 153; /* 0 is March; five months have 153 days */
    bool is_next_year = month >= 10;
    at = put_number(at, 4, 400 * era + year + is_next_year, '-');
    at = put_number(at, 2, is_next_year ? month - 9 : month + 3, '-');
    return put_number(at, 2, of_year - (153 * month + 2) / 5 + 1, 'T');
}

char *text_time(int64_t ms, char text[TEXT_TIME])
{
    uint64_t since = (uint64_t)ms, second = since / 1000 % 86400;
    char *at = put_date(text, since / 1000 / 86400);
    at = put_number(at, 2, second / 3600, ':');
    at = put_number(at, 2, second / 60 % 60, ':');
    at = put_number(at, 2, second % 60, '.');
    at = put_number(at, 3, since % 1000, 'Z');
    *at = '\0';
    return text;
}
