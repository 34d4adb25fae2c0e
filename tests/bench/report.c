/* Tells the figures: as a table for people, as JSON for programs, as a chart for the README.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/report.h"

#include <string.h>

static bool is_measured(const struct figures *figures, const struct workload *workload)
{
    for (size_t i = 0; i < figures->count; i++) {
        if (figures->items[i].workload == workload)
            return true;
    }
    return false;
}

static bool is_present(const struct figures *figures, const struct subject *subject)
{
    for (size_t i = 0; i < figures->count; i++) {
        if (figures->items[i].subject == subject)
            return true;
    }
    return false;
}

static void table_row(const struct figures *figures, const struct workload *workload, FILE *out)
{
    struct standing standing = figures_standing(figures, workload);
    fprintf(out, "%-33s %-6s", workload->title, workload->unit);
    for (size_t i = 0; i < subject_count; i++) {
        if (!is_present(figures, &subjects[i]))
            continue;
        struct summary its = figures_summary(figures, workload, &subjects[i]);
        char cell[32] = "-";
        if (its.rounds)
            snprintf(cell, sizeof cell, "%.*f/%.*f", its.median < 100 ? 1 : 0, its.min,
                     its.median < 100 ? 1 : 0, its.median);
        fprintf(out, " %15s", cell);
    }
    if (standing.ratio > 0)
        fprintf(out, " %7.2f", standing.ratio);
    else
        fprintf(out, " %7s", "-");
    if (standing.to_floor > 0)
        fprintf(out, " %7.2f", standing.to_floor);
    else
        fprintf(out, " %7s", "-");
    if (workload->goal > 0 && standing.ratio > 0)
        fprintf(out, " %5.2f %s", standing.goal, standing.is_reached ? "yes" : "no");
    fprintf(out, "\n");
}

void report_table(const struct figures *figures, const struct report_head *head, FILE *out)
{
    fprintf(out, "%s, %s, congestion control %s\n", head->date, head->machine, head->congestion);
    fprintf(out, "minimum/median of all rounds; less is better\n\n%-33s %-6s", "workload", "unit");
    for (size_t i = 0; i < subject_count; i++) {
        if (is_present(figures, &subjects[i]))
            fprintf(out, " %15s", subjects[i].name);
    }
    fprintf(out, " %7s %7s %5s\n", "to best", "floor", "goal");
    for (size_t i = 0; i < workload_count; i++) {
        if (is_measured(figures, &workloads[i]))
            table_row(figures, &workloads[i], out);
    }
    for (size_t i = 0; i < subject_count; i++) {
        struct scaling scaling = figures_scaling(figures, &subjects[i]);
        if (scaling.ratio > 0)
            fprintf(out,
                    "CPU per connection, two workers to one, %s: %.2f (of the minimums %.2f, goal %.2f)\n",
                    subjects[i].name, scaling.ratio, scaling.ratio_of_mins, scaling.goal);
    }
}

static void json_summary(const struct summary *summary, const char *name, FILE *out)
{
    fprintf(out, "\"%s\": { \"rounds\": %u, \"min\": %.4f, \"median\": %.4f }", name, summary->rounds,
            summary->min, summary->median);
}

static void json_workload(const struct figures *figures, const struct workload *workload, FILE *out)
{
    struct standing standing = figures_standing(figures, workload);
    const char *comma = "";
    fprintf(out, "    { \"name\": \"%s\", \"unit\": \"%s\", \"figures\": { ", workload->name, workload->unit);
    for (size_t i = 0; i < subject_count; i++) {
        struct summary its = figures_summary(figures, workload, &subjects[i]);
        if (!its.rounds)
            continue;
        fputs(comma, out);
        json_summary(&its, subjects[i].name, out);
        comma = ", ";
    }
    fprintf(out, " }");
    if (standing.best)
        fprintf(out, ",\n      \"best_peer\": \"%s\", \"ratio\": %.3f, \"ratio_of_minimums\": %.3f",
                standing.best->name, standing.ratio, standing.ratio_of_mins);
    if (standing.to_floor > 0)
        fprintf(out, ",\n      \"ratio_to_floor\": %.3f", standing.to_floor);
    if (workload->goal > 0)
        fprintf(out, ",\n      \"goal\": %.3f, \"is_reached\": %s", standing.goal,
                standing.is_reached ? "true" : "false");
    fprintf(out, " }");
}

void report_json(const struct figures *figures, const struct report_head *head, FILE *out)
{
    const char *comma = "";
    fprintf(out,
            "{\n  \"date\": \"%s\",\n  \"machine\": \"%s\",\n  \"congestion_control\": \"%s\",\n"
            "  \"workloads\": [\n",
            head->date, head->machine, head->congestion);
    for (size_t i = 0; i < workload_count; i++) {
        if (!is_measured(figures, &workloads[i]))
            continue;
        fputs(comma, out);
        json_workload(figures, &workloads[i], out);
        comma = ",\n";
    }
    fprintf(out, "\n  ],\n  \"two_workers_to_one\": {");
    comma = " ";
    for (size_t i = 0; i < subject_count; i++) {
        struct scaling scaling = figures_scaling(figures, &subjects[i]);
        if (scaling.ratio > 0) {
            fprintf(out, "%s\"%s\": %.3f", comma, subjects[i].name, scaling.ratio);
            comma = ", ";
        }
    }
    fprintf(out, " }\n}\n");
}

/* The chart's measures, in pixels. */
enum {
    ROW = 26,
    HEAD = 70,
    LABEL = 230,
    WIDTH = 980,
    FULL = 480, /* of the best peer's cost */
};

static void chart_row(const struct figures *figures, const struct workload *workload, int y, FILE *out)
{
    struct standing standing = figures_standing(figures, workload);
    double shown = standing.ratio < 1.2 ? standing.ratio : 1.2;
    fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", LABEL - 8, y + 14,
            workload->title);
    fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"16\" class=\"peer\"/>\n", LABEL, y + 2, FULL);
    fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%.0f\" height=\"16\" class=\"ours\"/>\n", LABEL, y + 2,
            shown * FULL);
    fprintf(out, "<text x=\"%.0f\" y=\"%d\">%.2f of %s</text>\n", LABEL + 10 + (shown > 1 ? shown : 1) * FULL,
            y + 14, standing.ratio, standing.best->name);
}

/* Whether there is something to aim at, and both sides of the ratio. */
static bool is_shown(const struct figures *figures, const struct workload *workload)
{
    return workload->goal > 0 && figures_standing(figures, workload).ratio > 0;
}

void report_chart(const struct figures *figures, const struct report_head *head, FILE *out)
{
    int rows = 0;
    for (size_t i = 0; i < workload_count; i++)
        rows += is_shown(figures, &workloads[i]);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"13\">\n<style>text { fill: #333 } .peer { fill: #ddd } "
            ".ours { fill: #2a7fb8 }</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            WIDTH, HEAD + rows * ROW + 12);
    fprintf(
        out,
        "<text x=\"16\" y=\"26\" font-size=\"16\">Cost of spliced (blue) beside the best of haproxy, nginx "
        "and hitch (grey): less is better</text>\n"
        "<text x=\"16\" y=\"48\">%s, %s, one worker, %s</text>\n",
        head->date, head->machine, head->congestion);
    int y = HEAD;
    for (size_t i = 0; i < workload_count; i++) {
        if (is_shown(figures, &workloads[i])) {
            chart_row(figures, &workloads[i], y, out);
            y += ROW;
        }
    }
    fprintf(out, "</svg>\n");
}
