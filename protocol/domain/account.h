/* Who is served and billed. */
#ifndef TRUCKROLL_DOMAIN_ACCOUNT_H
#define TRUCKROLL_DOMAIN_ACCOUNT_H

#include "protocol/domain/schema.h"

enum account_kind {
	ACCOUNT_KIND_CUSTOMER = 0,
	ACCOUNT_KIND_PARTNER = 1,
	ACCOUNT_KIND_INTERNAL = 2,
	ACCOUNT_KIND_COUNT,
};

extern const struct choice account_kind_names[];

struct account {
	struct id id;
	struct text name;
	enum account_kind kind;
	struct id territory_id;
	struct text phone;
	struct text source; /* where it was imported from */
	struct text source_id;
	struct bytes extra;
};

extern const struct schema account_schema;

#endif
