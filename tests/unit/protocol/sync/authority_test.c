/* What a device may say, and for whom. */
#include <string.h>

#include "protocol/domain/device.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/note.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/domain/revision.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/site.h"
#include "protocol/domain/technician.h"
#include "protocol/sync/authority.h"
#include "server/verify.h"
#include "tests/unit/protocol/sync/by_hand.h"
#include "tests/unit/protocol/sync/by_store.h"

static struct hand_device hand, other; /* large */

static void send_all(struct hand_device *device)
{
	hand_device_send(device, 1, device->last_seq);
	hand_devices_flush(device->pair, (struct hand_device *const[]){ device }, 1);
	assert_true(device->answer.has_decided);
	assert_int_equal(device->answer.decided.seq, device->last_seq);
}

/* The row as it stands, in the pair's arena. */
static const void *server_row(struct simulation *pair, enum record_kind kind, const struct id *id)
{
	const void *row;

	assert_int_equal(records_get(server_store_records(pair->server.store), kind, id, &row), STATUS_OK);
	row = row_copy(&pair->arena, schema_find(kind), row);
	server_store_reset_rows(pair->server.store);
	return row;
}

static void assert_set_aside(struct simulation *pair, const struct id *operation)
{
	struct logged_operation logged;

	assert_true(pair_logged(pair, operation, &logged));
	assert_int_equal(logged.outcome, OUTCOME_PARKED);
	assert_int_equal(row_validate(schema_find(RECORD_OPERATION), server_row(pair, RECORD_OPERATION, operation), NULL), STATUS_OK);
}

static void a_device_that_claims_another_role_changes_nothing(void **state)
{
	static const uint32_t roles[] = { ROLE_DISPATCHER, ROLE_IMPORT, ROLE_SYSTEM };
	struct simulation *pair = *state;
	struct id technician = organisation_id(RECORD_TECHNICIAN, 0), valley = organisation_id(RECORD_TERRITORY, 1);
	struct technician wanted = *(const struct technician *)server_row(pair, RECORD_TECHNICIAN, &technician), old = wanted;
	struct id made[LENGTH(roles)], site = organisation_id(RECORD_SITE, 1);

	wanted.territory_id = valley;
	hand_device_open(&hand, pair, 1, 7);
	for (size_t i = 0; i < LENGTH(roles); i++) {
		struct operation *operation = hand_device_begin(&hand, OPERATION_EDIT, &technician, &wanted);
		operation->head.record = RECORD_TECHNICIAN;
		operation->head.role = roles[i];
		operation->old_values = &old;
		operation->mask = UINT64_C(1) << schema_field(schema_find(RECORD_TECHNICIAN), text_of("territory_id"))->tag;
		made[i] = hand_device_end(&hand);
	}
	send_all(&hand);
	for (size_t i = 0; i < LENGTH(roles); i++)
		assert_set_aside(pair, &made[i]);
	assert_true(
		id_equal(&((const struct technician *)server_row(pair, RECORD_TECHNICIAN, &technician))->territory_id, &old.territory_id));
	hand_device_close(&hand);
	device_node_go(pair, pair_device(pair, 1));
	pair_settle(pair);
	assert_false(pair_on_device(pair, 1, RECORD_SITE, &site)); /* nothing of the other territory came */
}

static void a_device_that_speaks_for_another_technician_changes_nothing(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 2), remark, accepted;
	const struct note_arguments arguments = { .text = text_of("not mine") };

	hand_device_open(&hand, pair, 1, 7);
	hand_device_begin(&hand, OPERATION_ADD_NOTE, &order, &arguments)->head.actor = organisation_id(RECORD_TECHNICIAN, 1);
	remark = hand_device_end(&hand);
	hand_device_begin(&hand, OPERATION_ACCEPT, &visit, NULL)->head.actor = organisation_id(RECORD_TECHNICIAN, 1);
	accepted = hand_device_end(&hand);
	send_all(&hand);
	assert_set_aside(pair, &remark);
	assert_set_aside(pair, &accepted);
	assert_false(pair_on_server(pair, RECORD_NOTE, &remark));
	assert_int_equal(((const struct visit *)server_row(pair, RECORD_VISIT, &visit))->state, VISIT_STATE_DISPATCHED);
	hand_device_close(&hand);
}

