/* The commands that have things read again: the certificates' files, and the configuration.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/reload.h"

#include "admin/ctl/list.h"

#include <stdio.h>
#include <string.h>

/* Gives the order; what is answered is shown only as JSON. */
static enum ctl_exit order(struct session *session, const char *target)
{
    struct answer answer = {0};
    enum ctl_exit code = session_order(session, "POST", target, "{}", &answer);
    if (code == CTL_WELL && session->is_json)
        session_write(answer.body, answer.length);
    client_answer_end(&answer);
    return code;
}

enum ctl_exit reload_run_certs(struct session *session, const struct view *view, char *const *words)
{
    if (!*words || strcmp(*words, "reload") != 0)
        return list_run(session, view, words);
    enum ctl_exit code = order(session, "/v1/certificates/reload");
    return code != CTL_WELL || session->is_json ? code : list_run(session, view, words + 1);
}

enum ctl_exit reload_run_config(struct session *session, const struct view *view, char *const *words)
{
    (void)view;
    if (strcmp(*words, "reload") != 0) {
        fputs("usage: splicectl config reload\n", stderr);
        return CTL_USAGE;
    }
    enum ctl_exit code = order(session, "/v1/config/reload");
    if (code == CTL_WELL && !session->is_json)
        puts("the configuration was read again and is in force");
    return code;
}
