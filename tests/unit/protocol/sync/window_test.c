/* Facts leave the devices when they are older than their window, and the office keeps them. */
#include "protocol/domain/attachment.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/note.h"
#include "protocol/domain/revision.h"
#include "protocol/domain/site.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/time_entry.h"
#include "protocol/sync/window.h"
#include "tests/simulation/organisation.h"
#include "tests/unit/protocol/sync/by_store.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS  (24 * HOUR_MS)

static int64_t days_ago(struct simulation *pair, int64_t days)
{
	return clock_now_ms(&pair->server.clock) - days * DAY_MS;
}

static bool is_archived(struct simulation *pair, enum record_kind kind, const struct id *id)
{
	const void *row;

	assert_int_equal(records_get(server_store_records(pair->server.store), kind, id, &row), STATUS_OK);
	return row_is_archived(schema_find(kind), row);
}

/* An order of the first territory, over for so long; 0: it is not. */
static struct id order_over(struct simulation *pair, unsigned number, int64_t days)
{
	const struct work_order order = { .id = by_store_id("order", number),
		.territory_id = organisation_id(RECORD_TERRITORY, 0),
		.title = text_of("lid sticks"),
		.released = true,
		.state = days > 0 ? WORK_ORDER_STATE_CLOSED : WORK_ORDER_STATE_UNSCHEDULED,
		.closed_at_ms = days > 0 ? days_ago(pair, days) : 0 };

	(void)by_store_put_one(pair, RECORD_WORK_ORDER, &order);
	return order.id;
}

/* A remark on it, so old. */
static struct id note_of(struct simulation *pair, unsigned number, const struct id *order, int64_t days)
{
	const struct note note = { .id = by_store_id("note", number),
		.work_order_id = *order,
		.territory_id = organisation_id(RECORD_TERRITORY, 0),
		.text = text_of("the lid sticks"),
		.at_ms = days_ago(pair, days) };

	(void)by_store_put_one(pair, RECORD_NOTE, &note);
	return note.id;
}

static void a_fact_older_than_its_window_stays_with_the_office_alone(void **state)
{
	struct simulation *pair = *state;
	struct id order = order_over(pair, 0, 731), old = note_of(pair, 0, &order, 731), young = note_of(pair, 1, &order, 729);

	by_store_settle(pair);
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &old));
	by_store_let_a_round_pass(pair);
	assert_true(is_archived(pair, RECORD_NOTE, &old));
	assert_false(pair_on_device(pair, 1, RECORD_NOTE, &old));
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &young));
	assert_false(is_archived(pair, RECORD_NOTE, &young));
	pair_assert_fits(pair, 1);
	pair_assert_fits(pair, 2);
}

static void each_kind_of_fact_has_its_own_window(void **state)
{
	struct simulation *pair = *state;
	struct movement movement = { .id = by_store_id("movement", 0),
		.part_id = organisation_id(RECORD_PART, 0),
		.quantity = 1,
		.from_location_id = location_vendor,
		.to_location_id = location_customer,
		.technician_id = organisation_id(RECORD_TECHNICIAN, 0),
		.at_ms = days_ago(pair, 91) };
	struct time_entry entry = { .id = by_store_id("entry", 0),
		.technician_id = organisation_id(RECORD_TECHNICIAN, 0),
		.start_at_ms = days_ago(pair, 91),
		.end_at_ms = days_ago(pair, 91) + HOUR_MS };
	struct id order = order_over(pair, 0, 91), note = note_of(pair, 0, &order, 91);

	(void)by_store_put_one(pair, RECORD_MOVEMENT, &movement);
	(void)by_store_put_one(pair, RECORD_TIME_ENTRY, &entry);
	by_store_settle(pair);
	assert_true(pair_on_device(pair, 1, RECORD_MOVEMENT, &movement.id) && pair_on_device(pair, 1, RECORD_TIME_ENTRY, &entry.id));
	by_store_let_a_round_pass(pair);
	assert_false(pair_on_device(pair, 1, RECORD_MOVEMENT, &movement.id) || pair_on_device(pair, 1, RECORD_TIME_ENTRY, &entry.id));
	assert_true(pair_on_server(pair, RECORD_MOVEMENT, &movement.id) && pair_on_server(pair, RECORD_TIME_ENTRY, &entry.id));
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &note));
}