static void an_operation_from_beyond_the_calendar_is_set_aside_and_those_behind_it_count(void **state)
{
	static const int64_t beyond[] = { INT64_MAX, INT64_MIN, -1, TIME_MAX_MS + 1 };
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), made[LENGTH(beyond)], foreign, last;
	const struct note_arguments arguments = { .text = text_of("in another age") };

	hand_device_open(&hand, pair, 1, 7);
	for (size_t i = 0; i < LENGTH(beyond); i++) {
		hand_device_begin(&hand, OPERATION_ADD_NOTE, &order, &arguments)->head.at_ms = beyond[i];
		made[i] = hand_device_end(&hand);
	}
	hand_device_begin(&hand, OPERATION_ADD_NOTE, &order, &arguments)->head = (struct operation_head){ .kind = OPERATION_ADD_NOTE,
		.subject = order,
		.role = ROLE_TECHNICIAN,
		.actor = organisation_id(RECORD_TECHNICIAN, 1),
		.at_ms = INT64_MAX,
		.schema_revision = SCHEMA_REVISION };
	foreign = hand_device_end(&hand);
	last = hand_device_note(&hand, &order);
	send_all(&hand);
	assert_set_aside(pair, &foreign);
	for (size_t i = 0; i < LENGTH(beyond); i++) {
		assert_set_aside(pair, &made[i]);
		assert_false(pair_on_server(pair, RECORD_NOTE, &made[i]));
	}
	assert_true(pair_on_server(pair, RECORD_NOTE, &last));
	hand_device_close(&hand);
}

static void a_create_that_names_its_id_is_set_aside(void **state)
{
	struct simulation *pair = *state;
	const struct id chosen = { { 0x77 } };
	struct service_request request = { .id = chosen,
		.account_id = organisation_id(RECORD_ACCOUNT, 0),
		.territory_id = organisation_id(RECORD_TERRITORY, 0),
		.text = text_of("no heating") };
	struct id named, unnamed;

	hand_device_open(&hand, pair, 1, 7);
	hand_device_begin(&hand, OPERATION_CREATE, &chosen, &request)->head.record = RECORD_SERVICE_REQUEST;
	named = hand_device_end(&hand);
	request.id = (struct id){ 0 };
	hand_device_begin(&hand, OPERATION_CREATE, &request.id, &request)->head.record = RECORD_SERVICE_REQUEST;
	unnamed = hand_device_end(&hand);
	send_all(&hand);
	assert_set_aside(pair, &named);
	assert_false(pair_on_server(pair, RECORD_SERVICE_REQUEST, &chosen));
	assert_true(pair_on_server(pair, RECORD_SERVICE_REQUEST, &unnamed));
	hand_device_close(&hand);
}

/* The ids of imported rows are in no log: only the rows themselves tell. */
static void a_first_id_never_overwrites_a_record(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 1);
	struct id loaded = organisation_id(RECORD_MOVEMENT, 0), remark = { { 0x66 } }, made;
	const struct note imported = {
		.id = remark, .work_order_id = order, .territory_id = organisation_id(RECORD_TERRITORY, 0), .text = text_of("from before")
	};
	const struct part_arguments use = {
		.part_id = organisation_id(RECORD_PART, 0), .location_id = organisation_id(RECORD_STOCK_LOCATION, 0), .quantity = 1
	};
	struct verify_report report;

	stream_for_libsodium(&pair->server.stream);
	assert_int_equal(organisation_make(pair->server.core, RECORD_NOTE, &imported, ROLE_IMPORT, WALL_START_MS, &made), STATUS_OK);
	hand_device_open(&hand, pair, 1, 7);
	(void)hand_device_begin(&hand, OPERATION_USE_PART, &visit, &use);
	hand.first_ids[0] = loaded;
	(void)hand_device_end(&hand);
	hand.first_ids[1] = remark;
	(void)hand_device_note(&hand, &order);
	send_all(&hand);
	assert_int_equal(((const struct movement *)server_row(pair, RECORD_MOVEMENT, &loaded))->type, MOVEMENT_TYPE_LOAD);
	assert_true(text_equals(((const struct note *)server_row(pair, RECORD_NOTE, &remark))->text, "from before"));
	assert_set_aside(pair, &loaded);
	assert_set_aside(pair, &remark);
	assert_int_equal(verify_organisation(pair->server.store, &report), STATUS_OK);
	hand_device_close(&hand);
}

