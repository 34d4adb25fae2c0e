/* splicectl: asks a running spliced what its queues and connections are doing.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/command.h"
#include "admin/ctl/option.h"
#include "conf/text.h"
#include "conf/units.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: splicectl [OPTION]... COMMAND\n";
static const char ending_help[] =
    "\n"
    "KEY=VALUE are the API's query parameters; GET /v1 lists them. Tables follow pages up to limit=N (100). "
    "Sizes are\n"
    "in powers of 1024. Exit status: 0 well, 1 the server said no or cannot be reached, 2 usage.\n";

/* What the command line says. */
struct wish {
    const char *server;
    const char *token_file;
    const char *rate;
    bool is_json;
    bool is_following;
    bool is_dry_run;
    bool is_version_asked;
    bool is_help_asked;
    int64_t timeout_ms;
};

/* NULL, or what is wrong with the option. */
static char *take_option(struct wish *wish, enum option_which which, const char *value)
{
    switch (which) {
    case OPTION_SERVER:
        wish->server = value;
        return NULL;
    case OPTION_OUTPUT:
        wish->is_json = strcmp(value, "json") == 0;
        return wish->is_json || strcmp(value, "table") == 0 ? NULL : text_copy("-o takes table or json");
    case OPTION_TOKEN_FILE:
        wish->token_file = value;
        return NULL;
    case OPTION_TIMEOUT:
        if (units_parse_duration(value, &wish->timeout_ms) && wish->timeout_ms > 0)
            return NULL;
        return text_copy("--timeout takes a duration above 0, such as 250ms, 5s or 10m");
    case OPTION_FOLLOW:
        wish->is_following = true;
        return NULL;
    case OPTION_DRY_RUN:
        wish->is_dry_run = true;
        return NULL;
    case OPTION_RATE:
        wish->rate = value;
        return NULL;
    case OPTION_VERSION:
        wish->is_version_asked = true;
        return NULL;
    case OPTION_HELP:
        wish->is_help_asked = true;
        return NULL;
    default:
        return text_copy("splicectl --help lists the options");
    }
}

/* False: it cannot be used, which has been told. */
static bool parse_command_line(int argc, char **argv, struct wish *wish)
{
    const char *value;
    for (enum option_which which; (which = option_next(argc, argv, &value)) != OPTION_END;) {
        char *wrong = take_option(wish, which, value);
        if (wrong) {
            session_fail(wrong);
            return false;
        }
    }
    return true;
}

static void print_help(void)
{
    printf("%s\n", usage);
    option_help(stdout);
    putchar('\n');
    command_help(stdout);
    fputs(ending_help, stdout);
}

static enum ctl_exit run(const struct wish *wish, char *const *words)
{
    struct session session = {
        .is_json = wish->is_json,
        .is_following = wish->is_following,
        .is_dry_run = wish->is_dry_run,
        .rate = wish->rate,
        .timeout_ms = wish->timeout_ms,
        .style = style_of(stdout),
    };
    const char *configured = getenv("SPLICED_ADMIN");
    const char *server = wish->server ? wish->server : configured && *configured ? configured : CLIENT_SERVER;
    enum ctl_exit code = CTL_USAGE;
    char *wrong = client_begin(&session.client, server);
    if (!wrong && wish->token_file)
        wrong = client_take_token(&session.client, wish->token_file);
    if (wish->timeout_ms)
        session.client.timeout_ms = wish->timeout_ms;
    if (wrong)
        session_fail(wrong);
    else
        code = command_run(&session, words);
    client_end(&session.client);
    return code;
}

/* What could not be written was not shown; a reader that has gone has ended us before, by SIGPIPE. */
static enum ctl_exit end(enum ctl_exit code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    return session_fail(
        text_format("cannot write to standard output%s%s", errno ? ": " : "", errno ? strerror(errno) : ""));
}

int main(int argc, char **argv)
{
    struct wish wish = {0};
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_DFL);
    if (!parse_command_line(argc, argv, &wish))
        return CTL_USAGE;
    if (wish.is_help_asked) {
        print_help();
        return end(CTL_WELL);
    }
    if (wish.is_version_asked) {
        printf("splicectl %s\n", SPLICED_VERSION);
        return end(CTL_WELL);
    }
    if (optind == argc) {
        fputs(usage, stderr);
        fputs("splicectl --help tells more\n", stderr);
        return CTL_USAGE;
    }
    return end(run(&wish, argv + optind));
}
