/* Parts going from one place to another; never changed, corrected by its reverse. */
#ifndef TRUCKROLL_DOMAIN_MOVEMENT_H
#define TRUCKROLL_DOMAIN_MOVEMENT_H

#include "protocol/domain/schema.h"

enum movement_type {
	MOVEMENT_TYPE_RECEIPT = 0,
	MOVEMENT_TYPE_PICK = 1,
	MOVEMENT_TYPE_LOAD = 2,
	MOVEMENT_TYPE_ISSUE = 3,
	MOVEMENT_TYPE_RETURN_UNUSED = 4,
	MOVEMENT_TYPE_TAKE_BACK = 5,
	MOVEMENT_TYPE_TRANSFER_OUT = 6,
	MOVEMENT_TYPE_TRANSFER_IN = 7,
	MOVEMENT_TYPE_COUNT_ADJUST = 8,
	MOVEMENT_TYPE_SCRAP = 9,
	MOVEMENT_TYPE_RTV = 10,
	MOVEMENT_TYPE_COUNT,
};

extern const struct choice movement_type_names[];

struct movement {
	struct id id;
	enum movement_type type;
	struct id part_id;
	int64_t quantity;
	struct id from_location_id;
	struct id to_location_id;
	struct id visit_id;
	struct id work_order_id;
	struct id technician_id;
	int64_t at_ms;
	struct id reverses_id;
	struct id territory_id;
	bool archived; /* older than its window: only the office has it */
	struct bytes extra;
};

extern const struct schema movement_schema;

#endif
