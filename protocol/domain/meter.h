/* What is read on an asset. */
#ifndef TRUCKROLL_DOMAIN_METER_H
#define TRUCKROLL_DOMAIN_METER_H

#include "protocol/domain/schema.h"

enum meter_kind {
	METER_KIND_COUNTER = 0,
	METER_KIND_GAUGE = 1,
	METER_KIND_COUNT,
};

extern const struct choice meter_kind_names[];

struct meter {
	struct id id;
	struct id asset_id;
	struct id territory_id; /* the asset's, unless another is given */
	struct text name;
	struct text unit;
	int64_t scale;        /* decimal places of readings and of rollover */
	enum meter_kind kind; /* a counter only goes up */
	int64_t rollover;     /* of a counter: after this it begins at 0; 0: never */
	int64_t last_value;
	int64_t last_at_ms;
	struct id last_reading_id;
	struct text source;
	struct text source_id;
	struct bytes extra;
};

extern const struct schema meter_schema;

#endif
