/* A technician's machine that may sync. */
#ifndef TRUCKROLL_DOMAIN_DEVICE_H
#define TRUCKROLL_DOMAIN_DEVICE_H

#include "protocol/domain/schema.h"

enum device_state {
	DEVICE_STATE_PENDING = 0,
	DEVICE_STATE_ACTIVE = 1,
	DEVICE_STATE_DRAINING = 2,
	DEVICE_STATE_STOLEN = 3,
	DEVICE_STATE_COUNT,
};

extern const struct choice device_state_names[];

struct device {
	struct id id;
	struct text name;
	struct id technician_id;
	enum device_state state;
	int64_t enrolled_at_ms;
	struct text platform;
	struct bytes extra;
};

extern const struct schema device_schema;

#endif
