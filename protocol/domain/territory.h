/* A part of the organisation's area; the home scope of most records. */
#ifndef TRUCKROLL_DOMAIN_TERRITORY_H
#define TRUCKROLL_DOMAIN_TERRITORY_H

#include "protocol/domain/schema.h"

struct territory {
	struct id id;
	struct text name;
	struct bytes extra;
};

extern const struct schema territory_schema;

#endif