static void another_devices_first_id_is_set_aside(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark, stolen;
	struct logged_operation logged;

	hand_device_open(&hand, pair, 1, 7);
	hand_device_open(&other, pair, 2, 8);
	remark = hand_device_note(&hand, &order);
	send_all(&hand);
	other.first_ids[0] = remark;
	(void)hand_device_note(&other, &order);
	stolen = chain_operation_id(&other.heads[1]);
	send_all(&other);
	assert_set_aside(pair, &stolen); /* under an id of its own */
	assert_true(pair_logged(pair, &remark, &logged));
	assert_int_equal(logged.outcome, OUTCOME_APPLIED);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 1);
	hand_device_close(&hand);
	hand_device_close(&other);
}

static void a_batch_of_another_incarnation_than_the_sessions_costs_no_commit(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	const struct id incarnation = { { 9 } };
	struct chain_state chain;
	int64_t commits;

	hand_device_open(&hand, pair, 1, 7);
	hand.heads[0] = chain_genesis(&hand.identity.id, &incarnation); /* good in itself */
	(void)hand_device_note(&hand, &order);
	commits = server_core_counts(pair->server.core).commits;
	hand_device_send_as(&hand, &incarnation, 1, 1);
	hand_devices_flush(pair, (struct hand_device *const[]){ &hand }, 1);
	assert_true(hand.answer.has_fault);
	assert_int_equal(hand.answer.fault.code, WIRE_ERROR_MALFORMED);
	assert_int_equal(server_core_counts(pair->server.core).commits, commits);
	assert_int_equal(pair_count_on_server(pair, RECORD_NOTE), 0);
	assert_int_equal(server_store_chain(pair->server.store, &hand.identity.id, &incarnation, &chain), STATUS_NOT_FOUND);
	hand_device_close(&hand);
}

static void what_came_before_costs_no_commit(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	int64_t commits;

	hand_device_open(&hand, pair, 1, 7);
	(void)hand_device_note(&hand, &order);
	send_all(&hand);
	commits = server_core_counts(pair->server.core).commits;
	send_all(&hand);
	assert_int_equal(server_core_counts(pair->server.core).commits, commits);
	(void)hand_device_note(&hand, &order);
	hand.secrets[0][0] ^= 1; /* another salt than the window began with */
	hand_device_send(&hand, 2, 2);
	hand_devices_flush(pair, (struct hand_device *const[]){ &hand }, 1);
	assert_true(hand.answer.has_fault);
	assert_int_equal(server_core_counts(pair->server.core).commits, commits);
	hand_device_close(&hand);
}

static void a_recorded_hello_leaves_the_live_session_alone(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;
	struct ephemeral ephemeral;
	struct bytes recorded;

	hand_device_open(&hand, pair, 1, 7);
	recorded = hand_device_hello(&hand, &ephemeral);
	(void)hand_device_note(&hand, &order);
	send_all(&hand);
	for (uint64_t i = 0; i < 20; i++)
		server_node_frame(pair, 5000000 + i, recorded);
	server_node_flush(pair);
	remark = hand_device_note(&hand, &order);
	hand_device_send(&hand, 2, 2);
	hand_devices_flush(pair, (struct hand_device *const[]){ &hand }, 1);
	assert_true(hand.answer.has_decided);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark));
	hand_device_close(&hand);
}

/* Another version of the server may have given it. */
static void a_resume_token_that_is_not_understood_begins_anew(void **state)
{
	static const struct {
		uint8_t part, kind;
	} tokens[] = { { 0, RECORD_WORK_ORDER }, { 2, RECORD_KIND_MAX }, { 3, RECORD_WORK_ORDER }, { 0, RECORD_KIND_MAX + 1 }, { 0, 255 } };
	struct simulation *pair = *state;

	hand_device_open(&hand, pair, 1, 7);
	for (size_t i = 0; i < LENGTH(tokens); i++) {
		/* pass, low, scope, part, kind, gseq, id, whether with own rows */
		const uint8_t token[23] = { 1, 1, 1, tokens[i].part, tokens[i].kind, 1 };
		const struct pull pull = { .cursor = { organisation_epoch(), 1 }, .class_max = 5, .resume = { token, sizeof(token) } };
		hand_device_pull(&hand, &pull);
		hand_devices_flush(pair, (struct hand_device *const[]){ &hand }, 1);
		assert_true(hand.answer.answered);
	}
	hand_device_close(&hand);
}

