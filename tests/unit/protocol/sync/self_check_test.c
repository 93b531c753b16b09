/* What changes in a replica behind its back is found by the device itself, in its leisure, and put right without anybody asking. */
#include <sqlite3.h>
#include <string.h>

#include "db/connection.h" /* to get in the way of the store */
#include "protocol/domain/note.h"
#include "tests/simulation/checks.h"
#include "tests/unit/protocol/sync/pair.h"

#define DAY_MS       ((int64_t)24 * 3600 * 1000)
#define SLICE_ROWS   3
#define SLICES_LIMIT 10000

static struct device_core_state state_of(struct simulation *pair)
{
	return device_core_state(pair_device(pair, 1)->core);
}

static void begin(struct simulation *pair)
{
	assert_int_equal(device_store_begin(pair_device(pair, 1)->store, true), STATUS_OK);
}

static void commit(struct simulation *pair)
{
	assert_int_equal(device_store_commit(pair_device(pair, 1)->store), STATUS_OK);
	device_store_reset_rows(pair_device(pair, 1)->store);
}

/* A day goes by without a whole check. */
static void make_due(struct simulation *pair)
{
	assert_int_equal(device_store_put_checked_at(pair_device(pair, 1)->store, 0), STATUS_OK);
}

/* One slice; true when there is more to look at. */
static bool slice(struct simulation *pair)
{
	bool done;

	assert_int_equal(device_core_leisure(pair_device(pair, 1)->core, SLICE_ROWS, &done), STATUS_OK);
	return !done;
}

static size_t pass(struct simulation *pair)
{
	size_t slices = 1;

	while (slice(pair))
		assert_true(++slices < SLICES_LIMIT);
	return slices;
}

/* ---- what is wrong with the replica ---- */

static struct arena test_arena; /* of one damage */

static void change_a_text(struct device_store *store, const struct schema *schema, const void *row, struct device_row *meta)
{
	void *other = row_copy(&test_arena, schema, row);

	*(struct text *)field_at_mutable(schema_field(schema, text_of("name")), other) = text_of("rotten");
	assert_int_equal(device_store_put_row(store, schema->kind, other, meta), STATUS_OK);
}

static void change_a_hash(struct device_store *store, const struct schema *schema, const void *row, struct device_row *meta)
{
	meta->hash.high ^= 1;
	assert_int_equal(device_store_put_row(store, schema->kind, row, meta), STATUS_OK);
}

static void move_it(struct device_store *store, const struct schema *schema, const void *row, struct device_row *meta)
{
	meta->home = (struct scope){ .kind = SCOPE_ORG_ALL };
	assert_int_equal(device_store_put_row(store, schema->kind, row, meta), STATUS_OK);
}

static void lose_it(struct device_store *store, const struct schema *schema, const void *row, struct device_row *meta)
{
	(void)meta;
	assert_int_equal(device_store_remove_row(store, schema->kind, row_id(row)), STATUS_OK);
}

/* Its neighbour, which the server never had: in the same scope, or in one that is not held. */
static void invent(struct device_store *store, const struct schema *schema, const void *row, struct device_row *meta, bool elsewhere)
{
	uint8_t *other = row_copy(&test_arena, schema, row);

	other[ID_SIZE - 1] ^= 0x55;
	if (elsewhere)
		((struct id *)field_at_mutable(schema_field(schema, text_of("territory_id")), other))->bytes[0] ^= 0x55;
	meta->home = row_home(schema, other);
	meta->hash = row_hash(schema, other);
	assert_int_equal(device_store_put_row(store, schema->kind, other, meta), STATUS_OK);
}

static void invent_here(struct device_store *store, const struct schema *schema, const void *row, struct device_row *meta)
{
	invent(store, schema, row, meta, false);
}

static void invent_elsewhere(struct device_store *store, const struct schema *schema, const void *row, struct device_row *meta)
{
	invent(store, schema, row, meta, true);
}

