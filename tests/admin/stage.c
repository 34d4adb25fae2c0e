/* An admin API on a control thread of its own, over a fake proxy, in a folder of its own.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/admin/stage.h"

#include "tests/admin/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void must(char *wrong)
{
    if (!wrong)
        return;
    fprintf(stderr, "the stage cannot be set: %s\n", wrong);
    exit(1);
}

struct conf_admin_listen stage_listen(const char *address, enum conf_access access, const char *token_file)
{
    struct conf_admin_listen listen = {
        .mode = 0600, .access = access, .token_file = (char *)(uintptr_t)token_file};
    static __thread char hosts[8][64];
    static __thread unsigned next;
    listen.address.text = (char *)(uintptr_t)address;
    if (strncmp(address, "unix:", 5) == 0) {
        listen.address.kind = CONF_ADDRESS_UNIX;
        listen.address.path = listen.address.text + 5;
        return listen;
    }
    char *host = hosts[next++ % 8];
    const char *colon = strrchr(address, ':');
    snprintf(host, sizeof hosts[0], "%.*s", (int)(colon - address), address);
    listen.address.kind = strcmp(host, "*") == 0 ? CONF_ADDRESS_ANY : CONF_ADDRESS_HOST;
    listen.address.host = *host == '[' ? host + 1 : host;
    host[strcspn(host, "]")] = '\0';
    listen.address.port = (uint16_t)atoi(colon + 1);
    return listen;
}

static void *run(void *context)
{
    loop_run(&((struct stage *)context)->loop);
    return NULL;
}

static void obey(struct watch *watch, unsigned events)
{
    struct stage *stage = (struct stage *)((char *)watch - offsetof(struct stage, wake));
    uint64_t count;
    (void)events;
    if (read(watch->fd, &count, sizeof count) < 0)
        return;
    pthread_mutex_lock(&stage->mutex);
    stage->order(stage, stage->context);
    stage->order = NULL;
    pthread_cond_signal(&stage->is_done);
    pthread_mutex_unlock(&stage->mutex);
}

void stage_order(struct stage *stage, void (*order)(struct stage *stage, void *context), void *context)
{
    uint64_t one = 1;
    pthread_mutex_lock(&stage->mutex);
    stage->order = order;
    stage->context = context;
    if (write(stage->wake.fd, &one, sizeof one) != sizeof one)
        abort();
    while (stage->order)
        pthread_cond_wait(&stage->is_done, &stage->mutex);
    pthread_mutex_unlock(&stage->mutex);
}

static void stop(struct stage *stage, void *context)
{
    (void)context;
    loop_stop(&stage->loop);
}

/* The port that the second address took: /v1/info tells. */
static int learn_port(struct stage *stage)
{
    struct http_answer answer;
    int port = 0;
    http_get(stage->path, 0, "/v1/info", "", &answer);
    const char *found = answer.body ? strstr(answer.body, "\"address\":\"127.0.0.1:") : NULL;
    if (found)
        port = atoi(found + strlen("\"address\":\"127.0.0.1:"));
    http_end(&answer);
    return port;
}

void stage_begin(struct stage *stage)
{
    char text[128];
    memset(stage, 0, sizeof *stage);
    fake_begin(&stage->proxy);
    pthread_mutex_init(&stage->mutex, NULL);
    pthread_cond_init(&stage->is_done, NULL);
    snprintf(stage->folder, sizeof stage->folder, "/tmp/spliced-admin-XXXXXX");
    if (!mkdtemp(stage->folder))
        must(strdup("no folder"));
    snprintf(stage->path, sizeof stage->path, "%s/admin.sock", stage->folder);
    snprintf(text, sizeof text, "unix:%s", stage->path);
    struct conf_admin_listen listen[] = {stage_listen(text, CONF_ACCESS_WRITE, NULL),
                                         stage_listen("127.0.0.1:0", CONF_ACCESS_READ, NULL)};
    struct conf_admin conf = {.listen = listen, .listen_count = 2};
    must(loop_open(&stage->loop));
    must(admin_create(&stage->loop, &stage->proxy, &conf, &stage->admin));
    stage->wake = (struct watch){.ready = obey, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (loop_add_level(&stage->loop, &stage->wake) != 0 ||
        pthread_create(&stage->thread, NULL, run, stage) != 0)
        must(strdup("no control thread"));
    stage->port = learn_port(stage);
}

static void remove_folder(const char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        fprintf(stderr, "cannot remove %s\n", folder);
}

void stage_end(struct stage *stage)
{
    stage_order(stage, stop, NULL);
    pthread_join(stage->thread, NULL);
    admin_destroy(stage->admin);
    loop_remove(&stage->loop, &stage->wake);
    close(stage->wake.fd);
    loop_close(&stage->loop);
    fake_end(&stage->proxy);
    pthread_mutex_destroy(&stage->mutex);
    pthread_cond_destroy(&stage->is_done);
    remove_folder(stage->folder);
}

const char *stage_write(struct stage *stage, const char *name, const char *text)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", stage->folder, name);
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
    return path;
}
