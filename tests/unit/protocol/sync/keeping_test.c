#include "protocol/sync/keeping.h"

#include "tests/unit/protocol/sync/pair.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static struct kept_state kept_of(struct simulation *pair, unsigned number)
{
	struct kept_state kept;

	assert_int_equal(device_store_kept(pair_device(pair, number)->store, &kept), STATUS_OK);
	return kept;
}

static int64_t last_seq_of(struct simulation *pair, unsigned number)
{
	struct outbox_state outbox;

	assert_int_equal(device_store_outbox(pair_device(pair, number)->store, &outbox), STATUS_OK);
	return outbox.last_seq;
}

/* Sessions end with the server's process: everybody says hello. */
static void greet(struct simulation *pair)
{
	server_node_kill(pair);
	server_node_start(pair);
	pair_settle(pair);
}

static void work(struct simulation *pair, const struct id *order, size_t count, struct id *out_ids)
{
	for (size_t i = 0; i < count; i++)
		out_ids[i] = pair_note(pair, 1, order);
	pair_settle(pair);
}

/* As `truckrolld restore` does. */
static void put_back_unmet(struct simulation *pair, const struct crash_image *image, uint8_t epoch)
{
	pair->server.swapped = true;
	server_node_kill(pair);
	crash_disk_load(pair->server.disk, image);
	server_node_start(pair);
	assert_int_equal(
		server_store_init_organisation(pair->server.store, &organisation_self, &(struct id){ { epoch } }), STATUS_OK);
	server_node_kill(pair);
	server_node_start(pair);
}

static void put_back(struct simulation *pair, const struct crash_image *image, uint8_t epoch)
{
	put_back_unmet(pair, image, epoch);
	pair_settle(pair);
}

static void expect_all(struct simulation *pair, const struct id *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct logged_operation logged;
		assert_true(pair_logged(pair, &ids[i], &logged));
		assert_true(pair_on_server(pair, RECORD_NOTE, &ids[i]) && pair_on_device(pair, 1, RECORD_NOTE, &ids[i]));
	}
	assert_false(pair->violated);
}

static void what_is_acknowledged_is_kept_until_a_backup_holds_it_but_for_the_latest(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), notes[4];

	pair_settle(pair);
	work(pair, &order, LENGTH(notes), notes);
	for (int i = 0; i < 3; i++) {
		greet(pair);
		assert_int_equal(kept_of(pair, 1).first_seq, 1);
	}
	assert_int_equal(kept_of(pair, 1).mark.seq, 4);
	server_node_backup(pair);
	greet(pair);
	assert_int_equal(kept_of(pair, 1).first_seq, 4);
	assert_int_equal(last_seq_of(pair, 1), 4);
	work(pair, &order, 2, notes); /* the chain goes on */
	assert_int_equal(last_seq_of(pair, 1), 6);
	expect_all(pair, notes, 2);
}

static void a_server_that_is_put_back_from_its_newest_backup_loses_nothing(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), notes[8];

	pair_settle(pair);
	work(pair, &order, 3, notes);
	greet(pair);
	server_node_backup(pair);
	work(pair, &order, 3, notes + 3);
	greet(pair);
	assert_int_equal(kept_of(pair, 1).first_seq, 4);
	put_back(pair, pair->server.backup, 1);
	work(pair, &order, 2, notes + 6);
	expect_all(pair, notes, LENGTH(notes));
	assert_int_equal(device_core_state(pair_device(pair, 1)->core).fetches, 0);
}

/* There and back by files; the device has no network. */
static void exchange(struct simulation *pair)
{
	struct bytes up = { 0 }, down = { 0 };

	assert_true(device_node_write_bundle(pair, pair_device(pair, 1), &up));
	server_node_read_bundle(pair, up, true);
	assert_true(server_node_write_bundle(pair, 1, &down));
	device_node_read_bundle(pair, pair_device(pair, 1), down, true);
	assert_false(pair->violated);
}

static void what_a_backup_holds_is_let_go_of_by_a_device_that_has_bundles_alone(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct device_node *device = pair_device(pair, 1);

	pair_settle(pair);
	device->link_up = false;
	device_node_lost(pair, device);
	for (int i = 0; i < 4; i++)
		(void)pair_note(pair, 1, &order);
	exchange(pair);
	exchange(pair);
	assert_int_equal(kept_of(pair, 1).first_seq, 1);
	assert_int_equal(kept_of(pair, 1).mark.seq, 4);
	server_node_backup(pair);
	exchange(pair); /* without any row that is new */
	assert_int_equal(kept_of(pair, 1).first_seq, 4);
	(void)pair_note(pair, 1, &order); /* the chain goes on */
	exchange(pair);
	assert_int_equal(last_seq_of(pair, 1), 5);
	device->link_up = true;
	device_node_go(pair, device);
	pair_settle(pair);
}

