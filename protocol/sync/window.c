#include "protocol/sync/window.h"

#include "protocol/domain/attachment.h"
#include "protocol/domain/work_order.h"
#include "protocol/sync/row_change.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* Facts of one kind that were found, copied. */
struct facts {
	const struct schema *schema;
	struct arena *arena;
	void **rows;
	size_t count;
	size_t capacity;
};

static void add_fact(struct facts *facts, const void *row)
{
	facts->rows = arena_grow(facts->arena, facts->rows, facts->count, &facts->capacity, sizeof(*facts->rows));
	facts->rows[facts->count++] = row_copy(facts->arena, facts->schema, row);
}

/* A program of an earlier revision archives nothing. */
static bool has_window(const struct schema *schema)
{
	return schema->window.field != NULL && schema_field(schema, text_of("archived")) != NULL;
}

static enum status set_archived(
	struct commit *commit, struct arena *arena, const struct schema *schema, const void *before, bool archived)
{
	void *after = arena_copy(arena, before, schema->size);
	const struct change change = { .kind = schema->kind, .before = before, .after = after };

	row_set_archived(schema, after, archived);
	return row_change_store(commit, &change, 0);
}

/* ---- out ---- */

static const struct id *order_of(const struct schema *schema, const void *row)
{
	return field_at(schema_field(schema, text_of("work_order_id")), row);
}

/* Was the order over before then? One that is not there is. */
static enum status is_long_over(struct commit *commit, const struct id *work_order, int64_t before_ms, bool *out_over)
{
	const void *order = NULL;
	enum status status = records_look(server_store_records(commit->store), RECORD_WORK_ORDER, work_order, &order);

	*out_over = order == NULL || (work_order_is_over(order) && work_order_over_since_ms(order) < before_ms);
	return status;
}

/* What a machine or a site has in writing is no fact, even if it was a technician who made it, on a visit. */
static bool is_fact(const struct schema *schema, const void *row)
{
	return schema->kind != RECORD_ATTACHMENT || attachment_is_fact(row);
}

static enum status note_job(void *context, const struct member *member)
{
	bool *held = context;

	(void)member;
	*held = true;
	return STATUS_OK;
}

static enum status archive(struct commit *commit, const struct facts *facts, size_t position, int64_t before_ms, size_t *archived)
{
	const struct schema *schema = facts->schema;
	const void *fact = facts->rows[position];
	bool over, held = false;
	enum status status;

	if (!is_fact(schema, fact))
		return STATUS_OK;
	status = is_long_over(commit, order_of(schema, fact), before_ms, &over);
	if (status == STATUS_OK && over)
		status = server_store_links_of_row(commit->store, schema->kind, row_id(fact), note_job, &held);
	if (status != STATUS_OK || ((!over || held) && commit->bug != BUG_ARCHIVED_IN_USE))
		return status;
	++*archived;
	return set_archived(commit, facts->arena, schema, fact, true);
}

static enum status see_aged(void *context, const void *row, const struct server_row *meta)
{
	(void)meta;
	add_fact(context, row);
	return STATUS_OK;
}

static int64_t time_of(const struct schema *schema, const void *fact)
{
	return field_integer(schema_field(schema, text_of(schema->window.field)), fact);
}

static int64_t window_ms(const struct schema *schema, const struct window_round *round)
{
	int64_t said_ms = schema->window.days * DAY_MS;

	return round->window_ms > 0 && round->window_ms < said_ms ? round->window_ms : said_ms;
}

/* Some facts of the kind that `place` is at; `*looked` grows by them. */
static enum status archive_some(struct commit *commit, const struct window_round *round, struct window_place *place, struct facts *facts,
	size_t *looked, size_t *archived)
{
	const struct aged_rows wanted = { .kind = facts->schema->kind,
		.after = place->row,
		.before_ms = commit->now_ms - window_ms(facts->schema, round),
		.most = round->most - *looked };
	enum status status = server_store_aged(commit->store, &wanted, see_aged, facts);

	for (size_t i = 0; i < facts->count && status == STATUS_OK; i++) {
		status = archive(commit, facts, i, wanted.before_ms, archived);
		place->row = (struct aged_place){ time_of(facts->schema, facts->rows[i]), *row_id(facts->rows[i]) };
	}
	*looked += facts->count;
	if (status == STATUS_OK && facts->count < wanted.most)
		*place = (struct window_place){ .schema = place->schema + 1 };
	return status;
}

enum status window_advance(
	struct commit *commit, const struct window_round *round, struct window_place *place, size_t *out_archived, bool *out_all)
{
	const struct schema *schema = NULL;
	struct arena arena = { 0 };
	size_t looked = 0;
	enum status status = STATUS_OK;

	*out_archived = 0;
	*out_all = false;
	while (status == STATUS_OK && looked < round->most && (schema = schema_at(place->schema)) != NULL) {
		struct facts facts = { .schema = schema, .arena = &arena };
		if (has_window(schema))
			status = archive_some(commit, round, place, &facts, &looked, out_archived);
		else
			place->schema++;
		arena_reset(&arena);
	}
	*out_all = status == STATUS_OK && schema == NULL;
	if (*out_all)
		*place = (struct window_place){ 0 };
	arena_finish(&arena);
	server_store_reset_rows(commit->store);
	return status;
}

/* ---- back ---- */

enum status window_bring_back(struct commit *commit, enum record_kind kind, const struct id *id)
{
	const struct schema *schema = schema_find(kind);
	const void *row;
	enum status status;

	if (!has_window(schema))
		return STATUS_OK;
	status = records_get(server_store_records(commit->store), kind, id, &row);
	if (status != STATUS_OK || !row_is_archived(schema, row))
		return status;
	return set_archived(commit, commit->arena, schema, row_copy(commit->arena, schema, row), false);
}

static enum status see_archived(void *context, const void *row)
{
	struct facts *facts = context;

	if (row_is_archived(facts->schema, row))
		add_fact(facts, row);
	return STATUS_OK;
}

static enum status bring_back(struct commit *commit, struct arena *arena, const struct schema *schema, const struct id *work_order)
{
	struct facts facts = { .schema = schema, .arena = arena };
	enum status status = records_each(
		server_store_records(commit->store), schema->kind, "work_order_id", work_order, see_archived, &facts);

	for (size_t i = 0; i < facts.count && status == STATUS_OK; i++)
		status = set_archived(commit, arena, schema, facts.rows[i], false);
	return status;
}

enum status window_reopen(struct commit *commit, const struct id *work_order)
{
	const struct schema *schema;
	struct arena arena = { 0 };
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && (schema = schema_at(i)) != NULL; i++) {
		if (has_window(schema))
			status = bring_back(commit, &arena, schema, work_order);
		arena_reset(&arena);
	}
	arena_finish(&arena);
	return status;
}
