/* What goes wrong for one device, or for a moment, stays with that device and that moment. */
#include <sqlite3.h>
#include <string.h>

#include "db/connection.h" /* to get in the way of the stores */
#include "protocol/domain/balance.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/sync/publish.h"
#include "protocol/wire/operation_codec.h"
#include "server/verify.h"
#include "tests/simulation/checks.h"
#include "tests/unit/protocol/sync/by_hand.h"

static struct hand_device first, second; /* large */

static void flush_both(struct simulation *pair)
{
	hand_devices_flush(pair, (struct hand_device *const[]){ &first, &second }, 2);
}

static void flush_first(struct simulation *pair)
{
	hand_devices_flush(pair, (struct hand_device *const[]){ &first }, 1);
}

/* The device asks for a fresh session at its next request. */
static void reconnect(struct simulation *pair, unsigned number)
{
	device_node_lost(pair, pair_device(pair, number));
	device_node_go(pair, pair_device(pair, number));
}

static void make_order(struct simulation *pair, const struct id *id)
{
	const struct work_order order = { .id = *id, .territory_id = organisation_id(RECORD_TERRITORY, 0), .title = text_of("late order") };
	struct id made;

	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(organisation_make(pair->server.core, RECORD_WORK_ORDER, &order, ROLE_IMPORT, WALL_START_MS, &made), STATUS_OK);
}

/* What the devices have is what the server gives them. */
static void assert_all_is_well(struct simulation *pair)
{
	for (unsigned i = 1; i <= pair->device_count; i++)
		checks_of_device_end(pair, pair_device(pair, i));
	if (pair->violated)
		fail_msg("%s: %s", pair->invariant, pair->violation);
}

