/* Checks a JSON text byte by byte, notes where its values stand, and blanks what only people read.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/scanner.h"

#include "conf/memory.h"
#include "conf/problems.h"
#include "conf/text.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct scanner {
    char *text; /* a copy, ended by NUL, in which comments and trailing commas become blanks */
    size_t length;
    size_t at;
    size_t line_start;
    uint32_t line;
    unsigned depth;
    char *key; /* the last string, decoded, with room for the longest: the whole text */
    size_t key_length;
    struct places *places;
    struct conf_problems *problems;
};

/* The byte that is next, or -1 at the end. */
static int peek(const struct scanner *scanner)
{
    return scanner->at < scanner->length ? (unsigned char)scanner->text[scanner->at] : -1;
}

static uint32_t column(const struct scanner *scanner)
{
    return (uint32_t)(scanner->at - scanner->line_start) + 1;
}

/* Tells the one problem that ends scanning, at the present place. Takes ownership of `detail`. */
static bool fail(struct scanner *scanner, char *detail)
{
    problems_add(scanner->problems, text_copy(""), scanner->line, column(scanner), detail);
    return false;
}

static bool fail_with(struct scanner *scanner, const char *detail)
{
    return fail(scanner, text_copy(detail));
}

static bool fail_expecting(struct scanner *scanner, const char *expected)
{
    int byte = peek(scanner);
    if (byte < 0)
        return fail(scanner, text_format("the text ends here, but %s must follow", expected));
    size_t size = text_character(scanner->text + scanner->at, scanner->length - scanner->at);
    if (size == 0 || byte < 0x20)
        return fail(scanner,
                    text_format("the byte 0x%02x cannot stand here; %s must follow", byte, expected));
    return fail(scanner, text_format("'%.*s' cannot stand here; %s must follow", (int)size,
                                     scanner->text + scanner->at, expected));
}

/* Passes one character of a comment and blanks it, but keeps the lines. */
static bool pass_comment_character(struct scanner *scanner)
{
    size_t size = text_character(scanner->text + scanner->at, scanner->length - scanner->at);
    if (size == 0)
        return fail_with(scanner, "this comment is not UTF-8; save the file as UTF-8");
    if (scanner->text[scanner->at] == '\n') {
        scanner->at++;
        scanner->line++;
        scanner->line_start = scanner->at;
        return true;
    }
    memset(scanner->text + scanner->at, ' ', size);
    scanner->at += size;
    return true;
}

static bool starts_with(const struct scanner *scanner, const char *word)
{
    size_t length = strlen(word);
    return scanner->length - scanner->at >= length && memcmp(scanner->text + scanner->at, word, length) == 0;
}

static bool pass_line_comment(struct scanner *scanner)
{
    while (scanner->at < scanner->length && scanner->text[scanner->at] != '\n') {
        if (!pass_comment_character(scanner))
            return false;
    }
    return true;
}

static bool pass_block_comment(struct scanner *scanner)
{
    struct scanner start = *scanner;
    memset(scanner->text + scanner->at, ' ', 2); /* so that the slash of its end is another one */
    scanner->at += 2;
    while (!starts_with(scanner, "*/")) {
        if (scanner->at == scanner->length)
            return fail_with(&start, "this comment is never closed; end it with */");
        if (!pass_comment_character(scanner))
            return false;
    }
    memset(scanner->text + scanner->at, ' ', 2);
    scanner->at += 2;
    return true;
}

/* Passes blanks and comments. */
static bool pass_space(struct scanner *scanner)
{
    for (;;) {
        int byte = peek(scanner);
        if (byte == '\n') {
            scanner->at++;
            scanner->line++;
            scanner->line_start = scanner->at;
        } else if (byte == ' ' || byte == '\t' || byte == '\r') {
            scanner->at++;
        } else if (starts_with(scanner, "//")) {
            if (!pass_line_comment(scanner))
                return false;
        } else if (starts_with(scanner, "/*")) {
            if (!pass_block_comment(scanner))
                return false;
        } else {
            return true;
        }
    }
}

/* Reads the four digits after \u. -1: they are not four. */
static int32_t hex_at(const struct scanner *scanner, size_t at)
{
    int32_t value = 0;
    if (scanner->length - at < 4)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = scanner->text[i] ? strchr(digits, scanner->text[i] | 0x20) : NULL;
        if (!digit || !*digit || (scanner->text[i] < '0'))
            return -1;
        value = value << 4 | (int32_t)(digit - digits);
    }
    return value;
}

static void keep(struct scanner *scanner, const char *bytes, size_t length)
{
    memcpy(scanner->key + scanner->key_length, bytes, length);
    scanner->key_length += length;
}

