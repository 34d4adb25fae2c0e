/* The front door: reads the description, opens the house, runs the control loop, closes it in order.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/admin.h"
#include "admin/ctl/health.h"
#include "certs/certs.h"
#include "conf/command.h"
#include "conf/conf.h"
#include "conf/memory.h"
#include "conf/text.h"
#include "proxy/log.h"
#include "proxy/proxy.h"

#include <errno.h>
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

/* Where the description comes from, to be read again at SIGHUP. */
struct description {
    const char *file; /* NULL: quick mode */
    char *text;       /* of the quick mode */
};

/* The whole process: one of each. */
struct house {
    struct description description;
    struct loop control;
    struct watch signals;
    struct proxy *proxy;
    struct admin *admin;
    bool is_draining;
};

/* The throw-away certificate of the quick mode */

static char *throwaway_folder, *throwaway_chain, *throwaway_key;

static void remove_throwaway(void)
{
    unlink(throwaway_chain);
    unlink(throwaway_key);
    rmdir(throwaway_folder);
    free(throwaway_chain);
    free(throwaway_key);
    free(throwaway_folder);
}

static char *make_throwaway(struct quick *quick)
{
    const char *temporary = getenv("TMPDIR");
    throwaway_folder = text_format("%s/spliced-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(throwaway_folder))
        return text_format("cannot make a folder %s for a certificate: %s; give --cert and --key",
                           throwaway_folder, strerror(errno));
    quick->cert = throwaway_chain = text_format("%s/throwaway.crt", throwaway_folder);
    quick->key = throwaway_key = text_format("%s/throwaway.key", throwaway_folder);
    atexit(remove_throwaway);
    return certs_make_throwaway(throwaway_chain, throwaway_key);
}

/* The description */

static char *describe(struct command *command, struct description *description)
{
    *description = (struct description){.file = command->file};
    if (command->file)
        return NULL;
    bool needs_certificate =
        quick_is_tls(&command->quick) && !command->quick.cert && command->action != COMMAND_HEALTHCHECK;
    char *wrong = needs_certificate ? make_throwaway(&command->quick) : NULL;
    if (!wrong)
        description->text = quick_write(&command->quick);
    return wrong;
}

static struct conf *read_description(const struct description *description, struct conf_problems *problems)
{
    return description->file ? conf_read_file(description->file, problems)
                             : conf_read(description->text, strlen(description->text), problems);
}

static const char *name_of(const struct description *description)
{
    return description->file ? description->file : "(command line)";
}

/* Whether the certificates that the description names can be used; tells what is wrong with each, one line a
 * problem. */
static bool check_certificates(const struct conf *conf, const struct description *description)
{
    bool is_well = true;
    for (size_t i = 0; i < conf->listener_count + conf->upstream_count; i++) {
        struct certs *certs = NULL;
        char *wrong = NULL;
        if (i < conf->listener_count && conf_terminates(&conf->listeners[i]))
            wrong = certs_load_listener(conf->listeners[i].tls, conf->listeners[i].name, &certs);
        const struct conf_upstream *upstream = &conf->upstreams[i - conf->listener_count];
        if (i >= conf->listener_count && upstream->tls)
            wrong = certs_load_upstream(upstream->tls, upstream->name, &certs);
        if (wrong)
            fprintf(stderr, "%s: %s\n", name_of(description), wrong);
        is_well = is_well && !wrong;
        certs_drop(&certs);
        free(wrong);
    }
    return is_well;
}

/* Reads the description and tells every problem on standard error; NULL when there is one. */
static struct conf *read_or_tell(const struct description *description)
{
    struct conf_problems problems;
    struct conf *conf = read_description(description, &problems);
    conf_problems_print(&problems, name_of(description), stderr);
    conf_problems_end(&problems);
    if (conf && check_certificates(conf, description))
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

/* Reads the description again and applies it; tells the outcome in the log too. As proxy_reload has it. */
static char *reload(void *context, struct conf_problems *problems)
{
    struct house *house = context;
    if (house->is_draining)
        return text_copy("the process is draining");
    struct conf *conf = read_description(&house->description, problems);
    log_problems(problems, name_of(&house->description));
    if (!conf && problems->count > 0)
        proxy_reject(house->proxy, problems->items[0].detail);
    if (!conf)
        return text_copy("the description is not good");
    char *wrong = apply(house, conf);
    if (wrong)
        log_line(CONF_LOG_ERROR, "config.rejected", "%s; everything stays as it was", wrong);
    else
        log_line(CONF_LOG_INFO, "config.applied", "%s is in force", name_of(&house->description));
    return wrong;
}

static void reload_by_signal(struct house *house)
{
    struct conf_problems problems = {0};
    free(reload(house, &problems));
    conf_problems_end(&problems);
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
            reload_by_signal(house);
        else if (signal.ssi_signo != SIGHUP)
            drain(house);
    }
}

static sigset_t awaited_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    return signals;
}

