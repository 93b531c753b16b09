/* What a meter showed; never changed, corrected by another reading. */
#ifndef TRUCKROLL_DOMAIN_READING_H
#define TRUCKROLL_DOMAIN_READING_H

#include "protocol/domain/schema.h"

struct reading {
	struct id id;
	struct id meter_id;
	int64_t value; /* in the meter's scale */
	int64_t at_ms;
	struct id corrects_id; /* the reading it takes the place of */
	struct id visit_id;
	struct id work_order_id;
	struct id territory_id;  /* the meter's, unless another is given */
	struct id asset_id;      /* what was read, after merges */
	struct id technician_id; /* nil: the office */
	bool late;               /* the order was closed or cancelled already */
	bool archived;           /* older than its window: only the office has it */
	struct bytes extra;
};

extern const struct schema reading_schema;

#endif
