/* The description that stands in the program itself: what runs when nothing is asked for.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONF_EMBEDDED_H
#define CONF_EMBEDDED_H

/* A TLS listener on loopback in front of the built-in demo service, and an admin address. Its certificate and
 * key are
 * ${SPLICED_DEMO_CHAIN} and ${SPLICED_DEMO_KEY}, which the caller sets in the environment before reading it.
 */
extern const char embedded_conf[];

#endif
