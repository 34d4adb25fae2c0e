/* The programs that are measured: spliced, its peers, and the floor.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Each has one worker unless the workload says otherwise, the same group and version of TLS, and a queue that
 * is long enough; all else is as its package has it. */
#include "tests/bench/subjects.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 10000,
    STEP_US = 2000,
    ARGUMENTS = 12,
    TEXTS = 16,
    TEXT = 512,
};

/* Formats into memory that is good until the next but fifteen. */
__attribute__((format(printf, 1, 2))) static const char *format(const char *pattern, ...)
{
    static char texts[TEXTS][TEXT];
    static unsigned next;
    char *text = texts[next++ % TEXTS];
    va_list arguments;
    va_start(arguments, pattern);
    vsnprintf(text, TEXT, pattern, arguments);
    va_end(arguments);
    return text;
}

static const char *folder_file(const struct setup *setup, const char *name)
{
    return format("%s/%s", setup->folder, name);
}

/* Opens the configuration of a program, to be closed by the caller. */
static FILE *open_file(const char *path)
{
    FILE *file = fopen(path, "we");
    if (!file) {
        fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
        exit(1);
    }
    return file;
}

static void prepare_spliced(const struct setup *setup, const char **arguments)
{
    const char *path = folder_file(setup, "spliced.json");
    FILE *file = open_file(path);
    fprintf(file, "{ \"workers\": %u, \"log\": { \"level\": \"warning\", \"access\": false },\n",
            setup->workers);
    fprintf(file, "  \"admin\": { \"listen\": [ { \"address\": \"unix:%s/admin.sock\" } ] },\n",
            setup->folder);
    fprintf(file, "  \"upstreams\": [ { \"name\": \"app\", \"servers\": [ \"127.0.0.1:%u\" ] } ],\n",
            setup->backend);
    fprintf(file,
            "  \"listeners\": [\n    { \"name\": \"plain\", \"upstream\": \"app\", "
            "\"address\": \"127.0.0.1:%u\" },\n",
            setup->ports[ENTRY_PLAIN]);
    for (int entry = ENTRY_TLS; entry <= ENTRY_RSA; entry++) {
        const char *name = entry == ENTRY_TLS ? "localhost" : "localhost-rsa";
        fprintf(file,
                "    { \"name\": \"%s\", \"upstream\": \"app\", \"address\": \"127.0.0.1:%u\",\n"
                "      \"tls\": { \"certificates\": [ { \"chain\": \"%s/%s.crt\", \"key\": \"%s/%s.key\" } ] "
                "} },\n",
                name, setup->ports[entry], setup->certificates, name, setup->certificates, name);
    }
    fprintf(file, "  ] }\n");
    fclose(file);
    arguments[1] = "-c";
    arguments[2] = path;
}

static void prepare_haproxy(const struct setup *setup, const char **arguments)
{
    const char *path = folder_file(setup, "haproxy.cfg");
    FILE *file = open_file(path);
    fprintf(file,
            "global\n  nbthread %u\n  maxconn 9000\n  maxpipes 256\n  ssl-default-bind-curves X25519:P-256\n"
            "defaults\n  mode tcp\n  option splice-auto\n  timeout connect 10s\n  timeout client 10m\n"
            "  timeout server 10m\n",
            setup->workers);
    fprintf(file, "listen plain\n  bind 127.0.0.1:%u backlog 4096\n  server app 127.0.0.1:%u\n",
            setup->ports[ENTRY_PLAIN], setup->backend);
    fprintf(file,
            "listen tls\n  bind 127.0.0.1:%u backlog 4096 ssl crt %s/localhost.pem\n"
            "  server app 127.0.0.1:%u\n",
            setup->ports[ENTRY_TLS], setup->certificates, setup->backend);
    fprintf(file,
            "listen rsa\n  bind 127.0.0.1:%u backlog 4096 ssl crt %s/localhost-rsa.pem\n"
            "  server app 127.0.0.1:%u\n",
            setup->ports[ENTRY_RSA], setup->certificates, setup->backend);
    fclose(file);
    arguments[1] = "-db";
    arguments[2] = "-f";
    arguments[3] = path;
}

static void prepare_nginx(const struct setup *setup, const char **arguments)
{
    static const char *const names[] = {NULL, "localhost", "localhost-rsa"};
    const char *path = folder_file(setup, "nginx.conf");
    FILE *file = open_file(path);
    fprintf(file,
            "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\ndaemon off;\n%s"
            "worker_processes %u;\npid %s/nginx.pid;\nerror_log stderr error;\n"
            "events { worker_connections 18000; }\nstream {\n",
            geteuid() == 0 ? "user root;\n" : "", setup->workers, setup->folder);
    for (int entry = 0; entry < ENTRY_COUNT; entry++) {
        fprintf(file, "  server { listen 127.0.0.1:%u %sbacklog=4096; proxy_pass 127.0.0.1:%u;\n",
                setup->ports[entry], names[entry] ? "ssl " : "", setup->backend);
        if (names[entry])
            fprintf(file,
                    "    ssl_certificate %s/%s.crt; ssl_certificate_key %s/%s.key;\n"
                    "    ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve X25519:P-256;\n",
                    setup->certificates, names[entry], setup->certificates, names[entry]);
        fprintf(file, "  }\n");
    }
    fprintf(file, "}\n");
    fclose(file);
    arguments[1] = "-e";
    arguments[2] = "stderr";
    arguments[3] = "-c";
    arguments[4] = path;
}