static void miscount(struct device_store *store, const struct schema *schema, const void *row, struct device_row *meta)
{
	struct digest digest;

	(void)schema;
	(void)row;
	assert_int_equal(device_store_scope(store, &meta->home, &digest), STATUS_OK);
	digest.count++;
	assert_int_equal(device_store_put_scope(store, &meta->home, &digest), STATUS_OK);
}

/* clang-format off */
static const struct {
	void (*rot)(struct device_store *store, const struct schema *schema, const void *row, struct device_row *meta);
	const char *says;
	int64_t put_right; /* rows that the server had to give, or that had to go */
} rots[] = {
	{ change_a_text,    "is not what is noted of it",        1 },
	{ change_a_hash,    "is not what is noted of it",        0 },
	{ move_it,          "is not what is noted of it",        0 },
	{ lose_it,          "of",                                1 },
	{ invent_here,      "that are noted",                    1 },
	{ invent_elsewhere, "is of no scope that is held here",  0 },
	{ miscount,         "that are noted",                    0 },
};
/* clang-format on */

static void damage(struct simulation *pair, size_t which)
{
	struct device_store *store = pair_device(pair, 1)->store;
	const struct schema *schema = schema_find(RECORD_SITE);
	struct id site = organisation_id(RECORD_SITE, 0);
	struct device_row meta;
	const void *row;

	begin(pair);
	assert_int_equal(device_store_row(store, RECORD_SITE, &site, &meta), STATUS_OK);
	assert_int_equal(records_get(device_store_records(store), RECORD_SITE, &site, &row), STATUS_OK);
	rots[which].rot(store, schema, row, &meta);
	commit(pair);
	arena_finish(&test_arena);
	pair_device(pair, 1)->damaged = true; /* it may find an incident */
}

static enum status count_rot(void *context, const struct kept_incident *incident)
{
	size_t *count = context;

	*count += incident->incident.kind == INCIDENT_ROT ? (size_t)incident->count : 0;
	return STATUS_OK;
}

static size_t told(struct simulation *pair)
{
	size_t count = 0;

	assert_int_equal(server_store_each_incident(pair->server.store, true, 100, count_rot, &count), STATUS_OK);
	return count;
}

/* ---- promises ---- */

static void rot_of_each_sort_is_found_told_on_both_sides_and_put_right(void **state)
{
	struct simulation *pair = *state;

	pair_settle(pair);
	for (size_t i = 0; i < LENGTH(rots); i++) {
		struct device_core_state before = state_of(pair);
		make_due(pair);
		damage(pair, i);
		(void)pass(pair);
		assert_int_equal(state_of(pair).rots, before.rots + 1);
		assert_int_equal(state_of(pair).incidents, before.incidents + 1);
		if (strstr(state_of(pair).rot, rots[i].says) == NULL)
			fail_msg("%zu: \"%s\" does not say \"%s\"", i, state_of(pair).rot, rots[i].says);
		device_node_tick(pair, pair_device(pair, 1)); /* what it wants to send goes out */
		pair_settle(pair);
		assert_int_equal(state_of(pair).repairs, before.repairs + 1);
		assert_int_equal(state_of(pair).repaired_rows, before.repaired_rows + rots[i].put_right);
		assert_int_equal(state_of(pair).fetches, 0);
		assert_int_equal(told(pair), i + 1);
		checks_of_device_end(pair, pair_device(pair, 1));
		if (pair->violated)
			fail_msg("%zu: %s: %s", i, pair->invariant, pair->violation);
		make_due(pair);
		(void)pass(pair);
		assert_int_equal(state_of(pair).rots, before.rots + 1); /* nothing is left */
	}
}

/* Rows that stand under guesses count as they were confirmed. */
static void what_the_technician_did_is_not_rot(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 1);

	pair_settle(pair);
	pair_device(pair, 1)->link_up = false;
	(void)pair_do(pair, 1, OPERATION_ACCEPT, &visit, NULL);
	(void)pair_note(pair, 1, &order);
	make_due(pair);
	assert_true(pass(pair) > 3);
	assert_int_equal(state_of(pair).checks, 1);
	assert_int_equal(state_of(pair).rots, 0);
}

