/* Orders to read again: the certificates' files, and the configuration.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/routes.h"

#include "admin/body.h"

#include <stdlib.h>

static const char late[] = "it is not done yet, and may still be; ask again";

void certificates_reload(const struct asked *asked, struct reply *reply)
{
    char *trouble;
    if (proxy_renew_certificates(asked->house->proxy, &trouble) != PROXY_ANSWERED)
        reply_busy(reply, late);
    else if (trouble)
        reply_problem(reply, 422, "%s; what was there before goes on", trouble);
    else
        certificates_list(asked, reply);
    free(trouble);
}

static void show_applied(const struct asked *asked, struct reply *reply)
{
    struct report_info info;
    proxy_info(asked->house->proxy, &info);
    struct json *json = reply_json(reply, 200);
    json_object_open(json);
    json_key_time(json, "applied_at", info.applied_at);
    json_object_close(json);
}

void config_reload(const struct asked *asked, struct reply *reply)
{
    struct conf_problems problems;
    char *trouble;
    switch (proxy_reload_conf(asked->house->proxy, &problems, &trouble)) {
    case PROXY_ANSWERED:
        if (problems.count > 0)
            body_refuse(reply, 422, "the configuration is not good; everything stays as it was", &problems);
        else if (trouble)
            reply_problem(reply, 422, "%s; everything stays as it was", trouble);
        else
            show_applied(asked, reply);
        break;
    case PROXY_NOT_FOUND:
        reply_problem(reply, 409, "there is nothing to read it from");
        break;
    case PROXY_BUSY:
        reply_busy(reply, late);
    }
    conf_problems_end(&problems);
    free(trouble);
}