static void prepare_hitch(const struct setup *setup, const char **arguments)
{
    const char *path = folder_file(setup, "hitch.conf");
    FILE *file = open_file(path);
    for (int entry = ENTRY_TLS; entry <= ENTRY_RSA; entry++)
        fprintf(file, "frontend = { host = \"127.0.0.1\" port = \"%u\" pem-file = \"%s/%s.pem\" }\n",
                setup->ports[entry], setup->certificates, entry == ENTRY_TLS ? "localhost" : "localhost-rsa");
    fprintf(file,
            "backend = \"[127.0.0.1]:%u\"\nworkers = %u\nbacklog = 4096\ndaemon = off\nquiet = on\n"
            "tls-protos = TLSv1.2 TLSv1.3\necdh-curve = \"X25519:P-256\"\n",
            setup->backend, setup->workers);
    if (geteuid() == 0)
        fprintf(file, "user = \"nobody\"\n"); /* it refuses to be root */
    fclose(file);
    arguments[1] = "--config";
    arguments[2] = path;
}

static void prepare_floor(const struct setup *setup, const char **arguments)
{
    bool is_tls = strcmp(setup->floor, "tls") == 0;
    arguments[1] = setup->floor;
    arguments[2] = format("%u", setup->workers);
    arguments[3] = format("%u", setup->backend);
    for (int entry = 0; entry < ENTRY_COUNT; entry++) {
        if (is_tls == (entry != ENTRY_PLAIN)) {
            unsigned at = is_tls ? 4 + 2 * (unsigned)(entry - ENTRY_TLS) : 4;
            arguments[at] = format("%u", setup->ports[entry]);
            if (is_tls)
                arguments[at + 1] = format("%s/%s.pem", setup->certificates,
                                           entry == ENTRY_TLS ? "localhost" : "localhost-rsa");
        }
    }
}

const struct subject subjects[] = {
    {"spliced", SPLICED, false, false, prepare_spliced}, {"haproxy", "haproxy", true, false, prepare_haproxy},
    {"nginx", "nginx", true, false, prepare_nginx},      {"hitch", "hitch", true, true, prepare_hitch},
    {"floor", FLOOR, false, false, prepare_floor},       {"other", "other", false, false, prepare_spliced},
};
const size_t subject_count = sizeof subjects / sizeof *subjects;

const struct subject *subject_find(const char *name)
{
    for (size_t i = 0; i < subject_count; i++) {
        if (strcmp(subjects[i].name, name) == 0)
            return &subjects[i];
    }
    return NULL;
}

static const char *other;

void subjects_set_other(const char *program)
{
    other = program;
}

/* Where its program is, or NULL. */
static const char *locate(const struct subject *subject)
{
    if (strcmp(subject->name, "other") == 0)
        return other;
    static const char *const folders[] = {"", "/usr/sbin/", "/usr/bin/", "/usr/local/sbin/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        const char *path = format("%s%s", folders[i], subject->program);
        if (strchr(path, '/') && access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

bool subject_is_there(const struct subject *subject)
{
    return locate(subject) != NULL;
}

bool subjects_make_certificates(const char *folder)
{
    static const char script[] = "'%s' '%s' localhost && cd '%s' && "
                                 "cat localhost.crt localhost.key >localhost.pem && "
                                 "cat localhost-rsa.crt localhost-rsa.key >localhost-rsa.pem";
    return system(format(script, THROWAWAY, folder, folder)) == 0;
}

/* In the child. */
static void become(const struct setup *setup, const char *name, const char **arguments)
{
    int log = open(folder_file(setup, format("%s.log", name)), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    machine_pin(setup->placement, true);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(arguments[0], (char *const *)arguments);
    _exit(127);
}

static bool listens(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_there;
}

static bool has_entry(const struct subject *subject, const struct setup *setup, int entry)
{
    bool is_tls = entry != ENTRY_PLAIN;
    if (subject->prepare == prepare_floor)
        return is_tls == (strcmp(setup->floor, "tls") == 0);
    return is_tls || !subject->is_tls_only;
}

pid_t subject_start(const struct subject *subject, const struct setup *setup)
{
    const char *arguments[ARGUMENTS] = {locate(subject)};
    int entry = 0;
    subject->prepare(setup, arguments);
    pid_t pid = fork();
    if (pid == 0)
        become(setup, subject->name, arguments);
    if (pid < 0)
        return -1;
    setpgid(pid, pid);
    for (unsigned waited = 0; waited < PATIENCE_MS * 1000; waited += STEP_US) {
        int status;
        while (entry < ENTRY_COUNT && (!has_entry(subject, setup, entry) || listens(setup->ports[entry])))
            entry++;
        if (entry == ENTRY_COUNT)
            return pid;
        if (waitpid(pid, &status, WNOHANG) == pid)
            break;
        usleep(STEP_US);
    }
    fprintf(stderr, "%s does not start: see %s/%s.log\n", subject->name, setup->folder, subject->name);
    subject_stop(pid);
    return -1;
}

void subject_stop(pid_t pid)
{
    kill(-pid, SIGKILL);
    while (waitpid(-pid, NULL, 0) > 0 || errno == EINTR)
        continue;
}