static void get_in_the_way(struct storage *storage, const char *sql)
{
	assert_int_equal(sqlite3_exec(storage->connection, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* ---- incidents ---- */

static void an_incident_that_cannot_be_written_keeps_nobody_waiting(void **state)
{
	struct simulation *pair = *state;
	const struct incident incident = { .kind = INCIDENT_UNCLEAN_STOP };

	hand_device_open(&first, pair, 1, 9);
	server_core_incident(pair->server.core, &incident);
	assert_true(server_core_deadline_ms(pair->server.core) <= pair->now_ms); /* a quiet server does not keep it for later */
	crash_disk_fail(pair->server.disk, DISK_FULL, 0);
	hand_device_pull(&first, &(struct pull){ 0 });
	flush_first(pair);
	assert_true(first.answer.answered);
	assert_int_equal(server_core_incidents_noted(pair->server.core), 1);
	assert_true(server_core_deadline_ms(pair->server.core) > pair->now_ms); /* nor does it try without a pause */
	crash_disk_fail(pair->server.disk, DISK_WELL, 0);
	pair->now_ms += 60000;
	server_node_tick(pair);
	assert_int_equal(server_core_incidents_noted(pair->server.core), 0);
	hand_device_close(&first);
}

/* ---- batches ---- */

static void another_salt_for_a_running_window_is_answered_and_costs_nobody_else(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), there = pair_order(pair, 1), kept, refused, before, after;

	hand_device_open(&first, pair, 1, 7);
	hand_device_open(&second, pair, 2, 8);
	kept = hand_device_note(&first, &order);
	hand_device_send(&first, 1, 1);
	flush_both(pair);
	memset(first.secrets[0], 0x5a, WINDOW_SECRET_SIZE);
	refused = hand_device_note(&first, &order);
	before = hand_device_note(&second, &there);
	after = hand_device_note(&second, &there);
	hand_device_send(&second, 1, 1);
	hand_device_send(&first, 2, 2);
	hand_device_send(&second, 2, 2); /* all in one group */
	flush_both(pair);
	assert_true(first.answer.has_fault);
	assert_int_equal(first.answer.fault.code, WIRE_ERROR_MALFORMED);
	assert_true(second.answer.has_decided);
	assert_int_equal(second.answer.decided.seq, 2);
	assert_true(pair_on_server(pair, RECORD_NOTE, &kept) && pair_on_server(pair, RECORD_NOTE, &before));
	assert_true(pair_on_server(pair, RECORD_NOTE, &after));
	assert_false(pair_on_server(pair, RECORD_NOTE, &refused));
	hand_device_close(&first);
	hand_device_close(&second);
}

/* Two operations of one batch under one id: the first says that it was sent before, under the id that the second has in the chain. */
static void a_batch_that_cannot_be_stored_is_answered_and_costs_nobody_else(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), there = pair_order(pair, 1), refused, before, after;
	struct logged_operation logged;

	hand_device_open(&first, pair, 1, 7);
	hand_device_open(&second, pair, 2, 8);
	before = hand_device_note(&second, &there);
	after = hand_device_note(&second, &there);
	refused = hand_device_note(&first, &order);
	(void)hand_device_note(&first, &order);
	first.first_ids[1] = hand_device_note(&first, &order);
	hand_device_send(&second, 1, 1);
	hand_device_send(&first, 1, 3);
	hand_device_send(&second, 2, 2); /* all in one group */
	flush_both(pair);
	assert_true(first.answer.has_fault);
	assert_int_equal(first.answer.fault.code, WIRE_ERROR_MALFORMED);
	assert_true(second.answer.has_decided);
	assert_int_equal(second.answer.decided.seq, 2);
	assert_true(pair_on_server(pair, RECORD_NOTE, &before) && pair_on_server(pair, RECORD_NOTE, &after));
	assert_false(pair_on_server(pair, RECORD_NOTE, &refused));
	assert_false(pair_logged(pair, &refused, &logged));

	first.first_ids[1] = (struct id){ 0 }; /* the same chain, told truly */
	hand_device_send(&first, 1, 3);
	flush_both(pair);
	assert_false(first.answer.has_fault);
	assert_true(pair_on_server(pair, RECORD_NOTE, &refused));
	hand_device_close(&first);
	hand_device_close(&second);
	pair_settle(pair);
	assert_all_is_well(pair);
}

static void an_operation_over_the_size_limit_is_refused(void **state)
{
	static char words[OPERATION_SIZE_MAX + 1];
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), there = pair_order(pair, 1), large, remark;
	const struct note_arguments arguments = { .text = { words, sizeof(words) } };
	struct logged_operation logged;

	memset(words, 'x', sizeof(words));
	hand_device_open(&first, pair, 1, 7);
	hand_device_open(&second, pair, 2, 8);
	(void)hand_device_begin(&first, OPERATION_ADD_NOTE, &order, &arguments);
	large = hand_device_end(&first);
	remark = hand_device_note(&second, &there);
	hand_device_send(&second, 1, 1);
	hand_device_send(&first, 1, 1);
	flush_both(pair);
	assert_true(first.answer.has_fault);
	assert_int_equal(first.answer.fault.code, WIRE_ERROR_MALFORMED);
	assert_false(pair_logged(pair, &large, &logged));
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	hand_device_close(&first);
	hand_device_close(&second);
}

static void more_operations_than_a_thousand_wait_for_one_record_and_are_decided(void **state)
{
	enum {
		REMARKS = 1200
	};
	struct simulation *pair = *state;
	const struct id order = { { 0x42, 1 } };

	hand_device_open(&first, pair, 1, 7);
	for (int i = 0; i < REMARKS; i++)
		(void)hand_device_note(&first, &order);
	hand_device_send(&first, 1, REMARKS);
	flush_first(pair);
	assert_int_equal(first.answer.decided.seq, REMARKS);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 0);
	assert_int_equal(pair_count_on_server(pair, RECORD_OPERATION), REMARKS);
	make_order(pair, &order);
	flush_first(pair);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), REMARKS);
	assert_int_equal(pair_count_on_server(pair, RECORD_OPERATION), 0);
	hand_device_close(&first);
}

