/* Reads a small JSON document, such as the body of a request, by a table of its own.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/document.h"

#include "conf/object.h"
#include "conf/problems.h"
#include "conf/reader.h"
#include "conf/scanner.h"
#include "conf/value.h"

#include <string.h>

enum document_outcome document_read(const char *text, size_t length, const struct grammar_object *object,
                                    void *memory, struct conf_problems *problems)
{
    enum document_outcome outcome = DOCUMENT_MALFORMED;
    struct places places;
    memset(problems, 0, sizeof *problems);
    places_begin(&places);
    cJSON *tree =
        length > 0 ? scanner_read(text, length, &places, problems) : scanner_read("{}", 2, &places, problems);
    if (tree) {
        reader_read_object(tree, &places, object, memory, problems);
        problems_sort(problems);
        outcome = problems->count > 0 ? DOCUMENT_WRONG : DOCUMENT_WELL;
    }
    cJSON_Delete(tree);
    places_end(&places);
    return outcome;
}

void document_end(const struct grammar_object *object, void *memory)
{
    object_end(object, memory);
}

char *document_expectation(const struct grammar_key *key)
{
    return value_expectation(key);
}
