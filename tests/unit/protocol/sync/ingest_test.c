/* Batches against their chain: nothing twice, nothing skipped, nothing lost. */
#include <string.h>

#include "protocol/domain/revision.h"
#include "protocol/sync/ingest.h"
#include "protocol/sync/publish.h"
#include "protocol/wire/operation_codec.h"
#include "tests/unit/protocol/sync/pair.h"

#define MOST 8

/* Device 1's next operations as it would send them: remarks on one order. */
struct sender {
	struct simulation *pair;
	struct id incarnation;
	uint8_t secret[1][WINDOW_SECRET_SIZE];
	struct note_arguments arguments[MOST];
	struct operation operations[MOST];
	struct hash heads[MOST + 1];
	struct id first_ids[MOST];
	struct batch batch;
};

static void prepare(struct sender *sender, struct simulation *pair, const struct id *order, const char *words)
{
	const struct id device = organisation_device_id(1);

	*sender = (struct sender){ .pair = pair, .incarnation = { { 7 } } };
	sender->heads[0] = chain_genesis(&device, &sender->incarnation);
	for (int i = 0; i < MOST; i++) {
		struct writer writer = writer_in(&pair->arena, OPERATION_SIZE_MAX);
		sender->arguments[i].text = arena_print(&pair->arena, "%s %d", words, i);
		sender->operations[i] = (struct operation){ .head = { .kind = OPERATION_ADD_NOTE,
								    .subject = *order,
								    .role = ROLE_TECHNICIAN,
								    .at_ms = WALL_START_MS,
								    .actor = organisation_id(RECORD_TECHNICIAN, 0),
								    .schema_revision = SCHEMA_REVISION },
			.arguments = &sender->arguments[i] };
		operation_encode(&writer, &sender->operations[i]);
		sender->heads[i + 1] = chain_extend(&sender->heads[i], sender->secret[0], i + 1, writer_bytes(&writer));
	}
}

static struct id id_of(const struct sender *sender, int64_t seq)
{
	return chain_operation_id(&sender->heads[seq]);
}

/* Sends the operations first..last in a commit of their own. */
static struct wire_fault send(struct sender *sender, int64_t first, int64_t last)
{
	struct server_store *store = sender->pair->server.store;
	struct arena arena = { 0 };
	struct identity identity;
	struct device_entry device;
	struct server_state state;
	struct commit commit;
	struct ingest ingest = { .commit = &commit, .arena = &arena, .handler_revision = HANDLER_REVISION };
	struct wire_fault fault = { 0 };

	sender->batch = (struct batch){ .incarnation = sender->incarnation,
		.first_seq = first,
		.operations = &sender->operations[first - 1],
		.count = (size_t)(last - first + 1),
		.secrets = (const uint8_t(*)[WINDOW_SECRET_SIZE])sender->secret,
		.secret_count = 1,
		.last_hash = sender->heads[last] };
	if (!id_is_nil(&sender->first_ids[first - 1]))
		sender->batch.first_ids = &sender->first_ids[first - 1];
	organisation_identity(1, &identity);
	keys_sign(&identity, head_statement(&arena, &organisation_self, &identity.id, &sender->incarnation, last, &sender->heads[last]),
		sender->batch.signature);
	assert_int_equal(server_store_begin(store), STATUS_OK);
	assert_int_equal(server_store_state(store, &state), STATUS_OK);
	assert_int_equal(server_store_device(store, &identity.id, &device), STATUS_OK);
	commit_init(&commit, store, NULL, &arena, state.gseq + 1);
	assert_int_equal(ingest_batch(&ingest, &device, &organisation_self, &sender->batch, &fault), STATUS_OK);
	assert_int_equal(publish_finish(&commit), STATUS_OK);
	assert_int_equal(server_store_commit(store), STATUS_OK);
	server_store_reset_rows(store);
	identity_wipe(&identity);
	arena_finish(&arena);
	return fault;
}

static void a_batch_that_begins_too_late_is_told_where_to_begin(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct sender sender;
	struct wire_fault fault;

	prepare(&sender, pair, &order, "remark");
	fault = send(&sender, 3, 5);
	assert_int_equal(fault.code, WIRE_ERROR_SEND_FROM);
	assert_int_equal(fault.value, 1);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 0);
	assert_int_equal(send(&sender, 1, 2).code, 0);
	fault = send(&sender, 4, 5);
	assert_int_equal(fault.code, WIRE_ERROR_SEND_FROM);
	assert_int_equal(fault.value, 3);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 2);
}

static void what_is_sent_again_is_decided_once(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct sender sender;

	prepare(&sender, pair, &order, "remark");
	assert_int_equal(send(&sender, 1, 3).code, 0);
	assert_int_equal(send(&sender, 1, 3).code, 0);
	assert_int_equal(send(&sender, 2, 5).code, 0);
	assert_int_equal(send(&sender, 1, 5).code, 0);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 5);
}

static void another_history_of_the_same_chain_is_a_fork(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct sender sender, clone;

	prepare(&sender, pair, &order, "remark");
	prepare(&clone, pair, &order, "another remark");
	assert_int_equal(send(&sender, 1, 3).code, 0);
	assert_int_equal(send(&clone, 1, 3).code, WIRE_ERROR_FORK);
	assert_int_equal(send(&clone, 1, 5).code, WIRE_ERROR_FORK);
	assert_int_equal(send(&clone, 1, 2).code, WIRE_ERROR_FORK);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 3);
}

