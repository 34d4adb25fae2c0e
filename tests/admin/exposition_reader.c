/* A strict reader of Prometheus' text exposition format 0.0.4.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/exposition_reader.h"

#include "conf/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME = 128,
    LINE = 1024,
};

/* What was read so far. */
struct reader {
    char family[NAME];
    char type[16];     /* "" before # TYPE */
    bool is_open;      /* a histogram is under way: */
    char series[LINE]; /* its labels but le */
    double bound;
    double bucket;
    bool has_infinite;
    bool has_sum;
    const char **samples; /* the lines up to their values */
    size_t sample_count;
};

struct sample {
    char name[NAME];
    char labels[LINE]; /* but le, each with a comma behind it */
    bool has_le;
    double le;
    double value;
};

static size_t name_length(const char *text, bool has_colon)
{
    size_t length = 0;
    while (isalpha((unsigned char)text[length]) || text[length] == '_' ||
           (has_colon && text[length] == ':') || (length > 0 && isdigit((unsigned char)text[length])))
        length++;
    return length;
}

/* Reads name="value" with only the three escapes that there are; returns what follows, NULL: malformed. */
static const char *read_label(const char *at, struct sample *sample)
{
    const char *start = at;
    size_t name = name_length(at, false);
    at += name;
    if (name == 0 || at[0] != '=' || at[1] != '"')
        return NULL;
    const char *value = at += 2;
    while (*at != '"') {
        size_t size = text_character(at, strlen(at));
        bool is_escape = *at == '\\';
        if (size == 0 || (is_escape && (at[1] == '\0' || !strchr("\\\"n", at[1]))))
            return NULL;
        at += is_escape ? 2 : size;
    }
    if (name == 2 && memcmp(start, "le", 2) == 0) {
        char *behind;
        sample->has_le = true;
        sample->le = strtod(value, &behind);
        return behind == at ? at + 1 : NULL;
    }
    strncat(sample->labels, start, (size_t)(at + 1 - start));
    strcat(sample->labels, ",");
    return at + 1;
}

static const char *read_labels(const char *at, struct sample *sample)
{
    if (*at != '{')
        return at;
    do {
        at = read_label(at + 1, sample);
    } while (at && *at == ',');
    return at && *at == '}' ? at + 1 : NULL;
}

