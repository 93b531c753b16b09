/* What the server's core takes of a device's bundle, and where what it writes for one begins. */
#include "protocol/domain/device.h"
#include "protocol/sync/blob_store.h"
#include "protocol/wire/bundle.h"
#include "tests/unit/protocol/sync/pair.h"

#define CONNECTION UINT64_C(7000)

static void go_apart(struct simulation *pair)
{
	struct device_node *device = pair_device(pair, 1);

	device->link_up = false;
	device_node_lost(pair, device);
}

/* Takes an envelope in; the fault of the answer, code 0 when there is none. */
static enum status take(struct simulation *pair, struct bytes envelope, struct wire_fault *out_fault)
{
	struct server_node *server = &pair->server;
	struct server_effect effect;
	struct section *sections;
	size_t count = 0;
	enum status status;

	stream_for_libsodium(&server->stream);
	status = server_core_bundle(server->core, CONNECTION, envelope);
	*out_fault = (struct wire_fault){ 0 };
	if (status == STATUS_OK)
		status = server_core_flush(server->core);
	while (status == STATUS_OK && server_core_next(server->core, &effect)) {
		if (effect.kind == SERVER_EFFECT_COMMIT)
			status = server_core_committed(server->core, server_store_commit(server->store));
		if (effect.kind != SERVER_EFFECT_SEND || effect.connection != CONNECTION)
			continue;
		assert_int_equal(sections_read(effect.bytes, &pair->arena, &sections, &count), STATUS_OK);
		for (size_t i = 0; i < count; i++)
			if (sections[i].number == SECTION_ERROR)
				assert_int_equal(fault_decode(sections[i].body, out_fault), STATUS_OK);
	}
	return status;
}

static struct bundle bundle_of(struct simulation *pair)
{
	struct bundle bundle;
	struct bytes file = { 0 };

	assert_true(device_node_write_bundle(pair, pair_device(pair, 1), &file));
	assert_int_equal(bundle_read(file, &pair->arena, &bundle), STATUS_OK);
	return bundle;
}

/* What the first envelope of a bundle for device 1 says of itself. */
static enum status find_server(void *context, const struct id *sender, uint32_t key_number, struct public_keys *out_keys)
{
	struct identity server;

	(void)context;
	(void)sender;
	(void)key_number;
	organisation_identity(0, &server);
	*out_keys = identity_party(&server).keys;
	identity_wipe(&server);
	return STATUS_OK;
}

struct first {
	struct simulation *pair;
	struct bundle_part part;
	size_t count;
};

static enum status look_at_first(void *context, struct bytes sealed)
{
	struct first *first = context;
	struct arena *arena = &first->pair->arena;
	struct identity device;
	struct envelope envelope;
	struct section *sections;
	size_t count;

	if (first->count++ > 0)
		return STATUS_OK;
	organisation_identity(1, &device);
	assert_int_equal(envelope_open(arena, &device, &organisation_self, sealed, find_server, NULL, &envelope), STATUS_OK);
	identity_wipe(&device);
	assert_int_equal(sections_read(envelope.sections, arena, &sections, &count), STATUS_OK);
	assert_int_equal(sections[0].number, SECTION_PART);
	return bundle_part_decode(sections[0].body, &first->part);
}

static struct bundle_part part_for_device(struct simulation *pair)
{
	struct first first = { .pair = pair };
	struct server_bundle written;
	const struct id device = organisation_device_id(1);

	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(server_core_bundle_for(pair->server.core, &device, 0, look_at_first, &first, &written), STATUS_OK);
	return first.part;
}

static void operations_count_once_however_often_and_late_they_come(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	size_t before = pair_count_on_server(pair, RECORD_NOTE);
	struct wire_fault fault;
	struct bundle first, second;

	pair_settle(pair);
	go_apart(pair);
	(void)pair_note(pair, 1, &order);
	first = bundle_of(pair);
	(void)pair_note(pair, 1, &order);
	second = bundle_of(pair);
	assert_int_equal(take(pair, second.envelopes[0], &fault), STATUS_OK);
	assert_int_equal(fault.code, 0);
	assert_int_equal(take(pair, first.envelopes[0], &fault), STATUS_OK);
	assert_int_equal(take(pair, second.envelopes[0], &fault), STATUS_OK);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), before + 2);
}

static void what_lacks_its_predecessor_is_told_from_where_to_send(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0);
	struct wire_fault fault;
	struct bundle bundle;

	pair_settle(pair);
	go_apart(pair);
	pair->batch_raw_max = 1; /* an operation an envelope */
	device_node_restart(pair, device);
	for (int i = 0; i < 3; i++)
		(void)pair_note(pair, 1, &order);
	bundle = bundle_of(pair);
	assert_int_equal(bundle.count, 3);
	assert_int_equal(take(pair, bundle.envelopes[1], &fault), STATUS_OK);
	assert_int_equal(fault.code, WIRE_ERROR_SEND_FROM);
	for (size_t i = 0; i < bundle.count; i++) {
		assert_int_equal(take(pair, bundle.envelopes[i], &fault), STATUS_OK);
		assert_int_equal(fault.code, 0);
	}
}

