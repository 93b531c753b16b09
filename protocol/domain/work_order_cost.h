/* What a work order cost: for the office alone. Its home is on no device, and no job links it. */
#ifndef TRUCKROLL_DOMAIN_WORK_ORDER_COST_H
#define TRUCKROLL_DOMAIN_WORK_ORDER_COST_H

#include "protocol/domain/schema.h"

#define COSTS_APART_SINCE 5 /* the revision of the schema that took them out of the orders */

struct work_order_cost {
	struct id id;
	struct id work_order_id;
	int64_t cost_cents; /* hundredths of the organisation's currency */
	struct text source;
	struct text source_id;
	struct bytes extra;
};

extern const struct schema work_order_cost_schema;

#endif
