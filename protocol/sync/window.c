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

static enum status set_archived(struct commit *commit, const struct facts *facts, size_t position, bool archived)
{
	void *after = arena_copy(facts->arena, facts->rows[position], facts->schema->size);
	const struct change change = { .kind = facts->schema->kind, .before = facts->rows[position], .after = after };

	row_set_archived(facts->schema, after, archived);
	return row_change_store(commit, &change, 0);
}

/* ---- out ---- */

static const struct id *order_of(const struct schema *schema, const void *row)
{
	return field_at(schema_field(schema, text_of("work_order_id")), row);
}

/* Its order may still be worked on. What a machine or a site has in writing is no fact, however old. */
static enum status is_in_use(struct commit *commit, const struct schema *schema, const void *fact, bool *out_in_use)
{
	const struct id *work_order = order_of(schema, fact);
	const void *order;
	enum status status;

	*out_in_use = schema->kind == RECORD_ATTACHMENT;
	if (id_is_nil(work_order))
		return STATUS_OK;
	status = records_look(server_store_records(commit->store), RECORD_WORK_ORDER, work_order, &order);
	*out_in_use = status == STATUS_OK && order != NULL && !work_order_is_over(order);
	return status;
}

static enum status note_job(void *context, const struct member *member)
{
	bool *held = context;

	(void)member;
	*held = true;
	return STATUS_OK;
}

static enum status archive(struct commit *commit, const struct facts *facts, size_t position, size_t *archived)
{
	const struct schema *schema = facts->schema;
	const void *fact = facts->rows[position];
	bool kept = false;
	enum status status = is_in_use(commit, schema, fact, &kept);

	if (status == STATUS_OK && !kept)
		status = server_store_links_of_row(commit->store, schema->kind, row_id(fact), note_job, &kept);
	if (status != STATUS_OK || (kept && commit->bug != BUG_ARCHIVED_IN_USE))
		return status;
	++*archived;
	return set_archived(commit, facts, position, true);
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
	int64_t before_ms = commit->now_ms - window_ms(facts->schema, round);
	size_t most = round->most - *looked;
	enum status status =
		server_store_aged(commit->store, facts->schema->kind, &place->row, before_ms, most, see_aged, facts);

	for (size_t i = 0; i < facts->count && status == STATUS_OK; i++) {
		status = archive(commit, facts, i, archived);
		place->row = (struct aged_place){ time_of(facts->schema, facts->rows[i]), *row_id(facts->rows[i]) };
	}
	*looked += facts->count;
	if (status == STATUS_OK && facts->count < most)
		*place = (struct window_place){ .schema = place->schema + 1 };
	return status;
}

enum status window_advance(
	struct commit *commit, const struct window_round *round, struct window_place *place, size_t *out_archived)
{
	const struct schema *schema = NULL;
	struct arena arena = { 0 };
	size_t looked = 0;
	enum status status = STATUS_OK;

	*out_archived = 0;
	while (status == STATUS_OK && looked < round->most && (schema = schema_at(place->schema)) != NULL) {
		struct facts facts = { .schema = schema, .arena = &arena };
		if (has_window(schema))
			status = archive_some(commit, round, place, &facts, &looked, out_archived);
		else
			place->schema++;
		arena_reset(&arena);
	}
	if (schema == NULL)
		*place = (struct window_place){ 0 };
	arena_finish(&arena);
	server_store_reset_rows(commit->store);
	return status;
}

/* ---- back ---- */

enum status window_bring_back(struct commit *commit, enum record_kind kind, const struct id *id)
{
	struct facts facts = { .schema = schema_find(kind), .arena = commit->arena };
	const void *row;
	enum status status;

	if (!has_window(facts.schema))
		return STATUS_OK;
	status = records_get(server_store_records(commit->store), kind, id, &row);
	if (status != STATUS_OK || !row_is_archived(facts.schema, row))
		return status;
	add_fact(&facts, row);
	return set_archived(commit, &facts, 0, false);
}
