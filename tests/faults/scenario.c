#include "tests/faults/old_stores.h"

#include <sodium.h>
#include <string.h>

#include "protocol/domain/device.h"
#include "server/enrolment_desk.h"
#include "server/intake.h"
#include "tests/unit/protocol/sync/pair.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* ---- what scenarios share ---- */

static struct device_node *device_of(struct trial *trial)
{
	return pair_device(trial->simulation, 1);
}

static void cut_off(struct trial *trial)
{
	device_of(trial)->link_up = false;
	device_node_lost(trial->simulation, device_of(trial));
}

/* The link is up again, and the device tries at once. */
static bool link_up(struct trial *trial)
{
	device_of(trial)->link_up = true;
	device_node_go(trial->simulation, device_of(trial));
	return true;
}

static void nothing_before(struct trial *trial)
{
	(void)trial;
}

static bool nothing_to_do(struct trial *trial)
{
	(void)trial;
	return true;
}

static struct id job(struct trial *trial)
{
	struct id order = pair_order(trial->simulation, 0);

	(void)pair_book(trial->simulation, &order, 1);
	pair_settle(trial->simulation);
	return order;
}

/* Gives the open commit to the disk. False: it failed, or the server is not there any more. */
static bool settle_server(struct simulation *simulation, enum status decided)
{
	int64_t commits;

	if (decided != STATUS_OK || simulation->server.core == NULL) {
		if (simulation->server.core != NULL)
			server_core_abandon(simulation->server.core);
		return false;
	}
	commits = server_core_counts(simulation->server.core).commits;
	server_node_flush(simulation);
	return simulation->server.core != NULL && server_core_counts(simulation->server.core).commits == commits + 1;
}

/* ---- a device syncs ---- */

static bool is_start_of_device(const struct event *event)
{
	return event->kind == EVENT_START_DEVICE && event->node == 1;
}

/* What an enrolment does at its end, and again when it did not come to it. */
static void prepare_making(struct trial *trial)
{
	struct crash_disk *empty = crash_disk_create("empty");
	struct crash_image *nothing = crash_disk_save(empty);

	device_node_kill(trial->simulation, device_of(trial));
	event_queue_drop(&trial->simulation->queue, is_start_of_device);
	crash_disk_load(device_of(trial)->disk, nothing);
	crash_image_free(nothing);
	crash_disk_destroy(empty);
}

static bool act_making(struct trial *trial)
{
	device_node_start(trial->simulation, device_of(trial), true);
	event_queue_drop(&trial->simulation->queue, is_start_of_device);
	return device_of(trial)->core != NULL;
}

static void prepare_first_sync(struct trial *trial)
{
	(void)job(trial);
	device_node_kill(trial->simulation, device_of(trial));
	crash_disk_load(device_of(trial)->disk, trial->template->fresh[0]);
}

/* News that are nothing to this device. */
static void prepare_quiet_cut(struct trial *trial)
{
	cut_off(trial);
	(void)pair_order(trial->simulation, 1);
}

static void prepare_cut_with_rows(struct trial *trial)
{
	struct id order = job(trial);

	cut_off(trial);
	(void)pair_note(trial->simulation, 1, &order);
	(void)pair_note(trial->simulation, 1, &order);
	order = pair_order(trial->simulation, 0);
	(void)pair_book(trial->simulation, &order, 1);
}

/* The server has another history: the replica is fetched anew and takes the old one's place. */
static void prepare_swap(struct trial *trial)
{
	const struct id epoch = { { 0xee } };
	struct simulation *simulation = trial->simulation;

	(void)job(trial);
	cut_off(trial);
	server_node_end(simulation);
	simulation->server.swapped = true;
	server_node_start(simulation);
	assert_int_equal(server_store_init_organisation(simulation->server.store, &organisation_self, &epoch), STATUS_OK);
}

static void prepare_note(struct trial *trial)
{
	trial->subject = job(trial);
	cut_off(trial);
}

