#include "shell/listing.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/domain/decide.h"
#include "protocol/domain/device.h"
#include "protocol/domain/issue.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/domain/rule.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/work_order.h"
#include "shell/lookup.h"
#include "shell/measured.h"
#include "shell/outcome_words.h"
#include "shell/parked_advice.h"

void listing_read_records(struct context *context, struct storage *storage)
{
	output_read_records(context->output,
		&(struct output_reader){ .name_of = outcome_name_of, .measure = measured_print, .context = storage });
}

struct row_listing {
	struct table *table;
	listing_filter filter;
	const void *filter_context;
	int64_t left; /* < 0: no limit */
	size_t count;
};

static enum status list_row(void *context, const void *row, const struct row_meta *meta)
{
	struct row_listing *listing = context;

	(void)meta;
	if (listing->filter != NULL && !listing->filter(listing->filter_context, row))
		return STATUS_OK;
	listing->count++;
	if (listing->left == 0)
		return STATUS_OK;
	listing->left--;
	table_record(listing->table, row);
	return STATUS_OK;
}

/* A row that waits for its place. */
struct timed_row {
	struct timed_row *next;
	const void *row;
	int64_t at_ms;
};

struct timed_rows {
	struct arena *arena;
	const struct schema *schema;
	const struct field *time;
	struct timed_row *newest;
	size_t count;
};

static enum status collect_row(void *context, const void *row, const struct row_meta *meta)
{
	struct timed_rows *rows = context;
	struct timed_row *timed = arena_allocate(rows->arena, sizeof(*timed));

	(void)meta;
	*timed = (struct timed_row){ rows->newest, row_copy(rows->arena, rows->schema, row), *(const int64_t *)field_at(rows->time, row) };
	rows->newest = timed;
	rows->count++;
	return STATUS_OK;
}

static int compare_rows(const void *left, const void *right)
{
	const struct timed_row *a = left, *b = right;

	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms ? -1 : 1;
	return memcmp(row_id(a->row)->bytes, row_id(b->row)->bytes, ID_SIZE);
}

/* Like table_scan() from the first row, in the order of a time and then of ids; NULL: of ids. */
static enum status scan_in_order(struct context *context, struct storage *storage, const struct schema *schema, const char *time_field,
	table_visit visit, void *visitor)
{
	struct timed_rows rows = { .arena = context->arena, .schema = schema };
	struct timed_row *sorted;
	enum status status;

	if (time_field == NULL)
		return table_scan(storage, schema, &(struct id){ 0 }, visit, visitor);
	rows.time = schema_field(schema, text_of(time_field));
	status = table_scan(storage, schema, &(struct id){ 0 }, collect_row, &rows);
	sorted = arena_allocate_array(context->arena, rows.count + 1, sizeof(*sorted));
	for (size_t i = 0; i < rows.count; i++, rows.newest = rows.newest->next)
		sorted[i] = *rows.newest;
	qsort(sorted, rows.count, sizeof(*sorted), compare_rows);
	for (size_t i = 0; i < rows.count && status == STATUS_OK; i++)
		status = visit(visitor, sorted[i].row, NULL);
	return status;
}

enum status listing_rows(struct context *context, struct storage *storage, const struct listing *listing)
{
	const struct schema *schema = schema_find(listing->kind);
	struct row_listing rows = {
		.filter = listing->filter, .filter_context = listing->filter_context, .left = listing->limit > 0 ? listing->limit : -1
	};
	enum status status;

	listing_read_records(context, storage);
	rows.table = output_rows(context->output, listing->name, schema, listing->fields);
	status = scan_in_order(context, storage, schema, listing->time_field, list_row, &rows);
	if (status == STATUS_OK && rows.count == 0)
		output_line(context->output, "There is no %s to show.", catalogue_kind(schema->name));
	if (status == STATUS_OK && listing->limit > 0 && rows.count > (size_t)listing->limit)
		output_line(context->output, "… and %zu more", rows.count - (size_t)listing->limit);
	return status;
}

enum status listing_show(struct context *context, struct storage *storage, struct text kind, struct text which)
{
	const struct schema *schema;
	struct id id;
	void *row;
	enum status status = lookup_kind(kind, &schema);

