/* The front door: reads the description, opens the house, runs the control loop, closes it in order.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/admin.h"
#include "certs/certs.h"
#include "conf/conf.h"
#include "conf/embedded.h"
#include "conf/text.h"
#include "proxy/log.h"
#include "proxy/proxy.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum exit_code {
    EXIT_WELL = 0,
    EXIT_RUN_TIME = 1,
    EXIT_USAGE = 2,
    EXIT_CONFIGURATION = 3,
};

/* The whole process: one of each. */
struct house {
    const char *file; /* of the description; NULL: the embedded one */
    struct loop control;
    struct watch signals;
    struct proxy *proxy;
    struct admin *admin;
    bool is_draining;
};

static const char usage[] =
    "spliced: a TLS-capable socket proxy that tells what its queues and connections are doing\n"
    "\n"
    "  spliced -c FILE        runs in the foreground with this configuration\n"
    "  spliced                runs a demo: TLS on 127.0.0.1:8443 with a throw-away certificate, in front of "
    "a page that\n"
    "                         shows what arrived; the admin API on http://127.0.0.1:9902\n"
    "\n"
    "  -t, --check            with -c: checks the configuration and its certificates, exit status 0 or 3\n"
    "      --print-config     the configuration as JSON with all defaults; without -c: the defaults alone\n"
    "      --print-schema     the JSON Schema of the configuration\n"
    "      --version, -V      the version; -V with libraries and features\n"
    "      --help             this\n"
    "\n"
    "Signals: SIGTERM and SIGINT drain and end, a second one ends at once; SIGHUP reads configuration and "
    "certificates\n"
    "again. Exit status: 0 well, 1 run time, 2 usage, 3 configuration.\n";

/* Throw-away certificate of the embedded description
 * --------------------------------------------------------------- */

static char demo_folder[4096];
static char *demo_chain, *demo_key;

static void remove_demo_files(void)
{
    unlink(demo_chain);
    unlink(demo_key);
    rmdir(demo_folder);
    free(demo_chain);
    free(demo_key);
}

static char *make_demo_files(void)
{
    const char *folder = getenv("TMPDIR");
    snprintf(demo_folder, sizeof demo_folder, "%s/spliced-XXXXXX", folder && *folder ? folder : "/tmp");
    if (!mkdtemp(demo_folder))
        return text_format("cannot make a folder %s for the demo's certificate: %s", demo_folder,
                           strerror(errno));
    demo_chain = text_format("%s/demo.crt", demo_folder);
    demo_key = text_format("%s/demo.key", demo_folder);
    atexit(remove_demo_files);
    setenv("SPLICED_DEMO_CHAIN", demo_chain, 1);
    setenv("SPLICED_DEMO_KEY", demo_key, 1);
    return certs_make_throwaway(demo_chain, demo_key);
}

/* The description */

static struct conf *read_description(const char *file, struct conf_problems *problems)
{
    return file ? conf_read_file(file, problems) : conf_read(embedded_conf, strlen(embedded_conf), problems);
}

static const char *name_of(const char *file)
{
    return file ? file : "(embedded)";
}

/* Whether the certificates that the description names can be used; tells what is wrong with each, one line a
 * problem. */
static bool check_certificates(const struct conf *conf, const char *file)
{
    bool is_well = true;
    for (size_t i = 0; i < conf->listener_count + conf->upstream_count; i++) {
        struct certs *certs = NULL;
        char *wrong = NULL;
        if (i < conf->listener_count && conf->listeners[i].tls)
            wrong = certs_load_listener(conf->listeners[i].tls, conf->listeners[i].name, &certs);
        const struct conf_upstream *upstream = &conf->upstreams[i - conf->listener_count];
        if (i >= conf->listener_count && upstream->tls)
            wrong = certs_load_upstream(upstream->tls, upstream->name, &certs);
        if (wrong)
            fprintf(stderr, "%s: %s\n", name_of(file), wrong);
        is_well = is_well && !wrong;
        certs_drop(&certs);
        free(wrong);
    }
    return is_well;
}

