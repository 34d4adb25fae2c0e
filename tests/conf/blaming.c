/* Documents in which exactly one thing is wrong.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/conf/blaming.h"

#include "tests/conf/reading.h"
#include "tests/runner.h"

#include <stdlib.h>
#include <string.h>

void blame_one(const char *text, const char *pointer, const char *detail)
{
    struct conf_problems problems;
    struct conf *conf = conf_read(text, strlen(text), &problems);
    CU_ASSERT_PTR_NULL(conf);
    CU_ASSERT_EQUAL(problems.count, 1);
    bool is_as_told = problems.count == 1 && strcmp(problems.items[0].pointer, pointer) == 0 &&
                      strstr(problems.items[0].detail, detail) && problems.items[0].line == 1 &&
                      problems.items[0].column >= 1 && problems.items[0].column <= strlen(text);
    CU_ASSERT_TRUE(is_as_told);
    if (!is_as_told) {
        printf("\n%s\nwanted: %s (%s), told:\n", text, detail, pointer);
        conf_problems_print(&problems, "document", stdout);
    }
    conf_destroy(conf);
    conf_problems_end(&problems);
}

void blame_all(const struct blame *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *text = document_with(rows[i].listener, rows[i].upstream, rows[i].document);
        blame_one(text, rows[i].pointer, rows[i].detail);
        free(text);
    }
}