/* An operation in the log that this version cannot read, as an older one may have left it, waiting for a record. */
static void log_unreadable(struct simulation *pair, const struct id *waits_for)
{
	struct server_store *store = pair->server.store;
	const struct operation_outcome row = { .id = { { 0x31 } },
		.device_id = organisation_device_id(1),
		.seq = 1000,
		.kind = OPERATION_ADD_NOTE,
		.subject = *waits_for,
		.outcome = OUTCOME_PARKED,
		.rule = text_of("missing"),
		.waits_for = *waits_for };
	const struct logged_operation logged = {
		.id = row.id, .chain = 1, .seq = row.seq, .canonical = { (const uint8_t *)"\xff\xff", 2 }, .outcome = OUTCOME_PARKED
	};
	struct server_state state;
	struct commit commit;
	struct overlay overlay;

	assert_int_equal(server_store_begin(store), STATUS_OK);
	assert_int_equal(server_store_state(store, &state), STATUS_OK);
	commit_init(&commit, store, NULL, &pair->arena, state.gseq + 1);
	overlay_init(&overlay, server_store_records(store), &pair->arena);
	assert_int_equal(records_put(&overlay.records, RECORD_OPERATION, &row), STATUS_OK);
	assert_int_equal(publish_changes(&commit, &overlay, 0), STATUS_OK);
	assert_int_equal(server_store_log(store, &logged), STATUS_OK);
	assert_int_equal(publish_finish(&commit), STATUS_OK);
	assert_int_equal(server_store_commit(store), STATUS_OK);
	server_store_reset_rows(store);
}

static void a_parked_operation_that_cannot_be_read_never_stops_a_commit(void **state)
{
	struct simulation *pair = *state;
	const struct id order = { { 0x42, 2 } };
	struct id remark;

	log_unreadable(pair, &order);
	hand_device_open(&first, pair, 1, 7);
	remark = hand_device_note(&first, &order);
	hand_device_send(&first, 1, 1);
	flush_first(pair);
	assert_false(pair_on_server(pair, RECORD_NOTE, &remark));
	make_order(pair, &order);
	flush_first(pair);
	assert_true(pair_on_server(pair, RECORD_WORK_ORDER, &order));
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark)); /* what waits beside it is decided */
	assert_int_equal(pair_count_on_server(pair, RECORD_OPERATION), 1);
	hand_device_close(&first);
}

static void the_servers_own_chain_survives_an_abandoned_commit_across_a_window(void **state)
{
	struct simulation *pair = *state;
	struct verify_report report;

	(void)pair_order(pair, 0);
	for (uint8_t i = 0; i < 5; i++)
		for (uint8_t k = 1; k <= WINDOW_LENGTH / 4; k++)
			make_order(pair, &(struct id){ { 0x42, i, k } });
	server_core_abandon(pair->server.core);
	server_node_effects(pair);
	assert_false(pair_on_server(pair, RECORD_WORK_ORDER, &(struct id){ { 0x42, 0, 1 } }));
	(void)pair_order(pair, 0);
	if (verify_organisation(pair->server.store, &report) != STATUS_OK)
		fail_msg("%s", fail_reason());
}

/* Takes operations of the newest chain out of the log and puts them back. */
static void assert_verify_names(struct simulation *pair, const char *which, const char *reason)
{
	struct storage *storage = server_store_storage(pair->server.store);
	struct verify_report report;
	struct text sql = arena_print(&pair->arena,
		"CREATE TEMP TABLE taken AS SELECT * FROM operation_log WHERE %s AND chain = (SELECT max(number) FROM chain);"
		" DELETE FROM operation_log WHERE id IN (SELECT id FROM taken)",
		which);

	get_in_the_way(storage, sql.data);
	assert_int_equal(verify_organisation(pair->server.store, &report), STATUS_CORRUPT);
	assert_non_null(strstr(fail_reason(), reason));
	get_in_the_way(storage, "INSERT INTO operation_log SELECT * FROM taken; DROP TABLE taken");
	assert_int_equal(verify_organisation(pair->server.store, &report), STATUS_OK);
}