/* Somebody takes the wrong one: what it lacks and the device has let go of is told, and the rest goes on. */
static void an_older_backup_leaves_a_gap_that_is_told_and_the_rest_is_sent_again(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), notes[9];
	struct logged_operation logged;

	pair_settle(pair);
	work(pair, &order, 2, notes);
	greet(pair);
	server_node_backup(pair);
	work(pair, &order, 4, notes + 2);
	greet(pair); /* lets go of 1 */
	greet(pair); /* and sets the next mark */
	server_node_backup(pair);
	greet(pair);
	assert_int_equal(kept_of(pair, 1).first_seq, 6);
	work(pair, &order, 3, notes + 6);
	put_back(pair, pair->server.older, 1);
	expect_all(pair, notes, 2);
	expect_all(pair, notes + 5, 4);
	assert_false(pair_logged(pair, &notes[3], &logged));
	assert_int_equal(last_seq_of(pair, 1), 4); /* of the new incarnation */
}

/* A bundle was under way when the older backup was taken: it tells of the newer one, so the device lets go of what it then alone has. */
static void what_a_backup_held_that_was_not_taken_is_let_go_of_and_the_gap_is_told(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), notes[5];
	struct logged_operation logged;
	struct arena way = { 0 };
	struct bytes down = { 0 };
	int64_t incidents;

	pair_settle(pair);
	server_node_backup(pair);
	work(pair, &order, 4, notes);
	greet(pair);
	device->link_up = false;
	device_node_lost(pair, device);
	server_node_backup(pair);
	assert_true(server_node_write_bundle(pair, 1, &down));
	down = arena_copy_bytes(&way, down);
	put_back_unmet(pair, pair->server.older, 1);
	incidents = device_core_state(device->core).incidents;
	assert_int_equal(kept_of(pair, 1).first_seq, 1);
	device_node_read_bundle(pair, device, down, true);
	arena_finish(&way);
	assert_int_equal(kept_of(pair, 1).first_seq, 4);
	notes[4] = pair_note(pair, 1, &order);
	device->link_up = true;
	device_node_go(pair, device);
	pair_settle(pair);
	expect_all(pair, notes + 3, 2);
	for (int i = 0; i < 3; i++)
		assert_false(pair_logged(pair, &notes[i], &logged));
	assert_int_equal(device_core_state(device->core).incidents, incidents + 2); /* the epoch, and the gap */
}

/* As `truckroll doctor --repair` does, while the server is being put back. */
static void lose_rows(struct simulation *pair)
{
	struct device_node *device = pair_device(pair, 1);

	device_node_kill(pair, device);
	device->anew = true;
	device_node_start(pair, device, false);
}

static void an_older_backup_and_lost_rows_leave_a_gap_that_is_told_and_the_rest_is_sent_again(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), notes[9];

	pair_settle(pair);
	server_node_backup(pair);
	work(pair, &order, 6, notes);
	greet(pair);
	server_node_backup(pair);
	greet(pair);
	assert_int_equal(kept_of(pair, 1).first_seq, 6);
	work(pair, &order, 3, notes + 6);
	server_node_kill(pair);
	lose_rows(pair);
	put_back(pair, pair->server.older, 1);
	expect_all(pair, notes + 5, 4);
	assert_int_equal(last_seq_of(pair, 1), 4); /* of the new incarnation */
	work(pair, &order, 1, notes);
	expect_all(pair, notes, 1);
}

/* Two misfortunes at once: the device was put back from a copy, later the server. */
static void leave_former(struct simulation *pair, const struct id *order, struct id *out_notes)
{
	struct device_node *device = pair_device(pair, 1);

	pair_settle(pair);
	server_node_backup(pair);
	work(pair, order, 2, out_notes);
	device_node_copy(pair, device);
	(void)pair_note(pair, 1, order);
	pair_settle(pair);
	device_node_restore(pair, device);
	device_node_start(pair, device, false);
	pair_settle(pair);
	work(pair, order, 2, out_notes + 2);
	assert_int_equal(kept_of(pair, 1).former, 2);
}

static void what_is_kept_of_former_incarnations_is_sent_again_too(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), notes[4];

	leave_former(pair, &order, notes);
	put_back(pair, pair->server.backup, 1);
	expect_all(pair, notes, LENGTH(notes));
	assert_int_equal(kept_of(pair, 1).former, 0);
}

static void what_is_kept_of_former_incarnations_is_sent_again_by_a_device_that_lost_its_rows(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), notes[4];

	leave_former(pair, &order, notes);
	server_node_kill(pair);
	lose_rows(pair);
	put_back(pair, pair->server.backup, 1);
	expect_all(pair, notes, LENGTH(notes));
	assert_int_equal(kept_of(pair, 1).former, 0);
}

