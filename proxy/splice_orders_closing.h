/* A closing of many splices, found by number and looked at once more before they are closed.
 *
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The numbers go to every worker in slices, since nobody else knows whose a splice is; each closes those that
 * it has. Reference counted: the slices under way, and whoever works it off, hold it. */
#ifndef PROXY_SPLICE_ORDERS_CLOSING_H
#define PROXY_SPLICE_ORDERS_CLOSING_H

#include "proxy/house.h"
#include "proxy/splice_orders.h"

struct closing;

/* With one reference; the choice is taken over in either case. NULL: memory is out. */
struct closing *closing_create(struct commons *commons, const struct proxy_close_order *order);

/* Gives a reference back; the last one frees. Accepts NULL. */
void closing_drop(struct closing *closing);

/* [any] Adds a splice's number, in ascending order, before anything is closed. False: memory is out. */
bool closing_add(struct closing *closing, uint64_t id);
uint64_t closing_count(const struct closing *closing);

/* [any] How many are closed by now. */
uint64_t closing_done(struct closing *closing);

/* [any] Closes all, and waits for it. False: somebody did not answer in time; the rest is left alone. */
bool closing_finish(struct closing *closing);

/* [any] Hands it to control, which closes so many a second until all are; takes over the reference. */
void closing_trickle(struct closing *closing, struct proxy *house);

/* [control] Gives up those that trickle. The workers have ended. */
void closing_end_all(struct list *closings);

#endif
