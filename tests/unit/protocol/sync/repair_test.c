/* A replica that is not as the server confirmed it is put right by range: no more is fetched than what differs. */
#include "protocol/domain/asset.h"
#include "protocol/domain/note.h"
#include "protocol/domain/site.h"
#include "protocol/domain/territory.h"
#include "protocol/sync/recon.h"
#include "protocol/sync/repair.h"
#include "protocol/sync/server_core_inner.h"
#include "tests/simulation/checks.h"
#include "tests/unit/protocol/sync/pair.h"

static struct device_core_state state_of(struct simulation *pair, unsigned number)
{
	return device_core_state(pair_device(pair, number)->core);
}

/* What the device has is what the server gives it, and nothing was fetched from the start. */
static void assert_mended(struct simulation *pair, unsigned number, int64_t repairs)
{
	pair_settle(pair);
	assert_int_equal(state_of(pair, number).repairs, repairs);
	assert_int_equal(state_of(pair, number).fetches, 0);
	checks_of_device_end(pair, pair_device(pair, number));
	if (pair->violated)
		fail_msg("%s: %s", pair->invariant, pair->violation);
}

static void begin(struct device_store *store)
{
	assert_int_equal(device_store_begin(store, true), STATUS_OK);
}

static void commit(struct device_store *store)
{
	assert_int_equal(device_store_commit(store), STATUS_OK);
	device_store_reset_rows(store);
}

/* A text of the row is another one, and nothing noted of it says so. */
static void damage(struct simulation *pair, unsigned number, enum record_kind kind, const struct id *id, const char *field)
{
	struct device_store *store = pair_device(pair, number)->store;
	const struct schema *schema = schema_find(kind);
	struct device_row meta;
	const void *row;
	void *other;

	begin(store);
	assert_int_equal(device_store_row(store, kind, id, &meta), STATUS_OK);
	assert_int_equal(records_get(device_store_records(store), kind, id, &row), STATUS_OK);
	other = row_copy(&pair->arena, schema, row);
	*(struct text *)field_at_mutable(schema_field(schema, text_of(field)), other) = text_of("rotten");
	assert_int_equal(device_store_put_row(store, kind, other, &meta), STATUS_OK);
	commit(store);
}

static void lose(struct simulation *pair, unsigned number, enum record_kind kind, const struct id *id)
{
	struct device_store *store = pair_device(pair, number)->store;

	begin(store);
	assert_int_equal(device_store_remove_row(store, kind, id), STATUS_OK);
	commit(store);
}

/* A row that the server never had. */
static struct id invent(struct simulation *pair, unsigned number)
{
	struct device_store *store = pair_device(pair, number)->store;
	const struct site site = { .id = { { 0xab, (uint8_t)number } }, .territory_id = organisation_id(RECORD_TERRITORY, number - 1) };
	const struct schema *schema = schema_find(RECORD_SITE);
	const struct device_row meta = { .home = row_home(schema, &site), .hash = row_hash(schema, &site) };

	begin(store);
	assert_int_equal(device_store_put_row(store, RECORD_SITE, &site, &meta), STATUS_OK);
	commit(store);
	return site.id;
}

static void compare(struct simulation *pair, unsigned number)
{
	assert_int_equal(device_core_check(pair_device(pair, number)->core), STATUS_OK);
	device_node_go(pair, pair_device(pair, number));
}

static void a_comparison_of_equal_rows_changes_nothing(void **state)
{
	struct simulation *pair = *state;

	compare(pair, 1);
	assert_mended(pair, 1, 1);
	assert_int_equal(state_of(pair, 1).repaired_rows, 0);
	assert_int_equal(state_of(pair, 1).incidents, 0);
}

