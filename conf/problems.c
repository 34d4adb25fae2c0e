/* The list of what is wrong with a document.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/problems.h"

#include "conf/memory.h"

#include <stdlib.h>
#include <string.h>

void problems_add(struct conf_problems *problems, char *pointer, unsigned line, unsigned column, char *detail)
{
    /* The room is always a power of two, so it is used up exactly when the count is one. */
    if ((problems->count & (problems->count - 1)) == 0)
        problems->items = memory_resized(problems->items, problems->count ? 2 * problems->count : 1,
                                         sizeof *problems->items);
    problems->items[problems->count++] = (struct conf_problem){pointer, line, column, detail};
}

struct ranked {
    struct conf_problem problem;
    size_t rank; /* when it was found */
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *first = a, *second = b;
    if (first->problem.line != second->problem.line)
        return first->problem.line < second->problem.line ? -1 : 1;
    if (first->problem.column != second->problem.column)
        return first->problem.column < second->problem.column ? -1 : 1;
    return (first->rank > second->rank) - (first->rank < second->rank);
}

void problems_sort(struct conf_problems *problems)
{
    struct ranked *ranked = memory_zeroed(problems->count, sizeof *ranked);
    for (size_t i = 0; i < problems->count; i++)
        ranked[i] = (struct ranked){problems->items[i], i};
    qsort(ranked, problems->count, sizeof *ranked, compare_ranked);
    for (size_t i = 0; i < problems->count; i++)
        problems->items[i] = ranked[i].problem;
    free(ranked);
}

/* Control characters in a key could talk to the terminal that shows the problems. */
static void print_harmless(const char *text, FILE *out)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f)
            fprintf(out, "\\u%04x", byte);
        else
            fputc(byte, out);
    }
}

void conf_problems_print(const struct conf_problems *problems, const char *file, FILE *out)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct conf_problem *problem = &problems->items[i];
        print_harmless(file, out);
        fprintf(out, ":%u:%u: ", problem->line, problem->column);
        print_harmless(problem->detail, out);
        if (problem->pointer[0] != '\0') {
            fputs(" (", out);
            print_harmless(problem->pointer, out);
            fputc(')', out);
        }
        fputc('\n', out);
    }
}

void conf_problems_end(struct conf_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->items[i].pointer);
        free(problems->items[i].detail);
    }
    free(problems->items);
    memset(problems, 0, sizeof *problems);
}
