/* How to get into a site and what waits there: only for who has a job on it. Its home is on no device; jobs link it. */
#ifndef TRUCKROLL_DOMAIN_SITE_ACCESS_H
#define TRUCKROLL_DOMAIN_SITE_ACCESS_H

#include "protocol/domain/schema.h"

struct site_access {
	struct id id;
	struct id site_id;
	struct text name;    /* which door or place, such as "rear gate" */
	struct text code;    /* of the door, the key box, the alarm */
	struct text hazards; /* what is not for everybody in the territory to know */
	struct text source;
	struct text source_id;
	struct bytes extra;
};

extern const struct schema site_access_schema;

#endif
