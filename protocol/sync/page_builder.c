#include "protocol/sync/page_builder.h"

#include <string.h>

/* The group that takes the next row. */
static struct page_group *group_for(
	struct page_builder *builder, const struct scope *scope, enum entry_type type, const struct schema *schema)
{
	struct page_group *last;

	if (builder->group_count > 0) {
		last = &builder->groups[builder->group_count - 1];
		if (last->type == type && last->schema == schema && scope_equal(&last->scope, scope))
			return last;
	}
	builder->groups = arena_grow(builder->arena, builder->groups, builder->group_count, &builder->group_capacity, sizeof(*last));
	last = &builder->groups[builder->group_count++];
	*last = (struct page_group){ .scope = *scope, .type = type, .schema = schema };
	builder->row_capacity = 0;
	builder->raw_size += 24;
	return last;
}

/* Room for one more row in the group: the arrays grow in the arena. */
static void grow_group(struct page_builder *builder, struct page_group *group)
{
	void **rows;
	uint64_t *masks;

	if (group->count < builder->row_capacity)
		return;
	builder->row_capacity = builder->row_capacity == 0 ? 16 : 2 * builder->row_capacity;
	rows = arena_allocate_array(builder->arena, builder->row_capacity, sizeof(*rows));
	masks = group->type == ENTRY_PATCH ? arena_allocate_array(builder->arena, builder->row_capacity, sizeof(*masks)) : NULL;
	if (group->count > 0)
		memcpy(rows, group->rows, group->count * sizeof(*rows));
	if (group->count > 0 && masks != NULL)
		memcpy(masks, group->masks, group->count * sizeof(*masks));
	group->rows = rows;
	group->masks = masks;
}

static void add(struct page_builder *builder, struct page_group *group, void *row, uint64_t mask)
{
	grow_group(builder, group);
	if (group->masks != NULL)
		group->masks[group->count] = mask;
	group->rows[group->count++] = row;
	builder->row_count++;
}

/* About what a row takes before compression. */
static size_t raw_size_of(const struct schema *schema, const void *row)
{
	size_t size = ID_SIZE;

	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		if (field_is_default(field, row))
			continue;
		size += field->kind == FIELD_TEXT ? ((const struct text *)field_at(field, row))->size + 1
			: field->kind == FIELD_ID ? ID_SIZE
						  : 3;
	}
	size += row_extra(schema, row).size;
	return size;
}

void page_builder_whole(struct page_builder *builder, const struct scope *scope, const struct schema *schema, const void *row)
{
	add(builder, group_for(builder, scope, ENTRY_WHOLE, schema), row_copy(builder->arena, schema, row), 0);
	builder->raw_size += raw_size_of(schema, row);
}

void page_builder_patch(
	struct page_builder *builder, const struct scope *scope, const struct schema *schema, const void *row, uint64_t mask)
{
	void *patch = arena_allocate(builder->arena, schema->size);

	memcpy(patch, row_id(row), sizeof(struct id));
	for (size_t i = 0; i < schema->field_count; i++)
		if ((mask >> schema->fields[i].tag & 1) != 0)
			field_copy(&schema->fields[i], patch, row);
	patch = row_copy(builder->arena, schema, patch); /* texts are the store's */
	add(builder, group_for(builder, scope, ENTRY_PATCH, schema), patch, mask);
	builder->raw_size += raw_size_of(schema, patch);
}

void page_builder_name(struct page_builder *builder, const struct scope *scope, enum entry_type type, const struct schema *schema,
	const struct id *id)
{
	void *row = arena_allocate(builder->arena, schema->size);

	memcpy(row, id, sizeof(*id));
	add(builder, group_for(builder, scope, type, schema), row, 0);
	builder->raw_size += ID_SIZE;
}

void page_builder_append(struct page_builder *builder, const struct page_builder *more)
{
	for (size_t i = 0; i < more->group_count; i++) {
		builder->groups = arena_grow(
			builder->arena, builder->groups, builder->group_count, &builder->group_capacity, sizeof(*builder->groups));
		builder->groups[builder->group_count++] = more->groups[i];
	}
	if (more->group_count > 0)
		builder->row_capacity = more->row_capacity;
	builder->raw_size += more->raw_size;
	builder->row_count += more->row_count;
}

void page_builder_digest(struct page_builder *builder, const struct scope_digest *digest)
{
	group_for(builder, &digest->scope, ENTRY_DIGEST, NULL)->digest = digest->digest;
}

void page_builder_dropped(struct page_builder *builder, const struct scope *scope)
{
	(void)group_for(builder, scope, ENTRY_DROPPED, NULL);
}
