/* A kind of thing that can be in stock. */
#ifndef TRUCKROLL_DOMAIN_PART_H
#define TRUCKROLL_DOMAIN_PART_H

#include "protocol/domain/schema.h"

struct part {
	struct id id;
	struct text number;
	struct text description;
	struct text unit;
	struct text type;
	struct text assembly;
	struct bytes extra;
};

extern const struct schema part_schema;

#endif