static void verify_names_the_operation_that_the_log_lacks(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);

	hand_device_open(&first, pair, 1, 7);
	for (int i = 0; i < 5; i++)
		(void)hand_device_note(&first, &order);
	hand_device_send(&first, 1, 5);
	flush_first(pair);
	assert_verify_names(pair, "seq = 3", "operation 3 is missing");
	assert_verify_names(pair, "seq > 3", "operation 4 is missing");
	hand_device_close(&first);
}

static void a_damaged_store_is_told_to_the_server_and_not_to_the_device(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;

	hand_device_open(&first, pair, 1, 7);
	remark = hand_device_note(&first, &order);
	get_in_the_way(server_store_storage(pair->server.store), "ALTER TABLE note RENAME TO lost");
	first.store_fails = true;
	hand_device_send(&first, 1, 1);
	flush_first(pair);
	assert_true(first.answer.dropped);
	get_in_the_way(server_store_storage(pair->server.store), "ALTER TABLE lost RENAME TO note");
	first.store_fails = false;
	hand_device_send(&first, 1, 1);
	flush_first(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	hand_device_close(&first);
}

/* ---- what a server may answer ---- */

static struct id note_pending(struct simulation *pair, unsigned number, const struct id *order)
{
	struct device_node *device = pair_device(pair, number);
	struct id remark;

	device->link_up = false;
	device_node_lost(pair, device);
	remark = pair_note(pair, number, order);
	device->link_up = true;
	device_node_go(pair, device);
	return remark;
}

/* Brings the device, played for by hand, to the request that carries its pending operations. */
static void take_batch(struct hand_server *server, struct simulation *pair, unsigned number)
{
	hand_server_take(server, pair, number);
	assert_true(server->by_hello);
	hand_server_welcome(server);
	hand_server_answer(server);
	hand_server_take(server, pair, number);
	assert_true(server->has_batch);
}

static void answer_with_rows(struct hand_server *server)
{
	struct server_store *store = server->pair->server.store;
	const struct id id = organisation_device_id(server->number);
	struct device_entry device;
	const struct chain_state chain = { .device = id }; /* nothing decided */

	assert_int_equal(server_store_begin_read(store), STATUS_OK);
	assert_int_equal(server_store_device(store, &id, &device), STATUS_OK);
	server->page_raw_max = (size_t)128 * 1024;
	assert_int_equal(reply_pull(&server->reply, store, NULL, &device, &chain, &server->pull), STATUS_OK);
	server_store_reset_rows(store);
	server_store_rollback(store);
	hand_server_answer(server);
}

static void a_refused_batch_stops_no_rows_and_loses_nothing(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), remark, later;
	struct hand_server server = { 0 };
	struct wire_fault fault = { .code = WIRE_ERROR_MALFORMED };

	pair_settle(pair);
	remark = note_pending(pair, 1, &order);
	later = pair_order(pair, 0);
	take_batch(&server, pair, 1);
	reply_fault(&server.reply, &fault);
	hand_server_answer(&server);
	assert_int_not_equal(device_core_state(device->core).refused, 0);
	hand_server_take(&server, pair, 1);
	assert_false(server.by_hello || server.has_batch);
	assert_true(server.has_pull);
	answer_with_rows(&server);
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &later));
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &remark)); /* still laid on top */
	assert_false(device_core_state(device->core).synced);
	reconnect(pair, 1); /* another session, in which it is taken */
	pair_settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	assert_int_equal(device_core_state(device->core).refused, 0);
	assert_all_is_well(pair);
	hand_server_close(&server);
}

