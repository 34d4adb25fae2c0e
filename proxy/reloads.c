/* Orders of other threads to read again: certificates, and the configuration.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/ask.h"
#include "proxy/house.h"
#include "proxy/renewal.h"

#include <stdlib.h>

/* What control is to do, and how it ended. */
struct errand {
    struct ask ask;
    char *(*run)(struct proxy *house, struct conf_problems *problems);
    char *trouble;
    struct conf_problems problems;
};

static void run_errand(struct ask *ask, void *owner)
{
    struct errand *errand = list_owner(ask, struct errand, ask);
    errand->trouble = errand->run(owner, &errand->problems);
}

static void destroy_errand(struct ask *ask)
{
    struct errand *errand = list_owner(ask, struct errand, ask);
    conf_problems_end(&errand->problems);
    free(errand->trouble);
    free(errand);
}

static enum proxy_answer send_out(struct proxy *proxy,
                                  char *(*run)(struct proxy *house, struct conf_problems *problems),
                                  struct conf_problems *problems, char **trouble)
{
    struct errand *errand = calloc(1, sizeof *errand);
    enum proxy_answer answer = PROXY_BUSY;
    *trouble = NULL;
    *problems = (struct conf_problems){0};
    if (!errand)
        return PROXY_BUSY;
    errand->run = run;
    ask_begin(&errand->ask, run_errand, destroy_errand);
    ask_post(&errand->ask, &proxy->mailbox);
    if (ask_wait(&errand->ask)) {
        answer = PROXY_ANSWERED;
        *trouble = errand->trouble;
        *problems = errand->problems;
        errand->trouble = NULL;
        errand->problems = (struct conf_problems){0};
    }
    ask_leave(&errand->ask);
    return answer;
}

static char *renew(struct proxy *house, struct conf_problems *problems)
{
    (void)problems;
    return renewal_run(house);
}

enum proxy_answer proxy_renew_certificates(struct proxy *proxy, char **trouble)
{
    struct conf_problems none;
    return send_out(proxy, renew, &none, trouble);
}

static char *read_again(struct proxy *house, struct conf_problems *problems)
{
    return house->reload(house->reload_context, problems);
}

void proxy_on_reload(struct proxy *proxy, proxy_reload *reload, void *context)
{
    proxy->reload = reload;
    proxy->reload_context = context;
}

enum proxy_answer proxy_reload_conf(struct proxy *proxy, struct conf_problems *problems, char **trouble)
{
    if (proxy->reload)
        return send_out(proxy, read_again, problems, trouble);
    *problems = (struct conf_problems){0};
    *trouble = NULL;
    return PROXY_NOT_FOUND;
}
