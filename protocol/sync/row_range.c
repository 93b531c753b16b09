#include "protocol/sync/row_range.h"

#include <string.h>

#define LOOK_MAX 4096 /* rows, of a kind or gone: more cost as much as building a page */

static bool is_of_class(const struct row_range *range, enum record_kind kind)
{
	return range->class == CLASS_COUNT || range->class == delivery_class_of(kind);
}

bool row_range_is_behind(const struct row_range *range, enum record_kind kind, const struct id *id)
{
	return kind > range->last_kind || (kind == range->last_kind && memcmp(id, &range->last, sizeof(*id)) > 0);
}

bool row_range_holds(const struct row_range *range, enum record_kind kind, const struct id *id)
{
	return is_of_class(range, kind) && kind >= range->first_kind && !row_range_is_behind(range, kind, id) &&
	       (kind > range->first_kind || memcmp(id, &range->after, sizeof(*id)) > 0);
}

static enum status kind_changed(
	struct server_store *store, const struct row_range *range, enum record_kind kind, int64_t gseq, bool *out_changed)
{
	struct id after = { 0 }, last;

	memset(&last, 0xff, sizeof(last));
	if (kind == range->first_kind)
		after = range->after;
	if (kind == range->last_kind)
		last = range->last;
	return server_store_changed(
		store, &(struct member){ .scope = range->scope, .kind = kind, .id = after, .gseq = gseq }, &last, LOOK_MAX, out_changed);
}

struct look {
	const struct row_range *range;
	size_t count;
	bool changed;
};

static enum status look_at_left(void *context, const struct member *member)
{
	struct look *look = context;

	look->changed = ++look->count > LOOK_MAX || row_range_holds(look->range, member->kind, &member->id);
	return look->changed ? STATUS_BUSY : STATUS_OK;
}

enum status row_range_changed(struct server_store *store, const struct row_range *range, int64_t gseq, bool *out_changed)
{
	const struct member since = { .scope = range->scope, .kind = RECORD_KIND_MAX, .gseq = gseq, .id = { { 0xff } } };
	struct look look = { .range = range };
	const struct schema *schema;
	enum status status = server_store_left_feed(store, &since, look_at_left, &look);

	if (status != STATUS_OK && status != STATUS_BUSY)
		return status;
	status = STATUS_OK;
	for (size_t i = 0; (schema = schema_at(i)) != NULL && status == STATUS_OK && !look.changed; i++)
		if (schema->kind >= range->first_kind && schema->kind <= range->last_kind && is_of_class(range, schema->kind) &&
			server_store_kind_changed(store, schema->kind, gseq))
			status = kind_changed(store, range, schema->kind, gseq, &look.changed);
	*out_changed = look.changed;
	return status;
}
