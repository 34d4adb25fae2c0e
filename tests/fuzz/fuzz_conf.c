/* Reads any bytes as a description; what is one must survive being printed and read again.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/conf.h"
#include "conf/grammar.h"
#include "conf/object.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static char *print(const struct conf *conf, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    demand(out != NULL, "a stream opens");
    conf_print(conf, out);
    fclose(out);
    return text;
}

static void check_problems(const struct conf_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct conf_problem *problem = &problems->items[i];
        demand(problem->line > 0 && problem->column > 0, "every problem has its place");
        demand(problem->pointer[0] == '\0' || problem->pointer[0] == '/', "every problem has a pointer");
        demand(problem->detail[0] != '\0', "every problem has a sentence");
        demand(i == 0 || problem[-1].line <= problem->line, "problems stand in the order of the text");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct conf_problems problems;
    struct conf *conf = conf_read((const char *)bytes, length, &problems);
    demand((conf == NULL) == (problems.count > 0), "there is a description or a problem");
    check_problems(&problems);
    conf_problems_end(&problems);
    if (!conf)
        return 0;
    size_t printed;
    char *text = print(conf, &printed);
    struct conf *again = conf_read(text, printed, &problems);
    demand(again != NULL, "what is printed can be read");
    demand(object_equal(&grammar_conf, conf, again), "what is read again is equal");
    free(text);
    conf_problems_end(&problems);
    conf_destroy(again);
    conf_destroy(conf);
    return 0;
}