static void what_it_writes_begins_where_the_device_said_last_that_it_stands(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct wire_fault fault;
	struct replica_state stood, stands;
	struct bytes file = { 0 };
	struct bundle before, after;

	go_apart(pair);
	assert_int_equal(device_store_replica(device->store, &stood), STATUS_OK);
	before = bundle_of(pair);
	(void)pair_order(pair, 0);
	assert_int_equal(take(pair, before.envelopes[0], &fault), STATUS_OK);
	assert_int_equal(part_for_device(pair).since.gseq, stood.cursor.gseq);
	assert_true(server_node_write_bundle(pair, 1, &file));
	device_node_read_bundle(pair, device, file, true);
	assert_int_equal(device_store_replica(device->store, &stands), STATUS_OK);
	assert_true(stands.cursor.gseq > stood.cursor.gseq);
	after = bundle_of(pair);
	assert_int_equal(take(pair, after.envelopes[0], &fault), STATUS_OK);
	assert_int_equal(take(pair, before.envelopes[0], &fault), STATUS_OK); /* an earlier word, late */
	assert_int_equal(part_for_device(pair).since.gseq, stands.cursor.gseq);
}

static enum status ignore(void *context, struct bytes sealed)
{
	(void)context;
	(void)sealed;
	return STATUS_OK;
}

static void nothing_is_written_for_a_stolen_device_nor_for_none(void **state)
{
	struct server_bundle written;
	struct simulation *pair = *state;
	const struct id device = organisation_device_id(1), nobody = organisation_device_id(77);

	assert_true(server_node_revoke(pair, &device, DEVICE_STATE_STOLEN));
	server_node_flush(pair);
	assert_int_equal(server_core_bundle_for(pair->server.core, &device, 0, ignore, NULL, &written), STATUS_REFUSED);
	assert_int_equal(server_core_bundle_for(pair->server.core, &nobody, 0, ignore, NULL, &written), STATUS_NOT_FOUND);
}

static void what_no_device_wrote_is_refused_and_changes_nothing(void **state)
{
	struct simulation *pair = *state;
	struct bytes other = { 0 };
	struct bundle bundle;
	struct wire_fault fault;
	uint8_t *flipped;
	int64_t commits = server_core_counts(pair->server.core).commits;

	go_apart(pair);
	bundle = bundle_of(pair);
	flipped = arena_copy(&pair->arena, bundle.envelopes[0].data, bundle.envelopes[0].size);
	flipped[bundle.envelopes[0].size / 2] ^= 1;
	assert_int_equal(take(pair, (struct bytes){ flipped, bundle.envelopes[0].size }, &fault), STATUS_CORRUPT);
	assert_int_equal(take(pair, (struct bytes){ 0 }, &fault), STATUS_CORRUPT);
	assert_true(server_node_write_bundle(pair, 1, &other)); /* the server's own comes back */
	assert_int_equal(bundle_read(other, &pair->arena, &bundle), STATUS_OK);
	assert_int_not_equal(take(pair, bundle.envelopes[0], &fault), STATUS_OK);
	assert_int_equal(server_core_counts(pair->server.core).commits, commits);
}

/* A file of the device that waits for the server. */
static struct hash waiting_file(struct simulation *pair, struct bytes content)
{
	struct hash id;

	assert_int_equal(blob_id_of_list((int64_t)content.size, blob_list_of(&pair->arena, content), &id), STATUS_OK);
	assert_true(device_node_attach(pair, pair_device(pair, 1), content));
	return id;
}

static void a_file_that_came_by_bundle_and_is_gone_again_is_not_said_to_be_there(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	const struct bytes contents[] = { { (const uint8_t *)"here", 4 }, { (const uint8_t *)"gone", 4 } };
	const struct blob_files *of_device = memory_files_of(device->blobs), *of_server = memory_files_of(pair->server.blobs);
	const struct id id = organisation_device_id(1);
	struct blob_list_name known = blob_list_of_device(&id);
	struct hash files[LENGTH(contents)];
	struct bytes bundle = { 0 };

	go_apart(pair);
	pair->faults.percent[FAULT_FILES] = 1; /* whoever starts now has files */
	device_node_restart(pair, device);
	server_node_kill(pair);
	server_node_start(pair);
	for (size_t i = 0; i < LENGTH(contents); i++) {
		files[i] = waiting_file(pair, contents[i]);
		assert_int_equal(blob_put(of_server, &files[i], contents[i]), STATUS_OK);
		assert_int_equal(blob_list_add(of_server, known.characters, &files[i]), STATUS_OK);
	}
	assert_int_equal(blob_drop(of_server, &files[1]), STATUS_OK); /* as the sweep does */
	assert_true(server_node_write_bundle(pair, 1, &bundle));
	device_node_read_bundle(pair, device, bundle, true);
	for (size_t i = 0; i < LENGTH(contents); i++) {
		assert_int_equal(blob_listed(of_device, BLOB_OUT, &files[i]), i == 1);
		assert_int_equal(blob_listed(of_server, known.characters, &files[i]), i == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(operations_count_once_however_often_and_late_they_come, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_lacks_its_predecessor_is_told_from_where_to_send, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_it_writes_begins_where_the_device_said_last_that_it_stands, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(nothing_is_written_for_a_stolen_device_nor_for_none, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_no_device_wrote_is_refused_and_changes_nothing, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			a_file_that_came_by_bundle_and_is_gone_again_is_not_said_to_be_there, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
