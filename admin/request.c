/* One HTTP request as plain values, whoever brought it.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "admin/request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static size_t headers_kept(const struct request *request)
{
    return request->header_count < REQUEST_HEADERS ? request->header_count : REQUEST_HEADERS;
}

const char *request_header(const struct request *request, const char *name)
{
    for (size_t i = 0; i < headers_kept(request); i++) {
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    }
    return NULL;
}

size_t request_header_times(const struct request *request, const char *name)
{
    size_t times = 0;
    for (size_t i = 0; i < headers_kept(request); i++)
        times += strcasecmp(request->headers[i].name, name) == 0;
    return times;
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t");
}

/* Whether the parameters behind a media type (";q=0.5;...") leave it a quality above 0. */
static bool is_wanted(const char *parameters)
{
    while (*parameters == ';') {
        parameters = skip_space(parameters + 1);
        if ((parameters[0] == 'q' || parameters[0] == 'Q') && parameters[1] == '=')
            return strtod(parameters + 2, NULL) > 0;
        parameters += strcspn(parameters, ";,");
    }
    return true;
}

static bool names_type(const char *accept, const char *type)
{
    size_t length = strlen(type);
    for (;;) {
        accept = skip_space(accept);
        if (strncasecmp(accept, type, length) == 0) {
            const char *behind = skip_space(accept + length);
            if (*behind == '\0' || *behind == ',' || (*behind == ';' && is_wanted(behind)))
                return true;
        }
        accept += strcspn(accept, ",");
        if (*accept == '\0')
            return false;
        accept++;
    }
}

bool request_accepts(const struct request *request, const char *type)
{
    for (size_t i = 0; i < headers_kept(request); i++) {
        if (strcasecmp(request->headers[i].name, "Accept") == 0 &&
            names_type(request->headers[i].value, type))
            return true;
    }
    return false;
}

bool request_has_type(const struct request *request, const char *type)
{
    const char *value = request_header(request, "Content-Type");
    if (!value || request_header_times(request, "Content-Type") > 1)
        return false;
    size_t length = strlen(type);
    value = skip_space(value);
    if (strncasecmp(value, type, length) != 0)
        return false;
    value = skip_space(value + length);
    return *value == '\0' || *value == ';';
}

bool request_reserve(const struct request *request)
{
    return !request->reserve || request->reserve(request->reserve_context);
}