static void a_place_to_send_from_that_cannot_be_is_not_believed(void **state)
{
	static const int64_t places[] = { 0, 3, INT64_MAX };
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	remark = note_pending(pair, 1, &order);
	for (size_t i = 0; i < LENGTH(places); i++) {
		struct hand_server server = { 0 };
		const struct wire_fault fault = { .code = WIRE_ERROR_SEND_FROM, .value = places[i] };
		take_batch(&server, pair, 1);
		reply_fault(&server.reply, &fault);
		hand_server_answer(&server);
		assert_false(device_core_state(device->core).connected);
		assert_int_equal(device_core_state(device->core).acknowledged_seq, 0);
		device_node_go(pair, device);
		hand_server_close(&server);
	}
	pair_settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	assert_all_is_well(pair);
}

/* Claims that a number of operations are decided, of a history that is not this device's. */
static void answer_decided(struct hand_server *server, int64_t seq)
{
	const struct decided decided = { .incarnation = server->hello.incarnation, .seq = seq, .chain_hash = { { 1 } }, .gseq = 1 };
	struct writer body = writer_in(&server->arena, 1024);

	decided_encode(&body, &decided);
	section_write(&server->reply.writer, SECTION_DECIDED, writer_bytes(&body));
	hand_server_answer(server);
}

static void decisions_of_another_history_are_not_believed(void **state)
{
	static const int64_t seqs[] = { 1, 2 };
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	remark = note_pending(pair, 1, &order);
	for (size_t i = 0; i < LENGTH(seqs); i++) {
		struct hand_server server = { 0 };
		take_batch(&server, pair, 1);
		answer_decided(&server, seqs[i]);
		assert_int_equal(device_core_state(device->core).acknowledged_seq, 0);
		hand_server_close(&server);
		hand_server_take(&server, pair, 1);
		assert_true(server.by_hello); /* which sorts it out */
		assert_int_equal(server.hello.settled_seq, 0);
		hand_server_close(&server);
		reconnect(pair, 1);
	}
	pair_settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	assert_all_is_well(pair);
}

/* ---- large answers ---- */

static void thousands_of_rows_that_left_come_in_pages_that_can_be_read(void **state)
{
	enum {
		ROWS = 40000
	};
	struct simulation *pair = *state;
	struct server_store *store;
	const struct scope coast = { SCOPE_TERRITORY, organisation_id(RECORD_TERRITORY, 0) };
	struct scope_state scope;
	struct server_state now;
	int64_t before;

	pair->page_raw_max = (size_t)900 * 1024; /* as many well compressed pages leave it */
	server_node_kill(pair);
	server_node_start(pair);
	pair_settle(pair);
	before = device_core_state(pair_device(pair, 1)->core).rows_received;
	store = pair->server.store;
	assert_int_equal(server_store_begin(store), STATUS_OK);
	assert_int_equal(server_store_state(store, &now), STATUS_OK);
	assert_int_equal(server_store_scope(store, &coast, &scope), STATUS_OK);
	scope.gseq = now.gseq + 1;
	assert_int_equal(server_store_put_scope(store, &scope), STATUS_OK);
	for (uint32_t i = 1; i <= ROWS; i++)
		assert_int_equal(server_store_put_left(store, scope.number, RECORD_WORK_ORDER,
					 &(struct id){ { (uint8_t)i, (uint8_t)(i >> 8), 1 } }, scope.gseq),
			STATUS_OK);
	assert_int_equal(server_store_put_gseq(store, scope.gseq), STATUS_OK);
	assert_int_equal(server_store_commit(store), STATUS_OK);
	(void)pair_order(pair, 0); /* wakes the device */
	pair_settle(pair);
	assert_true(device_core_state(pair_device(pair, 1)->core).rows_received >= before + ROWS);
	assert_all_is_well(pair);
}

/* ---- the device's two files ---- */

/* Saves a remark that cannot be shown. */
static struct id note_unshown(struct simulation *pair, const struct id *order)
{
	struct device_node *device = pair_device(pair, 1);
	const struct note_arguments arguments = { .text = text_of("not shown") };
	const struct operation operation = { .head = { .kind = OPERATION_ADD_NOTE, .subject = *order, .at_ms = WALL_START_MS },
		.arguments = &arguments };
	struct verdict verdict;
	struct id id = { 0 };

