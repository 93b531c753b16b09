#include "tests/simulation/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/wire/record_codec.h"

struct snapshot_tables {
	struct storage *storage;
	struct arena arena;
	enum status status;
	bool is_there[RECORD_KIND_MAX + 1];
	struct snapshot_table tables[RECORD_KIND_MAX + 1];
};

struct loading {
	struct snapshot_tables *loaded;
	const struct schema *schema;
};

static enum status keep(void *context, const void *row, const struct row_meta *meta)
{
	const struct loading *loading = context;
	struct arena *arena = &loading->loaded->arena;
	struct snapshot_table *table = &loading->loaded->tables[loading->schema->kind];

	void *copy = row_copy(arena, loading->schema, row);
	enum status status = record_adopt(arena, loading->schema, copy); /* of an older device: what it keeps is compared like fields */

	table->rows = arena_grow(arena, table->rows, table->count, &table->capacity, sizeof(*table->rows));
	table->rows[table->count++] = (struct snapshot_row){ copy, *meta };
	return status;
}

void snapshot_open(struct snapshot *snapshot, struct storage *storage)
{
	snapshot->loaded = calloc(1, sizeof(*snapshot->loaded));
	if (snapshot->loaded == NULL)
		abort();
	snapshot->loaded->storage = storage;
}

enum status snapshot_load(struct snapshot *snapshot, struct storage *storage)
{
	const struct schema *schema;

	snapshot_open(snapshot, storage);
	for (size_t i = 0; (schema = schema_at(i)) != NULL; i++)
		(void)snapshot_table(snapshot, schema->kind);
	return snapshot->loaded->status;
}

void snapshot_finish(struct snapshot *snapshot)
{
	arena_finish(&snapshot->loaded->arena);
	free(snapshot->loaded);
}

const struct snapshot_table *snapshot_table(const struct snapshot *snapshot, enum record_kind kind)
{
	struct snapshot_tables *loaded = snapshot->loaded;
	struct loading loading = { loaded, schema_find(kind) };
	const struct id nil = { 0 };

	if (!loaded->is_there[kind] && loading.schema != NULL && loaded->status == STATUS_OK)
		loaded->status = table_scan(loaded->storage, loading.schema, &nil, keep, &loading);
	loaded->is_there[kind] = true;
	return &loaded->tables[kind];
}

enum status snapshot_status(const struct snapshot *snapshot)
{
	return snapshot->loaded->status;
}

const struct snapshot_row *snapshot_find(const struct snapshot *snapshot, enum record_kind kind, const struct id *id)
{
	const struct snapshot_table *table = snapshot_table(snapshot, kind);
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = id_compare(row_id(table->rows[middle].row), id);
		if (order == 0)
			return &table->rows[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool is_busy(enum visit_state state)
{
	return state == VISIT_STATE_TRAVELLING || state == VISIT_STATE_ON_SITE || state == VISIT_STATE_PAUSED;
}

static bool is_expected(enum visit_state state)
{
	return state == VISIT_STATE_PROPOSED || state == VISIT_STATE_SCHEDULED || state == VISIT_STATE_DISPATCHED ||
	       state == VISIT_STATE_ACCEPTED;
}

enum work_order_state snapshot_order_state(const struct snapshot *snapshot, const struct work_order *order)
{
	const struct snapshot_table *visits = snapshot_table(snapshot, RECORD_VISIT);
	const struct visit *last = NULL;
	bool busy = false, expected = false;

	if (order->cancelled_at_ms != 0)
		return WORK_ORDER_STATE_CANCELLED;
	if (order->closed_at_ms != 0)
		return WORK_ORDER_STATE_CLOSED;
	if (!order->released)
		return WORK_ORDER_STATE_DRAFT;
	for (size_t i = 0; i < visits->count; i++) {
		const struct visit *visit = visits->rows[i].row;
		if (!id_equal(&visit->work_order_id, &order->id))
			continue;
		busy = busy || is_busy(visit->state);
		expected = expected || is_expected(visit->state);
		if (visit->state == VISIT_STATE_DONE && (last == NULL || visit->finished_at_ms >= last->finished_at_ms))
			last = visit;
	}
	if (busy)
		return WORK_ORDER_STATE_IN_PROGRESS;
	if (order->hold_reason.size > 0)
		return WORK_ORDER_STATE_ON_HOLD;
	if (expected)
		return last != NULL ? WORK_ORDER_STATE_IN_PROGRESS : WORK_ORDER_STATE_SCHEDULED;
	return last != NULL && last->outcome == VISIT_OUTCOME_FIXED ? WORK_ORDER_STATE_COMPLETED : WORK_ORDER_STATE_UNSCHEDULED;
}

static void print_row(const char *name, const struct schema *schema, const void *row)
{
	struct arena arena = { 0 };

	(void)fprintf(stderr, "  %s: %s %s", name, schema->name, id_to_text(row_id(row)).characters);
	for (size_t i = 1; i < schema->field_count; i++) {
		struct text value = field_to_text(&arena, &schema->fields[i], row);
		if (!field_is_default(&schema->fields[i], row))
			(void)fprintf(stderr, " %s=%.*s", schema->fields[i].name, TEXT_ARGUMENTS(value));
	}
	(void)fprintf(stderr, "\n");
	arena_finish(&arena);
}

void snapshot_print_differences(const struct snapshot *left, const char *left_name, const struct snapshot *right, const char *right_name)
{
	const struct schema *schema;

	for (size_t k = 0; (schema = schema_at(k)) != NULL; k++) {
		const struct snapshot_table *table = snapshot_table(left, schema->kind);
		for (size_t i = 0; i < table->count; i++) {
			const struct snapshot_row *other = snapshot_find(right, schema->kind, row_id(table->rows[i].row));
			if (other != NULL && row_equal(schema, other->row, table->rows[i].row))
				continue;
			print_row(left_name, schema, table->rows[i].row);
			if (other != NULL)
				print_row(right_name, schema, other->row);
		}
	}
}