	if (status != STATUS_OK)
		return status;
	listing_read_records(context, storage);
	status = lookup_record(storage, schema->kind, which, &id);
	if (status == STATUS_OK && schema->kind == RECORD_WORK_ORDER)
		return listing_show_order(context, storage, &id);
	if (status == STATUS_OK)
		status = table_get(storage, schema, &id, context->arena, &row, NULL);
	if (status == STATUS_OK)
		output_record(context->output, schema->name, schema, row);
	return status;
}

static void show_parent(struct context *context, struct storage *storage, enum record_kind kind, const struct id *id)
{
	const struct schema *schema = schema_find(kind);
	void *row;

	if (!id_is_nil(id) && table_get(storage, schema, id, context->arena, &row, NULL) == STATUS_OK) {
		output_heading(context->output,
			arena_print(context->arena, "%.*s",
				TEXT_ARGUMENTS(catalogue_word(context->arena, context->language, "word", text_of(schema->name))))
				.data);
		output_record(context->output, schema->name, schema, row);
	}
}

static enum status show_of_order(struct context *context, struct storage *storage, enum record_kind kind, const char *name,
	const char *const *fields, const struct id *work_order)
{
	struct row_listing listing = { .left = -1 };

	listing.table = output_rows(context->output, name, schema_find(kind), fields);
	return table_each(storage, schema_find(kind), "work_order_id", work_order, list_row, &listing);
}

struct part_listing {
	struct context *context;
	struct storage *storage;
	struct table *table;
};

/* Places that are everywhere have no record: they are called what they are. */
static struct text location_name(struct context *context, struct storage *storage, const struct id *id)
{
	const struct virtual_location *everywhere = virtual_location_find(id);

	if (everywhere != NULL)
		return catalogue_word(context->arena, context->language, "kind.stock_location",
			choice_to_text(context->arena, stock_location_kind_names, everywhere->kind));
	return lookup_name(storage, context->arena, id);
}

static enum status list_movement(void *context, const void *row, const struct row_meta *meta)
{
	struct part_listing *listing = context;
	const struct movement *movement = row;
	struct arena *arena = listing->context->arena;
	struct cell cells[] = {
		cell_text(lookup_name(listing->storage, arena, &movement->part_id)),
		cell_integer(movement->quantity),
		cell_text(location_name(listing->context, listing->storage, &movement->from_location_id)),
		cell_text(location_name(listing->context, listing->storage, &movement->to_location_id)),
		cell_time(movement->at_ms),
		cell_id(&movement->id),
	};

	(void)meta;
	table_row(listing->table, cells);
	return STATUS_OK;
}

struct visit_parts {
	struct part_listing listing;
	struct id visits[64];
	size_t count;
};

static enum status collect_visit(void *context, const void *row, const struct row_meta *meta)
{
	struct visit_parts *parts = context;

	(void)meta;
	if (parts->count < LENGTH(parts->visits))
		parts->visits[parts->count++] = *row_id(row);
	return STATUS_OK;
}

static enum status show_parts(struct context *context, struct storage *storage, const struct id *work_order)
{
	static const struct column columns[] = { { "part", NULL, false }, { "quantity", NULL, false }, { "from", NULL, false },
		{ "to", NULL, false }, { "at", NULL, false }, { "id", NULL, true } };
	struct visit_parts parts = { .count = 0 };
	enum status status = table_each(storage, schema_find(RECORD_VISIT), "work_order_id", work_order, collect_visit, &parts);

	parts.listing = (struct part_listing){ context, storage, output_table(context->output, "parts", columns, LENGTH(columns)) };
	for (size_t i = 0; i < parts.count && status == STATUS_OK; i++)
		status = table_each(storage, schema_find(RECORD_MOVEMENT), "visit_id", &parts.visits[i], list_movement, &parts.listing);
	return status;
}

enum status listing_show_order(struct context *context, struct storage *storage, const struct id *work_order)
{
	static const char *const visit_fields[] = { "state", "planned_start_at_ms", "expected_at_ms", "arrived_at_ms", "finished_at_ms",
		"outcome", "text", NULL };
	static const char *const note_fields[] = { "at_ms", "text", "late", NULL };
	const struct work_order *order;
	void *row;
	enum status status = table_get(storage, schema_find(RECORD_WORK_ORDER), work_order, context->arena, &row, NULL);

