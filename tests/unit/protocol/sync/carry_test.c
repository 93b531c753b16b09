/* A device that carries the bundle of another: what it keeps of it, what the server takes of it, and what comes back. */
#include "protocol/sync/blob_store.h"
#include "protocol/sync/carry_answer.h"
#include "protocol/sync/carry_store.h"
#include "protocol/sync/device_carry.h"
#include "protocol/wire/blob.h"
#include "protocol/wire/bundle.h"
#include "tests/unit/protocol/sync/pair.h"

/* Device 1 has no network; device 2 carries. The simulation gives devices what they carry only where bundles are on. */
static int open_with_bundles(void **state)
{
	struct simulation *pair;
	int result = pair_open(state);

	pair = *state;
	pair->faults.percent[FAULT_BUNDLES] = 100;
	pair->faults.percent[FAULT_FILES] = 100;
	server_node_kill(pair);
	server_node_start(pair);
	for (unsigned number = 1; number <= 2; number++)
		device_node_restart(pair, pair_device(pair, number));
	pair_settle(pair);
	return result;
}

/* Until the carrier has nothing more to do; device 1 is out of reach. */
static void let_carry(struct simulation *pair)
{
	const struct device_node *carrier = pair_device(pair, 2);
	bool done = false;

	for (int i = 0; i < 5000 && !done; i++) {
		assert_true(simulation_step(pair));
		done = carrier->core != NULL && device_core_state(carrier->core).synced && device_core_state(carrier->core).polling;
	}
	assert_true(done);
	assert_false(pair->violated);
}

static const struct blob_files *files_of(struct simulation *pair, unsigned number)
{
	return memory_files_of(pair_device(pair, number)->blobs);
}

static void go_apart(struct simulation *pair)
{
	struct device_node *device = pair_device(pair, 1);

	device->link_up = false;
	device_node_lost(pair, device);
}

static void come_back(struct simulation *pair)
{
	pair_device(pair, 1)->link_up = true;
	device_node_go(pair, pair_device(pair, 1));
	pair_settle(pair);
}

static struct arena kept; /* life of a test: the pair's is reset with every step */

static int close_pair(void **state)
{
	arena_finish(&kept);
	return pair_close(state);
}

static struct bytes write_bundle(struct simulation *pair)
{
	struct bytes file = { 0 };

	assert_true(device_node_write_bundle(pair, pair_device(pair, 1), &file));
	return arena_copy_bytes(&kept, file);
}

static enum status give(struct simulation *pair, struct bytes file)
{
	struct bundle bundle;
	enum status status;

	assert_int_equal(bundle_read(file, &pair->arena, &bundle), STATUS_OK);
	status = carry_add(files_of(pair, 2), &bundle, file);
	if (status == STATUS_OK)
		device_node_look_at_files(pair, pair_device(pair, 2), STATUS_OK);
	return status;
}

static size_t count_carried(struct simulation *pair)
{
	struct carried_bundle *carried;
	size_t count = 0;

	assert_int_equal(carry_list(files_of(pair, 2), &pair->arena, &carried, &count), STATUS_OK);
	return count;
}

/* Without the envelopes before the first and from `until` on. */
static struct bytes cut_out(struct simulation *pair, struct bytes file, size_t first, size_t until)
{
	struct bundle bundle;
	struct bundle_writer writer;

	assert_int_equal(bundle_read(file, &pair->arena, &bundle), STATUS_OK);
	bundle_begin(&writer, &pair->arena, &bundle.head);
	for (size_t i = first; i < until && i < bundle.count; i++)
		bundle_add(&writer, bundle.envelopes[i]);
	assert_int_equal(bundle_end(&writer, &file), STATUS_OK);
	return file;
}

static enum status read_answer(struct simulation *pair, struct bytes *out_file)
{
	const struct bundle_head head = {
		.direction = BUNDLE_TO_DEVICE, .organisation = organisation_self, .device = organisation_device_id(1)
	};
	struct bundle_writer bundle;
	enum status status;

	bundle_begin(&bundle, &pair->arena, &head);
	status = carry_answer_write(files_of(pair, 2), &head.device, &bundle);
	return status == STATUS_OK ? bundle_end(&bundle, out_file) : status;
}

static void it_is_brought_and_the_answer_comes_back_and_it_is_carried_no_more(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), note;
	struct logged_operation logged;
	struct bytes answer = { 0 };

	pair_settle(pair);
	go_apart(pair);
	note = pair_note(pair, 1, &order);
	assert_int_equal(give(pair, write_bundle(pair)), STATUS_OK);
	assert_int_equal(count_carried(pair), 1);
	let_carry(pair);
	assert_true(pair_logged(pair, &note, &logged));
	assert_int_equal(count_carried(pair), 0);
	assert_int_equal(read_answer(pair, &answer), STATUS_OK);
	device_node_read_bundle(pair, pair_device(pair, 1), answer, true);
	assert_false(pair->violated);
	assert_int_equal(device_core_state(pair_device(pair, 1)->core).acknowledged_seq, logged.seq);
	come_back(pair);
}