static void edit_site(struct hand_device *device, const struct id *site, const struct site *wanted)
{
	static const struct site was;
	struct operation *operation = hand_device_begin(device, OPERATION_EDIT, site, wanted);

	operation->head.record = RECORD_SITE;
	operation->old_values = &was;
	operation->mask = UINT64_C(1) << schema_field(schema_find(RECORD_SITE), text_of("access_notes"))->tag;
}

/* Whoever knows an id, or works it out, writes nothing where its technician never was; a person may say that it was right. */
static void an_edit_of_what_the_device_never_had_is_set_aside(void **state)
{
	struct simulation *pair = *state;
	const struct site wanted = { .access_notes = text_of("the gate is open") };
	struct id elsewhere = organisation_id(RECORD_SITE, 1), own = organisation_id(RECORD_SITE, 0), made[3];
	struct id there = organisation_id(RECORD_TERRITORY, 1), order = pair_order(pair, 1);
	struct work_order job;

	hand_device_open(&hand, pair, 1, 7);
	edit_site(&hand, &elsewhere, &wanted);
	made[0] = hand_device_end(&hand);
	send_all(&hand);
	assert_set_aside(pair, &made[0]);
	assert_int_equal(((const struct site *)server_row(pair, RECORD_SITE, &elsewhere))->access_notes.size, 0);

	pair_set_id(pair, RECORD_SITE, &own, "territory_id", &there); /* it had it */
	edit_site(&hand, &own, &wanted);
	made[1] = hand_device_end(&hand);
	hand_device_send(&hand, 2, 2);
	hand_devices_flush(pair, (struct hand_device *const[]){ &hand }, 1);
	assert_true(text_equals(((const struct site *)server_row(pair, RECORD_SITE, &own))->access_notes, "the gate is open"));

	job = *(const struct work_order *)server_row(pair, RECORD_WORK_ORDER, &order);
	if (id_is_nil(&job.site_id))
		pair_set_id(pair, RECORD_WORK_ORDER, &order, "site_id", &elsewhere);
	(void)pair_book(pair, &order, 1); /* now it has a job there */
	edit_site(&hand, &elsewhere, &wanted);
	made[2] = hand_device_end(&hand);
	hand_device_send(&hand, 3, 3);
	hand_devices_flush(pair, (struct hand_device *const[]){ &hand }, 1);
	assert_true(text_equals(((const struct site *)server_row(pair, RECORD_SITE, &elsewhere))->access_notes, "the gate is open"));
	hand_device_close(&hand);
}

/* ---- what the server does not remember ---- */

/* In the words of an edit of what is nowhere. */
static void assert_waits_for(struct simulation *pair, const struct id *operation, const struct id *site)
{
	const struct operation_outcome *outcome = server_row(pair, RECORD_OPERATION, operation);

	assert_int_equal(outcome->outcome, OUTCOME_PARKED);
	assert_true(text_equals(outcome->rule, "missing_record") && text_equals(outcome->field, "subject"));
	assert_true(id_equal(&outcome->waits_for, site));
}

static void assert_notes(struct simulation *pair, const struct id *site, const char *expected)
{
	assert_true(text_equals(((const struct site *)server_row(pair, RECORD_SITE, site))->access_notes, expected));
}

/* The next edit of the site, as of that time; its id. */
static struct id send_edit_to(
	struct simulation *pair, const struct id *site, const char *notes, const struct id *epoch, int64_t gseq)
{
	struct site *wanted = arena_allocate(&pair->arena, sizeof(*wanted));
	struct operation *operation = &hand.operations[hand.last_seq];
	struct id made;

