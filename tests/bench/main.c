/* Measures spliced beside its peers and beside the floor, in one run.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 *   build/tests/bench/bench                 everything, some six minutes, on a machine that does nothing else
 *   build/tests/bench/bench --only message,bulk_down --subjects spliced,haproxy,floor --rounds 7
 *   build/tests/bench/bench --drift 600     ten minutes of everything at once: neither memory nor cost grows
 *
 * The peers come from Debian's packages: `.ci/install bench`. In each round every program is measured once in
 * every workload, so that a machine that changes its speed meets them all alike; each measurement is of a
 * freshly started program with one worker on the first processor, the load on the second (or both on the
 * first, for round trips). Costs are CPU time of the program's threads (schedstat), memory is Pss. All of it
 * happens in a network namespace of its own, with cubic as everybody's congestion control.
 *
 *   --list            the workloads and the programs
 *   --only A,B        only these workloads       --subjects A,B   only these programs
 *   --rounds N        default 5                  --seconds S      of each measurement, default 0.6
 *   --keep FILE       adds the figures to those of earlier runs that stand there, and reports all of them
 *   --json FILE       default bench.json         --svg FILE       default bench.svg
 *   --other PROGRAM   measures another build of spliced too
 *   --report          measures nothing: reports what FILE of --keep holds
 *   --smoke           hardly anything of everything, spliced and the floor only: does all of it work? */
#include "tests/bench/pings.h"
#include "tests/bench/report.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct effort full = {
    .seconds = 0.6,
    .warming = 0.15,
    .clients = 64,
    .handshakes = 16,
    .idle_plain = 4000,
    .idle_tls = 1500,
    .crowd = 8000,
    .settling = 0.4,
};

static const struct effort smoke = {
    .seconds = 0.03,
    .warming = 0.01,
    .clients = 4,
    .handshakes = 2,
    .idle_plain = 40,
    .idle_tls = 10,
    .crowd = 20,
    .settling = 0.01,
};

struct options {
    struct effort effort;
    const char *only;     /* NULL: all */
    const char *subjects; /* likewise */
    const char *keep;
    const char *json;
    const char *svg;
    unsigned rounds;
    double drift;
    bool is_report;
    bool is_smoke;
};

/* Whether the comma-separated list has the name; every name is in a list that is not there. */
static bool is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    }
    return !list;
}

static bool is_wanted(const struct options *options, const struct workload *workload,
                      const struct subject *subject)
{
    if (!is_listed(options->only, workload->name) || !is_listed(options->subjects, subject->name))
        return false;
    if (strcmp(subject->name, "floor") == 0 && !workload->floor)
        return false;
    return !(subject->is_tls_only && workload->needs_plain) && subject_is_there(subject);
}

static void list_all(void)
{
    for (size_t i = 0; i < workload_count; i++)
        printf("%-16s %s (%s)\n", workloads[i].name, workloads[i].title, workloads[i].unit);
    for (size_t i = 0; i < subject_count; i++)
        printf("%-16s %s\n", subjects[i].name, subject_is_there(&subjects[i]) ? "" : "not installed");
}

static bool is_workload(const char *name, size_t length)
{
    for (size_t i = 0; i < workload_count; i++) {
        if (strncmp(workloads[i].name, name, length) == 0 && !workloads[i].name[length])
            return true;
    }
    return false;
}

static bool is_subject(const char *name, size_t length)
{
    for (size_t i = 0; i < subject_count; i++) {
        if (strncmp(subjects[i].name, name, length) == 0 && !subjects[i].name[length])
            return true;
    }
    return false;
}

/* A name that nobody has ends the program: it would measure less than was asked for, and look well. */
static void check_names(const char *list, bool (*is_known)(const char *name, size_t length))
{
    for (const char *at = list; at && *at; at += *at == ',') {
        size_t length = strcspn(at, ",");
        if (!is_known(at, length)) {
            fprintf(stderr, "nothing is called \"%.*s\"; --list tells all names\n", (int)length, at);
            exit(2);
        }
        at += length;
    }
}