/* For the first process of a container the kernel drops every signal that it does not yet wait for, so they
 * are kept from the beginning; and it is handed the children of all that have ended, which nobody else
 * buries. */
static void be_first_process(void)
{
    sigset_t signals = awaited_signals();
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGCHLD, SIG_IGN);
}

static char *watch_signals(struct house *house)
{
    sigset_t signals = awaited_signals();
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
    if (!wrong)
        proxy_on_reload(house->proxy, reload, house);
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

static int run(const struct description *description, struct conf *conf)
{
    struct house house = {.description = *description, .signals.fd = -1, .control.epoll = -1};
    log_begin(STDOUT_FILENO, &conf->log, conf_instance(conf));
    char *wrong = open_house(&house, conf);
    if (wrong) {
        log_line(CONF_LOG_ERROR, "process.failed", "%s", wrong);
        fprintf(stderr, "spliced: %s\n", wrong);
    } else {
        log_line(CONF_LOG_INFO, "process.ready", "spliced %s is ready", SPLICED_VERSION);
        if (throwaway_chain)
            log_line(CONF_LOG_INFO, "process.ready", "throw-away certificate: curl --cacert %s",
                     throwaway_chain);
        loop_run(&house.control);
    }
    close_house(&house);
    log_line(CONF_LOG_INFO, "process.stopping", "closed");
    log_end();
    int code = wrong ? EXIT_RUN_TIME : EXIT_WELL;
    free(wrong);
    return code;
}

/* The commands */

static int do_run(const struct description *description, const struct command *command)
{
    (void)command;
    struct conf *conf = read_or_tell(description);
    return conf ? run(description, conf) : EXIT_CONFIGURATION;
}

static int do_check(const struct description *description, const struct command *command)
{
    (void)command;
    struct conf *conf = read_or_tell(description);
    if (!conf)
        return EXIT_CONFIGURATION;
    printf("%s: the configuration is good; listeners: %zu, upstreams: %zu\n", name_of(description),
           conf->listener_count, conf->upstream_count);
    conf_destroy(conf);
    return EXIT_WELL;
}

static int do_print_config(const struct description *description, const struct command *command)
{
    struct conf_problems problems;
    (void)command;
    struct conf *conf = read_description(description, &problems);
    conf_problems_print(&problems, name_of(description), stderr);
    conf_problems_end(&problems);
    if (conf)
        conf_print(conf, stdout);
    int code = conf ? EXIT_WELL : EXIT_CONFIGURATION;
    conf_destroy(conf);
    return code;
}

static int do_healthcheck(const struct description *description, const struct command *command)
{
    struct conf_problems problems;
    struct conf *conf = read_description(description, &problems);
    conf_problems_print(&problems, name_of(description), stderr);
    conf_problems_end(&problems);
    int code = conf ? health_check(conf->admin, command->is_ready_asked) : EXIT_CONFIGURATION;
    conf_destroy(conf);
    return code;
}

typedef int command_function(const struct description *description, const struct command *command);

static command_function *const functions[] = {
    [COMMAND_RUN] = do_run,
    [COMMAND_CHECK] = do_check,
    [COMMAND_PRINT_CONFIG] = do_print_config,
    [COMMAND_HEALTHCHECK] = do_healthcheck,
};

static int with_description(struct command *command)
{
    struct description description;
    if (command->action == COMMAND_RUN && getpid() == 1)
        be_first_process();
    char *wrong = describe(command, &description);
    if (wrong)
        fprintf(stderr, "spliced: %s\n", wrong);
    int code = wrong ? EXIT_RUN_TIME : functions[command->action](&description, command);
    free(description.text);
    free(wrong);
    return code;
}

int main(int argc, char **argv)
{
    struct command command;
    memory_divide();
    certs_prepare();
    char *wrong = command_read(argc, argv, &command);
    if (wrong) {
        fprintf(stderr, "spliced: %s\n\n%s", wrong, command_usage);
        free(wrong);
        return EXIT_USAGE;
    }
    bool has_description = command.file || command.quick.listen;
    switch (command.action) {
    case COMMAND_PRINT_SCHEMA:
        conf_print_schema(stdout);
        return EXIT_WELL;
    case COMMAND_VERSION:
        printf("spliced %s\n", SPLICED_VERSION);
        return EXIT_WELL;
    case COMMAND_FEATURES:
        printf("spliced %s\nOpenSSL %s\n", SPLICED_VERSION, certs_library());
        return EXIT_WELL;
    case COMMAND_HELP:
        fputs(command_usage, stdout);
        return EXIT_WELL;
    default:
        break;
    }
    if (has_description)
        return with_description(&command);
    conf_print_defaults(stdout);
    return EXIT_WELL;
}