static void a_comparison_finds_rows_changed_lost_and_added(void **state)
{
	struct simulation *pair = *state;
	struct id site = organisation_id(RECORD_SITE, 0), asset = organisation_id(RECORD_ASSET, 0), extra;

	damage(pair, 1, RECORD_SITE, &site, "name");
	lose(pair, 1, RECORD_ASSET, &asset);
	extra = invent(pair, 1);
	compare(pair, 1);
	assert_mended(pair, 1, 1);
	assert_int_equal(state_of(pair, 1).repaired_rows, 3);
	assert_true(pair_on_device(pair, 1, RECORD_ASSET, &asset));
	assert_false(pair_on_device(pair, 1, RECORD_SITE, &extra));
}

/* The server changes a row that is not here as it thinks. */
static void a_digest_that_does_not_fit_is_repaired_and_told(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), asset = organisation_id(RECORD_ASSET, 0), site = organisation_id(RECORD_SITE, 0);

	pair_settle(pair);
	damage(pair, 1, RECORD_WORK_ORDER, &order, "title");
	lose(pair, 1, RECORD_SITE, &site);
	pair_device(pair, 1)->damaged = true; /* it may find an incident */
	pair_set_id(pair, RECORD_WORK_ORDER, &order, "asset_id", &asset);
	assert_mended(pair, 1, 1);
	assert_int_equal(state_of(pair, 1).incidents, 1);
	assert_int_equal(state_of(pair, 1).repaired_rows, 2);
}

static enum status count_digest(void *context, const struct kept_incident *incident)
{
	size_t *count = context;

	*count += incident->incident.kind == INCIDENT_DIGEST;
	return STATUS_OK;
}

static bool is_request(const struct event *event)
{
	return event->kind == EVENT_REQUEST && event->node == 1;
}

/* The request that tells of it never arrives. */
static void what_was_found_is_told_again_when_the_word_of_it_was_lost(void **state)
{
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0), asset = organisation_id(RECORD_ASSET, 0);
	struct bytes frame;
	uint64_t connection;
	size_t told = 0;

	pair_settle(pair);
	damage(pair, 1, RECORD_WORK_ORDER, &order, "title");
	device->damaged = true; /* it may find an incident */
	pair_set_id(pair, RECORD_WORK_ORDER, &order, "asset_id", &asset);
	while (state_of(pair, 1).incidents == 0)
		assert_true(simulation_step(pair));
	do {
		assert_true(simulation_step(pair));
		assert_true(pair_intercept(pair, 1, &frame, &connection));
	} while (envelope_looks_like(frame));
	event_queue_drop(&pair->queue, is_request);
	device_node_lost(pair, device);
	pair_settle(pair);
	assert_int_equal(server_store_each_incident(pair->server.store, true, 100, count_digest, &told), STATUS_OK);
	assert_int_equal(told, 1);
}

static void a_job_gets_its_lost_links_and_rows_back(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), site = organisation_id(RECORD_SITE, 0);
	const struct scope job = { SCOPE_JOB, order };
	struct device_store *store = pair_device(pair, 2)->store;

	(void)pair_book(pair, &order, 2);
	pair_settle(pair);
	begin(store);
	assert_int_equal(device_store_unlink(store, &job, RECORD_SITE, &site), STATUS_OK);
	assert_int_equal(device_store_remove_row(store, RECORD_WORK_ORDER, &order), STATUS_OK);
	assert_int_equal(device_store_link(store, &job, RECORD_ASSET, &order), STATUS_OK); /* there is no such asset */
	commit(store);
	compare(pair, 2);
	assert_mended(pair, 2, 1);
	assert_true(pair_on_device(pair, 2, RECORD_SITE, &site) && pair_on_device(pair, 2, RECORD_WORK_ORDER, &order));
}

static void what_is_pending_is_laid_on_top_again(void **state)
{
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0), remark;

	pair_settle(pair);
	network_cut(pair, pair_device(pair, 1));
	pair_device(pair, 1)->link_up = false;
	remark = pair_note(pair, 1, &order);
	damage(pair, 1, RECORD_WORK_ORDER, &order, "title");
	compare(pair, 1);
	assert_true(pair_on_device(pair, 1, RECORD_NOTE, &remark));
	pair_device(pair, 1)->link_up = true;
	device_node_go(pair, pair_device(pair, 1));
	assert_mended(pair, 1, 1);
	assert_true(pair_on_server(pair, RECORD_NOTE, &remark) && pair_on_device(pair, 1, RECORD_NOTE, &remark));
}

