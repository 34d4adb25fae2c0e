/* One admin address: its listening socket, its gate, and the file of a unix socket.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/door.h"

#include "conf/text.h"

#include <stdlib.h>
#include <sys/stat.h>

enum {
    BACKLOG = 128
};

/* Opens the socket; the sentence says which address of which part of the configuration could not be opened.
 */
static char *open_socket(struct door *door, const struct conf_admin_listen *conf)
{
    char *wrong = listening_open(&door->socket, &conf->address, BACKLOG, (unsigned)conf->mode);
    if (wrong) {
        char *where = text_format("admin: %s", wrong);
        free(wrong);
        return where;
    }
    /* The configuration may go while the door stays. */
    if (conf->address.path)
        door->socket.bound.path = door->path = text_copy(conf->address.path);
    door->watch.fd = door->socket.fd;
    address_print(&door->socket.bound, door->shown);
    return NULL;
}

char *door_open(const struct conf_admin_listen *conf, struct door **door)
{
    struct door *opened = calloc(1, sizeof *opened);
    *door = NULL;
    if (!opened)
        return text_format("admin: no memory for %s", conf->address.text);
    opened->watch.fd = -1;
    opened->socket.fd = -1;
    opened->gate.level = conf->access;
    opened->text = text_copy(conf->address.text);
    pthread_mutex_init(&opened->mutex, NULL);
    char *wrong = conf->token_file ? tokens_open(conf->token_file, &opened->gate.tokens) : NULL;
    if (!wrong)
        wrong = open_socket(opened, conf);
    if (wrong)
        door_destroy(opened);
    else
        *door = opened;
    return wrong;
}

void door_close(struct door *door)
{
    listening_close(&door->socket, true);
    door->watch.fd = -1;
}

void door_destroy(struct door *door)
{
    if (!door)
        return;
    door_close(door);
    tokens_drop(door->gate.tokens);
    pthread_mutex_destroy(&door->mutex);
    free(door->path);
    free(door->text);
    free(door);
}

void door_regulate(struct door *door, const struct conf_admin_listen *conf, struct tokens *tokens)
{
    pthread_mutex_lock(&door->mutex);
    struct tokens *before = door->gate.tokens;
    door->gate = (struct gate){.level = conf->access, .tokens = tokens};
    pthread_mutex_unlock(&door->mutex);
    tokens_drop(before);
    if (door->path)
        chmod(door->path, (mode_t)conf->mode);
}

struct gate door_gate(struct door *door)
{
    pthread_mutex_lock(&door->mutex);
    struct gate gate = {.level = door->gate.level, .tokens = tokens_hold(door->gate.tokens)};
    pthread_mutex_unlock(&door->mutex);
    return gate;
}
