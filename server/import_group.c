#include "server/import_group.h"

#include <string.h>

#include "protocol/base/buffer.h"
#include "server/import_input.h"

#define NUMBER_SIZE ((size_t)8) /* "100. " and the end of the line */

bool import_group_takes(const struct import_group *group, const char *column, const struct import_row *row)
{
	return group->count > 0 && text_equal(import_row_text(&group->rows[0], column), import_row_text(row, column));
}

static bool same_texts(const struct import_row *left, const struct import_row *right)
{
	for (size_t i = 0; i < left->count; i++)
		if (!text_equal(left->values[i].text, right->values[i].text))
			return false;
	return true;
}

/* Rows of one file have the same columns. */
enum import_group_answer import_group_add(struct import_group *group, const struct import_row *row)
{
	struct import_row *copy;
	size_t size = 0;

	for (size_t i = 0; i < group->count; i++)
		if (same_texts(&group->rows[i], row))
			return IMPORT_GROUP_REPEATED;
	for (size_t i = 0; i < row->count; i++)
		size += row->values[i].text.size;
	if (group->count == IMPORT_GROUP_MAX || group->size + size > IMPORT_LINE_MAX)
		return IMPORT_GROUP_FULL;
	copy = &group->rows[group->count++];
	*copy = *row;
	copy->values = arena_copy(&group->arena, row->values, row->count * sizeof(*row->values));
	for (size_t i = 0; i < row->count; i++)
		copy->values[i].text = arena_copy_text(&group->arena, row->values[i].text);
	group->size += size;
	return IMPORT_GROUP_ADDED;
}

static struct text numbered(const struct import_group *group, size_t column, struct arena *arena)
{
	struct writer writer = writer_in(arena, group->size + group->count * NUMBER_SIZE);

	for (size_t i = 0; i < group->count; i++) {
		struct text text = group->rows[i].values[column].text;
		struct text number = arena_print(arena, "%s%zu. ", i == 0 ? "" : "\n", i + 1);
		write_raw(&writer, number.data, number.size);
		write_raw(&writer, text.data, text.size);
	}
	return (struct text){ .data = (const char *)writer.data, .size = writer.size };
}

struct import_row import_group_row(const struct import_group *group, const char *column, struct arena *arena)
{
	struct import_row row = group->rows[0];

	row.values = arena_copy(arena, row.values, row.count * sizeof(*row.values));
	for (size_t i = 0; i < row.count; i++)
		if (group->count > 1 && !text_equals(row.values[i].name, column))
			row.values[i].text = numbered(group, i, arena);
	return row;
}

void import_group_clear(struct import_group *group)
{
	arena_reset(&group->arena);
	group->count = 0;
	group->size = 0;
}

void import_group_finish(struct import_group *group)
{
	arena_finish(&group->arena);
	group->count = 0;
}
