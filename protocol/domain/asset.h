/* A machine at a site. */
#ifndef TRUCKROLL_DOMAIN_ASSET_H
#define TRUCKROLL_DOMAIN_ASSET_H

#include "protocol/domain/records.h"

enum asset_status {
	ASSET_STATUS_ACTIVE = 0,
	ASSET_STATUS_PLANNED = 1,
	ASSET_STATUS_DOWN = 2,
	ASSET_STATUS_IN_REPAIR = 3,
	ASSET_STATUS_LOANED = 4,
	ASSET_STATUS_RETIRED = 5,
	ASSET_STATUS_REPLACED = 6,
	ASSET_STATUS_STANDBY = 7, /* ready to take another one's place */
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
	struct id merged_into_id; /* it was the same machine as this one: facts go there, see asset_follow() */
	struct bytes extra;
};

extern const struct schema asset_schema;

/* Follows merges from `id` to the asset that is left: `*out_id`, and its row or NULL when that is not held here (nil: nil and NULL). A
 * chain of more than ASSET_MERGES_MAX is taken to end there. Statuses: those of the store. */
#define ASSET_MERGES_MAX 16
enum status asset_follow(struct records *records, const struct id *id, struct id *out_id, const struct asset **out_asset);

#endif
