/* All admin addresses together: opened and closed as a description asks for.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/doors.h"

#include "admin/level.h"
#include "admin/reception.h"
#include "conf/text.h"
#include "proxy/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a new description makes of one address, before it is certain that all can be made. */
struct plan {
    struct door *kept;     /* stands already, or NULL */
    struct door *opened;   /* is new, or NULL */
    struct tokens *tokens; /* of the kept one */
};

void doors_begin(struct doors *doors, struct loop *loop, struct reception *reception, watch_function *ready,
                 void *owner)
{
    *doors = (struct doors){.loop = loop, .reception = reception, .ready = ready, .owner = owner};
    pthread_mutex_init(&doors->mutex, NULL);
    list_begin(&doors->open);
    list_begin(&doors->closed);
}

static struct door *door_of(struct list_node *node)
{
    return list_owner(node, struct door, node);
}

static bool is_kept(const struct door *door, const struct plan *plans, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (plans[i].kept == door)
            return true;
    }
    return false;
}

/* An open door of that address which the first `count` plans do not keep: port 0 may stand twice. */
static struct door *find_open(struct doors *doors, const char *text, const struct plan *plans, size_t count)
{
    list_for_each (node, &doors->open) {
        struct door *door = door_of(node);
        if (strcmp(door->text, text) == 0 && !is_kept(door, plans, count))
            return door;
    }
    return NULL;
}

static void drop_plans(struct doors *doors, struct plan *plans, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (plans[i].opened)
            loop_remove(doors->loop, &plans[i].opened->watch);
        door_destroy(plans[i].opened);
        tokens_drop(plans[i].tokens);
    }
    free(plans);
}

static char *open_one(struct doors *doors, const struct conf_admin_listen *conf, struct door **door)
{
    char *wrong = door_open(conf, door);
    if (wrong)
        return wrong;
    (*door)->owner = doors->owner;
    (*door)->watch.ready = doors->ready;
    int error = loop_add_level(doors->loop, &(*door)->watch);
    if (error == 0)
        return NULL;
    return text_format("admin address %s cannot be watched: %s", conf->address.text, strerror(error));
}

static char *plan_one(struct doors *doors, const struct conf_admin *conf, struct plan *plans, size_t index)
{
    const struct conf_admin_listen *listen = &conf->listen[index];
    struct plan *plan = &plans[index];
    plan->kept = find_open(doors, listen->address.text, plans, index);
    if (!plan->kept)
        return open_one(doors, listen, &plan->opened);
    return listen->token_file ? tokens_open(listen->token_file, &plan->tokens) : NULL;
}

/* Its memory is freed when nobody who came through it is left: doors_beat. */
static void close_one(struct doors *doors, struct door *door)
{
    log_line(CONF_LOG_INFO, "admin.close", "%s", door->shown);
    loop_remove(doors->loop, &door->watch);
    door_close(door);
    list_remove(&door->node);
    list_append(&doors->closed, &door->node);
    reception_dismiss(doors->reception, door);
}

static void carry_out(struct doors *doors, const struct conf_admin *conf, struct plan *plans, size_t count)
{
    pthread_mutex_lock(&doors->mutex);
    list_for_each (node, &doors->open) {
        if (!is_kept(door_of(node), plans, count))
            close_one(doors, door_of(node));
    }
    for (size_t i = 0; i < count; i++) {
        if (plans[i].kept) {
            door_regulate(plans[i].kept, &conf->listen[i], plans[i].tokens);
            plans[i].tokens = NULL;
            continue;
        }
        list_append(&doors->open, &plans[i].opened->node);
        log_line(CONF_LOG_INFO, "admin.open", "%s, access %s", plans[i].opened->shown,
                 level_word(conf->listen[i].access));
        plans[i].opened = NULL;
    }
    pthread_mutex_unlock(&doors->mutex);
}

char *doors_apply(struct doors *doors, const struct conf_admin *conf)
{
    size_t count = conf ? conf->listen_count : 0;
    struct plan *plans = calloc(count + 1, sizeof *plans);
    char *wrong = plans ? NULL : text_copy("admin addresses cannot be opened: memory is out");
    for (size_t i = 0; !wrong && i < count; i++)
        wrong = plan_one(doors, conf, plans, i);
    if (!wrong)
        carry_out(doors, conf, plans, count);
    if (plans)
        drop_plans(doors, plans, count);
    return wrong;
}

void doors_beat(struct doors *doors)
{
    list_for_each (node, &doors->closed) {
        if (reception_has_visitors(doors->reception, door_of(node)))
            continue;
        list_remove(node);
        door_destroy(door_of(node));
    }
}

void doors_pause(struct doors *doors)
{
    list_for_each (node, &doors->open)
        loop_remove(doors->loop, &door_of(node)->watch);
}

void doors_resume(struct doors *doors)
{
    list_for_each (node, &doors->open)
        loop_add_level(doors->loop, &door_of(node)->watch);
}

void doors_write(struct doors *doors, struct json *json)
{
    pthread_mutex_lock(&doors->mutex);
    list_for_each (node, &doors->open) {
        struct door *door = door_of(node);
        struct gate gate = door_gate(door);
        tokens_drop(gate.tokens);
        json_object_open(json);
        json_key_string(json, "address", door->shown);
        json_key_string(json, "access", level_word(gate.level));
        json_object_close(json);
    }
    pthread_mutex_unlock(&doors->mutex);
}

void doors_end(struct doors *doors)
{
    if (!doors->loop)
        return;
    list_for_each (node, &doors->open) {
        loop_remove(doors->loop, &door_of(node)->watch);
        list_remove(node);
        door_destroy(door_of(node));
    }
    list_for_each (node, &doors->closed) {
        list_remove(node);
        door_destroy(door_of(node));
    }
    pthread_mutex_destroy(&doors->mutex);
    *doors = (struct doors){0};
}