/* In the middle of it the device is killed; the server goes on. */
static void a_repair_goes_on_after_a_crash(void **state)
{
	struct simulation *pair = *state;
	struct id site = organisation_id(RECORD_SITE, 0);
	struct device_node *device = pair_device(pair, 1);
	struct repair repair = { 0 };

	damage(pair, 1, RECORD_SITE, &site, "name");
	compare(pair, 1);
	while (!repair.answered) {
		assert_true(simulation_step(pair));
		assert_int_equal(repair_load(device->store, &pair->arena, &repair), STATUS_OK);
		assert_true(repair.under_way);
	}
	assert_int_equal(device_store_incident(device->store, 0, "synced", text_of("")), STATUS_OK); /* the disk keeps what was so far */
	device_node_kill(pair, device);
	(void)pair_order(pair, 0);
	device_node_start(pair, device, false);
	assert_int_equal(repair_load(device->store, &pair->arena, &repair), STATUS_OK);
	assert_true(repair.answered);
	assert_mended(pair, 1, 1);
}

/* As the disk may leave it: what is left to ask cannot be read, or is cut. */
static void a_repair_that_cannot_be_read_begins_anew(void **state)
{
	static const uint8_t cut[] = { 1 };
	struct simulation *pair = *state;
	struct device_node *device = pair_device(pair, 1);
	struct id order = pair_order(pair, 0);
	struct repair repair;

	pair_settle(pair);
	damage(pair, 1, RECORD_WORK_ORDER, &order, "title");
	device->damaged = true; /* it may find an incident */
	begin(device->store);
	assert_int_equal(device_store_put_repair(device->store, (struct bytes){ cut, sizeof(cut) }), STATUS_OK);
	commit(device->store);
	assert_int_equal(repair_load(device->store, &pair->arena, &repair), STATUS_CORRUPT);
	device_node_kill(pair, device);
	device_node_start(pair, device, false);
	assert_int_equal(state_of(pair, 1).incidents, 1);
	assert_int_equal(repair_load(device->store, &pair->arena, &repair), STATUS_OK);
	assert_true(repair.under_way);
	assert_mended(pair, 1, 1);
	assert_int_equal(state_of(pair, 1).repaired_rows, 1);
}

static void a_scope_granted_meanwhile_is_fetched_and_one_taken_away_goes(void **state)
{
	struct simulation *pair = *state;
	struct id there = pair_order(pair, 0), gone = pair_order(pair, 0), visit;
	const struct scope job = { SCOPE_JOB, there }, other = { SCOPE_JOB, gone };
	struct device_store *store = pair_device(pair, 2)->store;
	struct digest digest;

	(void)pair_book(pair, &there, 2);
	visit = pair_book(pair, &gone, 2);
	pair_settle(pair);
	begin(store); /* as if it had never heard of the job */
	assert_int_equal(device_store_remove_scope(store, &job), STATUS_OK);
	assert_int_equal(device_store_remove_row(store, RECORD_WORK_ORDER, &there), STATUS_OK);
	commit(store);
	compare(pair, 2);
	assert_mended(pair, 2, 1);
	assert_true(pair_on_device(pair, 2, RECORD_WORK_ORDER, &there));
	assert_int_equal(device_store_scope(store, &other, &digest), STATUS_OK);
	(void)visit;
}

/* Of rows at home in a territory that is held, a job's answer says only that they are linked; before the territory is asked about, it is
 * taken away. */
