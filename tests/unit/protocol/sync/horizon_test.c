/* What left scopes long ago is forgotten; no device gets another result by that, wherever it stands. */
#include <sqlite3.h>

#include "db/connection.h" /* to get in the way of the store */
#include "protocol/sync/horizon.h"
#include "protocol/sync/pull.h"
#include "protocol/sync/reply.h"
#include "tests/simulation/checks.h"
#include "tests/unit/protocol/sync/pair.h"

#define DAY_MS      ((int64_t)24 * 3600 * 1000)
#define COPIES_MAX  64
#define HISTORIES   8

static struct server_state state_of(struct simulation *pair)
{
	struct server_state state;

	assert_int_equal(server_store_state(pair->server.store, &state), STATUS_OK);
	return state;
}

/* Everything below the given commit is forgotten, in a commit of its own. */
static void forget_until(struct simulation *pair, int64_t gseq)
{
	size_t count;

	assert_int_equal(server_store_begin(pair->server.store), STATUS_OK);
	assert_int_equal(server_store_put_horizon(pair->server.store, gseq), STATUS_OK);
	assert_int_equal(server_store_forget_until(pair->server.store, gseq, SIZE_MAX / 4, &count), STATUS_OK);
	assert_int_equal(server_store_commit(pair->server.store), STATUS_OK);
}

/* The sections that answer a device of number 2 which stands at `gseq`. */
static struct bytes answer(struct simulation *pair, int64_t gseq)
{
	static size_t page_raw_max;
	const struct pull pull = { .cursor = { organisation_epoch(), gseq }, .class_max = 5, .own_rows = true };
	const struct id id = organisation_device_id(2);
	const struct chain_state chain = { 0 };
	struct device_entry device;
	struct reply reply;

	page_raw_max = (size_t)512 * 1024;
	assert_int_equal(server_store_begin_read(pair->server.store), STATUS_OK);
	assert_int_equal(server_store_device(pair->server.store, &id, &device), STATUS_OK);
	reply_init(&reply, &pair->arena, &page_raw_max, FRAME_SIZE_MAX);
	assert_int_equal(reply_pull(&reply, pair->server.store, NULL, &device, &chain, &pull), STATUS_OK);
	server_store_rollback(pair->server.store);
	server_store_reset_rows(pair->server.store);
	return reply_bytes(&reply);
}

/* Jobs come to device 2 and go again, and rows move between territories. */
static void live_on(struct simulation *pair, struct stream *stream)
{
	unsigned place = (unsigned)stream_below(stream, 2);
	struct id order = pair_order(pair, place), other = organisation_id(RECORD_TERRITORY, 1 - place), visit;

	switch (stream_below(stream, 4)) {
	case 0:
		(void)pair_book(pair, &order, 2);
		break;
	case 1:
		visit = pair_book(pair, &order, 2);
		pair_office(pair, OPERATION_CANCEL, &visit, &(struct reason_arguments){ .reason = text_of("not today") });
		break;
	default:
		pair_set_id(pair, RECORD_WORK_ORDER, &order, "territory_id", &other);
		break;
	}
}

/* A history, with a copy of device 2 as of each step. */
static size_t make_history(struct simulation *pair, uint64_t seed, struct crash_image *copies[static COPIES_MAX])
{
	struct stream stream;
	size_t count = 0;

	stream_init(&stream, seed, "history");
	for (int64_t steps = stream_between(&stream, 4, 9); steps > 0; steps--) {
		copies[count++] = crash_disk_save(pair_device(pair, 2)->disk);
		live_on(pair, &stream);
		pair_settle(pair);
	}
	return count;
}

