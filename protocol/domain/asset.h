/* A machine at a site. */
#ifndef TRUCKROLL_DOMAIN_ASSET_H
#define TRUCKROLL_DOMAIN_ASSET_H

#include "protocol/domain/schema.h"

enum asset_status {
	ASSET_STATUS_ACTIVE = 0,
	ASSET_STATUS_PLANNED = 1,
	ASSET_STATUS_DOWN = 2,
	ASSET_STATUS_IN_REPAIR = 3,
	ASSET_STATUS_LOANED = 4,
	ASSET_STATUS_RETIRED = 5,
	ASSET_STATUS_REPLACED = 6,
	ASSET_STATUS_COUNT,
};

extern const struct choice asset_status_names[];

struct asset {
	struct id id;
	struct id site_id;
	struct id territory_id;
	struct text name;
	struct text model;
	struct text serial;
	enum asset_status status;
	int64_t installed_at_ms;
	struct text source;
	struct text source_id;
};

extern const struct schema asset_schema;

#endif
