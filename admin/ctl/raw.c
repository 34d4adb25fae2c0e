/* The command that asks anything and shows the answer as it is.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/ctl/raw.h"

#include "admin/ctl/problem.h"
#include "conf/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool write_line(void *context, const char *line, size_t length)
{
    bool *ends_well = context;
    fwrite(line, 1, length, stdout);
    *ends_well = line[length - 1] == '\n';
    return fflush(stdout) == 0;
}

/* Reads up to the end, or to a NUL, which no JSON has. */
static char *read_input(char **body)
{
    size_t room = 0;
    errno = 0;
    ssize_t length = getdelim(body, &room, '\0', stdin);
    if (length < 0 && ferror(stdin))
        return text_format("cannot read standard input: %s", strerror(errno));
    if (length < 0) {
        free(*body);
        *body = text_copy("");
    }
    return NULL;
}

static enum ctl_exit tell_refusal(const struct answer *answer)
{
    if (strcmp(answer->head.type, "application/problem+json") != 0)
        session_write(answer->body, answer->length);
    problem_tell(answer, stderr);
    return CTL_FAILED;
}

static enum ctl_exit ask(struct session *session, const struct order *order)
{
    struct answer answer;
    bool ends_well = true;
    char *wrong = client_stream(&session->client, *order, write_line, &ends_well, &answer);
    enum ctl_exit code = CTL_WELL;
    if (!ends_well)
        putchar('\n');
    if (wrong)
        code = session_fail(wrong);
    else if (answer.head.status >= 300)
        code = tell_refusal(&answer);
    client_answer_end(&answer);
    return code;
}

enum ctl_exit raw_run(struct session *session, const struct view *view, char *const *words)
{
    struct order order = {.method = words[0], .target = words[1], .body = words[2]};
    char *input = NULL;
    (void)view;
    if (!order_is_sane(order.method, order.target)) {
        fputs("splicectl: raw takes a method in capitals and an encoded path, such as: raw GET /v1/splices\n",
              stderr);
        return CTL_USAGE;
    }
    if (order.body && strcmp(order.body, "-") == 0) {
        char *wrong = read_input(&input);
        if (wrong)
            return session_fail(wrong);
        order.body = input;
    }
    order.length = order.body ? strlen(order.body) : 0;
    enum ctl_exit code = ask(session, &order);
    free(input);
    return code;
}