static bool act_note(struct trial *trial)
{
	const struct note_arguments arguments = { .text = text_of("gate code changed") };
	struct device_node *device = device_of(trial);
	const struct operation operation = { .head = { .kind = OPERATION_ADD_NOTE, .subject = trial->subject, .at_ms = WALL_START_MS },
		.arguments = &arguments };

	for (int i = 0; i < 3 && device->core != NULL; i++, trial->count++)
		device_node_operation(trial->simulation, device, &operation);
	return trial->count >= 3 && link_up(trial);
}

/* A copy of the device is put back after it had gone on. */
static void prepare_new_incarnation(struct trial *trial)
{
	struct id order = job(trial);

	device_node_copy(trial->simulation, device_of(trial));
	(void)pair_note(trial->simulation, 1, &order);
	pair_settle(trial->simulation);
	cut_off(trial);
	(void)pair_note(trial->simulation, 1, &order); /* the copy does not have this one, nor has the server */
	device_node_restore(trial->simulation, device_of(trial));
}

/* ---- the server takes ---- */

static void prepare_batch(struct trial *trial)
{
	const struct part_arguments arguments = { .part_id = organisation_id(RECORD_PART, PARTS - 1),
		.location_id = organisation_id(RECORD_STOCK_LOCATION, 0),
		.quantity = 1 };
	struct id order = pair_order(trial->simulation, 0), visit = pair_book(trial->simulation, &order, 1);

	pair_settle(trial->simulation);
	cut_off(trial);
	(void)pair_do(trial->simulation, 1, OPERATION_USE_PART, &visit, &arguments); /* there is none */
	(void)pair_note(trial->simulation, 1, &order);
}

static bool there_is_one_issue(struct trial *trial)
{
	return pair_count_on_server(trial->simulation, RECORD_ISSUE) == 1 && pair_count_on_server(trial->simulation, RECORD_NOTE) == 1;
}

/* A whole file, and again what did not come in. */
static bool act_import(struct trial *trial)
{
	const struct import_options options = { .path = SOURCE_ROOT "/example/04_parts.csv", .at_ms = WALL_START_MS };
	struct simulation *simulation = trial->simulation;
	struct office office = { .store = simulation->server.store, .core = simulation->server.core, .clock = &simulation->server.clock };
	struct context context = { .arena = &simulation->arena, .clock = office.clock, .state = &office, .at_ms = WALL_START_MS };
	struct intake intake = { .context = &context };
	const struct import_sinks sinks = { .check = intake_check, .take = intake_take, .context = &intake };
	struct import_report report;

	if (simulation->server.core == NULL)
		return false;
	stream_for_libsodium(&simulation->server.stream);
	trial->told = import_file(&options, context.arena, &sinks, &report) == STATUS_OK && intake_settle(&intake) == STATUS_OK;
	if (!trial->told)
		intake_abandon(&intake);
	trial->count = (size_t)(intake.taken.created + intake.taken.unchanged);
	intake_finish(&intake);
	server_node_flush(simulation); /* it may have gone down meanwhile */
	return trial->told;
}

static bool all_parts_are_there_once(struct trial *trial)
{
	return trial->count > 100 && pair_count_on_server(trial->simulation, RECORD_PART) == PARTS + trial->count;
}

/* An office around the server as it runs now. */
static void open_desk(struct trial *trial, struct office *out_office, struct identity *out_newcomer)
{
	uint8_t seed[32] = { 9 }, box[32] = { 8 }, root[SIGN_SECRET_SIZE];
	struct server_node *server = &trial->simulation->server;

	*out_office = (struct office){ .store = server->store, .core = server->core, .clock = &server->clock };
	organisation_identity(0, &out_office->identity);
	out_office->keys = (struct server_keys){ .organisation = organisation_self,
		.server_id = out_office->identity.id,
		.keys = out_office->identity.keys };
	crypto_sign_seed_keypair(out_office->keys.root, root, seed);
	server_keys_certify(root, &out_office->keys);
	identity_from_seeds(seed, box, out_newcomer);
	stream_for_libsodium(&server->stream);
}

static void close_desk(struct office *office, struct identity *newcomer)
{
	identity_wipe(&office->identity);
	identity_wipe(newcomer);
}

