/* The technician's own visits: which one a person means, and what to call it. */
#ifndef TRUCKROLL_DEVICE_AGENT_VISITS_H
#define TRUCKROLL_DEVICE_AGENT_VISITS_H

#include "device_agent/device.h"
#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"

struct own_visits {
	struct visit **visits; /* in id order */
	size_t count;
	size_t capacity;
};

/* All of the technician's visits, copied to the command's arena. O(own visits). */
enum status own_visits_load(struct context *context, struct own_visits *out_visits);

/* As the day goes: what is under way first, then by planned start; without one last. */
void own_visits_sort(struct own_visits *visits);

/* The visit that an operation of that kind is about. `which`: digits of its id, or the number (digits of the id) of its work order;
 * empty: the one that is the obvious one. STATUS_NOT_FOUND, STATUS_AMBIGUOUS. Copied to the command's arena. */
enum status visit_choose(struct context *context, enum operation_kind kind, struct text which, const struct visit **out_visit);

/* "WO-1042 Pump leaks" */
struct text visit_words(struct context *context, const struct visit *visit);

/* The visit's order in the command's arena; NULL when it is not here. */
const struct work_order *visit_order(struct context *context, const struct visit *visit);

#endif