	stream_for_libsodium(&device->stream);
	get_in_the_way(device_store_replica_storage(device->store), "BEGIN");
	assert_int_not_equal(device_core_operation(device->core, &pair->arena, &operation, &verdict, &id), STATUS_OK);
	get_in_the_way(device_store_replica_storage(device->store), "ROLLBACK");
	assert_false(id_is_nil(&id)); /* saved */
	assert_false(pair_on_device(pair, 1, RECORD_NOTE, &id));
	return id;
}

static void what_was_saved_but_not_shown_is_shown_with_the_next_one(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), unshown, shown;

	pair_settle(pair);
	device->link_up = false;
	unshown = note_unshown(pair, &order);
	shown = pair_note(pair, 1, &order);
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &shown));
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &unshown));
	device->link_up = true;
	reconnect(pair, 1);
	pair_settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &unshown));
	assert_all_is_well(pair);
}

static void a_cut_without_rows_shows_what_was_not_shown(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), unshown;

	pair_settle(pair);
	unshown = note_unshown(pair, &order);
	reconnect(pair, 1);
	pair_settle(pair);
	assert_true(pair_on_server(pair, RECORD_NOTE, &unshown));
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &unshown));
	assert_int_equal(device_core_state(device->core).incidents, 0);
	assert_all_is_well(pair);
}

static int64_t in_van(struct device_node *device)
{
	const struct id van = organisation_id(RECORD_STOCK_LOCATION, device->number - 1), part = organisation_id(RECORD_PART, 2);
	const struct id id = id_pair(&van, &part);
	const void *row;
	int64_t quantity;

	assert_int_equal(records_get(device_store_records(device->store), RECORD_BALANCE, &id, &row), STATUS_OK);
	quantity = ((const struct balance *)row)->quantity;
	device_store_reset_rows(device->store);
	return quantity;
}

static struct hash same_salt(void *context, const struct hash *previous, int64_t seq, struct bytes canonical)
{
	return chain_extend(previous, context, seq, canonical);
}

/* The outbox began a new incarnation, and the device stopped before its replica knew. */
static void an_outbox_ahead_of_its_replica_is_not_shown_twice(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 1);
	const struct part_arguments arguments = {
		.part_id = organisation_id(RECORD_PART, 2), .location_id = organisation_id(RECORD_STOCK_LOCATION, 0), .quantity = 1
	};
	const struct operation use = { .head = { .kind = OPERATION_USE_PART, .subject = visit, .at_ms = WALL_START_MS },
		.arguments = &arguments };
	uint8_t secrets[1][WINDOW_SECRET_SIZE] = { { 3 } };
	const struct new_incarnation begun = {
		.id = { { 0x11 } }, .secrets = (const uint8_t(*)[WINDOW_SECRET_SIZE])secrets, .secret_count = 1
	};

	pair_settle(pair);
	assert_int_equal(in_van(device), 3);
	device->link_up = false;
	device_node_operation(pair, device, &use);
	assert_int_equal(in_van(device), 2);
	assert_int_equal(storage_checkpoint(device_store_replica_storage(device->store)), STATUS_OK); /* the disk kept it */
	device->swapped = true;
	assert_int_equal(device_store_new_incarnation(device->store, &begun, same_salt, secrets[0]), STATUS_OK);
	device_node_kill(pair, device);
	device_node_start(pair, device, false);
	assert_int_equal(in_van(device), 2);
	device->link_up = true;
	device_node_go(pair, device);
	pair_settle(pair);
	assert_int_equal(in_van(device), 2);
	assert_all_is_well(pair);
}