static void what_was_brought_twice_or_came_over_the_network_before_counts_once(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	size_t before = pair_count_on_server(pair, RECORD_NOTE);
	struct bytes file;

	pair_settle(pair);
	go_apart(pair);
	(void)pair_note(pair, 1, &order);
	file = write_bundle(pair);
	come_back(pair);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(give(pair, file), STATUS_OK);
		pair_settle(pair);
	}
	assert_int_equal(count_carried(pair), 0);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), before + 1);
}

static void what_the_carrier_left_out_comes_with_the_next_bundle(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct carried_bundle *carried;
	size_t count = 0, before = pair_count_on_server(pair, RECORD_NOTE);
	struct bytes first, second, answer;

	pair_settle(pair);
	go_apart(pair);
	(void)pair_note(pair, 1, &order);
	first = write_bundle(pair);
	assert_int_equal(give(pair, first), STATUS_OK);
	let_carry(pair);
	assert_int_equal(read_answer(pair, &answer), STATUS_OK);
	device_node_read_bundle(pair, pair_device(pair, 1), answer, true);
	(void)pair_note(pair, 1, &order);
	(void)cut_out(pair, write_bundle(pair), 0, 1); /* never given */
	(void)pair_note(pair, 1, &order);
	second = write_bundle(pair);
	assert_int_equal(give(pair, cut_out(pair, second, 1, 99)), STATUS_OK); /* without its operations */
	let_carry(pair);
	assert_int_equal(carry_list(files_of(pair, 2), &pair->arena, &carried, &count), STATUS_OK);
	assert_int_equal(count, 0);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), before + 1);
	assert_int_equal(give(pair, second), STATUS_OK);
	let_carry(pair);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), before + 3);
	come_back(pair);
}

static void what_is_of_no_device_of_the_organisation_is_refused_and_not_sent_again(void **state)
{
	struct simulation *pair = *state;
	const struct bundle_head head = {
		.direction = BUNDLE_TO_SERVER, .organisation = organisation_self, .device = organisation_device_id(1)
	};
	struct bundle_writer bundle;
	struct carried_bundle *carried;
	struct bytes file;
	size_t count = 0;
	int64_t rounds;

	bundle_begin(&bundle, &pair->arena, &head);
	bundle_add(&bundle, (struct bytes){ (const uint8_t *)"TRK1 is how an envelope begins", 30 });
	assert_int_equal(bundle_end(&bundle, &file), STATUS_OK);
	assert_int_equal(give(pair, file), STATUS_OK);
	pair_settle(pair);
	assert_int_equal(carry_list(files_of(pair, 2), &pair->arena, &carried, &count), STATUS_OK);
	assert_int_equal(count, 1);
	assert_true(carried[0].refused);
	rounds = device_core_state(pair_device(pair, 2)->core).carried_pieces;
	device_node_restart(pair, pair_device(pair, 2));
	pair_settle(pair);
	assert_int_equal(rounds, 1);
	assert_int_equal(device_core_state(pair_device(pair, 2)->core).carried_pieces, 0);
}

static void what_no_envelope_proves_to_be_of_its_device_is_refused(void **state)
{
	struct simulation *pair = *state;
	struct bundle bundle;
	struct bundle_writer writer;
	struct carried_bundle *carried;
	size_t count = 0;
	struct bytes file = write_bundle(pair);

	assert_int_equal(bundle_read(file, &pair->arena, &bundle), STATUS_OK);
	bundle.head.device = organisation_device_id(2); /* whoever puts files together may write any name in front */
	bundle_begin(&writer, &pair->arena, &bundle.head);
	for (size_t i = 0; i < bundle.count; i++)
		bundle_add(&writer, bundle.envelopes[i]);
	assert_int_equal(bundle_end(&writer, &file), STATUS_OK);
	assert_int_equal(give(pair, file), STATUS_OK);
	pair_settle(pair);
	assert_int_equal(carry_list(files_of(pair, 2), &pair->arena, &carried, &count), STATUS_OK);
	assert_int_equal(count, 1);
	assert_true(carried[0].refused);
}

static void no_more_is_carried_than_the_bounds_allow_and_what_is_old_goes(void **state)
{
	struct simulation *pair = *state;

	pair_settle(pair);
	go_apart(pair);
	pair_device(pair, 2)->link_up = false;
	device_node_lost(pair, pair_device(pair, 2));
	for (int i = 0; i < CARRY_COUNT_MAX; i++)
		assert_int_equal(give(pair, write_bundle(pair)), STATUS_OK); /* sealed anew each time */
	assert_int_equal(count_carried(pair), CARRY_COUNT_MAX);
	assert_int_equal(give(pair, write_bundle(pair)), STATUS_BUSY);
	memory_files_grow_old(pair_device(pair, 2)->blobs, CARRY_AGE_MS);
	assert_int_equal(count_carried(pair), 0);
	assert_int_equal(give(pair, write_bundle(pair)), STATUS_OK);
	pair_device(pair, 2)->link_up = true;
	device_node_go(pair, pair_device(pair, 2));
	come_back(pair);
}