/* An old copy of the database is put in place without `restore`, and the office goes on with it until the mark's commit has passed. */
static void a_mark_ends_with_the_life_that_it_was_set_in(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), notes[3];

	pair_settle(pair);
	server_node_backup(pair);
	work(pair, &order, LENGTH(notes), notes);
	greet(pair);
	assert_int_equal(kept_of(pair, 1).mark.seq, 3);
	pair->server.swapped = true;
	server_node_kill(pair);
	crash_disk_load(pair->server.disk, pair->server.backup);
	pair_device(pair, 1)->link_up = false;
	device_node_lost(pair, pair_device(pair, 1));
	server_node_start(pair);
	for (int i = 0; i < 20; i++)
		(void)pair_order(pair, 0);
	server_node_backup(pair); /* without the notes */
	pair_device(pair, 1)->link_up = true;
	greet(pair);
	greet(pair);
	assert_int_equal(kept_of(pair, 1).first_seq, 1);
	put_back(pair, pair->server.backup, 1);
	expect_all(pair, notes, LENGTH(notes));
}

static void without_a_backup_it_is_kept_for_thirty_days_and_its_end_is_told(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), notes[3];
	int64_t incidents = device_core_state(pair_device(pair, 1)->core).incidents;

	pair_settle(pair);
	work(pair, &order, LENGTH(notes), notes);
	greet(pair);
	pair_device(pair, 1)->swapped = true; /* incidents are to be expected */
	pair->now_ms += 29 * DAY_MS;
	greet(pair);
	assert_int_equal(kept_of(pair, 1).first_seq, 1);
	pair->now_ms += 2 * DAY_MS;
	greet(pair);
	assert_int_equal(kept_of(pair, 1).first_seq, 3);
	assert_int_equal(device_core_state(pair_device(pair, 1)->core).incidents, incidents + 1);
}

/* Four operations, of which the device keeps the last alone. */
static void let_go_of_three(struct simulation *pair, struct id *order, struct id notes[static 4])
{
	*order = pair_order(pair, 0);
	pair_settle(pair);
	work(pair, order, 4, notes);
	greet(pair);
	server_node_backup(pair);
	greet(pair);
	assert_int_equal(kept_of(pair, 1).first_seq, 4);
}

/* The device is opened with its outbox alone. */
static void start_without_replica(struct simulation *pair)
{
	struct device_node *device = pair_device(pair, 1);

	if (device->core != NULL)
		device_node_kill(pair, device);
	device->swapped = true; /* incidents are to be expected */
	device->anew = true;
	device_node_start(pair, device, false);
	assert_false(pair->violated);
	assert_non_null(device->core);
}

static void what_was_let_go_of_does_not_go_over_when_an_older_outbox_comes_without_its_replica(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order, notes[6];

	let_go_of_three(pair, &order, notes);
	device_node_copy(pair, device);
	(void)pair_note(pair, 1, &order);
	pair_settle(pair);
	device_node_restore(pair, device); /* what is remembered beside it proves the loss */
	start_without_replica(pair);
	assert_int_equal(last_seq_of(pair, 1), 1);
	work(pair, &order, 2, notes + 4);
	expect_all(pair, notes, LENGTH(notes));
	assert_int_equal(last_seq_of(pair, 1), 3);
}

static void nor_when_the_server_is_the_one_that_proves_the_loss(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order, notes[6];

	let_go_of_three(pair, &order, notes);
	device_node_copy(pair, device);
	(void)pair_note(pair, 1, &order);
	pair_settle(pair);
	device_node_restore(pair, device);
	device->standing = (struct standing){ .seq = 0 }; /* nothing is remembered here */
	start_without_replica(pair);
	assert_int_equal(last_seq_of(pair, 1), 4);
	pair_settle(pair);
	work(pair, &order, 2, notes + 4);
	expect_all(pair, notes, LENGTH(notes));
	assert_int_equal(last_seq_of(pair, 1), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_acknowledged_is_kept_until_a_backup_holds_it_but_for_the_latest),
		TEST(a_server_that_is_put_back_from_its_newest_backup_loses_nothing),
		TEST(what_a_backup_holds_is_let_go_of_by_a_device_that_has_bundles_alone),
		TEST(an_older_backup_leaves_a_gap_that_is_told_and_the_rest_is_sent_again),
		TEST(what_a_backup_held_that_was_not_taken_is_let_go_of_and_the_gap_is_told),
		TEST(an_older_backup_and_lost_rows_leave_a_gap_that_is_told_and_the_rest_is_sent_again),
		TEST(what_is_kept_of_former_incarnations_is_sent_again_too),
		TEST(what_was_let_go_of_does_not_go_over_when_an_older_outbox_comes_without_its_replica),
		TEST(nor_when_the_server_is_the_one_that_proves_the_loss),
		TEST(what_is_kept_of_former_incarnations_is_sent_again_by_a_device_that_lost_its_rows),
		TEST(a_mark_ends_with_the_life_that_it_was_set_in),
		TEST(without_a_backup_it_is_kept_for_thirty_days_and_its_end_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
