/* The figures that were measured, and what they come to: minimum, median, ratios.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/figures.h"

#include <stdio.h>
#include <stdlib.h>

static const double near_floor = 1.05;
static const double scaling_goal = 1.10;

void figures_add(struct figures *figures, const struct workload *workload, const struct subject *subject,
                 double value)
{
    figures->items = realloc(figures->items, (figures->count + 1) * sizeof *figures->items);
    if (!figures->items)
        abort();
    figures->items[figures->count++] =
        (struct figure){.workload = workload, .subject = subject, .value = value};
}

void figures_end(struct figures *figures)
{
    free(figures->items);
    *figures = (struct figures){0};
}

void figures_read(struct figures *figures, const char *path)
{
    char workload[32], subject[32];
    double value;
    FILE *file = fopen(path, "re");
    while (file && fscanf(file, "%31s %31s %lf", workload, subject, &value) == 3) {
        if (workload_find(workload) && subject_find(subject))
            figures_add(figures, workload_find(workload), subject_find(subject), value);
    }
    if (file)
        fclose(file);
}

void figures_append(const char *path, const struct figure *figure)
{
    FILE *file = fopen(path, "ae");
    if (!file) {
        perror(path);
        return;
    }
    fprintf(file, "%s %s %.4f\n", figure->workload->name, figure->subject->name, figure->value);
    fclose(file);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct summary figures_summary(const struct figures *figures, const struct workload *workload,
                               const struct subject *subject)
{
    struct summary summary = {0};
    double *values = calloc(figures->count + 1, sizeof *values);
    for (size_t i = 0; values && i < figures->count; i++) {
        if (figures->items[i].workload == workload && figures->items[i].subject == subject)
            values[summary.rounds++] = figures->items[i].value;
    }
    if (summary.rounds > 0) {
        qsort(values, summary.rounds, sizeof *values, by_value);
        summary.min = values[0];
        summary.median = (values[summary.rounds / 2] + values[(summary.rounds - 1) / 2]) / 2;
    }
    free(values);
    return summary;
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

/* Where the floor itself is above a goal, nobody can be asked for more than to come near it. */
static double goal_beside(double goal, double floor)
{
    return goal > 0 && floor > goal ? near_floor * floor : goal;
}

struct standing figures_standing(const struct figures *figures, const struct workload *workload)
{
    struct standing standing = {0};
    struct summary ours = figures_summary(figures, workload, subject_find("spliced"));
    struct summary floor = figures_summary(figures, workload, subject_find("floor"));
    struct summary best = {0};
    for (size_t i = 0; i < subject_count; i++) {
        struct summary its = figures_summary(figures, workload, &subjects[i]);
        if (subjects[i].is_peer && its.rounds > 0 && (!best.rounds || its.median < best.median)) {
            standing.best = &subjects[i];
            best = its;
        }
    }
    standing.ratio = ratio(ours.median, best.median);
    standing.ratio_of_mins = ratio(ours.min, best.min);
    standing.to_floor = ratio(ours.median, floor.median);
    standing.goal = goal_beside(workload->goal, ratio(floor.median, best.median));
    standing.is_reached = standing.ratio > 0 && standing.ratio <= standing.goal;
    return standing;
}

static double two_to_one(const struct figures *figures, const struct subject *subject, double *of_mins)
{
    struct summary one = figures_summary(figures, workload_find("one_worker"), subject);
    struct summary two = figures_summary(figures, workload_find("two_workers"), subject);
    *of_mins = ratio(two.min, one.min);
    return ratio(two.median, one.median);
}

struct scaling figures_scaling(const struct figures *figures, const struct subject *subject)
{
    struct scaling scaling = {0};
    double ignored, floor = two_to_one(figures, subject_find("floor"), &ignored);
    scaling.ratio = two_to_one(figures, subject, &scaling.ratio_of_mins);
    scaling.goal = goal_beside(scaling_goal, floor);
    return scaling;
}
