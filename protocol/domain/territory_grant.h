/* A territory that a technician serves beside the home one. */
#ifndef TRUCKROLL_DOMAIN_TERRITORY_GRANT_H
#define TRUCKROLL_DOMAIN_TERRITORY_GRANT_H

#include "protocol/domain/schema.h"

struct territory_grant {
	struct id id;
	struct id technician_id;
	struct id territory_id;
	bool ended;
	struct bytes extra;
};

extern const struct schema territory_grant_schema;

#endif
