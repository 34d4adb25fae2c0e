/* The commands of splicectl: one table, from which help and usage come.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/command.h"

#include "admin/ctl/close.h"
#include "admin/ctl/command_completion.h"
#include "admin/ctl/details.h"
#include "admin/ctl/events.h"
#include "admin/ctl/human.h"
#include "admin/ctl/list.h"
#include "admin/ctl/path.h"
#include "admin/ctl/raw.h"
#include "admin/ctl/reload.h"
#include "admin/ctl/status.h"
#include "admin/ctl/steer.h"
#include "admin/ctl/top.h"
#include "admin/ctl/views.h"
#include "admin/ctl/wait.h"

#include <stdlib.h>
#include <string.h>

struct command {
    const char *word;
    const char *arguments; /* as help shows them */
    size_t least;          /* words behind the command's own */
    size_t most;
    command_function *run;
    const struct view *view;
    const char *sentence;
};

static const struct command commands[] = {
    {"status", "", 0, 0, status_run, &view_listeners,
     "whether it is ready, for how long it runs, and its listeners"},
    {"listeners", "[NAME]", 0, PATH_WORDS, list_run, &view_listeners,
     "listeners with their queues, or all of one"},
    {"queue", "NAME [KEY=VALUE]...", 1, PATH_WORDS, list_run, &view_queue, "who waits in a listener's queue"},
    {"hold", "NAME [DURATION]", 1, 2, steer_run_hold, &view_listeners,
     "accepts nobody, for that long or until resume: who comes waits in the kernel's queue"},
    {"resume", "NAME", 1, 1, steer_run_resume, &view_listeners,
     "opens a listener that is held or drains: who waits is served"},
    {"drain", "NAME", 1, 1, steer_run_drain, &view_listeners,
     "lets nobody new in, serves who waits, and closes when the last splice has ended"},
    {"connections", "[KEY=VALUE]...", 0, PATH_WORDS, list_run, &view_connections,
     "both ends of every splice"},
    {"splices", "[KEY=VALUE]...", 0, PATH_WORDS, list_run, &view_splices,
     "every splice: splices listener=web min_bytes=1000 sort=-age_ms limit=20"},
    {"show", "ID", 1, 1, details_run_show, NULL,
     "all of a splice (4711) or of one of its ends (4711s, 4711c)"},
    {"top", "[PERIOD]", 0, 1, top_run, NULL,
     "splices or listeners on the whole terminal, sorted and filtered; closes what is chosen"},
    {"close", "ID...|KEY=VALUE...|all", 1, CLOSE_WORDS, close_run, NULL,
     "closes splices: close 4711, or close listener=web idle_for=1h limit=100 how=rst --dry-run"},
    {"upstreams", "[NAME]", 0, PATH_WORDS, list_run, &view_upstreams,
     "upstreams with their servers, or all of one"},
    {"certs", "[reload]", 0, PATH_WORDS, reload_run_certs, &view_certificates,
     "certificates and how long they are good; reload: after they were loaded again"},
    {"config", "reload", 1, 1, reload_run_config, NULL,
     "has the configuration's file read again, as SIGHUP does"},
    {"events", "[-f] [KEY=VALUE]...", 0, PATH_WORDS, events_run, NULL,
     "what happened last; -f goes on: events -f event=splice.*,connection.error listener=web"},
    {"doctor", "", 0, PATH_WORDS, list_run, &view_doctor,
     "what is not as it should be, here and in the kernel, with remedies"},
    {"wait", "CONDITION", 1, 3, wait_run, NULL, "waits until the condition holds, for --timeout or 30s"},
    {"raw", "METHOD PATH [BODY|-]", 2, 3, raw_run, NULL,
     "asks anything; - reads the body from standard input"},
    {"completion", "bash|zsh|fish", 1, 1, completion_run, NULL,
     "writes what the shell needs to complete all this: source <(splicectl completion bash)"},
};

enum {
    COMMANDS = sizeof commands / sizeof *commands
};

static const struct command *find_command(const char *word)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].word, word) == 0)
            return &commands[i];
    }
    return NULL;
}

enum ctl_exit command_run(struct session *session, char *const *words)
{
    const struct command *command = find_command(words[0]);
    size_t count = 0;
    if (!command) {
        char *word = human_escape(words[0]);
        fprintf(stderr, "splicectl: there is no command \"%s\"; splicectl --help lists those there are\n",
                word);
        free(word);
        return CTL_USAGE;
    }
    if ((session->is_dry_run || session->rate) && command->run != close_run) {
        fputs("splicectl: --dry-run and --rate go with close\n", stderr);
        return CTL_USAGE;
    }
    while (words[1 + count])
        count++;
    if (count >= command->least && count <= command->most)
        return command->run(session, command->view, words + 1);
    fprintf(stderr, "usage: splicectl %s %s\n", command->word, command->arguments);
    return CTL_USAGE;
}

void command_each(void (*tell)(FILE *out, const char *word, const char *arguments, const char *sentence),
                  FILE *out)
{
    for (size_t i = 0; i < COMMANDS; i++)
        tell(out, commands[i].word, commands[i].arguments, commands[i].sentence);
}

static void write_command(FILE *out, const char *word, const char *arguments, const char *sentence)
{
    fprintf(out, "  %-11s %-21s %s\n", word, arguments, sentence);
}

void command_help(FILE *out)
{
    fputs("Commands:\n", out);
    command_each(write_command, out);
    fputs("\nConditions of wait (quote those with < and >):\n", out);
    wait_help(out);
}
