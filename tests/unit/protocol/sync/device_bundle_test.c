/* What a device's core takes of the envelopes of a bundle, and what it writes into one. */
#include "protocol/sync/device_inner.h"
#include "protocol/wire/blob.h"
#include "protocol/wire/bundle.h"
#include "tests/unit/protocol/sync/pair.h"

#define ENVELOPES_MAX 200

/* The envelopes of a file, in the pair's arena. */
struct file {
	struct arena *arena;
	struct bytes envelopes[ENVELOPES_MAX];
	size_t count;
};

static enum status keep(void *context, struct bytes sealed)
{
	struct file *file = context;

	assert_true(file->count < ENVELOPES_MAX);
	file->envelopes[file->count++] = arena_copy_bytes(file->arena, sealed);
	return STATUS_OK;
}

/* No network for device 1, and rows so few a page that a bundle has many parts. */
static void go_apart(struct simulation *pair)
{
	struct device_node *device = pair_device(pair, 1);

	device->link_up = false;
	device_node_lost(pair, device);
	pair->page_raw_max = 1;
	server_node_kill(pair);
	server_node_start(pair);
}

static void write_for(struct simulation *pair, unsigned number, struct file *out_file)
{
	const struct id device = organisation_device_id(number);

	*out_file = (struct file){ .arena = &pair->arena };
	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(server_core_bundle_for(pair->server.core, &device, 0, keep, out_file, &(struct server_bundle){ 0 }), STATUS_OK);
}

static enum status take(struct simulation *pair, struct bytes envelope, enum bundle_finding *out_finding)
{
	struct device_node *device = pair_device(pair, 1);
	struct device_effect effect;
	enum status status = device_core_read_bundle(device->core, envelope, out_finding);

	while (status == STATUS_OK && device_core_next(device->core, &effect))
		if (effect.kind == DEVICE_EFFECT_COMMIT)
			status = device_core_committed(device->core, device_core_cut(device->core));
	return status;
}

static void take_all(struct simulation *pair, const struct file *file)
{
	enum bundle_finding finding = BUNDLE_NEEDS_ALL;

	for (size_t i = 0; i < file->count; i++) {
		assert_int_equal(take(pair, file->envelopes[i], &finding), STATUS_OK);
		assert_int_equal(finding, BUNDLE_TAKEN);
	}
}

static void tell_server(struct simulation *pair)
{
	struct bytes told = { 0 };

	assert_true(device_node_write_bundle(pair, pair_device(pair, 1), &told));
	server_node_read_bundle(pair, told, true);
}

static void parts_count_in_their_order_alone(void **state)
{
	struct simulation *pair = *state;
	static struct file file;
	enum bundle_finding finding;
	struct id order;

	go_apart(pair);
	order = pair_order(pair, 0);
	write_for(pair, 1, &file);
	assert_true(file.count > 2);
	assert_int_equal(take(pair, file.envelopes[0], &finding), STATUS_OK);
	assert_int_equal(take(pair, file.envelopes[2], &finding), STATUS_CORRUPT);
	assert_int_equal(take(pair, file.envelopes[1], &finding), STATUS_CORRUPT); /* nothing of it counts any more */
	assert_false(pair_on_device(pair, 1, RECORD_WORK_ORDER, &order));
	take_all(pair, &file);
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &order));
}

static void parts_of_two_bundles_do_not_mix(void **state)
{
	struct simulation *pair = *state;
	static struct file first, second;
	enum bundle_finding finding;

	go_apart(pair);
	(void)pair_order(pair, 0);
	write_for(pair, 1, &first);
	write_for(pair, 1, &second);
	assert_int_equal(first.count, second.count);
	assert_int_equal(take(pair, first.envelopes[0], &finding), STATUS_OK);
	assert_int_equal(take(pair, second.envelopes[1], &finding), STATUS_CORRUPT);
}

static void what_was_taken_is_known_the_second_time(void **state)
{
	struct simulation *pair = *state;
	static struct file file;
	enum bundle_finding finding;

	go_apart(pair);
	(void)pair_order(pair, 0);
	write_for(pair, 1, &file);
	take_all(pair, &file);
	assert_int_equal(take(pair, file.envelopes[0], &finding), STATUS_OK);
	assert_int_equal(finding, BUNDLE_OLDER);
}