static void a_batch_with_a_foreign_signature_is_malformed(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct sender sender;

	prepare(&sender, pair, &order, "remark");
	sender.heads[2].bytes[0] ^= 1; /* signed, but not what the operations come to */
	assert_int_equal(send(&sender, 1, 2).code, WIRE_ERROR_FORK);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 0);
}

/* What `before` made from its operation `from` on, as a device that was put back sends it again. `number` is of its new incarnation. */
static void prepare_again(struct sender *again, const struct sender *before, int from, uint8_t number)
{
	const struct id device = organisation_device_id(1);

	*again = *before;
	again->incarnation.bytes[0] = number;
	again->heads[0] = chain_genesis(&device, &again->incarnation);
	for (int i = 0; i < MOST; i++) {
		struct writer writer = writer_in(&before->pair->arena, OPERATION_SIZE_MAX);
		again->operations[i] = before->operations[(from - 1 + i) % MOST];
		operation_encode(&writer, &again->operations[i]);
		again->heads[i + 1] = chain_extend(&again->heads[i], again->secret[0], i + 1, writer_bytes(&writer));
		again->first_ids[i] = id_of(before, (from - 1 + i) % MOST + 1);
	}
}

static void known_operations_of_an_earlier_incarnation_do_nothing_again(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), first, again;
	struct sender sender, restored;
	struct logged_operation logged;

	prepare(&sender, pair, &order, "remark");
	assert_int_equal(send(&sender, 1, 2).code, 0);
	prepare_again(&restored, &sender, 1, 8);
	assert_int_equal(send(&restored, 1, 4).code, 0); /* two are known, two are new */
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 4);
	first = id_of(&sender, 3);
	assert_true(pair_on_server(pair, RECORD_NOTE, &first)); /* under its first id */
	again = id_of(&restored, 1);
	assert_true(pair_logged(pair, &again, &logged)); /* the new chain has no gap */
	assert_int_equal(logged.outcome, OUTCOME_APPLIED_NOTE);
	assert_true(logged.unlike);
}

/* The server hears that the sender's incarnation goes on from that one, from the beginning. */
static void go_on_from(struct sender *sender, const struct sender *previous)
{
	struct server_store *store = sender->pair->server.store;
	const struct id device = organisation_device_id(1);
	struct server_state state;
	struct chain_state chain;

	assert_int_equal(server_store_begin(store), STATUS_OK);
	assert_int_equal(server_store_state(store, &state), STATUS_OK);
	assert_int_equal(server_store_add_chain(store, &device, &sender->incarnation, &sender->heads[0], WALL_START_MS, &chain), STATUS_OK);
	chain.previous = previous->incarnation;
	assert_int_equal(server_store_begin_anew(store, &chain, state.gseq), STATUS_OK);
	assert_int_equal(server_store_commit(store), STATUS_OK);
}

static void what_is_known_is_a_second_history_where_another_one_was_sent_again(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), third;
	struct sender sender, restored, other;
	struct logged_operation logged;

	prepare(&sender, pair, &order, "remark");
	assert_int_equal(send(&sender, 1, 2).code, 0);
	prepare_again(&restored, &sender, 1, 8);
	go_on_from(&restored, &sender);
	assert_int_equal(send(&restored, 1, 1).code, 0);
	prepare_again(&other, &sender, 2, 9);
	go_on_from(&other, &restored);
	assert_int_equal(send(&other, 1, 2).code, 0); /* the second one of all in the place of the first; then one that is new */
	third = id_of(&sender, 3);
	assert_true(pair_logged(pair, &third, &logged));
	assert_int_equal(logged.outcome, OUTCOME_PARKED);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 2);
}

static void a_parked_operation_is_decided_when_its_record_appears(void **state)
{
	struct simulation *pair = *state;
	const struct id order_id = { { 0x42, 1 } };
	const struct work_order order = {
		.id = order_id, .territory_id = organisation_id(RECORD_TERRITORY, 0), .title = text_of("late order")
	};
	struct sender sender;
	struct logged_operation logged;
	struct id remark, made;

	prepare(&sender, pair, &order_id, "remark");
	assert_int_equal(send(&sender, 1, 1).code, 0);
	remark = id_of(&sender, 1);
	assert_true(pair_logged(pair, &remark, &logged));
	assert_int_equal(logged.outcome, OUTCOME_PARKED);
	assert_true(pair_on_server(pair, RECORD_OPERATION, &remark));
	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(organisation_make(pair->server.core, RECORD_WORK_ORDER, &order, ROLE_IMPORT, WALL_START_MS, &made), STATUS_OK);
	server_node_flush(pair);
	assert_true(pair_logged(pair, &remark, &logged));
	assert_int_equal(logged.outcome, OUTCOME_APPLIED);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	assert_false(pair_on_server(pair, RECORD_OPERATION, &remark));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_batch_that_begins_too_late_is_told_where_to_begin, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_is_sent_again_is_decided_once, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(another_history_of_the_same_chain_is_a_fork, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_batch_with_a_foreign_signature_is_malformed, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(known_operations_of_an_earlier_incarnation_do_nothing_again, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			what_is_known_is_a_second_history_where_another_one_was_sent_again, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_parked_operation_is_decided_when_its_record_appears, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