static struct options read_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"only", 1, NULL, 'o'},
        {"subjects", 1, NULL, 's'},
        {"rounds", 1, NULL, 'r'},
        {"seconds", 1, NULL, 't'},
        {"keep", 1, NULL, 'k'},
        {"json", 1, NULL, 'j'},
        {"svg", 1, NULL, 'v'},
        {"drift", 1, NULL, 'd'},
        {"report", 0, NULL, 'p'},
        {"smoke", 0, NULL, 'm'},
        {"other", 1, NULL, 'b'},
        {"list", 0, NULL, 'l'},
        {0},
    };
    struct options options = {.effort = full, .rounds = 5, .json = "bench.json", .svg = "bench.svg"};
    for (int letter; (letter = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (letter) {
        case 'o':
            options.only = optarg;
            break;
        case 's':
            options.subjects = optarg;
            break;
        case 'r':
            options.rounds = (unsigned)atoi(optarg);
            break;
        case 't':
            options.effort.seconds = atof(optarg);
            break;
        case 'k':
            options.keep = optarg;
            break;
        case 'j':
            options.json = optarg;
            break;
        case 'v':
            options.svg = optarg;
            break;
        case 'd':
            options.drift = atof(optarg);
            break;
        case 'b':
            subjects_set_other(optarg);
            break;
        case 'p':
            options.is_report = true;
            break;
        case 'm':
            options.is_smoke = true;
            options.effort = smoke;
            options.subjects = "spliced,floor";
            options.rounds = 1;
            break;
        case 'l':
            list_all();
            exit(0);
        default:
            fprintf(stderr, "see the head of tests/bench/main.c\n");
            exit(2);
        }
    }
    check_names(options.only, is_workload);
    check_names(options.subjects, is_subject);
    return options;
}

/* One round: every program in every workload. False: some measurement failed. */
static bool run_round(const struct options *options, struct figures *figures, const char *folder)
{
    bool is_well = true;
    for (size_t i = 0; i < workload_count; i++) {
        for (size_t j = 0; j < subject_count; j++) {
            if (!is_wanted(options, &workloads[i], &subjects[j]))
                continue;
            double value = workload_run(&workloads[i], &subjects[j], &options->effort, folder, folder);
            is_well &= value >= 0;
            if (value < 0)
                continue;
            figures_add(figures, &workloads[i], &subjects[j], value);
            if (options->keep)
                figures_append(options->keep, &figures->items[figures->count - 1]);
        }
    }
    return is_well;
}

static void write_report(const struct options *options, const struct figures *figures)
{
    struct report_head head = {.machine = machine_kind(), .congestion = machine_congestion()};
    time_t now = time(NULL);
    struct tm date;
    strftime(head.date, sizeof head.date, "%Y-%m-%d", gmtime_r(&now, &date));
    report_table(figures, &head, stdout);
    FILE *json = fopen(options->json, "we"), *svg = fopen(options->svg, "we");
    if (json)
        report_json(figures, &head, json);
    if (svg)
        report_chart(figures, &head, svg);
    if (!json || fclose(json) != 0 || !svg || fclose(svg) != 0)
        perror("cannot write the report");
}

/* What is wanted but cannot be measured is told once. */
static void tell_missing(const struct options *options)
{
    for (size_t i = 0; i < subject_count; i++) {
        if (subjects[i].is_peer && is_listed(options->subjects, subjects[i].name) &&
            !subject_is_there(&subjects[i]))
            fprintf(stderr, "%s is not installed: run .ci/install bench\n", subjects[i].name);
    }
}

static void remove_folder(const char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        fprintf(stderr, "%s is left behind\n", folder);
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct figures figures = {0};
    bool is_well = true;
    char folder[] = "/tmp/bench.XXXXXX";
    signal(SIGPIPE, SIG_IGN);
    if (options.keep)
        figures_read(&figures, options.keep);
    if (!machine_enter())
        fprintf(stderr, "no network of our own: that takes root or user namespaces\n");
    if (!options.is_report) {
        if (!mkdtemp(folder) || !subjects_make_certificates(folder))
            return 1;
        tell_missing(&options);
        if (options.drift > 0)
            is_well = workload_drift(subject_find("spliced"), &options.effort, folder, folder, options.drift);
        for (unsigned round = 0; options.drift <= 0 && round < options.rounds; round++)
            is_well &= run_round(&options, &figures, folder);
        remove_folder(folder);
    }
    if (options.drift <= 0)
        write_report(&options, &figures);
    figures_end(&figures);
    return is_well ? 0 : 1;
}
