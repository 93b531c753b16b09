/* Files on a device's link: what a request asked of them, and what became of that request. */
#include "protocol/sync/blob_store.h"
#include "tests/unit/protocol/sync/pair.h"

#define PHOTO_SIZE (3 * BLOB_PIECE_MAX) /* more than a request carries */

static uint8_t photo[PHOTO_SIZE];

/* From now on device 1 has files; the server serves them, or knows nothing of any. */
static void begin_with_files(struct simulation *pair, bool served)
{
	struct device_node *device = pair_device(pair, 1);

	pair->faults.percent[FAULT_FILES] = 100;
	device_node_restart(pair, device);
	if (served) {
		server_node_kill(pair);
		server_node_start(pair);
	}
	pair_settle(pair);
	for (size_t i = 0; i < PHOTO_SIZE; i++)
		photo[i] = (uint8_t)(i * 7 + i / 251);
	assert_true(device_node_attach(pair, device, (struct bytes){ photo, PHOTO_SIZE }));
	device_node_go(pair, device);
}

/* A piece of the file is on its way. */
static void send_a_piece(struct simulation *pair)
{
	while (device_core_state(pair_device(pair, 1)->core).file_bytes_sent == 0)
		assert_true(simulation_step(pair));
	assert_true(device_core_state(pair_device(pair, 1)->core).waiting);
}

static void assert_file_arrives(struct simulation *pair)
{
	struct device_core_state now;

	assert_false(device_core_state(pair_device(pair, 1)->core).synced);
	pair_settle(pair);
	now = device_core_state(pair_device(pair, 1)->core);
	assert_int_equal(now.files_sent, 1);
	assert_int_equal(now.files_waiting, 0);
	assert_int_equal(now.files_stuck, 0);
	assert_true(now.synced);
}

static bool server_has(struct simulation *pair, size_t photo_size)
{
	struct blob_text name = blob_id((struct bytes){ photo, photo_size });
	struct hash id;
	int64_t size;

	return blob_from_text(text_of(name.characters), &id) == STATUS_OK &&
	       blob_whole(memory_files_of(pair->server.blobs), &id, &size) == STATUS_OK;
}

static void a_file_goes_on_after_an_operation_took_the_place_of_its_request(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);

	begin_with_files(pair, true);
	send_a_piece(pair);
	(void)pair_note(pair, 1, &order);
	assert_file_arrives(pair);
}

static void a_file_goes_on_after_somebody_asked_for_news(void **state)
{
	struct simulation *pair = *state;

	begin_with_files(pair, true);
	send_a_piece(pair);
	device_node_go(pair, pair_device(pair, 1));
	assert_file_arrives(pair);
}

static void a_file_goes_on_after_a_hello_took_the_place_of_its_request(void **state)
{
	struct simulation *pair = *state;

	begin_with_files(pair, true);
	send_a_piece(pair);
	pair->now_ms += SESSION_LIFE_MS / 2 + 1;
	device_node_go(pair, pair_device(pair, 1));
	assert_file_arrives(pair);
}

static void files_that_the_server_knows_nothing_of_are_told_and_keep_nobody_waiting(void **state)
{
	struct simulation *pair = *state;
	struct device_core_state now;

	begin_with_files(pair, false);
	pair_settle(pair);
	now = device_core_state(pair_device(pair, 1)->core);
	assert_int_equal(now.files_waiting, 0);
	assert_int_equal(now.files_stuck, 1);
	assert_int_equal(now.file_trouble, BLOB_TROUBLE_SERVER_REFUSES);
	assert_true(now.synced);
	assert_true(device_node_attach(pair, pair_device(pair, 1), (struct bytes){ photo, 1 }));
	device_node_go(pair, pair_device(pair, 1));
	pair_settle(pair);
	assert_int_equal(device_core_state(pair_device(pair, 1)->core).files_stuck, 2);
}

static void what_is_small_goes_before_the_rest_of_what_is_large(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);

	begin_with_files(pair, true);
	send_a_piece(pair);
	assert_true(device_node_attach(pair, device, (struct bytes){ photo, BLOB_SMALL_MAX + 1 }));
	assert_true(device_node_attach(pair, device, (struct bytes){ photo, BLOB_SMALL_MAX }));
	device_node_go(pair, device);
	while (device_core_state(device->core).files_sent == 0)
		assert_true(simulation_step(pair));
	assert_in_range(device_core_state(device->core).file_bytes_sent, BLOB_SMALL_MAX, BLOB_SMALL_MAX + 2 * BLOB_PIECE_MAX);
	assert_true(server_has(pair, BLOB_SMALL_MAX));
	pair_settle(pair);
	assert_int_equal(device_core_state(device->core).files_sent, 3);
	assert_true(server_has(pair, BLOB_SMALL_MAX + 1) && server_has(pair, PHOTO_SIZE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_goes_on_after_an_operation_took_the_place_of_its_request, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_file_goes_on_after_somebody_asked_for_news, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_file_goes_on_after_a_hello_took_the_place_of_its_request, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			files_that_the_server_knows_nothing_of_are_told_and_keep_nobody_waiting, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_is_small_goes_before_the_rest_of_what_is_large, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