	if (status != STATUS_OK)
		return status;
	listing_read_records(context, storage);
	order = row;
	output_record(context->output, "work_order", schema_find(RECORD_WORK_ORDER), order);
	show_parent(context, storage, RECORD_SITE, &order->site_id);
	show_parent(context, storage, RECORD_ASSET, &order->asset_id);
	output_heading(context->output, catalogue_translate(context->language, "what belongs to it"));
	status = show_of_order(context, storage, RECORD_VISIT, "visits", visit_fields, work_order);
	if (status == STATUS_OK)
		status = show_of_order(context, storage, RECORD_NOTE, "notes", note_fields, work_order);
	if (status == STATUS_OK)
		status = show_parts(context, storage, work_order);
	return status == STATUS_OK ? listing_site(context, storage, order) : status;
}

/* The values of an edit say nothing about decimals and units: the record does. */
static void *complete_values(struct context *context, struct storage *storage, const struct operation *operation, const void *values)
{
	static const char *const measures[] = { "scale", "unit" };
	const struct schema *schema = arguments_schema(operation->head.kind, operation->head.record);
	void *row = row_copy(context->arena, schema, values);
	void *stored;

	if (table_get(storage, schema, &operation->head.subject, context->arena, &stored, NULL) != STATUS_OK)
		return row;
	for (size_t i = 0; i < LENGTH(measures); i++) {
		const struct field *field = schema_field(schema, text_of(measures[i]));
		if (field != NULL && (operation->mask >> field->tag & 1) == 0)
			field_copy(field, row, stored);
	}
	return row;
}

/* JSON keeps what is stored. */
static struct text edited_value(struct context *context, const struct schema *schema, const struct field *field, const void *row)
{
	if (output_style_of(context->output)->json)
		return field_to_text(context->arena, field, row);
	return output_field(context->output, schema, field, row);
}

/* What an edit changed: a row for each field of its mask, before and after. */
static void listing_edit(struct context *context, struct storage *storage, const struct operation *operation)
{
	static const struct column columns[] = { { "field", NULL, false }, { "old", "before", false }, { "new", "after", false } };
	const struct schema *schema = arguments_schema(operation->head.kind, operation->head.record);
	struct table *table = output_table(context->output, "fields", columns, LENGTH(columns));
	const void *before = complete_values(context, storage, operation, operation->old_values);
	const void *after = complete_values(context, storage, operation, operation->arguments);

	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		if ((operation->mask >> field->tag & 1) == 0)
			continue;
		struct cell cells[] = { cell_name("column", text_of(field->name)), cell_text(edited_value(context, schema, field, before)),
			cell_text(edited_value(context, schema, field, after)) };
		table_row(table, cells);
	}
}

void listing_operation(struct context *context, struct storage *storage, const struct operation *operation)
{
	const struct schema *schema = arguments_schema(operation->head.kind, operation->head.record);

	listing_read_records(context, storage);
	if (operation->head.kind == OPERATION_EDIT) {
		listing_edit(context, storage, operation);
	} else if (schema != NULL && operation->arguments != NULL) {
		output_heading(context->output, catalogue_translate(context->language, "what it said"));
		output_record(context->output, "arguments", schema, operation->arguments);
	}
}

struct issue_listing {
	struct context *context;
	struct storage *storage;
	struct table *table;
	bool all;
};

static enum status list_issue(void *context, const void *row, const struct row_meta *meta)
{
	struct issue_listing *listing = context;
	const struct issue *issue = row;
	struct arena *arena = listing->context->arena;
	struct words words = outcome_speaker(listing->context, listing->storage);
	struct text kind = choice_to_text(arena, issue_kind_names, issue->kind);
	struct cell cells[] = {
		cell_id(&issue->id),
		cell_name("issue", kind),
		cell_name("state.issue", choice_to_text(arena, issue_state_names, issue->state)),
		cell_text(lookup_name(listing->storage, arena, &issue->work_order_id)),
		cell_time(issue->opened_at_ms),
		cell_text(words_of_issue(&words, issue)),
		cell_text(issue->field),
		cell_text(issue->base_value),
		cell_text(issue->mine_value),
		cell_text(issue->theirs_value),
		cell_id(&issue->operation_id),
	};

	(void)meta;
	if (listing->all || issue->state == ISSUE_STATE_OPEN)
		table_row(listing->table, cells);
	return STATUS_OK;
}

/* Whose device it came from; nobody's is the office. */
static struct text author_name(struct context *context, struct storage *storage, const struct id *device_id)
{
	const struct device *device;
	void *row;

