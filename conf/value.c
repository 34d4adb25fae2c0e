/* One plain value of the description: one table row for each type.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/value.h"

#include "conf/nearest.h"
#include "conf/text.h"
#include "conf/units.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *mismatch_text(const struct grammar_key *key, const char *text)
{
    char *quoted = text_quote(text);
    char *sentence = value_mismatch(key, quoted);
    free(quoted);
    return sentence;
}

static char *parse_boolean(const struct grammar_key *key, const char *text, void *member)
{
    (void)key; /* the reader passes truths only */
    *(bool *)member = strcmp(text, "true") == 0;
    return NULL;
}

static char *boolean_text(const struct grammar_key *key, const void *member)
{
    (void)key;
    return text_copy(*(const bool *)member ? "true" : "false");
}

static char *boolean_expectation(const struct grammar_key *key)
{
    (void)key;
    return text_copy("true or false");
}

static char *parse_integer(const struct grammar_key *key, const char *text, void *member)
{
    char *end;
    errno = 0;
    int64_t value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < key->minimum || value > key->maximum)
        return value_mismatch(key, text);
    *(int64_t *)member = value;
    return NULL;
}

static char *integer_text(const struct grammar_key *key, const void *member)
{
    (void)key;
    return text_format("%" PRId64, *(const int64_t *)member);
}

static char *integer_expectation(const struct grammar_key *key)
{
    return text_format("an integer from %" PRId64 " to %" PRId64, key->minimum, key->maximum);
}

static char *share_text(const struct grammar_key *key, const void *member)
{
    (void)key;
    return text_format("%g", (double)*(const int64_t *)member / 1000);
}

static char *share_expectation(const struct grammar_key *key)
{
    return text_format("a number from %g to %g with at most three decimals", (double)key->minimum / 1000,
                       (double)key->maximum / 1000);
}

static bool is_within(const struct grammar_key *key, int64_t value)
{
    return value >= key->minimum && value <= key->maximum;
}

static char *parse_share(const struct grammar_key *key, const char *text, void *member)
{
    char *end;
    double thousandths = strtod(text, &end) * 1000;
    int64_t value = fabs(thousandths) < 1e15 ? llround(thousandths) : -1;
    if (*end != '\0' || fabs(thousandths - (double)value) > 1e-6 || !is_within(key, value))
        return value_mismatch(key, text);
    *(int64_t *)member = value;
    return NULL;
}

static char *parse_duration(const struct grammar_key *key, const char *text, void *member)
{
    int64_t value;
    if (!units_parse_duration(text, &value) || !is_within(key, value))
        return mismatch_text(key, text);
    *(int64_t *)member = value;
    return NULL;
}

static char *duration_text(const struct grammar_key *key, const void *member)
{
    (void)key;
    return units_print_duration(*(const int64_t *)member);
}

/* Takes over both bounds. */
static char *quantity_expectation(const char *what, char *low, char *high)
{
    char *expectation = text_format("%s, from \"%s\" to \"%s\"", what, low, high);
    free(low);
    free(high);
    return expectation;
}

static char *duration_expectation(const struct grammar_key *key)
{
    return quantity_expectation("a duration in ms, s, m or h, such as \"250ms\" or \"5s\"",
                                units_print_duration(key->minimum), units_print_duration(key->maximum));
}

static char *parse_size(const struct grammar_key *key, const char *text, void *member)
{
    int64_t value;
    if (!units_parse_size(text, &value) || !is_within(key, value))
        return mismatch_text(key, text);
    *(int64_t *)member = value;
    return NULL;
}

static char *size_text(const struct grammar_key *key, const void *member)
{
    (void)key;
    return units_print_size(*(const int64_t *)member);
}

static char *size_expectation(const struct grammar_key *key)
{
    return quantity_expectation(
        "a size in B, KiB, MiB or GiB, such as \"64KiB\" or \"1MiB\", or a number of bytes",
        units_print_size(key->minimum), units_print_size(key->maximum));
}

static char *parse_mode(const struct grammar_key *key, const char *text, void *member)
{
    size_t digits = strspn(text, "01234567");
    int64_t value = strtol(text, NULL, 8);
    if (digits < 3 || digits > 4 || text[digits] != '\0' || value > key->maximum)
        return mismatch_text(key, text);
    *(int64_t *)member = value;
    return NULL;
}

static char *mode_text(const struct grammar_key *key, const void *member)
{
    (void)key;
    return text_format("%04o", (unsigned)*(const int64_t *)member);
}

static char *mode_expectation(const struct grammar_key *key)
{
    return text_format("a file's permissions in octal digits, such as \"0660\", up to \"%04o\"",
                       (unsigned)key->maximum);
}

