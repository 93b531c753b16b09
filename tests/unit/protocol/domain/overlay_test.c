#include "protocol/domain/overlay.h"

#include "protocol/domain/part.h"
#include "tests/unit/protocol/domain/world.h"

static const void *look(struct records *records, enum record_kind kind, struct id id)
{
	const void *row;

	assert_int_equal(records_look(records, kind, &id, &row), STATUS_OK);
	return row;
}

static void a_change_is_seen_above_and_not_below(void **state)
{
	const struct part part = { .id = world_id(RECORD_PART, 1), .number = text_of("NEW") };
	struct world world;
	struct overlay overlay;

	(void)state;
	world_init(&world);
	overlay_init(&overlay, &world.records, &world.arena);
	assert_int_equal(records_put(&overlay.records, RECORD_PART, &part), STATUS_OK);
	assert_text(((const struct part *)look(&overlay.records, RECORD_PART, part.id))->number, "NEW");
	assert_text(((const struct part *)look(&world.records, RECORD_PART, part.id))->number, "SEAL-40");
	world_flush(&overlay);
	assert_text(((const struct part *)look(&world.records, RECORD_PART, part.id))->number, "NEW");
	world_finish(&world);
}

static void a_removed_row_is_not_found(void **state)
{
	const struct id id = world_id(RECORD_PART, 1);
	const void *row;
	struct world world;
	struct overlay overlay;

	(void)state;
	world_init(&world);
	overlay_init(&overlay, &world.records, &world.arena);
	assert_int_equal(records_remove(&overlay.records, RECORD_PART, &id), STATUS_OK);
	assert_int_equal(records_get(&overlay.records, RECORD_PART, &id, &row), STATUS_NOT_FOUND);
	assert_non_null(look(&world.records, RECORD_PART, id));
	world_flush(&overlay);
	assert_null(look(&world.records, RECORD_PART, id));
	world_finish(&world);
}

static void a_row_that_ends_as_it_began_is_no_change(void **state)
{
	const struct part part = { .id = world_id(RECORD_PART, 9), .number = text_of("X") };
	struct world world;
	struct overlay overlay;
	struct change change;
	struct part old, other;

	(void)state;
	world_init(&world);
	old = *(const struct part *)look(&world.records, RECORD_PART, world_id(RECORD_PART, 1));
	other = old;
	other.unit = text_of("box");
	overlay_init(&overlay, &world.records, &world.arena);
	assert_int_equal(records_put(&overlay.records, RECORD_PART, &part), STATUS_OK);
	assert_int_equal(records_remove(&overlay.records, RECORD_PART, &part.id), STATUS_OK);
	assert_int_equal(records_put(&overlay.records, RECORD_PART, &other), STATUS_OK);
	assert_int_equal(overlay_change_count(&overlay), 2);
	assert_int_equal(overlay_change(&overlay, 0, &change), STATUS_NOT_FOUND);
	assert_int_equal(overlay_change(&overlay, 1, &change), STATUS_OK);
	assert_text(((const struct part *)change.before)->unit, "");
	assert_text(((const struct part *)change.after)->unit, "box");
	assert_int_equal(records_put(&overlay.records, RECORD_PART, &old), STATUS_OK);
	assert_int_equal(overlay_change(&overlay, 1, &change), STATUS_NOT_FOUND);
	world_finish(&world);
}

struct seen {
	struct id ids[32];
	size_t count;
};

static enum status note_row(void *context, const void *row)
{
	struct seen *seen = context;

	assert_true(seen->count < LENGTH(seen->ids));
	seen->ids[seen->count++] = *row_id(row);
	return STATUS_OK;
}

static enum status stop_at_second(void *context, const void *row)
{
	struct seen *seen = context;

	(void)row;
	return ++seen->count == 2 ? STATUS_BUSY : STATUS_OK;
}