static void prepare_enrolment(struct trial *trial)
{
	const struct id technician = organisation_id(RECORD_TECHNICIAN, 0);
	char code[TICKET_CODE_LENGTH + 1];
	struct identity newcomer;
	struct office office;

	open_desk(trial, &office, &newcomer);
	assert_int_equal(enrolment_desk_invite(&office, &technician, clock_now_ms(office.clock), DAY_MS, code), STATUS_OK);
	assert_int_equal(ticket_from_code(text_of(code), &trial->ticket), STATUS_OK);
	close_desk(&office, &newcomer);
}

/* What the desk answers; ENROL_ASK: nothing. */
static enum enrolment_message ask_desk(struct trial *trial, struct office *office, const struct identity *newcomer)
{
	const struct enrolment_request request = {
		.ticket_id = trial->ticket.id, .device = newcomer->keys, .name = text_of("tablet"), .platform = text_of("linux")
	};
	struct arena *arena = &trial->simulation->arena;
	struct bytes answer, message = enrolment_request_seal(arena, &office->keys, &trial->ticket, &request);
	enum enrolment_message type = ENROL_ASK;

	if (enrolment_desk_answer(office, arena, message, &answer) != STATUS_OK || !enrolment_peek(answer, &type))
		return ENROL_ASK;
	return type;
}

static bool act_enrolment(struct trial *trial)
{
	struct simulation *simulation = trial->simulation;
	enum enrolment_message answer;
	struct identity newcomer;
	struct context context;
	struct office office;
	struct id id;

	if (simulation->server.core == NULL)
		return false;
	open_desk(trial, &office, &newcomer);
	answer = ask_desk(trial, &office, &newcomer);
	context = (struct context){ .arena = &simulation->arena, .clock = office.clock, .state = &office };
	context.now_ms = context.at_ms = clock_now_ms(office.clock);
	if (answer == ENROL_PENDING)
		(void)(enrolment_desk_approve(&context, text_of("tablet"), &id) == STATUS_OK);
	trial->told = answer == ENROL_GRANT;
	close_desk(&office, &newcomer);
	return trial->told;
}

static bool the_newcomer_is_there_once(struct trial *trial)
{
	struct identity newcomer;
	struct office office;
	bool granted;

	open_desk(trial, &office, &newcomer);
	granted = ask_desk(trial, &office, &newcomer) == ENROL_GRANT;
	close_desk(&office, &newcomer);
	return granted && pair_count_on_server(trial->simulation, RECORD_DEVICE) == trial->simulation->device_count + 1;
}

/* As the command does: the entry's state and the record's in one commit. */
static enum status revoke(struct simulation *simulation, const struct id *id)
{
	const void *row;
	struct device *revoked;
	struct operation operation = { .head = { .kind = OPERATION_EDIT, .record = RECORD_DEVICE, .subject = *id, .role = ROLE_DISPATCHER },
		.mask = UINT64_C(1) << schema_field(&device_schema, text_of("state"))->tag };
	struct verdict verdict;
	struct id made;
	enum status status = records_get(server_store_records(simulation->server.store), RECORD_DEVICE, id, &row);

	if (status != STATUS_OK)
		return status;
	operation.old_values = row_copy(&simulation->arena, &device_schema, row);
	revoked = row_copy(&simulation->arena, &device_schema, row);
	revoked->state = DEVICE_STATE_STOLEN;
	operation.arguments = revoked;
	operation.head.at_ms = clock_now_ms(&simulation->server.clock);
	status = server_core_revoke(simulation->server.core, id, DEVICE_STATE_STOLEN);
	return status == STATUS_OK ? server_core_operation(simulation->server.core, &operation, &verdict, &made) : status;
}

static void prepare_revoke(struct trial *trial)
{
	const struct device device = { .id = { { 0x77 } },
		.name = text_of("lost tablet"),
		.platform = text_of("linux"),
		.technician_id = organisation_id(RECORD_TECHNICIAN, 0),
		.state = DEVICE_STATE_ACTIVE,
		.enrolled_at_ms = WALL_START_MS };
	struct device_entry entry = { .id = device.id, .technician = device.technician_id, .key_number = 1, .state = DEVICE_STATE_ACTIVE };
	struct server_store *store = trial->simulation->server.store;
	struct id made;

	stream_for_libsodium(&trial->simulation->server.stream);
	assert_true(settle_server(trial->simulation,
		organisation_make(trial->simulation->server.core, RECORD_DEVICE, &device, ROLE_SYSTEM, WALL_START_MS, &made)));
	assert_int_equal(server_store_begin(store), STATUS_OK);
	assert_int_equal(server_store_put_device(store, &entry), STATUS_OK);
	assert_int_equal(server_store_commit(store), STATUS_OK);
	trial->subject = device.id;
}