/* Reads the description and tells every problem on standard error; NULL when there is one. */
static struct conf *read_or_tell(const char *file)
{
    struct conf_problems problems;
    struct conf *conf = read_description(file, &problems);
    conf_problems_print(&problems, name_of(file), stderr);
    conf_problems_end(&problems);
    if (conf && check_certificates(conf, file))
        return conf;
    conf_destroy(conf);
    return NULL;
}

/* Signals */

static void log_problems(const struct conf_problems *problems, const char *file)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct conf_problem *problem = &problems->items[i];
        log_line(CONF_LOG_ERROR, "config.rejected", "%s:%u:%u: %s (%s)", file, problem->line, problem->column,
                 problem->detail, problem->pointer);
    }
}

/* All or nothing: the admin addresses change back when the rest cannot be applied. */
static char *apply(struct house *house, struct conf *conf)
{
    char *wrong = admin_apply(house->admin, conf->admin);
    if (wrong) {
        conf_destroy(conf);
        return wrong;
    }
    wrong = proxy_apply(house->proxy, conf);
    if (wrong)
        free(admin_apply(house->admin, proxy_conf(house->proxy)->admin));
    else
        log_configure(&proxy_conf(house->proxy)->log);
    return wrong;
}

static void reload(struct house *house)
{
    struct conf_problems problems;
    struct conf *conf = read_description(house->file, &problems);
    log_problems(&problems, name_of(house->file));
    conf_problems_end(&problems);
    if (!conf)
        return;
    char *wrong = apply(house, conf);
    if (wrong)
        log_line(CONF_LOG_ERROR, "config.rejected", "%s; everything stays as it was", wrong);
    else
        log_line(CONF_LOG_INFO, "config.applied", "%s is in force", name_of(house->file));
    free(wrong);
}

static void is_drained(void *context)
{
    struct house *house = context;
    loop_stop(&house->control);
}

static void drain(struct house *house)
{
    if (house->is_draining) {
        log_line(CONF_LOG_WARNING, "process.stopping", "told again: ending at once");
        proxy_stop(house->proxy);
        return;
    }
    house->is_draining = true;
    log_line(CONF_LOG_INFO, "process.draining", "taking nobody new, waiting for open splices");
    proxy_drain(house->proxy, is_drained, house);
}

static void signalled(struct watch *watch, unsigned events)
{
    struct house *house = list_owner(watch, struct house, signals);
    struct signalfd_siginfo signal;
    (void)events;
    while (read(watch->fd, &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo == SIGHUP && !house->is_draining)
            reload(house);
        else if (signal.ssi_signo != SIGHUP)
            drain(house);
    }
}

static char *watch_signals(struct house *house)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    house->signals =
        (struct watch){.ready = signalled, .fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC)};
    int error = house->signals.fd < 0 ? errno : loop_add_level(&house->control, &house->signals);
    return error ? text_format("cannot wait for signals: %s", strerror(error)) : NULL;
}

/* The house */

static char *open_house(struct house *house, struct conf *conf)
{
    char *wrong = loop_open(&house->control);
    if (!wrong)
        wrong = watch_signals(house);
    if (wrong) {
        conf_destroy(conf);
        return wrong;
    }
    wrong = proxy_create(&house->control, conf, &house->proxy);
    return wrong ? wrong : admin_create(&house->control, house->proxy, conf->admin, &house->admin);
}

static void close_house(struct house *house)
{
    admin_destroy(house->admin);
    proxy_destroy(house->proxy);
    if (house->signals.fd >= 0)
        close(house->signals.fd);
    loop_close(&house->control);
}

static int run(const char *file, struct conf *conf)
{
    struct house house = {.file = file, .signals.fd = -1, .control.epoll = -1};
    log_begin(STDOUT_FILENO, &conf->log, conf_instance(conf));
    char *wrong = open_house(&house, conf);
    if (wrong) {
        log_line(CONF_LOG_ERROR, "process.failed", "%s", wrong);
        fprintf(stderr, "spliced: %s\n", wrong);
    } else {
        log_line(CONF_LOG_INFO, "process.ready", "spliced %s is ready", SPLICED_VERSION);
        if (!file)
            log_line(CONF_LOG_INFO, "demo",
                     "try: curl --cacert %s https://localhost:8443/   and: "
                     "curl http://127.0.0.1:9902/v1/splices",
                     demo_chain);
        loop_run(&house.control);
    }
    close_house(&house);
    log_line(CONF_LOG_INFO, "process.stopping", "closed");
    log_end();
    int code = wrong ? EXIT_RUN_TIME : EXIT_WELL;
    free(wrong);
    return code;
}

