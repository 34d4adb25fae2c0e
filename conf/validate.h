/* What must hold between the parts of a description, beyond each key by itself.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_VALIDATE_H
#define CONF_VALIDATE_H

#include "conf/conf.h"
#include "conf/places.h"

/* Adds a problem for each contradiction in what reader_read returned for the document of `places`. What is
 * wrong by itself, and was told so, is not held against anything else. */
void validate_conf(const struct conf *conf, const struct places *places, struct conf_problems *problems);

#endif
