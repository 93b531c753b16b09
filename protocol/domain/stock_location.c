#include "protocol/domain/stock_location.h"

#include <assert.h>

const struct choice stock_location_kind_names[] = {
	{ STOCK_LOCATION_KIND_DEPOT, "depot" },
	{ STOCK_LOCATION_KIND_VAN, "van" },
	{ STOCK_LOCATION_KIND_CUSTOMER_SITE, "customer_site" },
	{ STOCK_LOCATION_KIND_TRANSIT, "transit" },
	{ STOCK_LOCATION_KIND_QUARANTINE, "quarantine" },
	{ STOCK_LOCATION_KIND_VENDOR, "vendor" },
	{ STOCK_LOCATION_KIND_SCRAP, "scrap" },
	{ STOCK_LOCATION_KIND_ADJUSTMENT, "adjustment" },
	{ 0, NULL },
};
static_assert(LENGTH(stock_location_kind_names) == STOCK_LOCATION_KIND_COUNT + 1, "every stock_location_kind has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(stock_location, id),                               .tag = 1, .required = true },
	{ FIELD_OF(stock_location, name),
	  .tag = 2, .merge = MERGE_LAST_COMMITTED, .required = true, .max = 200 },
	{ CHOICE_OF(stock_location, kind, stock_location_kind_names), .tag = 3 },
	{ FIELD_OF(stock_location, technician_id),                    .tag = 4, .refers = RECORD_TECHNICIAN, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(stock_location, territory_id),                     .tag = 5, .refers = RECORD_TERRITORY },
};
/* clang-format on */

const struct schema stock_location_schema = {
	.kind = RECORD_STOCK_LOCATION,
	.name = "stock_location",
	.size = sizeof(struct stock_location),
	.extra = offsetof(struct stock_location, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.home_otherwise = SCOPE_ORG_ALL,
};

const struct id location_customer = { { [ID_SIZE - 1] = 1 } };
const struct id location_vendor = { { [ID_SIZE - 1] = 2 } };
const struct id location_scrap = { { [ID_SIZE - 1] = 3 } };
const struct id location_adjustment = { { [ID_SIZE - 1] = 4 } };

/* clang-format off */
static const struct virtual_location virtual_locations[] = {
	{ "customer",   &location_customer,   STOCK_LOCATION_KIND_CUSTOMER_SITE },
	{ "vendor",     &location_vendor,     STOCK_LOCATION_KIND_VENDOR },
	{ "scrap",      &location_scrap,      STOCK_LOCATION_KIND_SCRAP },
	{ "adjustment", &location_adjustment, STOCK_LOCATION_KIND_ADJUSTMENT },
};
/* clang-format on */

const struct virtual_location *virtual_location_find(const struct id *location_id)
{
	for (size_t i = 0; i < LENGTH(virtual_locations); i++)
		if (id_equal(location_id, virtual_locations[i].id))
			return &virtual_locations[i];
	return NULL;
}

const struct virtual_location *virtual_location_named(struct text word)
{
	for (size_t i = 0; i < LENGTH(virtual_locations); i++)
		if (text_equals(word, virtual_locations[i].word))
			return &virtual_locations[i];
	return NULL;
}

bool location_is_virtual(const struct id *location_id)
{
	return virtual_location_find(location_id) != NULL;
}