/* However old the fact is, or says that it is. */
static void the_window_begins_when_the_order_is_over(void **state)
{
	struct simulation *pair = *state;
	struct id open = order_over(pair, 0, 0), closed = order_over(pair, 1, 729), over = order_over(pair, 2, 731);
	struct id notes[] = { note_of(pair, 0, &open, 9000), note_of(pair, 1, &closed, 9000), note_of(pair, 2, &over, 9000) };

	by_store_settle(pair);
	by_store_let_a_round_pass(pair);
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &notes[0]) && pair_on_device(pair, 1, RECORD_NOTE, &notes[1]));
	assert_false(pair_on_device(pair, 1, RECORD_NOTE, &notes[2]));
	pair->now_ms += 2 * DAY_MS;
	by_store_let_a_round_pass(pair);
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &notes[0]));
	assert_false(pair_on_device(pair, 1, RECORD_NOTE, &notes[1]));
}

/* With the parts, which no job holds, and whether a job takes them or not. */
static void what_is_archived_comes_back_when_its_order_is_opened_again(void **state)
{
	const struct reason_arguments again = { .reason = text_of("it leaks again") };
	struct simulation *pair = *state;
	struct id order = order_over(pair, 0, 800), note = note_of(pair, 0, &order, 800);
	const struct movement movement = { .id = by_store_id("movement", 0), /* on no visit */
		.part_id = organisation_id(RECORD_PART, 0),
		.quantity = 1,
		.from_location_id = location_vendor,
		.to_location_id = location_customer,
		.work_order_id = order,
		.technician_id = organisation_id(RECORD_TECHNICIAN, 0),
		.at_ms = days_ago(pair, 800) };

	(void)by_store_put_one(pair, RECORD_MOVEMENT, &movement);
	by_store_settle(pair);
	by_store_let_a_round_pass(pair);
	assert_false(pair_on_device(pair, 1, RECORD_NOTE, &note) || pair_on_device(pair, 1, RECORD_MOVEMENT, &movement.id));
	pair_office(pair, OPERATION_REOPEN_ORDER, &order, &again);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &note) && pair_on_device(pair, 1, RECORD_MOVEMENT, &movement.id));
	by_store_let_a_round_pass(pair);
	assert_false(is_archived(pair, RECORD_NOTE, &note) || is_archived(pair, RECORD_MOVEMENT, &movement.id));
	(void)pair_book(pair, &order, 2);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_NOTE, &note));
	pair_assert_fits(pair, 1);
	pair_assert_fits(pair, 2);
}

/* With so many scopes in the commit before: what it remembers of them moves when there are more. */
static void take_an_archived_fact(struct simulation *pair, unsigned scopes)
{
	const struct work_order order = { .id = by_store_id("cancelled", scopes),
		.territory_id = organisation_id(RECORD_TERRITORY, 0),
		.released = true,
		.state = WORK_ORDER_STATE_CANCELLED,
		.cancelled_at_ms = days_ago(pair, 1) };
	const struct visit visit = { .id = by_store_id("done", scopes),
		.work_order_id = order.id,
		.technician_id = organisation_id(RECORD_TECHNICIAN, 1),
		.territory_id = order.territory_id,
		.state = VISIT_STATE_DONE };
	struct note note = { .id = by_store_id("taken", scopes),
		.work_order_id = order.id,
		.territory_id = order.territory_id,
		.text = text_of("the lid sticks"),
		.at_ms = days_ago(pair, 800),
		.archived = true };
	struct site sites[40];
	struct by_store by;

	(void)by_store_put_one(pair, RECORD_WORK_ORDER, &order);
	(void)by_store_put_one(pair, RECORD_NOTE, &note);
	by_store_begin(&by, pair);
	for (unsigned i = 0; i < scopes; i++) {
		sites[i] = (struct site){ .id = by_store_id("site", 100 * scopes + i),
			.territory_id = by_store_id("territory", 100 * scopes + i),
			.name = text_of("elsewhere") };
		by_store_put(&by, RECORD_SITE, &sites[i]);
	}
	by_store_put(&by, RECORD_VISIT, &visit);
	(void)by_store_end(&by);
	assert_false(is_archived(pair, RECORD_NOTE, &note.id));
	by_store_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_NOTE, &note.id));
	pair_assert_fits(pair, 1);
	pair_assert_fits(pair, 2);
}

