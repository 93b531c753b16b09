/* A place where assets stand. */
#ifndef TRUCKROLL_DOMAIN_SITE_H
#define TRUCKROLL_DOMAIN_SITE_H

#include "protocol/domain/schema.h"

struct site {
	struct id id;
	struct id account_id;
	struct id territory_id;
	struct text name;
	struct text address;
	struct text time_zone;    /* IANA name */
	struct text access_notes; /* how to get in */
	struct bytes extra;
};

extern const struct schema site_schema;

#endif