/* The command line */

enum action {
    ACTION_RUN,
    ACTION_CHECK,
    ACTION_PRINT_CONFIG,
    ACTION_PRINT_SCHEMA,
    ACTION_VERSION,
    ACTION_FEATURES,
    ACTION_HELP,
    ACTION_USAGE,
};

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", no_argument, NULL, 't'},
    {"print-config", no_argument, NULL, 'p'},
    {"print-schema", no_argument, NULL, 's'},
    {"version", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static enum action parse_command_line(int argc, char **argv, const char **file)
{
    static const char actions[] = {
        [ACTION_CHECK] = 't',   [ACTION_PRINT_CONFIG] = 'p', [ACTION_PRINT_SCHEMA] = 's',
        [ACTION_VERSION] = 'v', [ACTION_FEATURES] = 'V',     [ACTION_HELP] = 'h',
    };
    enum action action = ACTION_RUN;
    for (int option; (option = getopt_long(argc, argv, "c:tVh", options, NULL)) != -1;) {
        const char *found = memchr(actions, option, sizeof actions);
        if (option == 'c')
            *file = optarg;
        else if (found && *found)
            action = (enum action)(found - actions);
        else
            return ACTION_USAGE;
    }
    if (optind < argc) {
        fprintf(stderr, "spliced: unexpected argument \"%s\"\n", argv[optind]);
        return ACTION_USAGE;
    }
    if (action == ACTION_CHECK && !*file) {
        fprintf(stderr, "spliced: --check needs -c FILE\n");
        return ACTION_USAGE;
    }
    return action;
}

static int print_config(const char *file)
{
    struct conf_problems problems;
    if (!file) {
        conf_print_defaults(stdout);
        return EXIT_WELL;
    }
    struct conf *conf = read_description(file, &problems);
    conf_problems_print(&problems, file, stderr);
    conf_problems_end(&problems);
    if (conf)
        conf_print(conf, stdout);
    int code = conf ? EXIT_WELL : EXIT_CONFIGURATION;
    conf_destroy(conf);
    return code;
}

static int check(const char *file)
{
    struct conf *conf = read_or_tell(file);
    if (!conf)
        return EXIT_CONFIGURATION;
    printf("%s: the configuration is good: %zu listeners, %zu upstreams\n", file, conf->listener_count,
           conf->upstream_count);
    conf_destroy(conf);
    return EXIT_WELL;
}

static int start(const char *file)
{
    char *wrong = file ? NULL : make_demo_files();
    if (wrong) {
        fprintf(stderr, "spliced: %s\n", wrong);
        free(wrong);
        return EXIT_RUN_TIME;
    }
    struct conf *conf = read_or_tell(file);
    return conf ? run(file, conf) : EXIT_CONFIGURATION;
}

int main(int argc, char **argv)
{
    const char *file = NULL;
    switch (parse_command_line(argc, argv, &file)) {
    case ACTION_RUN:
        return start(file);
    case ACTION_CHECK:
        return check(file);
    case ACTION_PRINT_CONFIG:
        return print_config(file);
    case ACTION_PRINT_SCHEMA:
        conf_print_schema(stdout);
        return EXIT_WELL;
    case ACTION_VERSION:
        printf("spliced %s\n", SPLICED_VERSION);
        return EXIT_WELL;
    case ACTION_FEATURES:
        printf("spliced %s\nOpenSSL %s\n", SPLICED_VERSION, certs_library());
        return EXIT_WELL;
    case ACTION_HELP:
        fputs(usage, stdout);
        return EXIT_WELL;
    case ACTION_USAGE:
        break;
    }
    fputs(usage, stderr);
    return EXIT_USAGE;
}