/* The disk fails the durable commit of a cut again and again: the page before it is not kept once for each try. */
static void pages_of_cuts_that_failed_do_not_pile_up(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0);
	struct hand_server server = { 0 };
	size_t staged;

	for (int i = 0; i < 4; i++) {
		reconnect(pair, 1);
		hand_server_take(&server, pair, 1);
		hand_server_welcome(&server);
		hand_server_answer(&server);
		hand_server_take(&server, pair, 1);
		{ /* a page of a whole pass, whose cut is lost */
			const struct id id = { { 0x55 } };
			void *rows[] = { (void *)(uintptr_t) & (struct work_order){ .id = id } };
			struct page_group group = { .scope = { SCOPE_TERRITORY, organisation_id(RECORD_TERRITORY, 0) },
				.type = ENTRY_LEFT,
				.schema = schema_find(RECORD_WORK_ORDER),
				.rows = rows,
				.count = 1 };
			const struct page page = { .groups = &group, .group_count = 1 };
			struct writer body = writer_in(&server.arena, FRAME_SIZE_MAX);
			page_encode(&body, &page, NULL);
			section_write(&server.reply.writer, SECTION_PAGE, writer_bytes(&body));
			hand_server_answer(&server);
		}
		assert_int_equal(device_store_staged_count(device->store, &staged), STATUS_OK);
		assert_int_equal(staged, 0); /* the device has asked again, from the start */
		hand_server_take(&server, pair, 1);
		assert_int_equal(server.pull.resume.size, 0);
	}
	reconnect(pair, 1);
	pair_settle(pair);
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &order));
	assert_all_is_well(pair);
	hand_server_close(&server);
}

/* ---- the server's store ---- */

static void a_store_that_cannot_be_read_for_a_moment_delays_news_and_loses_none(void **state)
{
	struct simulation *pair = *state;
	const struct id order = { { 0x42, 3 } };
	struct server_effect effect;
	int64_t at_ms = pair->now_ms;

	make_order(pair, &order);
	assert_int_equal(server_core_flush(pair->server.core), STATUS_OK);
	assert_true(server_core_next(pair->server.core, &effect));
	assert_int_equal(effect.kind, SERVER_EFFECT_COMMIT);
	assert_int_equal(server_store_commit(pair->server.store), STATUS_OK);
	get_in_the_way(server_store_storage(pair->server.store), "BEGIN");
	assert_int_not_equal(server_core_committed(pair->server.core, STATUS_OK), STATUS_OK);
	server_node_effects(pair);
	while (!pair_on_device(pair, 1, RECORD_WORK_ORDER, &order))
		assert_true(simulation_step(pair));
	assert_true(pair->now_ms - at_ms < 5000); /* not only when its poll ends */
	pair_settle(pair);
}

/* ---- a server that was restored ---- */

static void assert_fetched_once(struct simulation *pair)
{
	pair_settle(pair);
	for (unsigned i = 1; i <= pair->device_count; i++)
		assert_int_equal(device_core_state(pair_device(pair, i)->core).incidents, 1);
	assert_all_is_well(pair);
}

static void another_epoch_leads_to_one_fresh_copy(void **state)
{
	struct simulation *pair = *state;
	const struct id epoch = { { 0xee } };
	struct id order = pair_order(pair, 0), remark = pair_note(pair, 1, &order);

	pair_settle(pair);
	pair->server.swapped = true;
	assert_int_equal(server_store_init_organisation(pair->server.store, &organisation_self, &epoch), STATUS_OK);
	server_node_kill(pair);
	server_node_start(pair);
	assert_fetched_once(pair);
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &remark));
}