static bool act_revoke(struct trial *trial)
{
	if (trial->simulation->server.core == NULL)
		return false;
	stream_for_libsodium(&trial->simulation->server.stream);
	trial->told = settle_server(trial->simulation, revoke(trial->simulation, &trial->subject));
	return trial->told;
}

static bool it_is_stolen_in_both_places(struct trial *trial)
{
	struct server_store *store = trial->simulation->server.store;
	struct device_entry entry;
	const void *row;

	return server_store_device(store, &trial->subject, &entry) == STATUS_OK && entry.state == DEVICE_STATE_STOLEN &&
	       records_get(server_store_records(store), RECORD_DEVICE, &trial->subject, &row) == STATUS_OK &&
	       ((const struct device *)row)->state == DEVICE_STATE_STOLEN;
}

/* Of a technician from elsewhere: the job brings its order, and takes it along. */
static void prepare_job_end(struct trial *trial)
{
	static const enum operation_kind done[] = { OPERATION_ACCEPT, OPERATION_TRAVEL, OPERATION_ARRIVE, OPERATION_FINISH };
	const struct finish_arguments finish = { .outcome = VISIT_OUTCOME_FIXED,
		.cause_code = text_of("worn"),
		.action_code = text_of("replaced"),
		.text = text_of("door contact replaced"),
		.signer_name = text_of("on site") };
	const struct reason_arguments why = { .reason = text_of("billed") };
	struct simulation *simulation = trial->simulation;
	struct id visit;

	trial->subject = pair_order(simulation, 0);
	visit = pair_book(simulation, &trial->subject, 2);
	pair_settle(simulation);
	for (size_t i = 0; i < LENGTH(done); i++)
		(void)pair_do(simulation, 2, done[i], &visit, done[i] == OPERATION_FINISH ? &finish : NULL);
	pair_settle(simulation);
	pair_office(simulation, OPERATION_CLOSE, &trial->subject, &why);
	pair_settle(simulation);
	simulation->now_ms += 13 * DAY_MS;
	pair_settle(simulation);
}

/* Time does it. */
static bool act_job_end(struct trial *trial)
{
	if (!trial->told)
		trial->simulation->now_ms += 2 * DAY_MS;
	trial->told = true;
	return !pair_on_device(trial->simulation, 2, RECORD_WORK_ORDER, &trial->subject); /* whose disk is well */
}

const struct scenario scenarios[] = {
	{ "making_the_files_of_a_device", false, prepare_making, act_making, NULL },
	{ "migrating_stores_of_the_first_release", false, old_stores_prepare, old_stores_act, old_stores_holds },
	{ "a_first_sync", false, prepare_first_sync, nothing_to_do, NULL },
	{ "a_cut_without_rows", false, prepare_quiet_cut, link_up, NULL },
	{ "a_cut_with_rows_and_pending_work", false, prepare_cut_with_rows, link_up, NULL },
	{ "the_exchange_of_a_replica", false, prepare_swap, link_up, NULL },
	{ "saving_work", false, prepare_note, act_note, NULL },
	{ "a_new_incarnation", false, prepare_new_incarnation, link_up, NULL },
	{ "taking_a_batch_with_an_issue", true, prepare_batch, link_up, there_is_one_issue },
	{ "an_import", true, nothing_before, act_import, all_parts_are_there_once },
	{ "an_enrolment", true, prepare_enrolment, act_enrolment, the_newcomer_is_there_once },
	{ "a_revocation", true, prepare_revoke, act_revoke, it_is_stolen_in_both_places },
	{ "the_end_of_a_job", true, prepare_job_end, act_job_end, NULL },
};

const size_t scenario_count = LENGTH(scenarios);
