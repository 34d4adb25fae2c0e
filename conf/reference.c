/* The program that writes the manual page spliced.json(5): its form, and every key as the grammar has it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/grammar.h"
#include "conf/json.h"
#include "conf/manual.h"
#include "conf/memory.h"
#include "conf/object.h"
#include "conf/text.h"
#include "conf/value.h"
#include "conf/writer.h"

#include <stdlib.h>

/* As JSON; `defaults` is a struct of the key's object with nothing but defaults in it. */
static void write_default(FILE *out, const struct grammar_key *key, const void *defaults)
{
    struct json json;
    json_begin(&json);
    writer_value(&json, key, defaults, NULL);
    char *text = text_format("%.*s", (int)json.length, json.text);
    fputs("Default: ", out);
    manual_text(out, text);
    fputs(".\n", out);
    free(text);
    json_end(&json);
}

static void write_key(FILE *out, const struct grammar_key *key, const void *defaults)
{
    bool is_whole = key->type == GRAMMAR_OBJECT; /* its keys tell their own defaults */
    char *expectation = value_expectation(key);
    fprintf(out, ".TP\n.B %s\n", key->name);
    manual_text(out, key->sentence);
    fputs("\nExpects ", out);
    manual_text(out, expectation);
    fputs(".\n", out);
    free(expectation);
    if (key->is_required)
        fputs("Required.\n", out);
    else if (!is_whole)
        write_default(out, key, defaults);
}

static void write_alternatives(FILE *out, const struct grammar_object *object)
{
    fputs(".PP\nExactly one of these must be given, whole and alone:", out);
    for (const char *const *set = object->alternatives; *set; set++)
        fprintf(out, "%s \\fB%s\\fR", set == object->alternatives ? "" : ";", *set);
    fputs(".\n", out);
}

static void write_object(FILE *out, const struct grammar_object *object, const char *path);

static void write_objects_below(FILE *out, const struct grammar_object *object, const char *path)
{
    for (const struct grammar_key *key = object->keys; key->name; key++) {
        if (!key->object)
            continue;
        const char *list = key->type == GRAMMAR_OBJECTS ? "[]" : "";
        char *below = text_format("%s%s%s%s", path, *path ? "." : "", key->name, list);
        write_object(out, key->object, below);
        free(below);
    }
}

/* One section an object, named by where it stands; behind it those of the objects in it. */
static void write_object(FILE *out, const struct grammar_object *object, const char *path)
{
    void *defaults = memory_zeroed(1, object->size);
    object_begin(object, defaults);
    fprintf(out, ".SS %s\n", *path ? path : "Outermost keys");
    manual_text(out, object->sentence);
    fputc('\n', out);
    for (const struct grammar_key *key = object->keys; key->name; key++)
        write_key(out, key, defaults);
    if (object->alternatives)
        write_alternatives(out, object);
    object_end(object, defaults);
    free(defaults);
    write_objects_below(out, object, path);
}

static void write_keys(FILE *out)
{
    write_object(out, &grammar_conf, "");
}

int main(int argc, char **argv)
{
    static const struct manual_part parts[] = {{".\\\" Every key.", write_keys}, {0}};
    return manual_make(argc, argv, parts);
}