static void a_row_of_a_job_is_put_right_whose_territory_goes_before_it_is_asked_about(void **state)
{
	struct simulation *pair = *state;
	struct id technician = organisation_id(RECORD_TECHNICIAN, 0), valley = organisation_id(RECORD_TERRITORY, 1);
	struct id order = pair_order(pair, 0);
	struct repair repair = { 0 };

	for (int i = 0; i < 20; i++) /* too many to be given at once */
		(void)pair_order(pair, 0);
	(void)pair_book(pair, &order, 1);
	pair_settle(pair);
	damage(pair, 1, RECORD_WORK_ORDER, &order, "title");
	compare(pair, 1);
	while (!repair.answered) {
		assert_true(simulation_step(pair));
		assert_int_equal(repair_load(pair_device(pair, 1)->store, &pair->arena, &repair), STATUS_OK);
	}
	assert_true(repair.question_count > 0);
	pair_set_id(pair, RECORD_TECHNICIAN, &technician, "territory_id", &valley);
	assert_mended(pair, 1, 1);
	assert_true(pair_on_device(pair, 1, RECORD_WORK_ORDER, &order));
}

/* A row that a job brought leaves its territory, and the job ends, while the device is away. The device compares, and before it has heard
 * everything its technician comes to that territory: nobody says that the row left, as it did so before the first answer. */
static void a_row_that_left_before_a_comparison_goes_when_its_territory_comes_during_it(void **state)
{
	struct simulation *pair = *state;
	const struct territory hills = { .name = text_of("the hills") };
	const struct reason_arguments cancel = { .reason = text_of("called off") };
	struct id technician = organisation_id(RECORD_TECHNICIAN, 1), coast = organisation_id(RECORD_TERRITORY, 0);
	struct id site = organisation_id(RECORD_SITE, 0), elsewhere = pair_make(pair, RECORD_TERRITORY, &hills);
	struct id order = pair_order(pair, 0), visit = pair_book(pair, &order, 2);
	struct repair repair = { 0 };

	pair_settle(pair);
	assert_true(pair_on_device(pair, 2, RECORD_SITE, &site));
	device_node_kill(pair, pair_device(pair, 2));
	pair_set_id(pair, RECORD_SITE, &site, "territory_id", &elsewhere);
	pair_office(pair, OPERATION_CANCEL, &visit, &cancel);
	device_node_start(pair, pair_device(pair, 2), false);
	compare(pair, 2);
	while (!repair.answered) {
		assert_true(simulation_step(pair));
		assert_int_equal(repair_load(pair_device(pair, 2)->store, &pair->arena, &repair), STATUS_OK);
	}
	pair_set_id(pair, RECORD_TECHNICIAN, &technician, "territory_id", &coast);
	assert_mended(pair, 2, 1);
	assert_int_equal(state_of(pair, 2).incidents, 0);
	assert_false(pair_on_device(pair, 2, RECORD_SITE, &site));
	assert_true(pair_on_device(pair, 2, RECORD_WORK_ORDER, &order)); /* of the coast */
}

/* ---- what the server tells ---- */

static struct recon_finding look(struct simulation *pair, unsigned number, const struct recon_question *questions, size_t count)
{
	const struct recon_request request = { questions, count };
	struct recon_inquiry inquiry = {
		.store = pair->server.store, .arena = &pair->arena, .request = &request, .raw_max = (size_t)100 * 1024
	};
	struct recon_finding finding;

	inquiry.device = organisation_device_id(number);
	assert_int_equal(server_store_begin_read(pair->server.store), STATUS_OK);
	assert_int_equal(recon_look(&inquiry, &finding), STATUS_OK);
	server_store_rollback(pair->server.store);
	return finding;
}

static void nothing_is_told_of_a_scope_that_is_not_granted(void **state)
{
	static const struct recon_digest buckets[RECON_FAN];
	struct simulation *pair = *state;
	const struct scope scopes[] = {
		{ SCOPE_TERRITORY, organisation_id(RECORD_TERRITORY, 1) }, /* device 2's */
		{ SCOPE_TERRITORY, { { 0x99 } } },                         /* nobody's */
	};

	for (size_t i = 0; i < LENGTH(scopes); i++) {
		const struct recon_question questions[] = {
			{ .form = RECON_WHOLE, .scope = scopes[i] },
			{ .form = RECON_BUCKETS, .scope = scopes[i], .buckets = buckets },
			{ .form = RECON_ROWS, .scope = scopes[i] },
		};
		struct recon_finding finding = look(pair, 1, questions, LENGTH(questions));

		assert_int_equal(finding.reply.count, LENGTH(questions));
		assert_int_equal(finding.page.group_count, 0);
		for (size_t k = 0; k < LENGTH(questions); k++)
			assert_int_equal(finding.reply.answers[k].verdict, RECON_NOT_HELD);
	}
}