/* From each commit above the horizon, before and after what lies below is forgotten. */
static void assert_answers_stay(struct simulation *pair, int64_t horizon, int64_t last)
{
	struct bytes *before = arena_allocate_array(&pair->arena, (size_t)last + 1, sizeof(*before));

	for (int64_t gseq = horizon; gseq <= last; gseq++)
		before[gseq] = answer(pair, gseq);
	forget_until(pair, horizon);
	for (int64_t gseq = horizon; gseq <= last; gseq++) {
		struct bytes after = answer(pair, gseq);
		assert_int_equal(after.size, before[gseq].size);
		assert_memory_equal(after.data, before[gseq].data, after.size);
	}
	if (horizon > 1)
		assert_int_equal(answer(pair, horizon - 1).data[0], SECTION_ERROR * 2);
}

static void no_answer_above_the_horizon_is_another_one(void **state)
{
	struct simulation *pair = *state;
	struct crash_image *copies[COPIES_MAX];

	pair->retention_ms = 1; /* for the checks, as below */
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		int64_t first = state_of(pair).horizon + 1;
		size_t count = make_history(pair, seed, copies);
		int64_t last = state_of(pair).gseq;
		for (int64_t horizon = first; horizon <= last; horizon++)
			assert_answers_stay(pair, horizon, last);
		while (count > 0)
			crash_image_free(copies[--count]);
	}
}

/* The device as it was at some step comes back after some of what left was forgotten. */
static void a_device_from_any_time_comes_to_the_same_rows(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 2);
	struct crash_image *copies[COPIES_MAX];
	int64_t repairs = 0, came = 0;

	pair->retention_ms = 1; /* for the checks: devices may find that they were away */
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		size_t count = make_history(pair, seed, copies);
		int64_t last = state_of(pair).gseq, first = state_of(pair).horizon;
		for (size_t i = 0; i < count; i++) {
			forget_until(pair, first + (last - first) * (int64_t)i / (int64_t)count);
			device_node_kill(pair, device);
			crash_disk_load(device->disk, copies[count - 1 - i]); /* some stand above the horizon, some below */
			crash_image_free(copies[count - 1 - i]);
			device_node_start(pair, device, false);
			pair_settle(pair);
			checks_of_device_end(pair, device);
			if (pair->violated)
				fail_msg("seed %d, copy %zu: %s: %s", (int)seed, i, pair->invariant, pair->violation);
			assert_int_equal(device_core_state(device->core).fetches, 0);
			repairs += device_core_state(device->core).repairs;
			came++;
		}
	}
	assert_true(repairs > 0 && repairs < came);
}

/* ---- time ---- */

static void advance(struct simulation *pair, int64_t now_ms, bool *out_changed)
{
	const struct horizon_round round = { .retention_ms = 90 * DAY_MS, .most = 1000 };
	struct server_state state = state_of(pair);
	struct commit commit;
	struct arena arena = { 0 };

	commit_init(&commit, pair->server.store, NULL, &arena, state.gseq + 1);
	commit.now_ms = now_ms;
	assert_int_equal(server_store_begin(pair->server.store), STATUS_OK);
	assert_int_equal(horizon_note_time(&commit), STATUS_OK);
	assert_int_equal(horizon_advance(&commit, &state, &round, out_changed), STATUS_OK);
	assert_int_equal(server_store_commit(pair->server.store), STATUS_OK);
	arena_finish(&arena);
}

static void ninety_days_are_remembered_and_not_more(void **state)
{
	struct simulation *pair = *state;
	int64_t start_ms = clock_now_ms(&pair->server.clock), first = state_of(pair).gseq;
	bool changed;

	advance(pair, start_ms, &changed);
	(void)pair_order(pair, 0);
	advance(pair, start_ms + DAY_MS, &changed);
	advance(pair, start_ms + 90 * DAY_MS - 1, &changed);
	assert_false(changed); /* nothing happened since, and nothing is old enough */
	assert_int_equal(state_of(pair).horizon, 0);
	advance(pair, start_ms + 90 * DAY_MS, &changed);
	assert_true(changed);
	assert_int_equal(state_of(pair).horizon, first);
	advance(pair, start_ms + 1000 * DAY_MS, &changed);
	assert_int_equal(state_of(pair).horizon, first + 1); /* never beyond what is there */
}

