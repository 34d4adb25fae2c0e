/* The order to judge open splices by today's rules.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "proxy/splice_review.h"

#include "admin/routes.h"

#include <stddef.h>
#include <stdlib.h>

struct wish {
    bool is_dry_run;
};

static const struct grammar_key keys[] = {
    {"dry_run", GRAMMAR_BOOLEAN, .member = offsetof(struct wish, is_dry_run), .initial = "false",
     .sentence = "Whether to tell them only."},
    {0},
};
const struct grammar_object splices_reauthorise_body = {
    .name = "reauthorise",
    .sentence = "Whether those that would not be let in any more are closed.",
    .size = sizeof(struct wish),
    .keys = keys,
};

static void write_failed(struct json *json, const struct review_failed *failed)
{
    json_object_open(json);
    json_key_uint(json, "splice", failed->splice);
    json_key_string(json, "listener", failed->listener);
    json_key_string(json, "peer", *failed->peer ? failed->peer : NULL);
    json_key_string(json, "reason", reason_word(failed->reason));
    json_key_string(json, "detail", failed->detail ? failed->detail : reason_sentence(failed->reason));
    json_object_close(json);
}

static void write_review(struct json *json, bool is_dry_run, const struct review *review)
{
    json_object_open(json);
    json_key_bool(json, "dry_run", is_dry_run);
    json_key_uint(json, "reviewed", review->reviewed);
    json_key_uint(json, "failed", review->failed);
    json_key_uint(json, "closed", review->closed);
    json_key(json, "items");
    json_array_open(json);
    for (size_t i = 0; i < review->count; i++)
        write_failed(json, &review->items[i]);
    json_array_close(json);
    json_object_close(json);
}

void splices_reauthorise(const struct asked *asked, struct reply *reply)
{
    const struct wish *wish = asked->body;
    struct review review;
    if (proxy_review(asked->house->proxy, wish->is_dry_run, &review) == PROXY_ANSWERED)
        write_review(reply_json(reply, 200), wish->is_dry_run, &review);
    else
        reply_busy(reply, "the workers did not answer in time, or memory is out; some may be closed");
    free(review.items);
}