/* What the server forgot, the devices still have: it is sent again. */
static void a_restored_server_is_given_again_what_it_lost(void **state)
{
	static const struct id epochs[] = { { { 0 } }, { { 0xee } } }; /* that of before, and a new one */
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), kept = pair_note(pair, 1, &order), lost;
	struct crash_image *backup;

	pair_settle(pair);
	for (size_t i = 0; i < LENGTH(epochs); i++) {
		int64_t incidents = device_core_state(pair_device(pair, 1)->core).incidents;
		backup = crash_disk_save(pair->server.disk);
		lost = pair_note(pair, 1, &order);
		pair_settle(pair);
		(void)pair_order(pair, 1);
		pair_settle(pair);
		pair->server.swapped = true;
		server_node_kill(pair);
		crash_disk_load(pair->server.disk, backup);
		crash_image_free(backup);
		server_node_start(pair);
		assert_false(pair_on_server(pair, RECORD_NOTE, &lost));
		assert_int_equal(server_core_losses(pair->server.core)->count, 0);
		if (!id_is_nil(&epochs[i]))
			assert_int_equal(server_store_init_organisation(pair->server.store, &organisation_self, &epochs[i]), STATUS_OK);
		device_node_go(pair, pair_device(pair, 1)); /* at once: before the server has counted on beyond what the second knows */
		device_node_go(pair, pair_device(pair, 2));
		pair_settle(pair);
		/* without a new epoch the first device proves it; the second may find that the server has counted on */
		assert_int_equal(server_core_losses(pair->server.core)->count > 0, id_is_nil(&epochs[i]));
		assert_int_equal(device_core_state(pair_device(pair, 1)->core).incidents, incidents + 1);
		assert_int_equal(device_core_state(pair_device(pair, 2)->core).incidents, incidents + 1);
		assert_true(pair_on_server(pair, RECORD_NOTE, &kept) && pair_on_server(pair, RECORD_NOTE, &lost));
		assert_true(pair_on_device(pair, 1, RECORD_NOTE, &lost));
		assert_all_is_well(pair);
	}
}

/* With the commits of a restored server that nobody gave a new epoch, and that has counted past the device's cursor since. */
static void a_server_that_forgot_decisions_is_noticed_by_their_author(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), lost;
	struct crash_image *backup;

	pair_settle(pair);
	backup = crash_disk_save(pair->server.disk);
	lost = pair_note(pair, 1, &order);
	pair_settle(pair);
	pair->server.swapped = true;
	server_node_kill(pair);
	crash_disk_load(pair->server.disk, backup);
	crash_image_free(backup);
	server_node_start(pair);
	for (int i = 0; i < 4; i++)
		(void)pair_order(pair, 0);
	pair_settle(pair);
	assert_int_equal(device_core_state(pair_device(pair, 1)->core).incidents, 1);
	assert_int_equal(device_core_state(pair_device(pair, 2)->core).incidents, 0);
	assert_true(pair_on_server(pair, RECORD_NOTE, &lost));
	assert_all_is_well(pair);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_incident_that_cannot_be_written_keeps_nobody_waiting),
		TEST(another_salt_for_a_running_window_is_answered_and_costs_nobody_else),
		TEST(a_batch_that_cannot_be_stored_is_answered_and_costs_nobody_else),
		TEST(an_operation_over_the_size_limit_is_refused),
		TEST(more_operations_than_a_thousand_wait_for_one_record_and_are_decided),
		TEST(a_parked_operation_that_cannot_be_read_never_stops_a_commit),
		TEST(the_servers_own_chain_survives_an_abandoned_commit_across_a_window),
		TEST(verify_names_the_operation_that_the_log_lacks),
		TEST(a_damaged_store_is_told_to_the_server_and_not_to_the_device),
		TEST(a_refused_batch_stops_no_rows_and_loses_nothing),
		TEST(a_place_to_send_from_that_cannot_be_is_not_believed),
		TEST(decisions_of_another_history_are_not_believed),
		TEST(thousands_of_rows_that_left_come_in_pages_that_can_be_read),
		TEST(what_was_saved_but_not_shown_is_shown_with_the_next_one),
		TEST(a_cut_without_rows_shows_what_was_not_shown),
		TEST(an_outbox_ahead_of_its_replica_is_not_shown_twice),
		TEST(pages_of_cuts_that_failed_do_not_pile_up),
		TEST(a_store_that_cannot_be_read_for_a_moment_delays_news_and_loses_none),
		TEST(another_epoch_leads_to_one_fresh_copy),
		TEST(a_restored_server_is_given_again_what_it_lost),
		TEST(a_server_that_forgot_decisions_is_noticed_by_their_author),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
