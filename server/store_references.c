/* Short references over the stored rows. */
#include "server/store_inner.h"

/* Two bytes beyond what tells an id from its neighbours: the peer's rows are not quite ours. */
#define SPARE_BYTES 2

static size_t width(void *context, enum record_kind kind, const struct id *ids, size_t count)
{
	struct server_store *store = context;
	const struct schema *schema = NULL;
	size_t common = REFERENCE_WIDTH_MIN - SPARE_BYTES;

	if (schema_of_record(kind, &schema) != STATUS_OK ||
		table_raise_common_prefix(store->storage, schema, ids, count, &common) != STATUS_OK)
		return REFERENCE_WIDTH_MAX;
	return common + SPARE_BYTES < REFERENCE_WIDTH_MAX ? common + SPARE_BYTES : REFERENCE_WIDTH_MAX;
}

static enum status resolve(void *context, enum record_kind kind, const uint8_t *prefix, size_t prefix_width, struct id *out_id)
{
	struct server_store *store = context;
	const struct schema *schema = NULL;
	enum status status = schema_of_record(kind, &schema);

	return status == STATUS_OK ? table_resolve(store->storage, schema, prefix, prefix_width, out_id) : status;
}

void store_references_init(struct server_store *store)
{
	store->references = (struct references){ .width = width, .resolve = resolve, .context = store };
}

const struct references *server_store_references(struct server_store *store)
{
	return &store->references;
}