/* Keeps a code point as UTF-8. */
static void keep_code_point(struct scanner *scanner, int32_t point)
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    char bytes[4];
    size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (size == 1) {
        bytes[0] = (char)point;
    } else {
        for (size_t i = size - 1; i > 0; i--) {
            bytes[i] = (char)(0x80 | (point & 0x3f));
            point >>= 6;
        }
        bytes[0] = (char)(leads[size] | point);
    }
    keep(scanner, bytes, size);
}

static bool pass_unicode_escape(struct scanner *scanner)
{
    enum {
        ESCAPE = 6
    };
    int32_t point = hex_at(scanner, scanner->at + 2);
    size_t size = ESCAPE;
    if (point < 0)
        return fail_with(scanner, "after \\u must stand four hexadecimal digits");
    if (point == 0)
        return fail_with(scanner, "\\u0000 cannot stand in a string; remove it");
    if (point >= 0xd800 && point <= 0xdfff) {
        size_t next = scanner->at + ESCAPE;
        bool is_pair = point < 0xdc00 && scanner->length - next >= ESCAPE && scanner->text[next] == '\\' &&
                       scanner->text[next + 1] == 'u';
        int32_t low = is_pair ? hex_at(scanner, next + 2) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return fail_with(
                scanner, "half of a surrogate pair stands alone; write both halves or the character itself");
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        size += ESCAPE;
    }
    keep_code_point(scanner, point);
    scanner->at += size;
    return true;
}

static bool pass_escape(struct scanner *scanner)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (scanner->length - scanner->at < 2)
        return fail_with(scanner, "this escape is cut off by the end of the text");
    char letter = scanner->text[scanner->at + 1];
    if (letter == 'u')
        return pass_unicode_escape(scanner);
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (!found)
        return fail_with(scanner, "unknown escape; a backslash itself is written \\\\");
    keep(scanner, &meanings[found - letters], 1);
    scanner->at += 2;
    return true;
}

/* Passes a string and leaves it, decoded, in scanner->key. */
static bool pass_string(struct scanner *scanner)
{
    struct scanner start = *scanner;
    scanner->key_length = 0;
    scanner->at++;
    for (;;) {
        int byte = peek(scanner);
        if (byte < 0)
            return fail_with(&start, "this string is never closed; end it with a quote");
        if (byte == '"')
            break;
        if (byte == '\n')
            return fail_with(scanner, "the line ends within a string; close it, or write \\n");
        if (byte < 0x20)
            return fail(scanner,
                        text_format("a control character stands in a string; write it \\u%04x", byte));
        if (byte == '\\') {
            if (!pass_escape(scanner))
                return false;
            continue;
        }
        size_t size = text_character(scanner->text + scanner->at, scanner->length - scanner->at);
        if (size == 0)
            return fail_with(scanner, "this string is not UTF-8; save the file as UTF-8");
        keep(scanner, scanner->text + scanner->at, size);
        scanner->at += size;
    }
    scanner->at++;
    return true;
}

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static bool pass_digits(struct scanner *scanner)
{
    if (!is_digit(peek(scanner)))
        return fail_expecting(scanner, "a digit");
    while (is_digit(peek(scanner)))
        scanner->at++;
    return true;
}

static bool pass_number(struct scanner *scanner)
{
    struct scanner start = *scanner;
    if (peek(scanner) == '-')
        scanner->at++;
    bool leads_with_zero = peek(scanner) == '0';
    size_t first = scanner->at;
    if (!pass_digits(scanner))
        return false;
    if (leads_with_zero && scanner->at - first > 1)
        return fail_with(&start, "a number cannot begin with 0; remove the zero");
    if (peek(scanner) == '.') {
        scanner->at++;
        if (!pass_digits(scanner))
            return false;
    }
    if (peek(scanner) == 'e' || peek(scanner) == 'E') {
        scanner->at++;
        if (peek(scanner) == '+' || peek(scanner) == '-')
            scanner->at++;
        if (!pass_digits(scanner))
            return false;
    }
    if (scanner->at - start.at > SCANNER_NUMBER)
        return fail(&start,
                    text_format("this number is longer than %d characters; round it", SCANNER_NUMBER));
    if (!isfinite(strtod(scanner->text + start.at, NULL)))
        return fail_with(&start, "this number is out of range");
    return true;
}

static bool pass_word(struct scanner *scanner)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (starts_with(scanner, words[i])) {
            scanner->at += strlen(words[i]);
            return true;
        }
    }
    return fail_expecting(scanner, "a value");
}

static bool pass_value(struct scanner *scanner, struct place place);