static void a_server_that_has_nothing_to_do_commits_nothing(void **state)
{
	struct simulation *pair = *state;
	int64_t gseq, until;

	(void)pair_order(pair, 0);
	pair_settle(pair);
	gseq = state_of(pair).gseq;
	for (int start = 0; start < 3; start++) {
		server_node_end(pair);
		pair_settle(pair);
		for (until = pair->now_ms + 3 * 3600 * 1000; pair->now_ms < until;)
			assert_true(simulation_step(pair));
	}
	assert_int_equal(state_of(pair).gseq, gseq);
}

/* What a round had done before the store failed does not come with the next commit. */
static void a_round_that_fails_leaves_nothing_behind(void **state)
{
	struct simulation *pair = *state;
	sqlite3 *connection;
	struct id order, visit;
	int64_t horizon;

	order = pair_order(pair, 0);
	visit = pair_book(pair, &order, 2);
	pair_settle(pair);
	pair_office(pair, OPERATION_CANCEL, &visit, &(struct reason_arguments){ .reason = text_of("not today") });
	pair_settle(pair);
	pair->retention_ms = 1000;
	server_node_end(pair);
	pair_settle(pair);
	(void)pair_order(pair, 0); /* whose time is noted */
	connection = server_store_storage(pair->server.store)->connection;
	assert_int_equal(sqlite3_exec(connection,
				 "CREATE TEMP TRIGGER broken BEFORE DELETE ON main.left_row BEGIN SELECT raise(ABORT, 'no'); END", NULL,
				 NULL, NULL),
		SQLITE_OK);
	pair->now_ms += 3 * 3600 * 1000;
	horizon = state_of(pair).horizon;
	(void)server_core_open_commit(pair->server.core); /* something else is under way */
	assert_int_not_equal(server_core_tick(pair->server.core), STATUS_OK);
	assert_int_equal(sqlite3_exec(connection, "DROP TRIGGER broken", NULL, NULL, NULL), SQLITE_OK);
	server_node_flush(pair);
	assert_int_equal(state_of(pair).horizon, horizon);
}

/* So many that are looked at together; their jobs, as they come. */
static size_t collect_grants(struct simulation *pair, size_t most, struct job_grant_entry *out_grants)
{
	struct job_grant_entry after = { 0 }, *grants;
	size_t count = most, collected = 0;

	while (count == most) {
		assert_int_equal(
			server_store_job_grants(pair->server.store, &after, most, &pair->arena, &grants, &count), STATUS_OK);
		for (size_t i = 0; i < count; i++)
			after = out_grants[collected++] = grants[i];
	}
	return collected;
}

static void grants_of_jobs_come_in_parts_each_once(void **state)
{
	static struct job_grant_entry at_once[64], one_by_one[64], in_threes[64];
	struct simulation *pair = *state;
	size_t count;

	for (int i = 0; i < 3; i++) {
		struct id order = pair_order(pair, 0);
		(void)pair_book(pair, &order, 1);
		if (i != 1)
			(void)pair_book(pair, &order, 2);
	}
	pair_settle(pair);
	count = collect_grants(pair, LENGTH(at_once), at_once);
	assert_true(count >= 5);
	assert_int_equal(collect_grants(pair, 1, one_by_one), count);
	assert_int_equal(collect_grants(pair, 3, in_threes), count);
	assert_memory_equal(one_by_one, at_once, sizeof(at_once));
	assert_memory_equal(in_threes, at_once, sizeof(at_once));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_answer_above_the_horizon_is_another_one),
		TEST(a_device_from_any_time_comes_to_the_same_rows),
		TEST(ninety_days_are_remembered_and_not_more),
		TEST(a_server_that_has_nothing_to_do_commits_nothing),
		TEST(a_round_that_fails_leaves_nothing_behind),
		TEST(grants_of_jobs_come_in_parts_each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