	wanted->access_notes = text_of(notes);
	edit_site(&hand, site, wanted);
	operation->head.base_epoch = *epoch;
	operation->head.base_gseq = gseq;
	made = hand_device_end(&hand);
	hand_device_send(&hand, hand.last_seq, hand.last_seq);
	hand_devices_flush(pair, (struct hand_device *const[]){ &hand }, 1);
	return made;
}

static struct id send_edit(struct simulation *pair, const struct id *site, const struct id *epoch, int64_t gseq)
{
	return send_edit_to(pair, site, "the gate is open", epoch, gseq);
}

/* Long enough for the server to do what time alone does. */
static void pass_an_hour(struct simulation *pair)
{
	pair->now_ms += (int64_t)3600 * 1000;
	server_node_tick(pair);
	hand_devices_flush(pair, NULL, 0);
}

static int64_t server_gseq(struct simulation *pair)
{
	struct server_state state;

	assert_int_equal(server_store_state(pair->server.store, &state), STATUS_OK);
	return state.gseq;
}

/* It was made in the time after the backup: the job that gave the site is lost, until the office books it anew. */
static void an_edit_of_a_lost_epoch_is_decided_when_the_device_has_the_record_again(void **state)
{
	const struct id lost = { { 0xee } };
	struct simulation *pair = *state;
	struct id elsewhere = organisation_id(RECORD_SITE, 1), order = pair_order(pair, 1), made;

	hand_device_open(&hand, pair, 1, 7);
	made = send_edit(pair, &elsewhere, &lost, 1000);
	assert_waits_for(pair, &made, &elsewhere);
	pass_an_hour(pair);
	assert_waits_for(pair, &made, &elsewhere);
	assert_notes(pair, &elsewhere, "");
	(void)pair_book(pair, &order, 1);
	pass_an_hour(pair);
	assert_notes(pair, &elsewhere, "the gate is open");
	assert_false(pair_on_server(pair, RECORD_OPERATION, &made));
	pair_settle(pair);
	hand_device_close(&hand);
}

/* As the first release told it. */
static void what_an_earlier_version_set_aside_is_looked_at_again(void **state)
{
	const struct id lost = { { 0xee } };
	struct simulation *pair = *state;
	struct id elsewhere = organisation_id(RECORD_SITE, 1), order = pair_order(pair, 1), made;
	struct operation_outcome outcome;

	hand_device_open(&hand, pair, 1, 7);
	made = send_edit(pair, &elsewhere, &lost, 1000);
	outcome = *(const struct operation_outcome *)server_row(pair, RECORD_OPERATION, &made);
	outcome.rule = text_of("not_allowed");
	outcome.field = text_of("");
	outcome.detail = text_of("role=device;reason=not_remembered");
	outcome.waits_for = (struct id){ 0 };
	(void)by_store_put_one(pair, RECORD_OPERATION, &outcome);
	(void)pair_book(pair, &order, 1);
	pass_an_hour(pair);
	assert_notes(pair, &elsewhere, "the gate is open");
	hand_device_close(&hand);
}

static void edits_of_a_lost_epoch_are_decided_in_the_order_they_were_made(void **state)
{
	static const char *const notes[] = { "one", "two", "three", "four", "five", "six", "seven", "eight" };
	const struct id lost = { { 0xee } };
	struct simulation *pair = *state;
	struct id elsewhere = organisation_id(RECORD_SITE, 1), order = pair_order(pair, 1);

	hand_device_open(&hand, pair, 1, 7);
	for (size_t i = 0; i < LENGTH(notes); i++)
		(void)send_edit_to(pair, &elsewhere, notes[i], &lost, 1000);
	(void)pair_book(pair, &order, 1);
	pass_an_hour(pair);
	assert_notes(pair, &elsewhere, "eight");
	hand_device_close(&hand);
}

