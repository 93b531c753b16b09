#include "protocol/domain/records.h"

#include <assert.h>

enum status records_get(struct records *records, enum record_kind kind, const struct id *id, const void **out_row)
{
	return records->operations->get(records, kind, id, out_row);
}

enum status records_look(struct records *records, enum record_kind kind, const struct id *id, const void **out_row)
{
	enum status status = records->operations->get(records, kind, id, out_row);

	if (status != STATUS_NOT_FOUND)
		return status;
	*out_row = NULL;
	return STATUS_OK;
}

enum status records_each(
	struct records *records, enum record_kind kind, const char *index_field, const struct id *key, record_visit visit, void *context)
{
	return records->operations->each(records, kind, index_field, key, visit, context);
}

enum status records_put(struct records *records, enum record_kind kind, const void *row)
{
	assert(!id_is_nil(row_id(row)));
	return records->operations->put(records, kind, row);
}

enum status records_remove(struct records *records, enum record_kind kind, const struct id *id)
{
	return records->operations->remove(records, kind, id);
}
