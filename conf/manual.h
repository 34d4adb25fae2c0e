/* Manual pages: forms in man(7) in which some lines stand for what only tables know.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_MANUAL_H
#define CONF_MANUAL_H

#include <stdio.h>

struct manual_part {
    const char *line; /* of the form, a comment there; NULL: the last part */
    void (*write)(FILE *out);
};

/* Writes text so that man(7) shows it as it is. */
void manual_text(FILE *out, const char *text);

/* The whole of a program that is called with the form's and the page's file: copies the one to the other, and
 * where a line stands for a part, what that writes. Every part has to stand in the form. Returns the exit
 * status; what is wrong has been told on standard error. */
int manual_make(int argc, char *const *argv, const struct manual_part *parts);

#endif
