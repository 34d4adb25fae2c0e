/* Whether the daemon of a description is well: what a container's HEALTHCHECK asks.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/health.h"

#include "admin/ctl/client.h"
#include "admin/ctl/human.h"
#include "admin/ctl/problem.h"
#include "conf/text.h"
#include "conf/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATIENCE_MS = 3000
};

/* Only the daemon knows which port it took. */
static bool is_findable(const struct conf_address *address)
{
    return address->kind == CONF_ADDRESS_UNIX || address->port != 0;
}

/* What the answer says against it; NULL: nothing. */
static char *judge(const struct client *client, const struct answer *answer)
{
    if (answer->head.status == 200)
        return NULL;
    bool is_problem = strcmp(answer->head.type, "application/problem+json") == 0;
    char *said = is_problem ? problem_sentence(answer) : human_escape(answer->body ? answer->body : "");
    said[strcspn(said, "\n")] = '\0';
    char *wrong = text_format("%s answers %u: %s", client->shown, answer->head.status, said);
    free(said);
    return wrong;
}

/* Asks one address. *is_answered: it has answered, whatever it said. NULL, or what is wrong. */
static char *ask(const struct conf_admin_listen *listen, const char *target, int64_t timeout_ms,
                 bool *is_answered)
{
    struct order order = {.method = "GET", .target = target, .accept = "application/json"};
    struct client client;
    struct answer answer = {0};
    client_begin_at(&client, &listen->address);
    client.timeout_ms = timeout_ms;
    char *wrong = listen->token_file ? client_take_token(&client, listen->token_file) : NULL;
    if (!wrong) {
        wrong = client_ask(&client, order, &answer);
        *is_answered = !wrong;
    }
    if (*is_answered)
        wrong = judge(&client, &answer);
    client_answer_end(&answer);
    client_end(&client);
    return wrong;
}

/* Each address has an equal share of the time that is left, so that one that hangs does not hide the others.
 */
static char *ask_all(const struct conf_admin *admin, const char *target)
{
    int64_t until = call_now_ms() + PATIENCE_MS;
    char *wrong =
        text_copy("there is no admin address with a known port to ask; give one to \"admin\".\"listen\"");
    for (size_t i = 0; i < admin->listen_count; i++) {
        bool is_answered = false;
        int64_t left = until - call_now_ms();
        if (!is_findable(&admin->listen[i].address))
            continue;
        free(wrong);
        int64_t share = left / (int64_t)(admin->listen_count - i);
        wrong = ask(&admin->listen[i], target, share > 0 ? share : 1, &is_answered);
        if (is_answered)
            break;
    }
    return wrong;
}

/* The built-in address of a description that has none. */
static char *ask_default(const char *target)
{
    struct conf_admin_listen listen = {0};
    const struct conf_admin admin = {.listen = &listen, .listen_count = 1};
    char *wrong = units_parse_address(CLIENT_SERVER, UNITS_CONNECT, &listen.address);
    if (!wrong)
        wrong = ask_all(&admin, target);
    units_address_end(&listen.address);
    return wrong;
}

int health_check(const struct conf_admin *admin, bool is_ready_asked)
{
    const char *target = is_ready_asked ? "/readyz" : "/healthz";
    char *wrong = admin ? ask_all(admin, target) : ask_default(target);
    if (wrong)
        fprintf(stderr, "spliced: %s\n", wrong);
    int code = wrong != NULL;
    free(wrong);
    return code;
}
