#include "protocol/domain/overlay.h"

#include <assert.h>
#include <stdlib.h>

struct overlay_row {
	enum record_kind kind;
	struct id id;
	const void *before; /* a copy of what lies below; NULL: absent */
	const void *after;  /* NULL: removed */
};

static struct overlay *overlay_of(struct records *records)
{
	return (struct overlay *)records; /* its first member */
}

/* One operation changes a handful of rows: a walk over them is the fastest index. */
static struct overlay_row *find_changed(const struct overlay *overlay, enum record_kind kind, const struct id *id)
{
	for (size_t i = 0; i < overlay->changed_count; i++) {
		struct overlay_row *row = overlay->changed[i];
		if (row->kind == kind && id_equal(&row->id, id))
			return row;
	}
	return NULL;
}

static void append_changed(struct overlay *overlay, struct overlay_row *row)
{
	overlay->changed = arena_grow(
		overlay->arena, overlay->changed, overlay->changed_count, &overlay->changed_capacity, sizeof(struct overlay_row *));
	overlay->changed[overlay->changed_count++] = row;
}

static enum status change_row(struct overlay *overlay, enum record_kind kind, const struct id *id, const void *after)
{
	struct overlay_row *row = find_changed(overlay, kind, id);
	const void *before;
	enum status status;

	if (row != NULL) {
		row->after = after;
		return STATUS_OK;
	}
	status = records_look(overlay->under, kind, id, &before);
	if (status != STATUS_OK)
		return status;
	row = arena_allocate(overlay->arena, sizeof(*row));
	*row = (struct overlay_row){ .kind = kind, .id = *id, .after = after };
	if (before != NULL)
		row->before = row_copy(overlay->arena, schema_find(kind), before);
	append_changed(overlay, row);
	return STATUS_OK;
}

static enum status overlay_get(struct records *records, enum record_kind kind, const struct id *id, const void **out_row)
{
	struct overlay *overlay = overlay_of(records);
	const struct overlay_row *row = find_changed(overlay, kind, id);
	const struct schema *schema;

	if (row == NULL)
		return records_get(overlay->under, kind, id, out_row);
	if (row->after == NULL) {
		schema = schema_find(kind);
		return fail(STATUS_NOT_FOUND, "there is no %s %s", schema->name, id_to_text(id).characters);
	}
	*out_row = row->after;
	return STATUS_OK;
}

static enum status overlay_put(struct records *records, enum record_kind kind, const void *row)
{
	struct overlay *overlay = overlay_of(records);
	const struct schema *schema = schema_find(kind);

	assert(schema != NULL);
	return change_row(overlay, kind, row_id(row), row_copy(overlay->arena, schema, row));
}

static enum status overlay_remove(struct records *records, enum record_kind kind, const struct id *id)
{
	return change_row(overlay_of(records), kind, id, NULL);
}

/* A walk over the rows below with the changed ones merged in, in id order. */
struct merged_walk {
	const struct overlay *overlay;
	enum record_kind kind;
	const void **added; /* changed rows that match the key, by id */
	size_t added_count;
	size_t added_shown;
	record_visit visit;
	void *context;
};

static int compare_rows(const void *left, const void *right)
{
	return id_compare(row_id(*(const void *const *)left), row_id(*(const void *const *)right));
}

static enum status show_added(struct merged_walk *walk, const struct id *before)
{
	while (walk->added_shown < walk->added_count) {
		const void *row = walk->added[walk->added_shown];
		enum status status;
		if (before != NULL && id_compare(row_id(row), before) >= 0)
			break;
		walk->added_shown++;
		status = walk->visit(walk->context, row);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status show_under(void *context, const void *row)
{
	struct merged_walk *walk = context;
	enum status status = show_added(walk, row_id(row));

	if (status != STATUS_OK)
		return status;
	if (find_changed(walk->overlay, walk->kind, row_id(row)) != NULL)
		return STATUS_OK;
	return walk->visit(walk->context, row);
}

static enum status overlay_each(
	struct records *records, enum record_kind kind, const char *index_field, const struct id *key, record_visit visit, void *context)
{
	struct overlay *overlay = overlay_of(records);
	const struct field *field = schema_field(schema_find(kind), text_of(index_field));
	struct merged_walk walk = { .overlay = overlay, .kind = kind, .visit = visit, .context = context };
	enum status status;

	assert(field != NULL && field->kind == FIELD_ID);
	if (overlay->changed_count == 0)
		return records_each(overlay->under, kind, index_field, key, visit, context);
	walk.added = arena_allocate_array(overlay->arena, overlay->changed_count, sizeof(void *));
	for (size_t i = 0; i < overlay->changed_count; i++) {
		const struct overlay_row *row = overlay->changed[i];
		if (row->kind == kind && row->after != NULL && id_equal(field_at(field, row->after), key))
			walk.added[walk.added_count++] = row->after;
	}
	qsort(walk.added, walk.added_count, sizeof(void *), compare_rows);
	status = records_each(overlay->under, kind, index_field, key, show_under, &walk);
	return status == STATUS_OK ? show_added(&walk, NULL) : status;
}

void overlay_init(struct overlay *overlay, struct records *under, struct arena *arena)
{
	static const struct records_operations operations = {
		.get = overlay_get,
		.each = overlay_each,
		.put = overlay_put,
		.remove = overlay_remove,
	};

	*overlay = (struct overlay){ .records = { .operations = &operations }, .under = under, .arena = arena };
}

size_t overlay_change_count(const struct overlay *overlay)
{
	return overlay->changed_count;
}

enum status overlay_change(const struct overlay *overlay, size_t position, struct change *out_change)
{
	const struct overlay_row *row;

	assert(position < overlay->changed_count);
	row = overlay->changed[position];
	if (row->before == NULL && row->after == NULL)
		return STATUS_NOT_FOUND;
	if (row->before != NULL && row->after != NULL && row_equal(schema_find(row->kind), row->before, row->after))
		return STATUS_NOT_FOUND;
	*out_change = (struct change){ .kind = row->kind, .before = row->before, .after = row->after };
	return STATUS_OK;
}