static void a_range_has_its_rows_and_goes_on_where_it_was_cut(void **state)
{
	struct simulation *pair = *state;
	struct recon_question question = { .form = RECON_ROWS, .scope = { SCOPE_TERRITORY, organisation_id(RECORD_TERRITORY, 0) } };
	const struct recon_request request = { &question, 1 };
	struct recon_inquiry inquiry = { .store = pair->server.store, .arena = &pair->arena, .request = &request, .raw_max = 1 };
	size_t whole = 0, pieces = 0;
	struct recon_finding finding = look(pair, 1, &question, 1);

	for (size_t i = 0; i < finding.page.group_count; i++)
		whole += finding.page.groups[i].count;
	inquiry.device = organisation_device_id(1);
	do { /* a row at a time */
		assert_int_equal(server_store_begin_read(pair->server.store), STATUS_OK);
		assert_int_equal(recon_look(&inquiry, &finding), STATUS_OK);
		server_store_rollback(pair->server.store);
		pieces += finding.page.group_count;
		question.after_kind = finding.reply.answers[0].until_kind;
		question.after = finding.reply.answers[0].until;
	} while (question.after_kind != RECORD_NONE);
	assert_true(whole > 3);
	assert_int_equal(pieces, whole);
}

/* Ranges of a job without rows are passed over by an index, however many rows the job has. */
static void a_range_of_a_job_costs_the_rows_in_it(void **state)
{
	static struct recon_question questions[RECON_QUESTIONS_MAX];
	const struct note_arguments remark = { .text = text_of("one of many") };
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	struct recon_finding finding;

	for (int i = 0; i < 40; i++)
		pair_office(pair, OPERATION_ADD_NOTE, &order, &remark);
	(void)pair_book(pair, &order, 1);
	for (size_t i = 0; i < RECON_QUESTIONS_MAX; i++)
		questions[i] = (struct recon_question){ .form = RECON_ROWS, .scope = { SCOPE_JOB, order }, .prefix = { 1, 1 }, .depth = 2 };
	finding = look(pair, 1, questions, RECON_QUESTIONS_MAX);
	assert_int_equal(finding.reply.count, RECON_QUESTIONS_MAX);
	assert_in_range(finding.looked_at, RECON_QUESTIONS_MAX, RECON_QUESTIONS_MAX + 100);
	questions[0] = (struct recon_question){ .form = RECON_ROWS, .scope = { SCOPE_JOB, order } };
	finding = look(pair, 1, questions, 1);
	assert_true(finding.looked_at > 40);
}

/* Questions about whole scopes make the server go through its rows, each time through all of them. */
static void a_request_of_many_questions_is_answered_in_parts(void **state)
{
	static const struct recon_digest buckets[RECON_FAN];
	static struct recon_question questions[RECON_QUESTIONS_MAX];
	const struct note_arguments remark = { .text = text_of("one of many") };
	struct simulation *pair = *state;
	struct id order = pair_order(pair, 0);
	const struct recon_question question = {
		.form = RECON_BUCKETS, .scope = { SCOPE_TERRITORY, organisation_id(RECORD_TERRITORY, 0) }, .buckets = buckets
	};
	struct recon_finding finding;

	for (int i = 0; i < 40; i++)
		pair_office(pair, OPERATION_ADD_NOTE, &order, &remark);
	for (size_t i = 0; i < RECON_QUESTIONS_MAX; i++)
		questions[i] = question;
	finding = look(pair, 1, questions, RECON_QUESTIONS_MAX);
	assert_in_range(finding.reply.count, 1, 3000);
	assert_int_equal(finding.reply.answers[0].verdict, RECON_DIFFERING);
}