/* What a comparison is to mend, no rows of long ago do: whoever reads meanwhile would see less than before. */
static void an_older_bundle_takes_nothing_back_while_the_replica_is_compared(void **state)
{
	struct simulation *pair = *state;
	static struct file older, newer;
	enum bundle_finding finding;
	struct id order;

	go_apart(pair);
	assert_int_equal(device_core_check(pair_device(pair, 1)->core), STATUS_OK);
	tell_server(pair);
	write_for(pair, 1, &older);
	order = pair_order(pair, 0);
	write_for(pair, 1, &newer);
	take_all(pair, &newer);
	assert_int_equal(device_core_check(pair_device(pair, 1)->core), STATUS_OK);
	assert_int_equal(take(pair, older.envelopes[0], &finding), STATUS_OK);
	assert_int_equal(finding, BUNDLE_OLDER);
	take_all(pair, &newer);
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &order));
}

static void a_bundle_for_another_device_is_not_opened(void **state)
{
	struct simulation *pair = *state;
	static struct file file;
	enum bundle_finding finding;

	go_apart(pair);
	write_for(pair, 2, &file);
	assert_int_equal(take(pair, file.envelopes[0], &finding), STATUS_CORRUPT);
}

static void a_bundle_that_begins_later_than_the_device_stands_changes_nothing(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	static struct file file;
	enum bundle_finding finding;
	struct id earlier, later;

	go_apart(pair);
	device_node_copy(pair, device);
	earlier = pair_order(pair, 0);
	write_for(pair, 1, &file);
	take_all(pair, &file);
	tell_server(pair);
	later = pair_order(pair, 0);
	write_for(pair, 1, &file);
	device_node_restore(pair, device);
	device_node_start(pair, device, false);
	assert_int_equal(take(pair, file.envelopes[0], &finding), STATUS_OK);
	assert_int_equal(finding, BUNDLE_BEGINS_LATER);
	tell_server(pair);
	write_for(pair, 1, &file);
	take_all(pair, &file);
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &earlier));
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &later));
}

static void what_waits_is_in_every_bundle_until_the_server_has_it(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0);
	static struct file file;
	struct device_bundle written;

	pair_settle(pair);
	go_apart(pair);
	file.arena = &pair->arena;
	assert_int_equal(device_core_write_bundle(device->core, 0, keep, &file, &written), STATUS_OK);
	assert_int_equal(written.operation_count, 0);
	assert_int_equal(file.count, 1); /* where it stands */
	(void)pair_note(pair, 1, &order);
	(void)pair_note(pair, 1, &order);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(device_core_write_bundle(device->core, 0, keep, &file, &written), STATUS_OK);
		assert_int_equal(written.operation_count, 2);
	}
	tell_server(pair);
	write_for(pair, 1, &file);
	take_all(pair, &file);
	assert_int_equal(device_core_write_bundle(device->core, 0, keep, &file, &written), STATUS_OK);
	assert_int_equal(written.operation_count, 0);
}

/* A core beside the owner's, as a command has one of its own. */
static struct device_bundle write_beside(struct simulation *pair, struct file *file)
{
	struct device_node *device = pair_device(pair, 1);
	struct device_core_options options = device->core->options;
	struct device_core *reader;
	struct device_bundle written = { 0 };

	options.tap = NULL;
	reader = device_core_create_reader(&options, device_core_state(device->core).own_rows);
	*file = (struct file){ .arena = &pair->arena };
	assert_int_equal(device_core_write_bundle(reader, 0, keep, file, &written), STATUS_OK);
	device_core_destroy(reader);
	return written;
}

static void a_core_that_reads_writes_the_bundle_of_the_owner(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	static struct file file;
	struct device_bundle written;
	int64_t before;

	pair_settle(pair);
	go_apart(pair);
	(void)pair_note(pair, 1, &order);
	written = write_beside(pair, &file);
	assert_int_equal(written.operation_count, 1);
	assert_int_equal(written.told_at_ms, 0);
	before = server_core_counts(pair->server.core).operations;
	for (size_t i = 0; i < file.count; i++)
		assert_int_equal(server_core_bundle(pair->server.core, 7, file.envelopes[i]), STATUS_OK);
	assert_int_equal(server_core_counts(pair->server.core).operations, before + 1);
}

/* Of which the simulation has no cause to complain. */
static void find_fault(struct simulation *pair)
{
	struct device_node *device = pair_device(pair, 1);

	assert_int_equal(device_core_incident(device->core, "digest", "scope valley"), STATUS_OK);
	device->incidents = device_core_state(device->core).incidents;
}

static struct device_bundle write_own(struct simulation *pair, struct file *file)
{
	struct device_bundle written = { 0 };

	*file = (struct file){ .arena = &pair->arena };
	assert_int_equal(device_core_write_bundle(pair_device(pair, 1)->core, 0, keep, file, &written), STATUS_OK);
	return written;
}

