/* A store seen as `struct records`, for reading. */

#include "db/storage.h"

struct each_visit {
	record_visit visit;
	void *context;
};

static struct storage_records *of(struct records *records)
{
	return (struct storage_records *)records;
}

static enum status get(struct records *records, enum record_kind kind, const struct id *id, const void **out_row)
{
	struct storage_records *self = of(records);
	const struct schema *schema = NULL;
	void *row = NULL;
	enum status status = schema_of_record(kind, &schema);

	if (status == STATUS_OK)
		status = table_get(self->storage, schema, id, self->arena, &row, NULL);
	if (status == STATUS_OK)
		*out_row = row;
	return status;
}

static enum status visit_row(void *context, const void *row, const struct row_meta *meta)
{
	struct each_visit *inner = context;

	(void)meta;
	return inner->visit(inner->context, row);
}

static enum status each(
	struct records *records, enum record_kind kind, const char *index_field, const struct id *key, record_visit visit, void *context)
{
	struct each_visit inner = { .visit = visit, .context = context };
	const struct schema *schema = NULL;
	enum status status = schema_of_record(kind, &schema);

	return status == STATUS_OK ? table_each(of(records)->storage, schema, index_field, key, visit_row, &inner) : status;
}

static enum status put(struct records *records, enum record_kind kind, const void *row)
{
	(void)records;
	(void)row;
	return fail(STATUS_REFUSED, "rows of kind %d are only read here; their store changes them", (int)kind);
}

static enum status erase(struct records *records, enum record_kind kind, const struct id *id)
{
	(void)id;
	return put(records, kind, NULL);
}

static const struct records_operations operations = { .get = get, .each = each, .put = put, .remove = erase };

void storage_records_init(struct storage_records *records, struct storage *storage, struct arena *arena)
{
	*records = (struct storage_records){ .records = { .operations = &operations }, .storage = storage, .arena = arena };
}