static const char *read_sample(const char *line, struct sample *sample)
{
    size_t length = name_length(line, true);
    char *behind;
    *sample = (struct sample){.has_le = false};
    if (length == 0 || length >= NAME || strlen(line) >= LINE)
        return "is no sample";
    memcpy(sample->name, line, length);
    const char *at = read_labels(line + length, sample);
    if (!at)
        return "has malformed labels";
    if (*at != ' ' || (!isdigit((unsigned char)at[1]) && at[1] != '-'))
        return "has no value behind one space";
    sample->value = strtod(at + 1, &behind);
    return *behind || !isfinite(sample->value) ? "has a value that is no number" : NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static const char *take_bucket(struct reader *reader, const struct sample *sample)
{
    if (!sample->has_le)
        return "is a bucket without a bound";
    if (!reader->is_open) {
        strcpy(reader->series, sample->labels);
        reader->is_open = true;
        reader->bound = -INFINITY;
        reader->bucket = 0;
        reader->has_infinite = reader->has_sum = false;
    }
    if (strcmp(reader->series, sample->labels) != 0)
        return "begins another histogram before the one before has its count";
    if (sample->le <= reader->bound || sample->value < reader->bucket || reader->has_sum)
        return "is a bucket out of order, or not cumulative";
    reader->bound = sample->le;
    reader->bucket = sample->value;
    reader->has_infinite = isinf(sample->le) && sample->le > 0;
    return NULL;
}

static const char *take_of_histogram(struct reader *reader, const struct sample *sample)
{
    const char *suffix = sample->name + strlen(reader->family);
    if (strcmp(suffix, "_bucket") == 0)
        return take_bucket(reader, sample);
    if (sample->has_le || !reader->is_open || strcmp(reader->series, sample->labels) != 0 ||
        !reader->has_infinite)
        return "follows no whole histogram";
    if (strcmp(suffix, "_sum") == 0 && !reader->has_sum) {
        reader->has_sum = true;
        return NULL;
    }
    if (strcmp(suffix, "_count") != 0 || !reader->has_sum)
        return "is neither sum nor count in its place";
    reader->is_open = false;
    return sample->value == reader->bucket ? NULL : "is a count that is not that of the last bucket";
}

static const char *take_sample(struct reader *reader, const char *line)
{
    struct sample sample;
    const char *wrong = read_sample(line, &sample);
    if (wrong)
        return wrong;
    if (!*reader->type || strncmp(sample.name, reader->family, strlen(reader->family)) != 0)
        return "stands outside of its family";
    size_t length = (size_t)(strrchr(line, ' ') - line);
    for (size_t i = 0; i < reader->sample_count; i++) {
        if (strncmp(reader->samples[i], line, length + 1) == 0)
            return "stands twice";
    }
    reader->samples[reader->sample_count++] = line;
    if (strcmp(reader->type, "histogram") == 0)
        return take_of_histogram(reader, &sample);
    if (strcmp(sample.name, reader->family) != 0 || sample.has_le)
        return "is not of its family";
    return strcmp(reader->type, "counter") == 0 && sample.value < 0 ? "is a counter below 0" : NULL;
}

static const char *take_help(struct reader *reader, const char *rest)
{
    size_t length = name_length(rest, true);
    if (reader->is_open)
        return "begins a family before the histogram before has its count";
    if (length == 0 || length >= NAME || rest[length] != ' ' || rest[length + 1] == '\0')
        return "has no name, or no words";
    if (*reader->family && !*reader->type)
        return "begins a family before the one before has its type";
    char name[NAME] = "";
    memcpy(name, rest, length);
    if (strcmp(name, reader->family) <= 0)
        return "is out of order, or stands twice";
    strcpy(reader->family, name);
    reader->type[0] = '\0';
    return NULL;
}

static const char *take_type(struct reader *reader, const char *rest)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    size_t length = strlen(reader->family);
    if (*reader->type || strncmp(rest, reader->family, length) != 0 || rest[length] != ' ')
        return "does not follow the help of its family";
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(rest + length + 1, types[i]) == 0)
            strcpy(reader->type, types[i]);
    }
    if (!*reader->type)
        return "has a type that is none";
    return ends_with(reader->family, "_total") == (strcmp(reader->type, "counter") == 0)
               ? NULL
               : "is a counter without _total, or has it and is none";
}

static const char *take_line(struct reader *reader, const char *line)
{
    if (strncmp(line, "# HELP ", 7) == 0)
        return take_help(reader, line + 7);
    if (strncmp(line, "# TYPE ", 7) == 0)
        return take_type(reader, line + 7);
    return take_sample(reader, line);
}

char *exposition_check(const char *text)
{
    struct reader reader = {.sample_count = 0};
    char *copy = text_copy(text), *rest = copy, *problem = NULL;
    size_t number = 0;
    reader.samples = calloc(strlen(text) + 1, sizeof *reader.samples);
    if (*text == '\0' || text[strlen(text) - 1] != '\n')
        problem = text_copy("the text does not end with a line break");
    while (!problem && *rest) {
        char *line = strsep(&rest, "\n");
        const char *wrong = take_line(&reader, line);
        number++;
        if (wrong)
            problem = text_format("line %zu %s: %s", number, wrong, line);
    }
    if (!problem && (reader.is_open || !*reader.type))
        problem = text_copy("the text ends before its last family does");
    free(reader.samples);
    free(copy);
    return problem;
}

double exposition_value(const char *text, const char *sample)
{
    size_t length = strlen(sample);
    for (const char *at = text; (at = strstr(at, sample)); at++) {
        if ((at == text || at[-1] == '\n') && at[length] == ' ')
            return strtod(at + length, NULL);
    }
    return NAN;
}