	if (id_is_nil(device_id))
		return catalogue_print(context->arena, context->language, "word.office", NULL, 0);
	if (table_get(storage, schema_find(RECORD_DEVICE), device_id, context->arena, &row, NULL) != STATUS_OK)
		return lookup_name(storage, context->arena, device_id);
	device = row;
	return lookup_name(storage, context->arena, &device->technician_id);
}

static struct table *parked_table(struct context *context)
{
	static const struct column columns[] = {
		{ "operation", NULL, false },
		{ "kind", NULL, false },
		{ "author", NULL, false },
		{ "subject", "about", false },
		{ "at", NULL, false },
		{ "words", NULL, false },
		{ "advice", "what to do", false },
		{ "rule", NULL, true },
		{ "waits_for", NULL, true },
	};

	return output_table(context->output, "parked", columns, LENGTH(columns));
}

/* Its author could not name it, so it waits all the same. */
static bool is_here(struct context *context, struct storage *storage, const struct operation_outcome *outcome)
{
	const struct schema *schema;
	void *row;

	return !id_is_nil(&outcome->waits_for) && lookup_kind(detail_value(outcome->detail, "record"), &schema) == STATUS_OK &&
	       table_get(storage, schema, &outcome->waits_for, context->arena, &row, NULL) == STATUS_OK;
}

const char *listing_parked_advice(struct context *context, struct storage *storage, const struct operation_outcome *outcome)
{
	return catalogue_translate(context->language, parked_advice(outcome, is_here(context, storage, outcome)));
}

static enum status list_parked(void *context, const void *row, const struct row_meta *meta)
{
	struct issue_listing *listing = context;
	const struct operation_outcome *outcome = row;
	struct arena *arena = listing->context->arena;
	enum language language = listing->context->language;
	const struct operation_row *kind = operation_find(outcome->kind);
	struct cell cells[] = {
		cell_id(&outcome->id),
		cell_name("operation", text_of(kind == NULL ? "none" : kind->name)),
		cell_text(author_name(listing->context, listing->storage, &outcome->device_id)),
		cell_text(lookup_name(listing->storage, arena, &outcome->subject)),
		cell_time(outcome->at_ms),
		cell_text(outcome_words(listing->context, listing->storage, outcome->rule, outcome->field, outcome->detail)),
		cell_string(listing_parked_advice(listing->context, listing->storage, outcome)),
		cell_text(outcome->rule),
		cell_id(&outcome->waits_for),
	};

	(void)meta;
	if (outcome->outcome != OUTCOME_PARKED)
		return STATUS_OK;
	if (listing->table == NULL) {
		output_heading(listing->context->output, catalogue_translate(language, "parked: kept, but without effect"));
		listing->table = parked_table(listing->context);
	}
	table_row(listing->table, cells);
	return STATUS_OK;
}

enum status listing_issues(struct context *context, struct storage *storage, bool all)
{
	static const struct column columns[] = {
		{ "id", NULL, false },
		{ "kind", NULL, false },
		{ "state", NULL, true },
		{ "work_order", NULL, false },
		{ "opened_at", "happened at", false },
		{ "words", NULL, false },
		{ "field", NULL, true },
		{ "base_value", NULL, true },
		{ "mine_value", NULL, true },
		{ "theirs_value", NULL, true },
		{ "operation", NULL, true },
	};
	struct issue_listing listing = { context, storage, output_table(context->output, "issues", columns, LENGTH(columns)), all };
	enum status status = scan_in_order(context, storage, schema_find(RECORD_ISSUE), "opened_at_ms", list_issue, &listing);
	struct issue_listing parked = { context, storage, NULL, all };
	bool none = table_row_count(listing.table) == 0;

	if (status == STATUS_OK)
		status = scan_in_order(context, storage, schema_find(RECORD_OPERATION), "at_ms", list_parked, &parked);
	if (parked.table == NULL)
		parked.table = parked_table(context);
	if (status == STATUS_OK && none && table_row_count(parked.table) == 0)
		output_line(context->output, "Nothing is waiting for a decision.");
	return status;
}

enum status listing_kb(struct context *context, struct storage *storage, int64_t limit)
{
	static const char *const fields[] = { "number", "language", "title", "product", "state", NULL };
	const struct listing listing = { .kind = RECORD_KB_ARTICLE, .name = "articles", .fields = fields, .limit = limit };

	return listing_rows(context, storage, &listing);
}

enum status listing_kb_article(struct context *context, struct storage *storage, struct text which)
{
	return listing_show(context, storage, text_of("kb_article"), which);
}
