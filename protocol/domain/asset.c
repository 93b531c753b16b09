#include "protocol/domain/asset.h"

#include <assert.h>

const struct choice asset_status_names[] = {
	{ ASSET_STATUS_ACTIVE, "active" },
	{ ASSET_STATUS_PLANNED, "planned" },
	{ ASSET_STATUS_DOWN, "down" },
	{ ASSET_STATUS_IN_REPAIR, "in_repair" },
	{ ASSET_STATUS_LOANED, "loaned" },
	{ ASSET_STATUS_RETIRED, "retired" },
	{ ASSET_STATUS_REPLACED, "replaced" },
	{ ASSET_STATUS_STANDBY, "standby" },
	{ 0, NULL },
};
static_assert(LENGTH(asset_status_names) == ASSET_STATUS_COUNT + 1, "every asset_status has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(asset, id),                          .tag = 1, .required = true },
	{ FIELD_OF(asset, site_id),                     .tag = 2, .refers = RECORD_SITE },
	{ FIELD_OF(asset, territory_id),
	  .tag = 3, .refers = RECORD_TERRITORY, .merge = MERGE_SERVER_WINS, .required = true },
	{ FIELD_OF(asset, name),                        .tag = 4, .merge = MERGE_LAST_COMMITTED, .required = true, .max = 200 },
	{ FIELD_OF(asset, model),                       .tag = 5, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(asset, serial),                      .tag = 6, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ CHOICE_OF(asset, status, asset_status_names), .tag = 7, .merge = MERGE_LAST_COMMITTED },
	{ TIME_OF(asset, installed_at_ms),              .tag = 8 },
	{ FIELD_OF(asset, source),                      .tag = 9, .max = 200 },
	{ FIELD_OF(asset, source_id),                   .tag = 10, .max = 200 },
	{ FIELD_OF(asset, merged_into_id),
	  .tag = 11, .refers = RECORD_ASSET, .merge = MERGE_SERVER_WINS, .since = 2 },
};
/* clang-format on */

enum status asset_follow(struct records *records, const struct id *id, struct id *out_id, const struct asset **out_asset)
{
	const struct asset *asset = NULL;
	struct id at = *id;

	for (int merges = 0; !id_is_nil(&at); merges++) {
		const void *row;
		enum status status = records_look(records, RECORD_ASSET, &at, &row);
		if (status != STATUS_OK)
			return status;
		asset = row;
		if (asset == NULL || id_is_nil(&asset->merged_into_id) || merges == ASSET_MERGES_MAX)
			break;
		at = asset->merged_into_id;
	}
	*out_id = at;
	*out_asset = asset;
	return STATUS_OK;
}

const struct schema asset_schema = {
	.kind = RECORD_ASSET,
	.name = "asset",
	.size = sizeof(struct asset),
	.extra = offsetof(struct asset, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
};
