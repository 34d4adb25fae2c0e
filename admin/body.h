/* The body of a request that changes something: declared as JSON, and read by the route's own table.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef ADMIN_BODY_H
#define ADMIN_BODY_H

#include "admin/reply.h"
#include "admin/request.h"
#include "conf/document.h"

/* Whether a body, and any POST, PUT or PATCH, says that it is application/json: no page of another site can
 * make a browser say so without being asked first (the Fetch standard's CORS-safelisted request headers).
 * False: the reply is 415. GET and HEAD pass: what they bring is not looked at. */
bool body_is_declared(const struct request *request, struct reply *reply);

/* Reads it into a new struct of that table, *body, for body_end. An empty body says as much as {}. False: the
 * reply is 400 for what is no JSON and 422 for what says something else than it may, with every problem's
 * pointer, line and column. */
bool body_read(const struct request *request, const struct grammar_object *object, void **body,
               struct reply *reply);

/* Makes the reply a problem of that status that names all problems of a document. */
void body_refuse(struct reply *reply, unsigned status, const char *detail,
                 const struct conf_problems *problems);

/* Makes the reply a 422 about one value: `pointer` such as "/state" (RFC 6901). */
void body_refuse_value(struct reply *reply, const char *pointer, const char *detail);

/* Frees what body_read made. Accepts NULL. */
void body_end(const struct grammar_object *object, void *body);

#endif
