/* Time a technician spent; never changed. */
#ifndef TRUCKROLL_DOMAIN_TIME_ENTRY_H
#define TRUCKROLL_DOMAIN_TIME_ENTRY_H

#include "protocol/domain/schema.h"

enum time_kind {
	TIME_KIND_TRAVEL = 0,
	TIME_KIND_WORK = 1,
	TIME_KIND_WAIT = 2,
	TIME_KIND_BREAK = 3,
	TIME_KIND_ADMIN = 4,
	TIME_KIND_COUNT,
};

extern const struct choice time_kind_names[];

enum time_source {
	TIME_SOURCE_TAP = 0,
	TIME_SOURCE_MANUAL = 1,
	TIME_SOURCE_COUNT,
};

extern const struct choice time_source_names[];

struct time_entry {
	struct id id;
	struct id visit_id;
	struct id work_order_id;
	struct id technician_id;
	enum time_kind kind;
	int64_t start_at_ms;
	int64_t end_at_ms;
	enum time_source source; /* tap: from the commands that moved the visit */
	struct text text;
	bool late;     /* the order was closed or cancelled already */
	bool archived; /* older than its window: only the office has it */
	struct bytes extra;
};

extern const struct schema time_entry_schema;

#endif