static size_t words_count(const struct grammar_key *key)
{
    size_t count = 0;
    while (key->words[count])
        count++;
    return count;
}

static char *parse_word(const struct grammar_key *key, const char *text, void *member)
{
    size_t count = words_count(key);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(key->words[i], text) == 0) {
            *(unsigned *)member = (unsigned)i;
            return NULL;
        }
    }
    char *sentence = mismatch_text(key, text);
    const char *nearest = nearest_word(text, key->words, count);
    if (!nearest)
        return sentence;
    char *longer = text_format("%s; did you mean \"%s\"?", sentence, nearest);
    free(sentence);
    return longer;
}

static char *word_text(const struct grammar_key *key, const void *member)
{
    return text_copy(key->words[*(const unsigned *)member]);
}

static char *word_expectation(const struct grammar_key *key)
{
    char *list = text_copy("one of ");
    for (size_t i = 0; key->words[i]; i++) {
        char *longer = text_format("%s%s\"%s\"", list, i ? ", " : "", key->words[i]);
        free(list);
        list = longer;
    }
    return list;
}

static void set_string(void *member, const char *text)
{
    char **string = member;
    free(*string);
    *string = text_copy(text);
}

static char *parse_string(const struct grammar_key *key, const char *text, void *member)
{
    size_t length = strlen(text);
    if (length < (size_t)key->minimum || length > (size_t)key->maximum)
        return mismatch_text(key, text);
    set_string(member, text);
    return NULL;
}

static char *string_text(const struct grammar_key *key, const void *member)
{
    (void)key;
    return text_copy(*(char *const *)member);
}

static char *string_expectation(const struct grammar_key *key)
{
    return text_format("a string of %" PRId64 " to %" PRId64 " bytes%s", key->minimum, key->maximum,
                       grammar_may_be_null(key) ? ", or null" : "");
}

static bool is_name(const struct grammar_key *key, const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(text);
    return length >= (size_t)key->minimum && length <= (size_t)key->maximum &&
           strspn(text, letters) == length;
}

static char *parse_name(const struct grammar_key *key, const char *text, void *member)
{
    set_string(member, text);
    if (is_name(key, text))
        return NULL;
    char *sentence = mismatch_text(key, text);
    if (text[0] != '@')
        return sentence;
    char *longer = text_format("%s: names that begin with @ are those of built-in upstreams", sentence);
    free(sentence);
    return longer;
}

static char *name_expectation(const struct grammar_key *key)
{
    return text_format("a name of %" PRId64 " to %" PRId64 " letters, digits, dots, underscores and dashes",
                       key->minimum, key->maximum);
}

static char *parse_reference(const struct grammar_key *key, const char *text, void *member)
{
    bool is_builtin = text[0] == '@' && units_has_builtin(text + 1);
    if (!is_builtin && !is_name(key, text))
        return mismatch_text(key, text);
    set_string(member, text);
    return NULL;
}

static char *reference_expectation(const struct grammar_key *key)
{
    (void)key;
    return text_copy("the name of an upstream, or the built-in \"@demo\"");
}

static char *parse_address(const struct grammar_key *key, const char *text, void *member)
{
    struct conf_address address;
    char *problem = units_parse_address(text, key->use, &address);
    if (problem)
        return problem;
    units_address_end(member);
    *(struct conf_address *)member = address;
    return NULL;
}

/* An address made by hand has no text of its own; one that was never set is no address. */
static char *address_text(const struct grammar_key *key, const void *member)
{
    (void)key;
    const struct conf_address *address = member;
    bool is_set = address->host || address->path || address->kind == CONF_ADDRESS_ANY;
    if (address->text)
        return text_copy(address->text);
    return is_set ? units_print_address(address) : NULL;
}

static char *address_expectation(const struct grammar_key *key)
{
    static const char *const expectations[] = {
        [UNITS_LISTEN] = "an address: \"host:port\", \"[IPv6]:port\", \"*:port\" or \"unix:/path\"",
        [UNITS_CONNECT] = "an address: \"host:port\", \"[IPv6]:port\" or \"unix:/path\"",
    };
    return text_copy(expectations[key->use]);
}

static char *strings_expectation(const struct grammar_key *key)
{
    return text_format("a list of strings of %" PRId64 " to %" PRId64 " bytes", key->minimum, key->maximum);
}

static char *object_expectation(const struct grammar_key *key)
{
    return text_copy(grammar_may_be_null(key) ? "an object, or null" : "an object");
}