static bool pass_item(struct scanner *scanner, uint32_t number, uint32_t index)
{
    return pass_value(scanner, (struct place){.parent = number, .index = index});
}

static bool pass_member(struct scanner *scanner, uint32_t number, uint32_t index)
{
    (void)index; /* a member is known by its key */
    struct place place = {.parent = number, .key_line = scanner->line, .key_column = column(scanner)};
    if (peek(scanner) != '"')
        return fail_expecting(scanner, "a key in double quotes");
    if (!pass_string(scanner))
        return false;
    place.index = places_add_key(scanner->places, scanner->key, scanner->key_length);
    if (!pass_space(scanner))
        return false;
    if (peek(scanner) != ':')
        return fail_expecting(scanner, "a colon");
    scanner->at++;
    return pass_space(scanner) && pass_value(scanner, place);
}

/* What an object and a list differ in. */
struct nesting {
    char end;
    const char *expected;
    bool (*pass_part)(struct scanner *scanner, uint32_t number, uint32_t index);
};

static const struct nesting object_nesting = {'}', "a comma or }", pass_member};
static const struct nesting list_nesting = {']', "a comma or ]", pass_item};

static bool pass_parts(struct scanner *scanner, const struct nesting *nesting, uint32_t number)
{
    size_t comma = SIZE_MAX;
    for (uint32_t index = 0;; index++) {
        if (!pass_space(scanner))
            return false;
        if (peek(scanner) == nesting->end)
            break;
        if (!nesting->pass_part(scanner, number, index) || !pass_space(scanner))
            return false;
        comma = SIZE_MAX;
        if (peek(scanner) == nesting->end)
            break;
        if (peek(scanner) != ',')
            return fail_expecting(scanner, nesting->expected);
        comma = scanner->at++;
    }
    if (comma != SIZE_MAX)
        scanner->text[comma] = ' ';
    scanner->at++;
    return true;
}

static bool pass_nesting(struct scanner *scanner, uint32_t number)
{
    const struct nesting *nesting = peek(scanner) == '{' ? &object_nesting : &list_nesting;
    if (scanner->depth == SCANNER_DEPTH)
        return fail(scanner, text_format("nested more than %d deep; flatten the document", SCANNER_DEPTH));
    scanner->depth++;
    scanner->at++;
    if (!pass_parts(scanner, nesting, number))
        return false;
    scanner->depth--;
    if (nesting == &object_nesting)
        places_blame_duplicates(scanner->places, number, scanner->problems);
    return true;
}

static bool pass_value(struct scanner *scanner, struct place place)
{
    place.line = scanner->line;
    place.column = column(scanner);
    uint32_t number = places_add(scanner->places, place);
    int byte = peek(scanner);
    if (byte == '{' || byte == '[')
        return pass_nesting(scanner, number);
    if (byte == '"')
        return pass_string(scanner);
    if (byte == '-' || is_digit(byte))
        return pass_number(scanner);
    return pass_word(scanner);
}

static bool pass_document(struct scanner *scanner)
{
    if (scanner->length > SCANNER_LONGEST)
        return fail_with(scanner, "the document is longer than 16 MiB; split it");
    if (starts_with(scanner, "\xef\xbb\xbf"))
        return fail_with(scanner, "the text begins with a byte order mark; save it as UTF-8 without one");
    if (!pass_space(scanner) || !pass_value(scanner, (struct place){0}) || !pass_space(scanner))
        return false;
    if (peek(scanner) >= 0)
        return fail_expecting(scanner, "the end of the document");
    return true;
}

/* cJSON keeps its children in the order of the text, so counting them gives the numbers of the places. */
static void number_items(cJSON *item, int *next)
{
    item->valueint = (*next)++;
    for (cJSON *child = item->child; child; child = child->next)
        number_items(child, next);
}

cJSON *scanner_read(const char *text, size_t length, struct places *places, struct conf_problems *problems)
{
    struct scanner scanner = {.length = length, .line = 1, .places = places, .problems = problems};
    cJSON *tree = NULL;
    scanner.text = memory_zeroed(length + 1, 1);
    scanner.key = memory_zeroed(length + 1, 1);
    if (length > 0)
        memcpy(scanner.text, text, length);
    if (pass_document(&scanner)) {
        int next = 0;
        tree = cJSON_ParseWithLengthOpts(scanner.text, length, NULL, false);
        if (!tree)
            memory_exhausted(); /* the grammar held, so nothing else is left */
        number_items(tree, &next);
        assert((size_t)next == places->count);
    }
    free(scanner.text);
    free(scanner.key);
    return tree;
}
