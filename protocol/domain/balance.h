/* How much of a part is at a location: the sum of its movements. Its id is the pair's. */
#ifndef TRUCKROLL_DOMAIN_BALANCE_H
#define TRUCKROLL_DOMAIN_BALANCE_H

#include "protocol/domain/schema.h"

struct balance {
	struct id id;
	struct id location_id;
	struct id part_id;
	int64_t quantity;       /* below zero: more was used than was known to be there */
	struct id territory_id; /* the location's */
	struct bytes extra;
};

extern const struct schema balance_schema;

#endif