static void a_walk_stops_when_its_visitor_says_so(void **state)
{
	const struct id order = world_id(RECORD_WORK_ORDER, 1);
	struct visit visit = { .work_order_id = world_id(RECORD_WORK_ORDER, 1) };
	struct seen seen = { 0 };
	struct world world;
	struct overlay overlay;

	(void)state;
	world_init(&world);
	world_set_visit(&world, 2, ANNA, VISIT_STATE_DONE);
	overlay_init(&overlay, &world.records, &world.arena);
	for (uint8_t n = 1; n <= 3; n += 2) {
		visit.id = world_id(RECORD_VISIT, n);
		assert_int_equal(records_put(&overlay.records, RECORD_VISIT, &visit), STATUS_OK);
	}
	assert_int_equal(records_each(&overlay.records, RECORD_VISIT, "work_order_id", &order, stop_at_second, &seen), STATUS_BUSY);
	assert_int_equal(seen.count, 2);
	world_finish(&world);
}

/* One random change, to any number of stores alike. */
static void change_all(struct records *const *stores, size_t count, uint64_t *seed)
{
	struct visit visit = {
		.id = world_id(RECORD_VISIT, (uint8_t)(1 + next_number(seed) % 12)),
		.work_order_id = world_id(RECORD_WORK_ORDER, (uint8_t)(1 + next_number(seed) % 3)),
		.planned_start_at_ms = (int64_t)(next_number(seed) % 1000),
	};
	bool removes = next_number(seed) % 4 == 0;

	for (size_t i = 0; i < count; i++) {
		if (removes)
			assert_int_equal(records_remove(stores[i], RECORD_VISIT, &visit.id), STATUS_OK);
		else
			assert_int_equal(records_put(stores[i], RECORD_VISIT, &visit), STATUS_OK);
	}
}

static void assert_same_view(struct records *left, struct records *right)
{
	for (uint8_t n = 1; n <= 3; n++) {
		const struct id order = world_id(RECORD_WORK_ORDER, n);
		struct seen a = { 0 }, b = { 0 };
		assert_int_equal(records_each(left, RECORD_VISIT, "work_order_id", &order, note_row, &a), STATUS_OK);
		assert_int_equal(records_each(right, RECORD_VISIT, "work_order_id", &order, note_row, &b), STATUS_OK);
		assert_int_equal(a.count, b.count);
		assert_memory_equal(a.ids, b.ids, sizeof(a.ids));
	}
	for (uint8_t n = 1; n <= 12; n++) {
		const void *a = look(left, RECORD_VISIT, world_id(RECORD_VISIT, n));
		const void *b = look(right, RECORD_VISIT, world_id(RECORD_VISIT, n));
		assert_int_equal(a == NULL, b == NULL);
		assert_true(a == NULL || row_equal(&visit_schema, a, b));
	}
}

static void an_overlay_equals_changing_the_store_itself(void **state)
{
	(void)state;
	for (uint64_t round = 1; round <= 200; round++) {
		uint64_t seed = round;
		struct world direct, below;
		struct overlay lower, upper;
		struct records *all[2] = { &direct.records, &below.records };
		world_init(&direct);
		world_init(&below);
		for (int i = 0; i < 10; i++)
			change_all(all, 2, &seed);
		overlay_init(&lower, &below.records, &below.arena);
		overlay_init(&upper, &lower.records, &below.arena);
		for (int i = 0; i < 20; i++) {
			all[1] = i < 10 ? &lower.records : &upper.records;
			change_all(all, 2, &seed);
			assert_same_view(&direct.records, &upper.records);
		}
		world_flush(&upper);
		world_flush(&lower);
		assert_true(world_equal(&direct, &below));
		world_finish(&direct);
		world_finish(&below);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_seen_above_and_not_below),
		cmocka_unit_test(a_removed_row_is_not_found),
		cmocka_unit_test(a_row_that_ends_as_it_began_is_no_change),
		cmocka_unit_test(a_walk_stops_when_its_visitor_says_so),
		cmocka_unit_test(an_overlay_equals_changing_the_store_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