/* The work was done all the same. */
static void a_job_that_takes_an_archived_fact_has_it_whole(void **state)
{
	struct simulation *pair = *state;

	for (unsigned scopes = 9; scopes <= 17; scopes++)
		take_an_archived_fact(pair, scopes);
}

static void what_a_machine_has_in_writing_is_no_fact(void **state)
{
	struct simulation *pair = *state;
	struct id order = order_over(pair, 0, 5000);
	struct attachment manual = { .id = by_store_id("file", 0),
		.record = RECORD_ASSET,
		.record_id = organisation_id(RECORD_ASSET, 0),
		.territory_id = organisation_id(RECORD_TERRITORY, 0),
		.taken_at_ms = days_ago(pair, 5000) };
	struct attachment plate = manual, photo = manual;

	plate.id = by_store_id("file", 1); /* by a technician, on a visit */
	plate.work_order_id = order;
	photo.id = by_store_id("file", 2);
	photo.record = RECORD_WORK_ORDER;
	photo.record_id = photo.work_order_id = order;
	(void)by_store_put_one(pair, RECORD_ATTACHMENT, &manual);
	(void)by_store_put_one(pair, RECORD_ATTACHMENT, &plate);
	(void)by_store_put_one(pair, RECORD_ATTACHMENT, &photo);
	by_store_settle(pair);
	by_store_let_a_round_pass(pair);
	assert_true(pair_on_device(pair, 1, RECORD_ATTACHMENT, &manual.id) && pair_on_device(pair, 1, RECORD_ATTACHMENT, &plate.id));
	assert_false(pair_on_device(pair, 1, RECORD_ATTACHMENT, &photo.id));
}

/* One look in a commit of its own. */
static size_t look(struct simulation *pair, size_t most, struct window_place *place, bool *out_all)
{
	const struct window_round round = { .most = most };
	struct server_state server;
	struct commit commit;
	struct arena arena = { 0 };
	size_t archived;

	assert_int_equal(server_store_state(pair->server.store, &server), STATUS_OK);
	commit_init(&commit, pair->server.store, NULL, &arena, server.gseq + 1);
	commit.now_ms = clock_now_ms(&pair->server.clock);
	assert_int_equal(server_store_begin(pair->server.store), STATUS_OK);
	assert_int_equal(window_advance(&commit, &round, place, &archived, out_all), STATUS_OK);
	assert_int_equal(commit_close(&commit), STATUS_OK);
	assert_int_equal(server_store_commit(pair->server.store), STATUS_OK);
	arena_finish(&arena);
	return archived;
}

static void rounds_go_on_where_the_one_before_stopped(void **state)
{
	struct simulation *pair = *state;
	struct id open = order_over(pair, 0, 0), over = order_over(pair, 1, 800);
	struct window_place place = { 0 };
	size_t rounds = 0, archived = 0;
	bool all = false;

	for (unsigned i = 0; i < 6; i++)
		(void)note_of(pair, i, i % 2 == 0 ? &open : &over, 800); /* of the same moment: told apart by their ids */
	for (; !all && rounds < 20; rounds++)
		archived += look(pair, 2, &place, &all);
	assert_int_equal(archived, 3);
	assert_true(rounds >= 3 && rounds < 20);
	assert_int_equal(look(pair, 100, &place, &all), 0); /* what was kept is looked at again, and kept */
	assert_true(all);
	(void)order_over(pair, 0, 800);
	assert_int_equal(look(pair, 100, &place, &all), 3);
}

static void a_program_of_before_archives_nothing(void **state)
{
	struct simulation *pair = *state;
	struct id order = order_over(pair, 0, 800), note = note_of(pair, 0, &order, 800);
	struct window_place place = { 0 };
	size_t archived;
	bool all;

	schema_speak(ARCHIVED_SINCE - 1);
	archived = look(pair, 100, &place, &all);
	schema_speak(SCHEMA_REVISION);
	assert_int_equal(archived, 0);
	assert_false(is_archived(pair, RECORD_NOTE, &note));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_fact_older_than_its_window_stays_with_the_office_alone, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(each_kind_of_fact_has_its_own_window, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(the_window_begins_when_the_order_is_over, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_is_archived_comes_back_when_its_order_is_opened_again, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_job_that_takes_an_archived_fact_has_it_whole, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_a_machine_has_in_writing_is_no_fact, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(rounds_go_on_where_the_one_before_stopped, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_program_of_before_archives_nothing, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
