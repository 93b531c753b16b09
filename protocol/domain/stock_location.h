/* A place where parts can be. Every movement has two of them, so that each part sums to zero over all places. */
#ifndef TRUCKROLL_DOMAIN_STOCK_LOCATION_H
#define TRUCKROLL_DOMAIN_STOCK_LOCATION_H

#include "protocol/domain/schema.h"

enum stock_location_kind {
	STOCK_LOCATION_KIND_DEPOT = 0,
	STOCK_LOCATION_KIND_VAN = 1,
	STOCK_LOCATION_KIND_CUSTOMER_SITE = 2,
	STOCK_LOCATION_KIND_TRANSIT = 3,
	STOCK_LOCATION_KIND_QUARANTINE = 4,
	STOCK_LOCATION_KIND_VENDOR = 5,
	STOCK_LOCATION_KIND_SCRAP = 6,
	STOCK_LOCATION_KIND_ADJUSTMENT = 7,
	STOCK_LOCATION_KIND_COUNT,
};

extern const struct choice stock_location_kind_names[];

struct stock_location {
	struct id id;
	struct text name;
	enum stock_location_kind kind;
	struct id technician_id; /* whose van it is */
	struct id territory_id;  /* copied into its balances: fixed */
	struct bytes extra;
};

extern const struct schema stock_location_schema;

/* Places that are everywhere and need no row: all zero but the last byte. */
extern const struct id location_customer;
extern const struct id location_vendor;
extern const struct id location_scrap;
extern const struct id location_adjustment;

struct virtual_location {
	const char *word; /* what people write where a place is asked for */
	const struct id *id;
	enum stock_location_kind kind;
};

/* One of the four above, by its id or by its word; NULL for any other. */
const struct virtual_location *virtual_location_find(const struct id *location_id);
const struct virtual_location *virtual_location_named(struct text word);

/* True for the four above. */
bool location_is_virtual(const struct id *location_id);

#endif
