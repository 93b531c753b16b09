/* A person who goes on visits. */
#ifndef TRUCKROLL_DOMAIN_TECHNICIAN_H
#define TRUCKROLL_DOMAIN_TECHNICIAN_H

#include "protocol/domain/schema.h"

struct technician {
	struct id id;
	struct text name;
	struct id territory_id;
	struct id van_location_id;
	struct text language; /* RFC 5646 tag, such as "de" */
	struct text phone;
	struct bytes extra;
};

extern const struct schema technician_schema;

#endif