static void a_pass_begins_anew_when_something_is_written_meanwhile(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	size_t slices;

	pair_settle(pair);
	make_due(pair);
	slices = pass(pair);
	make_due(pair);
	for (size_t i = 0; i < slices; i++) {
		for (size_t k = 0; k < i; k++)
			(void)slice(pair);
		if (i % 2 == 0)
			(void)pair_note(pair, 1, &order); /* a guess */
		else
			(void)pair_office(pair, OPERATION_ADD_NOTE, &order, &(struct note_arguments){ .text = text_of("new") });
		pair_settle(pair); /* and its cut */
	}
	(void)pass(pair);
	assert_int_equal(state_of(pair).rots, 0);
	assert_true(state_of(pair).checks >= 2);
}

static void a_whole_check_is_due_again_after_its_time_and_after_a_clock_that_was_ahead(void **state)
{
	struct simulation *pair = *state;
	struct device_store *store = pair_device(pair, 1)->store;
	int64_t at_ms, now_ms = clock_now_ms(&pair_device(pair, 1)->clock);

	pair_settle(pair);
	make_due(pair);
	assert_true(pass(pair) > 1);
	assert_int_equal(device_store_checked_at(store, &at_ms), STATUS_OK);
	assert_true(at_ms >= now_ms);
	assert_int_equal(pass(pair), 1); /* not due: nothing is looked at */
	assert_int_equal(state_of(pair).checks, 1);
	assert_int_equal(device_store_put_checked_at(store, now_ms + 1000 * DAY_MS), STATUS_OK);
	(void)pass(pair);
	assert_int_equal(state_of(pair).checks, 2);
}

static void a_comparison_counts_as_a_whole_check(void **state)
{
	struct simulation *pair = *state;
	int64_t at_ms;

	pair_settle(pair);
	make_due(pair);
	assert_int_equal(device_core_check(pair_device(pair, 1)->core), STATUS_OK);
	device_node_go(pair, pair_device(pair, 1));
	pair_settle(pair);
	assert_int_equal(state_of(pair).repairs, 1);
	assert_int_equal(device_store_checked_at(pair_device(pair, 1)->store, &at_ms), STATUS_OK);
	assert_true(at_ms > 0);
}

static void rot_found_without_a_link_is_put_right_when_there_is_one(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);

	pair_settle(pair);
	device->link_up = false;
	device_node_lost(pair, device);
	make_due(pair);
	damage(pair, 0);
	(void)pass(pair);
	assert_int_equal(state_of(pair).rots, 1);
	device->link_up = true;
	pair_settle(pair);
	assert_int_equal(state_of(pair).repaired_rows, 1);
	assert_int_equal(told(pair), 1);
}

/* A table that cannot be read is told once, not at every moment of leisure. */
static void what_cannot_be_checked_is_tried_again_later_not_at_once(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	sqlite3 *connection = device_store_replica_storage(device->store)->connection;
	int64_t until_ms;
	bool done;

	pair_settle(pair);
	make_due(pair);
	assert_int_equal(sqlite3_exec(connection, "ALTER TABLE site RENAME TO lost", NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(device_core_leisure(device->core, 1000, &done), STATUS_OK);
	assert_true(done);
	assert_int_equal(device_core_leisure(device->core, 1000, &done), STATUS_OK);
	assert_int_equal(sqlite3_exec(connection, "ALTER TABLE lost RENAME TO site", NULL, NULL, NULL), SQLITE_OK);
	for (until_ms = pair->now_ms + 2 * 3600 * 1000; pair->now_ms < until_ms;)
		assert_true(simulation_step(pair));
	(void)pass(pair);
	assert_int_equal(state_of(pair).checks, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rot_of_each_sort_is_found_told_on_both_sides_and_put_right),
		TEST(what_the_technician_did_is_not_rot),
		TEST(a_pass_begins_anew_when_something_is_written_meanwhile),
		TEST(a_whole_check_is_due_again_after_its_time_and_after_a_clock_that_was_ahead),
		TEST(a_comparison_counts_as_a_whole_check),
		TEST(rot_found_without_a_link_is_put_right_when_there_is_one),
		TEST(what_cannot_be_checked_is_tried_again_later_not_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