static void the_carrier_goes_on_after_a_crash_at_either_side(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct bytes answer, frame;
	uint64_t connection;

	pair_settle(pair);
	go_apart(pair);
	for (int i = 0; i < 5; i++)
		(void)pair_note(pair, 1, &order);
	assert_int_equal(give(pair, write_bundle(pair)), STATUS_OK);
	for (int i = 0; i < 3; i++) {
		assert_true(pair_intercept(pair, 2, &frame, &connection)); /* it is lost */
		if (i == 1)
			server_node_kill(pair);
		else
			device_node_kill(pair, pair_device(pair, 2));
	}
	let_carry(pair);
	assert_int_equal(count_carried(pair), 0);
	assert_int_equal(read_answer(pair, &answer), STATUS_OK);
	device_node_read_bundle(pair, pair_device(pair, 1), answer, true);
	assert_false(pair->violated);
	come_back(pair);
}

static void an_envelope_that_is_larger_than_a_piece_goes_in_pieces(void **state)
{
	struct simulation *pair = *state;
	static uint8_t content[300000];
	const struct bytes photo = { content, sizeof(content) };
	struct hash id;
	int64_t size = 0;

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * 31 + i / 256);
	pair_settle(pair);
	go_apart(pair);
	assert_int_equal(blob_id_of_list((int64_t)photo.size, blob_list_of(&pair->arena, photo), &id), STATUS_OK);
	assert_true(device_node_attach(pair, pair_device(pair, 1), photo));
	assert_int_equal(give(pair, write_bundle(pair)), STATUS_OK);
	let_carry(pair);
	assert_int_equal(count_carried(pair), 0);
	assert_true(device_core_state(pair_device(pair, 2)->core).carried_pieces > 2 * 5);
	assert_int_equal(blob_whole(memory_files_of(pair->server.blobs), &id, &size), STATUS_OK);
	come_back(pair);
}

/* It skips the sections, and answers without. */
static void a_server_that_knows_nothing_of_carrying_leaves_the_bundle_where_it_is(void **state)
{
	struct simulation *pair = *state;
	struct device_carry carry = { .files = files_of(pair, 2) };
	struct bytes file = write_bundle(pair);
	struct request request;
	struct bundle bundle;

	assert_int_equal(bundle_read(file, &pair->arena, &bundle), STATUS_OK);
	assert_int_equal(carry_add(carry.files, &bundle, file), STATUS_OK);
	request_init(&request, &kept, FRAME_SIZE_MAX);
	assert_true(device_carry_pending(&carry, 0));
	assert_true(device_carry_ask(&carry, &request, 0));
	device_carry_settle(&carry, 1, 1);
	assert_false(device_carry_pending(&carry, INT64_MAX));
	assert_int_equal(count_carried(pair), 1);
	device_carry_begin(&carry); /* another session: perhaps the server was updated */
	assert_true(device_carry_pending(&carry, 0));
	device_carry_finish(&carry);
}

static void an_answer_that_was_damaged_on_the_disk_is_fetched_anew(void **state)
{
	struct simulation *pair = *state;
	const struct blob_files *files = files_of(pair, 2);
	struct carry_answer answer = { .device = organisation_device_id(1) };
	static const uint8_t content[64] = { 1 };
	struct carry_reply reply = { .state = CARRY_PIECE, .bundle = { { 9 } }, .number = 1, .last = true };
	bool whole = true;

	reply.piece = (struct carried_piece){ .size = sizeof(content), .offset = 0, .bytes = { content, sizeof(content) } };
	assert_int_equal(carry_answer_add(files, &answer, &reply, &whole), STATUS_CORRUPT); /* the hash is of something else */
	assert_false(whole);
	assert_true(id_is_nil(&answer.bundle));
	reply.piece.envelope = blob_chunk_hash(reply.piece.bytes);
	reply.number = 2;
	assert_int_equal(carry_answer_add(files, &answer, &reply, &whole), STATUS_OK); /* an answer begins with its first part */
	assert_true(id_is_nil(&answer.bundle));
	reply.number = 1;
	assert_int_equal(carry_answer_add(files, &answer, &reply, &whole), STATUS_OK);
	assert_true(whole);
}

#define CARRIES(test) cmocka_unit_test_setup_teardown(test, open_with_bundles, close_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CARRIES(it_is_brought_and_the_answer_comes_back_and_it_is_carried_no_more),
		CARRIES(what_was_brought_twice_or_came_over_the_network_before_counts_once),
		CARRIES(what_the_carrier_left_out_comes_with_the_next_bundle),
		CARRIES(what_is_of_no_device_of_the_organisation_is_refused_and_not_sent_again),
		CARRIES(what_no_envelope_proves_to_be_of_its_device_is_refused),
		CARRIES(no_more_is_carried_than_the_bounds_allow_and_what_is_old_goes),
		CARRIES(the_carrier_goes_on_after_a_crash_at_either_side),
		CARRIES(a_server_that_knows_nothing_of_carrying_leaves_the_bundle_where_it_is),
		CARRIES(an_envelope_that_is_larger_than_a_piece_goes_in_pieces),
		CARRIES(an_answer_that_was_damaged_on_the_disk_is_fetched_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