static char *objects_expectation(const struct grammar_key *key)
{
    const char *items = key->object->shorthand ? "objects or strings" : "objects";
    if (key->minimum == 0)
        return text_format("a list of %s", items);
    return text_format("a list of %" PRId64 " or more %s", key->minimum, items);
}

static bool equal_texts(const struct grammar_key *key, const void *a, const void *b)
{
    char *first = value_text(key, a);
    char *second = value_text(key, b);
    bool is_equal = first && second ? strcmp(first, second) == 0 : first == second;
    free(first);
    free(second);
    return is_equal;
}

/* Two ways of writing one address are one address. */
static bool equal_addresses(const struct grammar_key *key, const void *a, const void *b)
{
    (void)key;
    char *first = units_print_address(a);
    char *second = units_print_address(b);
    bool is_equal = strcmp(first, second) == 0;
    free(first);
    free(second);
    return is_equal;
}

static void end_nothing(void *member)
{
    (void)member; /* numbers and truths own nothing */
}

static void end_string(void *member)
{
    free(*(char **)member);
    *(char **)member = NULL;
}

static void end_address(void *member)
{
    units_address_end(member);
}

struct value_type {
    enum value_form form;
    char *(*expectation)(const struct grammar_key *key);
    char *(*parse)(const struct grammar_key *key, const char *text, void *member);
    char *(*text)(const struct grammar_key *key, const void *member);
    bool (*equal)(const struct grammar_key *key, const void *a, const void *b);
    void (*end)(void *member);
};

static const struct value_type types[] = {
    [GRAMMAR_BOOLEAN] = {VALUE_TRUTH, boolean_expectation, parse_boolean, boolean_text, equal_texts,
                         end_nothing},
    [GRAMMAR_INTEGER] = {VALUE_NUMBER, integer_expectation, parse_integer, integer_text, equal_texts,
                         end_nothing},
    [GRAMMAR_SHARE] = {VALUE_NUMBER, share_expectation, parse_share, share_text, equal_texts, end_nothing},
    [GRAMMAR_DURATION] = {VALUE_STRING, duration_expectation, parse_duration, duration_text, equal_texts,
                          end_nothing},
    [GRAMMAR_SIZE] = {VALUE_STRING, size_expectation, parse_size, size_text, equal_texts, end_nothing},
    [GRAMMAR_MODE] = {VALUE_STRING, mode_expectation, parse_mode, mode_text, equal_texts, end_nothing},
    [GRAMMAR_WORD] = {VALUE_STRING, word_expectation, parse_word, word_text, equal_texts, end_nothing},
    [GRAMMAR_STRING] = {VALUE_STRING, string_expectation, parse_string, string_text, equal_texts, end_string},
    [GRAMMAR_NAME] = {VALUE_STRING, name_expectation, parse_name, string_text, equal_texts, end_string},
    [GRAMMAR_REFERENCE] = {VALUE_STRING, reference_expectation, parse_reference, string_text, equal_texts,
                           end_string},
    [GRAMMAR_ADDRESS] = {VALUE_STRING, address_expectation, parse_address, address_text, equal_addresses,
                         end_address},
    [GRAMMAR_STRINGS] = {.form = VALUE_NONE, .expectation = strings_expectation},
    [GRAMMAR_OBJECT] = {.form = VALUE_NONE, .expectation = object_expectation},
    [GRAMMAR_OPTIONAL] = {.form = VALUE_NONE, .expectation = object_expectation},
    [GRAMMAR_OBJECTS] = {.form = VALUE_NONE, .expectation = objects_expectation},
};

enum value_form value_form(const struct grammar_key *key)
{
    return types[key->type].form;
}

char *value_expectation(const struct grammar_key *key)
{
    char *expectation = types[key->type].expectation(key);
    if (!grammar_is_nullable_number(key))
        return expectation;
    char *longer = text_format("%s, or null", expectation);
    free(expectation);
    return longer;
}

char *value_mismatch(const struct grammar_key *key, const char *found)
{
    char *expectation = value_expectation(key);
    char *sentence = text_format("\"%s\" must be %s, not %s", key->name, expectation, found);
    free(expectation);
    return sentence;
}

char *value_parse(const struct grammar_key *key, const char *text, void *member)
{
    return types[key->type].parse(key, text, member);
}

char *value_text(const struct grammar_key *key, const void *member)
{
    if (grammar_is_nullable_number(key) && *(const int64_t *)member == GRAMMAR_NULL)
        return NULL;
    return types[key->type].text(key, member);
}

bool value_equal(const struct grammar_key *key, const void *a, const void *b)
{
    return types[key->type].equal(key, a, b);
}

void value_end(const struct grammar_key *key, void *member)
{
    types[key->type].end(member);
}
