/* Reads descriptions for tests.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/conf/reading.h"

#include "conf/grammar.h"
#include "conf/object.h"
#include "conf/text.h"
#include "tests/runner.h"

#include <stdlib.h>
#include <string.h>

const char smallest_document[] =
    "{\"listeners\": [{\"name\": \"web\", \"address\": \"*:8443\", \"upstream\": \"app\"}],"
    " \"upstreams\": [{\"name\": \"app\", \"servers\": [\"app:8080\"]}]}";

struct conf *read_well(const char *text)
{
    struct conf_problems problems;
    struct conf *conf = conf_read(text, strlen(text), &problems);
    CU_ASSERT_PTR_NOT_NULL(conf);
    CU_ASSERT_EQUAL(problems.count, 0);
    conf_problems_print(&problems, "document", stdout);
    conf_problems_end(&problems);
    return conf;
}

bool conf_is_equal(const struct conf *a, const struct conf *b)
{
    return object_equal(&grammar_conf, a, b);
}

static FILE *open_text(char **text, size_t *length)
{
    FILE *out = open_memstream(text, length);
    if (!out)
        abort();
    return out;
}

char *printed(const struct conf *conf)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_text(&text, &length);
    conf_print(conf, out);
    fclose(out);
    return text;
}

char *printed_by(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t length;
    FILE *out = open_text(&text, &length);
    print(out);
    fclose(out);
    return text;
}

char *document_with(const char *listener, const char *upstream, const char *document)
{
    return text_format(
        "{\"listeners\": [{\"name\": \"web\", \"address\": \"*:8443\", \"upstream\": \"app\"%s}], "
        "\"upstreams\": [{\"name\": \"app\", \"servers\": [\"app:8080\"]%s}]%s}",
        listener, upstream, document);
}