static void an_edit_from_before_the_horizon_is_decided_when_the_device_has_the_record_again(void **state)
{
	struct simulation *pair = *state;
	const struct id epoch = organisation_epoch();
	struct id elsewhere = organisation_id(RECORD_SITE, 1), order = pair_order(pair, 1), made;
	int64_t horizon = server_gseq(pair);

	assert_int_equal(server_store_begin(pair->server.store), STATUS_OK);
	assert_int_equal(server_store_put_horizon(pair->server.store, horizon), STATUS_OK);
	assert_int_equal(server_store_commit(pair->server.store), STATUS_OK);
	hand_device_open(&hand, pair, 1, 7);
	made = send_edit(pair, &elsewhere, &epoch, horizon - 1);
	assert_waits_for(pair, &made, &elsewhere);
	(void)pair_book(pair, &order, 1);
	pass_an_hour(pair);
	assert_notes(pair, &elsewhere, "the gate is open");
	hand_device_close(&hand);
}

/* Of a time that the server remembers: whoever wrote it can have known no more than the id, and is told no more. */
static void an_edit_of_what_the_device_never_had_waits_until_it_has_it(void **state)
{
	struct simulation *pair = *state;
	const struct id epoch = organisation_epoch();
	struct id elsewhere = organisation_id(RECORD_SITE, 1), order = pair_order(pair, 1), made;

	hand_device_open(&hand, pair, 1, 7);
	made = send_edit(pair, &elsewhere, &epoch, server_gseq(pair));
	pass_an_hour(pair);
	assert_waits_for(pair, &made, &elsewhere);
	assert_notes(pair, &elsewhere, "");
	(void)pair_book(pair, &order, 1);
	pass_an_hour(pair);
	assert_notes(pair, &elsewhere, "the gate is open");
	hand_device_close(&hand);
}

/* Not only edits: whatever the device names, it may have again. */
static void a_remark_on_what_the_device_did_not_have_is_decided_when_it_has_it(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 1), made;
	int64_t before;

	hand_device_open(&hand, pair, 1, 7);
	made = hand_device_note(&hand, &order);
	hand_device_send(&hand, 1, 1);
	hand_devices_flush(pair, (struct hand_device *const[]){ &hand }, 1);
	assert_waits_for(pair, &made, &order);
	before = server_gseq(pair);
	pass_an_hour(pair);
	assert_int_equal(server_gseq(pair), before); /* it waits on, which costs no commit */
	(void)pair_book(pair, &order, 1);
	pass_an_hour(pair);
	assert_false(pair_on_server(pair, RECORD_OPERATION, &made));
	assert_true(pair_on_server(pair, RECORD_NOTE, &made));
	hand_device_close(&hand);
}

/* As when the disk is full just then: not an hour later. */
static void what_time_alone_does_is_done_again_soon_when_its_commit_failed(void **state)
{
	const struct id lost = { { 0xee } };
	struct simulation *pair = *state;
	struct id elsewhere = organisation_id(RECORD_SITE, 1), order = pair_order(pair, 1);
	struct server_effect effect;

	hand_device_open(&hand, pair, 1, 7);
	(void)send_edit(pair, &elsewhere, &lost, 1000);
	(void)pair_book(pair, &order, 1);
	pair->now_ms += (int64_t)3600 * 1000;
	assert_int_equal(server_core_tick(pair->server.core), STATUS_OK);
	assert_int_equal(server_core_flush(pair->server.core), STATUS_OK);
	while (server_core_next(pair->server.core, &effect))
		if (effect.kind == SERVER_EFFECT_COMMIT)
			assert_int_equal(server_core_committed(pair->server.core, STATUS_CANNOT_WRITE), STATUS_CANNOT_WRITE);
	assert_notes(pair, &elsewhere, "");
	pair->now_ms += (int64_t)60 * 1000;
	server_node_tick(pair);
	assert_notes(pair, &elsewhere, "the gate is open");
	hand_device_close(&hand);
}

static void nothing_more_is_decided_of_a_device_that_was_revoked(void **state)
{
	const struct id lost = { { 0xee } }, device = organisation_device_id(1);
	struct simulation *pair = *state;
	struct id elsewhere = organisation_id(RECORD_SITE, 1), order = pair_order(pair, 1), made;

	hand_device_open(&hand, pair, 1, 7);
	made = send_edit(pair, &elsewhere, &lost, 1000);
	(void)pair_book(pair, &order, 1);
	assert_true(server_node_revoke(pair, &device, DEVICE_STATE_DRAINING));
	pass_an_hour(pair);
	assert_waits_for(pair, &made, &elsewhere);
	assert_notes(pair, &elsewhere, "");
	hand_device_close(&hand);
}

