/* A remark on a work order; never changed. */
#ifndef TRUCKROLL_DOMAIN_NOTE_H
#define TRUCKROLL_DOMAIN_NOTE_H

#include "protocol/domain/schema.h"

struct note {
	struct id id;
	struct id work_order_id;
	struct id territory_id;
	struct text text;
	struct id author_id; /* nil: the office */
	int64_t at_ms;
	bool late;     /* the order was closed or cancelled already */
	bool archived; /* older than its window: only the office has it */
	struct bytes extra;
};

extern const struct schema note_schema;

#endif
