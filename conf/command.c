/* The command line and the environment as a plain struct: what is to be done, with which description.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "conf/command.h"

#include "conf/text.h"

#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char command_usage[] =
    "spliced: a TLS-capable socket proxy that tells what its queues and connections are doing\n"
    "\n"
    "  spliced -c FILE        runs in the foreground with this configuration ($SPLICED_CONFIG)\n"
    "  spliced --listen [tls:]ADDRESS --upstream ADDRESS [--cert FILE --key FILE] [--admin ADDRESS]\n"
    "                         runs one listener without a file; tls: without --cert has a throw-away "
    "certificate\n"
    "                         ($SPLICED_LISTEN, $SPLICED_UPSTREAM, $SPLICED_CERT, $SPLICED_KEY, "
    "$SPLICED_ADMIN)\n"
    "  spliced                runs a demo: --listen tls:127.0.0.1:8443 --upstream @demo --admin "
    "127.0.0.1:9902\n"
    "  spliced healthcheck [-c FILE] [--ready]\n"
    "                         asks the running daemon of the same configuration: exit status 0 or 1\n"
    "\n"
    "  -t, --check            checks the configuration and its certificates: exit status 0 or 3\n"
    "      --print-config     the configuration as JSON with all defaults; without one: the defaults alone\n"
    "      --print-schema     the JSON Schema of the configuration\n"
    "      --version, -V      the version; -V with libraries\n"
    "      --help             this\n"
    "\n"
    "Addresses: host:port, [::1]:80, *:8443, unix:/path. Signals: SIGTERM and SIGINT drain and end, a second "
    "one ends\n"
    "at once; SIGHUP reads configuration and certificates again. Exit status: 0 well, 1 run time, 2 usage,\n"
    "3 configuration.\n";

/* Where an option's value goes, and which variable of the environment says the same. */
static const struct {
    const char *option;
    const char *variable;
    size_t offset;
} values[] = {
    {"config", "SPLICED_CONFIG", offsetof(struct command, file)},
    {"listen", "SPLICED_LISTEN", offsetof(struct command, quick.listen)},
    {"upstream", "SPLICED_UPSTREAM", offsetof(struct command, quick.upstream)},
    {"cert", "SPLICED_CERT", offsetof(struct command, quick.cert)},
    {"key", "SPLICED_KEY", offsetof(struct command, quick.key)},
    {"admin", "SPLICED_ADMIN", offsetof(struct command, quick.admin)},
};

static const struct quick demo = {
    .listen = "tls:127.0.0.1:8443",
    .upstream = "@demo",
    .admin = "127.0.0.1:9902",
};

enum {
    VALUES = sizeof values / sizeof values[0],
    OPTION_VALUE = 256, /* and up: a row of `values` */
    OPTION_READY = 512,
    OPTION_ACTION = 1024, /* and up: an action */
};

static const struct option options[] = {
    {"config", required_argument, NULL, OPTION_VALUE},
    {"listen", required_argument, NULL, OPTION_VALUE + 1},
    {"upstream", required_argument, NULL, OPTION_VALUE + 2},
    {"cert", required_argument, NULL, OPTION_VALUE + 3},
    {"key", required_argument, NULL, OPTION_VALUE + 4},
    {"admin", required_argument, NULL, OPTION_VALUE + 5},
    {"ready", no_argument, NULL, OPTION_READY},
    {"check", no_argument, NULL, OPTION_ACTION + COMMAND_CHECK},
    {"print-config", no_argument, NULL, OPTION_ACTION + COMMAND_PRINT_CONFIG},
    {"print-schema", no_argument, NULL, OPTION_ACTION + COMMAND_PRINT_SCHEMA},
    {"version", no_argument, NULL, OPTION_ACTION + COMMAND_VERSION},
    {"help", no_argument, NULL, OPTION_ACTION + COMMAND_HELP},
    {0},
};

/* Short options as their long ones. */
static int lengthen(int option)
{
    switch (option) {
    case 'c':
        return OPTION_VALUE;
    case 't':
        return OPTION_ACTION + COMMAND_CHECK;
    case 'V':
        return OPTION_ACTION + COMMAND_FEATURES;
    case 'h':
        return OPTION_ACTION + COMMAND_HELP;
    default:
        return option;
    }
}

static const char **place_of(struct command *command, int value)
{
    return (const char **)(void *)((char *)command + values[value].offset);
}

static char *read_options(int argc, char **argv, struct command *command)
{
    opterr = 0;
    optind = 1;
    for (int given; (given = getopt_long(argc, argv, "c:tVh", options, NULL)) != -1;) {
        int option = lengthen(given);
        if (option >= OPTION_ACTION)
            command->action = (enum command_action)(option - OPTION_ACTION);
        else if (option == OPTION_READY)
            command->is_ready_asked = true;
        else if (option >= OPTION_VALUE)
            *place_of(command, option - OPTION_VALUE) = optarg;
        else
            return text_format("option %s is unknown or lacks its value", argv[optind - 1]);
    }
    if (optind < argc && strcmp(argv[optind], "healthcheck") == 0) {
        command->action = COMMAND_HEALTHCHECK;
        optind++;
    }
    return optind < argc ? text_format("unexpected argument \"%s\"", argv[optind]) : NULL;
}

/* The environment speaks where the command line does not: of a file, or of the quick mode, as the command
 * line began. */
static void read_environment(struct command *command)
{
    bool has_quick = command->quick.listen || command->quick.upstream;
    for (int i = 0; i < VALUES; i++) {
        const char *said = getenv(values[i].variable);
        bool is_of_file = i == 0;
        if (!said || !*said || *place_of(command, i) || (is_of_file ? has_quick : command->file != NULL))
            continue;
        *place_of(command, i) = said;
    }
}

static char *check(const struct command *command)
{
    const struct quick *quick = &command->quick;
    if (command->is_ready_asked && command->action != COMMAND_HEALTHCHECK)
        return text_format("--ready goes with healthcheck");
    if (command->file && (quick->listen || quick->upstream || quick->cert || quick->key || quick->admin))
        return text_format(
            "a configuration file says everything: leave out --listen, --upstream, --cert, --key, --admin");
    if (!quick->listen != !quick->upstream)
        return text_format("--listen and --upstream go together");
    if (!quick->cert != !quick->key)
        return text_format("--cert and --key go together");
    if (quick->cert && !(quick->listen && quick_is_tls(quick)))
        return text_format("--cert goes with --listen tls:ADDRESS");
    if (command->action == COMMAND_CHECK && !command->file && !quick->listen)
        return text_format("--check needs -c FILE");
    return NULL;
}

char *command_read(int argc, char **argv, struct command *command)
{
    *command = (struct command){.action = COMMAND_RUN};
    char *wrong = read_options(argc, argv, command);
    if (wrong)
        return wrong;
    read_environment(command);
    wrong = check(command);
    bool needs_one = command->action == COMMAND_RUN || command->action == COMMAND_HEALTHCHECK;
    if (!wrong && needs_one && !command->file && !command->quick.listen)
        command->quick = demo;
    return wrong;
}