/* The office's import brings a site under an id that anybody could work out. */
static void import_site(struct simulation *pair, const struct id *id, unsigned territory)
{
	const struct site site = { .name = text_of("imported"), .territory_id = organisation_id(RECORD_TERRITORY, territory),
		.account_id = organisation_id(RECORD_ACCOUNT, territory) };
	const struct operation operation = { .head = { .kind = OPERATION_CREATE,
						     .record = RECORD_SITE,
						     .subject = *id,
						     .role = ROLE_DISPATCHER,
						     .at_ms = WALL_START_MS },
		.arguments = &site };
	struct verdict verdict;
	struct id made;

	assert_true(server_node_operation(pair, &operation, &verdict, &made));
	assert_int_equal(verdict.outcome, OUTCOME_APPLIED);
	hand_devices_flush(pair, NULL, 0);
}

/* Nothing of it is written, nor sent to its author, who would learn from that. */
static void an_edit_that_waits_on_when_a_record_appears_stays_as_it_is(void **state)
{
	const struct id elsewhere = { { 0x5a, 2 } };
	struct simulation *pair = *state;
	const struct id epoch = organisation_epoch();
	struct logged_operation before, after;
	struct id made;

	hand_device_open(&hand, pair, 1, 7);
	made = send_edit(pair, &elsewhere, &epoch, server_gseq(pair));
	assert_true(pair_logged(pair, &made, &before));
	import_site(pair, &elsewhere, 1);
	assert_true(pair_logged(pair, &made, &after));
	assert_int_equal(after.gseq, before.gseq);
	assert_int_equal(after.unlike, before.unlike);
	hand_device_close(&hand);
}

static void an_edit_that_waits_for_a_record_counts_only_where_the_device_gets_it(void **state)
{
	const struct id here = { { 0x5a, 1 } }, elsewhere = { { 0x5a, 2 } };
	struct simulation *pair = *state;
	const struct id epoch = organisation_epoch();
	struct id made[2];

	hand_device_open(&hand, pair, 1, 7);
	made[0] = send_edit(pair, &here, &epoch, server_gseq(pair));
	made[1] = send_edit(pair, &elsewhere, &epoch, server_gseq(pair));
	import_site(pair, &here, 0);
	import_site(pair, &elsewhere, 1);
	assert_notes(pair, &here, "the gate is open");
	assert_notes(pair, &elsewhere, "");
	assert_waits_for(pair, &made[1], &elsewhere);
	assert_false(pair_on_server(pair, RECORD_OPERATION, &made[0]));
	hand_device_close(&hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_device_that_claims_another_role_changes_nothing, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_device_that_speaks_for_another_technician_changes_nothing, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			an_operation_from_beyond_the_calendar_is_set_aside_and_those_behind_it_count, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(an_edit_of_what_the_device_never_had_is_set_aside, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			an_edit_of_a_lost_epoch_is_decided_when_the_device_has_the_record_again, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_an_earlier_version_set_aside_is_looked_at_again, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			edits_of_a_lost_epoch_are_decided_in_the_order_they_were_made, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			an_edit_from_before_the_horizon_is_decided_when_the_device_has_the_record_again, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(an_edit_of_what_the_device_never_had_waits_until_it_has_it, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			a_remark_on_what_the_device_did_not_have_is_decided_when_it_has_it, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			what_time_alone_does_is_done_again_soon_when_its_commit_failed, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(nothing_more_is_decided_of_a_device_that_was_revoked, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(
			an_edit_that_waits_for_a_record_counts_only_where_the_device_gets_it, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(an_edit_that_waits_on_when_a_record_appears_stays_as_it_is, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_create_that_names_its_id_is_set_aside, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_first_id_never_overwrites_a_record, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(another_devices_first_id_is_set_aside, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_batch_of_another_incarnation_than_the_sessions_costs_no_commit, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(what_came_before_costs_no_commit, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_recorded_hello_leaves_the_live_session_alone, pair_open, pair_close),
		cmocka_unit_test_setup_teardown(a_resume_token_that_is_not_understood_begins_anew, pair_open, pair_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