/* Until a commit changes it; what is found is the same. */
static void a_scope_is_counted_once_however_often_it_is_asked_about(void **state)
{
	static const struct recon_digest none[RECON_FAN];
	static struct recon_cache cache;
	struct simulation *pair = *state;
	const struct recon_question question = {
		.form = RECON_BUCKETS, .scope = { SCOPE_TERRITORY, organisation_id(RECORD_TERRITORY, 0) }, .buckets = none
	};
	const struct recon_request request = { &question, 1 };
	struct recon_inquiry inquiry = {
		.store = pair->server.store, .cache = &cache, .arena = &pair->arena, .request = &request, .raw_max = (size_t)100 * 1024
	};
	size_t rows = look(pair, 1, &question, 1).looked_at;

	cache = (struct recon_cache){ 0 };
	inquiry.device = organisation_device_id(1);
	for (int change = 0; change < 3; change++) {
		for (int time = 0; time < 3; time++) {
			struct recon_finding finding, uncounted = look(pair, 1, &question, 1);

			assert_int_equal(server_store_begin_read(pair->server.store), STATUS_OK);
			assert_int_equal(recon_look(&inquiry, &finding), STATUS_OK);
			server_store_rollback(pair->server.store);
			assert_int_equal(finding.looked_at, time == 0 ? rows : 1);
			assert_memory_equal(finding.reply.answers[0].differing, uncounted.reply.answers[0].differing, RECON_FAN / 8);
		}
		(void)pair_order(pair, 0);
		rows = look(pair, 1, &question, 1).looked_at;
	}
	assert_true(rows > 10);
}

/* Who has made the server look at more than its share waits, and is answered. */
static void a_device_that_asks_too_much_waits_for_its_turn(void **state)
{
	struct simulation *pair = *state;
	struct id device = organisation_device_id(1);
	struct live_session *live;
	int64_t from_ms;

	pair_settle(pair);
	live = session_table_of_device(pair->server.core->sessions, &device);
	assert_non_null(live);
	from_ms = pair->now_ms;
	live->recon_until_ms = from_ms + 15000; /* 100,000 rows beyond what it may be ahead */
	compare(pair, 1);
	while (state_of(pair, 1).repairs == 0)
		assert_true(simulation_step(pair));
	assert_in_range(pair->now_ms - from_ms, 5000, 8000);
	assert_string_equal(state_of(pair, 1).failure, "");
	assert_mended(pair, 1, 1);
	(void)pair_order(pair, 0);
	from_ms = pair->now_ms;
	compare(pair, 2); /* nobody else waits */
	while (state_of(pair, 2).repairs == 0)
		assert_true(simulation_step(pair));
	assert_true(pair->now_ms - from_ms < 2000);
	assert_mended(pair, 2, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_comparison_of_equal_rows_changes_nothing),
		TEST(a_comparison_finds_rows_changed_lost_and_added),
		TEST(a_digest_that_does_not_fit_is_repaired_and_told),
		TEST(what_was_found_is_told_again_when_the_word_of_it_was_lost),
		TEST(a_job_gets_its_lost_links_and_rows_back),
		TEST(what_is_pending_is_laid_on_top_again),
		TEST(a_repair_goes_on_after_a_crash),
		TEST(a_repair_that_cannot_be_read_begins_anew),
		TEST(a_row_of_a_job_is_put_right_whose_territory_goes_before_it_is_asked_about),
		TEST(a_row_that_left_before_a_comparison_goes_when_its_territory_comes_during_it),
		TEST(nothing_is_told_of_a_scope_that_is_not_granted),
		TEST(a_range_has_its_rows_and_goes_on_where_it_was_cut),
		TEST(a_range_of_a_job_costs_the_rows_in_it),
		TEST(a_request_of_many_questions_is_answered_in_parts),
		TEST(a_scope_is_counted_once_however_often_it_is_asked_about),
		TEST(a_device_that_asks_too_much_waits_for_its_turn),
		TEST(a_scope_granted_meanwhile_is_fetched_and_one_taken_away_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