static void what_a_bundle_tells_is_told_until_the_answer_names_one_that_was_kept(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0);
	static struct file file;
	struct device_bundle written;

	pair_settle(pair);
	go_apart(pair);
	find_fault(pair);
	(void)pair_note(pair, 1, &order);
	written = write_own(pair, &file);
	assert_true(written.told_at_ms != 0);
	tell_server(pair); /* the same, and kept */
	device_core_bundle_kept(device->core, written.told_at_ms + 1, &(struct cursor){ 0 }); /* of another incident: nothing */
	assert_true(write_own(pair, &file).told_at_ms == written.told_at_ms);
	write_for(pair, 1, &file);
	take_all(pair, &file);
	assert_int_equal(write_own(pair, &file).told_at_ms, 0);
}

static void what_a_bundle_that_was_not_kept_tells_is_told_by_the_next(void **state)
{
	struct simulation *pair = *state;
	static struct file file;
	enum bundle_finding finding;

	pair_settle(pair);
	go_apart(pair);
	tell_server(pair);
	find_fault(pair);
	assert_true(write_own(pair, &file).told_at_ms != 0); /* its stick was full */
	write_for(pair, 1, &file); /* the answer to the first one, of the same place */
	assert_int_equal(take(pair, file.envelopes[0], &finding), STATUS_OK);
	assert_true(write_own(pair, &file).told_at_ms != 0);
}

static void greet(struct simulation *pair)
{
	server_node_kill(pair);
	server_node_start(pair);
	pair_settle(pair);
}

/* As `truckrolld restore` does; device 1 has no network meanwhile. */
static void put_back(struct simulation *pair, const struct crash_image *image)
{
	struct device_node *device = pair_device(pair, 1);

	device->swapped = pair->server.swapped = true;
	device->link_up = false;
	device_node_lost(pair, device);
	server_node_kill(pair);
	crash_disk_load(pair->server.disk, image);
	server_node_start(pair);
	assert_int_equal(
		server_store_init_organisation(pair->server.store, &organisation_self, &(struct id){ { 1 } }), STATUS_OK);
	server_node_kill(pair);
	server_node_start(pair);
}

/* One bundle there, and one back. */
static void exchange(struct simulation *pair)
{
	struct bytes back = { 0 };

	tell_server(pair);
	assert_true(server_node_write_bundle(pair, 1, &back));
	device_node_read_bundle(pair, pair_device(pair, 1), back, true);
}

static void after_an_older_backup_bundles_alone_bring_what_the_device_keeps(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), notes[7];
	struct logged_operation logged;

	pair_settle(pair);
	server_node_backup(pair);
	for (int i = 0; i < 5; i++)
		notes[i] = pair_note(pair, 1, &order);
	pair_settle(pair);
	greet(pair);
	server_node_backup(pair);
	greet(pair); /* lets go of the first four */
	put_back(pair, pair->server.older);
	for (int i = 5; i < 7; i++)
		notes[i] = pair_note(pair, 1, &order);
	for (int i = 0; i < 4; i++)
		exchange(pair);
	assert_false(pair_logged(pair, &notes[3], &logged));
	for (int i = 4; i < 7; i++)
		assert_true(pair_logged(pair, &notes[i], &logged));
	assert_int_equal(device_core_state(pair_device(pair, 1)->core).incidents, 1); /* the gap */
}

/* What is on its way to the office in a bundle that is written now. */
static int64_t files_in_bundle(struct simulation *pair)
{
	static struct file file;
	struct device_bundle written;

	file = (struct file){ .arena = &pair->arena };
	assert_int_equal(device_core_write_bundle(pair_device(pair, 1)->core, 1 << 20, keep, &file, &written), STATUS_OK);
	return (int64_t)written.file_count;
}

/* A photo of 6 bytes, saved. */
static void take_photo(struct simulation *pair, const struct id *visit)
{
	const struct bytes content = { (const uint8_t *)"pixels", 6 };
	const struct blob_text name = blob_id(content);
	const struct photo_arguments photo = {
		.blob = text_of(name.characters), .caption = text_of("as it was"), .size = (int64_t)content.size
	};

	assert_true(device_node_attach(pair, pair_device(pair, 1), content));
	(void)pair_do(pair, 1, OPERATION_ADD_PHOTO, visit, &photo);
}

static void after_a_restore_files_are_offered_again_by_bundle(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 1);

	pair->faults.percent[FAULT_FILES] = 1; /* both sides have a store of them */
	device_node_end(pair, device);
	device_node_start(pair, device, false);
	greet(pair);
	server_node_backup(pair);
	take_photo(pair, &visit);
	pair_settle(pair);
	assert_int_equal(files_in_bundle(pair), 0);
	put_back(pair, pair->server.backup);
	exchange(pair);
	assert_int_equal(files_in_bundle(pair), 1);
}

static size_t staged(struct simulation *pair)
{
	size_t count = 0;

	assert_int_equal(device_store_staged_count(pair_device(pair, 1)->store, &count), STATUS_OK);
	return count;
}

/* As it may be after a new start. What was asked for in the one way is no part of what is asked for in the other. */
static void pages_without_the_devices_own_rows_do_not_mix_with_pages_that_have_them(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);

	pair_settle(pair);
	for (int own_rows = 1; own_rows >= 0; own_rows--) {
		go_apart(pair);
		for (int i = 0; i < 4; i++)
			(void)pair_order(pair, 0);
		device->core->own_rows = !own_rows;
		device->link_up = true;
		device_node_go(pair, device);
		while (staged(pair) < 2)
			assert_true(simulation_step(pair));
		device->link_up = false;
		device_node_lost(pair, device);
		device->core->own_rows = own_rows;
		device->link_up = true;
		device_node_go(pair, device);
		assert_int_equal(staged(pair), 0);
		pair_settle(pair);
		pair_assert_fits(pair, 1);
	}
}

/* Its replica was damaged: a new one is filled. */
static void lose_replica(struct simulation *pair)
{
	struct device_node *device = pair_device(pair, 1);

	device->anew = true;
	device_node_restart(pair, device);
}

static void reach_again(struct simulation *pair)
{
	struct device_node *device = pair_device(pair, 1);

	device->link_up = true;
	device_node_go(pair, device);
	pair_settle(pair);
}

/* A bundle for a device that has lost its rows, kept; the pair's arena does not outlive what happens. */
static void write_whole(struct simulation *pair, struct arena *arena, struct file *out_file)
{
	static struct file written;

	lose_replica(pair);
	tell_server(pair);
	write_for(pair, 1, &written);
	out_file->count = written.count;
	for (size_t i = 0; i < written.count; i++)
		out_file->envelopes[i] = arena_copy_bytes(arena, written.envelopes[i]);
}

/* All but the last operation are no longer in the outbox. */
static void what_was_let_go_of_since_the_bundle_comes_with_the_rows(void **state)
{
	struct simulation *pair = *state;
	static struct file older;
	struct arena arena = { 0 };
	struct id order = pair_order(pair, 0);
	struct kept_state kept;

	go_apart(pair);
	write_whole(pair, &arena, &older);
	take_all(pair, &older);
	for (int i = 0; i < 5; i++)
		(void)pair_note(pair, 1, &order);
	reach_again(pair);
	greet(pair);
	server_node_backup(pair);
	greet(pair);
	assert_int_equal(device_store_kept(pair_device(pair, 1)->store, &kept), STATUS_OK);
	assert_int_equal(kept.first_seq, 5);
	go_apart(pair);
	lose_replica(pair);
	take_all(pair, &older);
	reach_again(pair);
	pair_assert_fits(pair, 1);
	arena_finish(&arena);
}

static void what_was_made_on_later_rows_than_the_bundle_has_is_not_decided_on_them(void **state)
{
	struct simulation *pair = *state;
	static struct file older;
	struct arena arena = { 0 };
	struct id order;

	for (int started_again = 0; started_again < 2; started_again++) {
		go_apart(pair);
		write_whole(pair, &arena, &older);
		order = pair_order(pair, 0);
		reach_again(pair);
		(void)pair_note(pair, 1, &order); /* decided there as here: it is not sent back */
		pair_settle(pair);
		go_apart(pair);
		lose_replica(pair);
		take_all(pair, &older); /* which does not know the order */
		if (started_again)
			device_node_restart(pair, pair_device(pair, 1));
		(void)pair_note(pair, 1, &order);
		reach_again(pair);
		pair_assert_fits(pair, 1);
	}
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parts_count_in_their_order_alone, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(parts_of_two_bundles_do_not_mix, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_was_taken_is_known_the_second_time, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(an_older_bundle_takes_nothing_back_while_the_replica_is_compared, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_bundle_for_another_device_is_not_opened, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			a_bundle_that_begins_later_than_the_device_stands_changes_nothing, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_waits_is_in_every_bundle_until_the_server_has_it, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_core_that_reads_writes_the_bundle_of_the_owner, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			what_a_bundle_tells_is_told_until_the_answer_names_one_that_was_kept, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_a_bundle_that_was_not_kept_tells_is_told_by_the_next, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			after_an_older_backup_bundles_alone_bring_what_the_device_keeps, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(after_a_restore_files_are_offered_again_by_bundle, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			pages_without_the_devices_own_rows_do_not_mix_with_pages_that_have_them, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_was_let_go_of_since_the_bundle_comes_with_the_rows, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			what_was_made_on_later_rows_than_the_bundle_has_is_not_decided_on_them, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
