#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device_agent/commands.h"
#include "device_agent/keystore.h"
#include "protocol/domain/balance.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/domain/part.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/technician.h"
#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"
#include "protocol/wire/chain.h"
#include "shell/control.h"
#include "shell/file.h"
#include "shell/runner.h"
#include "tests/unit/device_agent/scratch_store.h"

#include <cmocka.h>

#define NOW_MS    INT64_C(1790000000000)
#define WORDS_MAX 12

static const struct id territory = { { 0xaa, 1 } };
static const struct id ada = { { 0xbb, 1 } }, ben = { { 0xbb, 2 } };
static const struct id van = { { 0xcc, 1 } }, depot = { { 0xcc, 2 } };
static const struct id seal = { { 0xdd, 1 } };

static void put(struct scratch *scratch, enum record_kind kind, const void *row)
{
	const struct device_row meta = { .home = { SCOPE_TERRITORY, territory }, .gseq = 1 };

	assert_int_equal(device_store_put_row(scratch->store, kind, row, &meta), STATUS_OK);
}

static struct id visit_id(uint8_t number)
{
	return (struct id){ { 0x10, 0x00, 0x00, number } };
}

/* A visit by `technician` in that state, with its order HS-<order_number>. */
static void put_visit_of(
	struct scratch *scratch, uint8_t order_number, uint8_t number, const struct id *technician, enum visit_state state)
{
	struct work_order order = {
		.id = { { 0x20, 0x00, 0x00, order_number } }, .territory_id = territory, .title = text_of("Pump leaks"), .released = true
	};
	struct visit visit = { .id = visit_id(number),
		.work_order_id = order.id,
		.technician_id = *technician,
		.territory_id = territory,
		.planned_start_at_ms = NOW_MS + number,
		.state = state };

	order.number = arena_print(&scratch->arena, "HS-%d", order_number);
	put(scratch, RECORD_WORK_ORDER, &order);
	put(scratch, RECORD_VISIT, &visit);
}

/* Order HS-<number> with one visit by `technician` in that state. */
static void put_visit(struct scratch *scratch, uint8_t number, const struct id *technician, enum visit_state state)
{
	put_visit_of(scratch, number, number, technician, state);
}

static void put_stock(struct scratch *scratch, const struct id *location_id, int64_t quantity)
{
	const struct balance balance = { .id = id_pair(location_id, &seal),
		.location_id = *location_id,
		.part_id = seal,
		.quantity = quantity,
		.territory_id = territory };

	put(scratch, RECORD_BALANCE, &balance);
}

static void put_organisation(struct scratch *scratch)
{
	const struct technician technicians[] = {
		{ .id = ada, .name = text_of("Ada North"), .territory_id = territory, .van_location_id = van },
		{ .id = ben, .name = text_of("Ben Coast"), .territory_id = territory },
	};
	const struct stock_location places[] = {
		{ .id = van, .name = text_of("Van 1"), .kind = STOCK_LOCATION_KIND_VAN, .technician_id = ada, .territory_id = territory },
		{ .id = depot, .name = text_of("Depot"), .territory_id = territory },
	};
	const struct part part = { .id = seal, .number = text_of("P-7"), .description = text_of("Shaft seal") };

	for (size_t i = 0; i < LENGTH(technicians); i++)
		put(scratch, RECORD_TECHNICIAN, &technicians[i]);
	for (size_t i = 0; i < LENGTH(places); i++)
		put(scratch, RECORD_STOCK_LOCATION, &places[i]);
	put(scratch, RECORD_PART, &part);
	put_stock(scratch, &van, 3);
	put_stock(scratch, &depot, 50);
}

static struct text keys_of(struct scratch *scratch)
{
	return arena_print(&scratch->arena, "%s.keys", scratch->dir);
}

/* An enrolled device whose store is open for rows to be put; run() wants it closed. */
static int set_up(void **state)
{
	struct keystore keys = { .organisation = { { 9 } }, .technician = ada, .url = text_of("tcp://127.0.0.1:1") };
	struct scratch *scratch;

	if (scratch_set_up(state) != 0)
		return -1;
	scratch = *state;
	keys_init();
	identity_generate(&keys.identity);
	keys.identity.id = scratch_options().device;
	keys.server = (struct party){ { { 8 } }, keys.identity.keys };
	if (keystore_save(&scratch->arena, keys_of(scratch), &keys) != STATUS_OK || device_store_begin(scratch->store, false) != STATUS_OK)
		return -1;
	put_organisation(scratch);
	return 0;
}

static int tear_down(void **state)
{
	struct scratch *scratch = *state;
	struct text keys = keys_of(scratch);

	(void)unlink(path_join(&scratch->arena, keys, text_of("device.keys")).data);
	(void)rmdir(keys.data);
	return scratch_tear_down(state);
}

/* From here on the commands own the files. */
static void leave(struct scratch *scratch)
{
	assert_int_equal(device_store_commit(scratch->store), STATUS_OK);
	device_store_close(scratch->store);
	scratch->store = NULL;
}

static int64_t clock_off_ms; /* what is wrong with the device's clock */

static int64_t now_ms(void *context)
{
	(void)context;
	return NOW_MS + clock_off_ms;
}

static const struct clock fixed_clock = { .now_ms = now_ms, .monotonic_ms = now_ms };

/* Runs a command line with --json; the words end with NULL. The result is the caller's; the exit code is in "exit". */
static json_t *run(struct scratch *scratch, const char *const *line)
{
	struct zone zone = { 0 };
	const struct caller caller = { .working_dir = text_of("/"),
		.dir = text_of(scratch->dir),
		.zone = &zone,
		.clock = &fixed_clock,
		.now_ms = NOW_MS + clock_off_ms,
		.stdout_descriptor = -1,
		.stderr_descriptor = -1 };
	struct text words[WORDS_MAX] = { 0 };
	struct control_reply reply;
	size_t count = 0;
	json_t *result;

	for (size_t i = 0; line[i] != NULL; i++) {
		assert_true(count < WORDS_MAX - 1);
		words[count++] = text_of(line[i]);
	}
	words[count++] = text_of("--json");
	assert_int_equal(unsetenv("TRUCKROLL_KEYS"), 0); /* NOLINT(concurrency-mt-unsafe) */
	assert_int_equal(unsetenv("TRUCKROLL_DIR"), 0);  /* NOLINT(concurrency-mt-unsafe) */
	command_run_here(&device_program, &scratch->arena, &caller, words, count, &reply);
	result = json_loadb(reply.out.data, reply.out.size, 0, NULL);
	assert_non_null(result);
	assert_int_equal(json_object_set_new(result, "exit", json_integer(reply.exit_code)), 0);
	return result;
}

#define RUN(...) run(scratch, (const char *const[]){ __VA_ARGS__, NULL })

static int64_t exit_of(const json_t *result)
{
	return json_integer_value(json_object_get(result, "exit"));
}

static const char *string_of(const json_t *result, const char *name)
{
	const char *string = json_string_value(json_object_get(result, name));

	return string == NULL ? "" : string;
}

static const char *reason_of(const json_t *result)
{
	return string_of(json_object_get(result, "error"), "reason");
}

static void assert_visit(json_t *result, uint8_t number)
{
	struct id id = visit_id(number);

	assert_int_equal(exit_of(result), 0);
	assert_true(json_is_true(json_object_get(result, "saved")));
	assert_string_equal(string_of(result, "visit"), id_to_text(&id).characters);
	json_decref(result);
}

static size_t pending(struct scratch *scratch)
{
	json_t *outbox = RUN("outbox");
	size_t count = (size_t)json_integer_value(json_object_get(outbox, "pending"));

	assert_int_equal(json_array_size(json_object_get(outbox, "operations")), count);
	json_decref(outbox);
	return count;
}

static void today_shows_ones_own_open_visits_and_nobody_elses(void **state)
{
	struct scratch *scratch = *state;
	json_t *today, *visits;

	put_visit(scratch, 2, &ada, VISIT_STATE_ACCEPTED);
	put_visit(scratch, 1, &ada, VISIT_STATE_DISPATCHED);
	put_visit(scratch, 3, &ada, VISIT_STATE_ON_SITE);
	put_visit(scratch, 4, &ben, VISIT_STATE_DISPATCHED);
	leave(scratch);
	today = RUN("today");
	visits = json_object_get(today, "visits");
	assert_int_equal(json_array_size(visits), 3);
	assert_string_equal(string_of(json_array_get(visits, 0), "number"), "HS-3"); /* under way */
	assert_string_equal(string_of(json_array_get(visits, 1), "number"), "HS-1");
	assert_string_equal(string_of(json_array_get(visits, 2), "number"), "HS-2");
	json_decref(today);
}

static void a_visit_may_be_left_out_when_only_one_comes_into_question(void **state)
{
	struct scratch *scratch = *state;

	put_visit(scratch, 1, &ada, VISIT_STATE_DISPATCHED);
	put_visit(scratch, 2, &ben, VISIT_STATE_DISPATCHED);
	put_visit(scratch, 3, &ada, VISIT_STATE_DONE);
	leave(scratch);
	assert_visit(RUN("accept"), 1);
	assert_visit(RUN("travel"), 1);
	assert_visit(RUN("arrive"), 1);
	assert_int_equal(pending(scratch), 3);
}

static void the_outbox_tells_what_the_server_has_decided_from_what_is_only_saved(void **state)
{
	struct scratch *scratch = *state;
	struct replica_state replica;
	json_t *outbox, *operations;

	put_visit(scratch, 1, &ada, VISIT_STATE_DISPATCHED);
	leave(scratch);
	assert_visit(RUN("accept"), 1);
	assert_visit(RUN("travel"), 1);
	scratch_reopen(scratch);
	assert_int_equal(device_store_replica(scratch->store, &replica), STATUS_OK);
	replica.decided_seq = 1;
	assert_int_equal(device_store_begin(scratch->store, false), STATUS_OK);
	assert_int_equal(device_store_put_replica(scratch->store, &replica), STATUS_OK);
	leave(scratch);
	outbox = RUN("outbox");
	operations = json_object_get(outbox, "operations");
	assert_string_equal(string_of(json_array_get(operations, 0), "state"), "decided");
	assert_string_equal(string_of(json_array_get(operations, 1), "state"), "saved");
	json_decref(outbox);
}

static void what_is_under_way_comes_before_what_is_only_accepted(void **state)
{
	struct scratch *scratch = *state;

	put_visit(scratch, 1, &ada, VISIT_STATE_ACCEPTED);
	put_visit(scratch, 2, &ada, VISIT_STATE_ON_SITE);
	put_visit(scratch, 3, &ada, VISIT_STATE_ACCEPTED);
	leave(scratch);
	assert_visit(RUN("finish", "--cause", "WEAR", "--action", "REPLACE", "--signer", "B. Harper"), 2);
}

static void several_visits_in_question_are_named_and_nothing_is_saved(void **state)
{
	struct scratch *scratch = *state;
	json_t *result;

	put_visit(scratch, 1, &ada, VISIT_STATE_DISPATCHED);
	put_visit(scratch, 2, &ada, VISIT_STATE_DISPATCHED);
	leave(scratch);
	result = RUN("accept");
	assert_int_equal(exit_of(result), 2);
	assert_non_null(strstr(reason_of(result), "HS-1"));
	assert_non_null(strstr(reason_of(result), "HS-2"));
	json_decref(result);
	assert_int_equal(pending(scratch), 0);
}

/* A command that could not know which visit is meant, and says so in such words. */
static void assert_not_taken(json_t *result, const char *told)
{
	assert_int_equal(exit_of(result), 2);
	assert_non_null(strstr(reason_of(result), told));
	json_decref(result);
}

static void a_step_that_was_taken_is_about_another_visit_only_when_that_is_named(void **state)
{
	struct scratch *scratch = *state;

	put_visit(scratch, 1, &ada, VISIT_STATE_ON_SITE);
	leave(scratch);
	assert_not_taken(RUN("arrive"), "HS-1 Pump leaks already");
	scratch_reopen(scratch);
	assert_int_equal(device_store_begin(scratch->store, false), STATUS_OK);
	put_visit_of(scratch, 1, 2, &ada, VISIT_STATE_ACCEPTED);
	leave(scratch);
	assert_not_taken(RUN("arrive"), "HS-1 Pump leaks already");
	assert_not_taken(RUN("arrive", "HS-1"), "2 visits come into question");
	assert_int_equal(pending(scratch), 0);
	assert_visit(RUN("arrive", "10000002"), 2);
}

static void a_visit_is_found_by_the_number_of_its_order(void **state)
{
	struct scratch *scratch = *state;

	put_visit(scratch, 1, &ada, VISIT_STATE_DISPATCHED);
	put_visit(scratch, 2, &ada, VISIT_STATE_DISPATCHED);
	put_visit(scratch, 3, &ben, VISIT_STATE_DISPATCHED);
	leave(scratch);
	assert_visit(RUN("accept", "HS-2"), 2);
	assert_visit(RUN("accept", "10000001"), 1);
	assert_visit(RUN("travel", "HS-3"), 3); /* somebody else's: a fact all the same */
}

static void a_claim_that_the_rules_refuse_is_not_saved(void **state)
{
	struct scratch *scratch = *state;
	json_t *result;

	put_visit(scratch, 1, &ada, VISIT_STATE_DONE);
	leave(scratch);
	result = RUN("accept", "HS-1");
	assert_int_equal(exit_of(result), 1);
	assert_null(json_object_get(result, "saved"));
	json_decref(result);
	assert_int_equal(pending(scratch), 0);
}

static int64_t stock_of(struct scratch *scratch, const char *place)
{
	json_t *result = RUN("van", "--location", place);
	int64_t quantity = json_integer_value(json_object_get(json_array_get(json_object_get(result, "stock"), 0), "quantity"));

	json_decref(result);
	return quantity;
}

static void a_part_comes_from_the_own_van_unless_another_place_is_named(void **state)
{
	struct scratch *scratch = *state;

	put_visit(scratch, 1, &ada, VISIT_STATE_ON_SITE);
	leave(scratch);
	assert_visit(RUN("use", "P-7", "--quantity", "2"), 1);
	assert_int_equal(stock_of(scratch, "Van 1"), 1);
	assert_visit(RUN("use", "P-7", "--from", "Depot"), 1);
	assert_int_equal(stock_of(scratch, "Depot"), 49);
	assert_visit(RUN("return", "P-7"), 1);
	assert_int_equal(stock_of(scratch, "Van 1"), 2);
}

static void a_used_part_is_shown_to_have_gone_to_the_customer(void **state)
{
	struct scratch *scratch = *state;
	const json_t *part;
	json_t *result;

	put_visit(scratch, 1, &ada, VISIT_STATE_ON_SITE);
	leave(scratch);
	assert_visit(RUN("use", "P-7"), 1);
	result = RUN("show", "HS-1");
	part = json_array_get(json_object_get(result, "parts"), 0);
	assert_string_equal(string_of(part, "from"), "Van 1");
	assert_string_equal(string_of(part, "to"), "customer site");
	json_decref(result);
}

static void a_part_that_was_not_known_to_be_there_is_used_all_the_same(void **state)
{
	struct scratch *scratch = *state;
	json_t *result;

	put_visit(scratch, 1, &ada, VISIT_STATE_ON_SITE);
	leave(scratch);
	result = RUN("use", "P-7", "--quantity", "4");
	assert_string_equal(string_of(result, "outcome"), "issue");
	assert_string_equal(string_of(result, "rule"), "negative_stock");
	assert_visit(result, 1);
	result = RUN("issues");
	assert_int_equal(json_array_size(json_object_get(result, "issues")), 1);
	json_decref(result);
}

static void a_time_that_was_typed_is_kept_as_such(void **state)
{
	struct scratch *scratch = *state;
	json_t *result;

	put_visit(scratch, 1, &ada, VISIT_STATE_ACCEPTED);
	leave(scratch);
	assert_visit(RUN("arrive", "--at", "-10m"), 1);
	result = RUN("trace", "last");
	assert_string_equal(string_of(result, "kind"), "arrive");
	assert_string_equal(string_of(result, "at"), "2026-09-21T14:03:20Z");
	assert_true(json_is_true(json_object_get(result, "manual")));
	json_decref(result);
	result = RUN("travel", "--at", "+10m");
	assert_int_equal(exit_of(result), 2);
	json_decref(result);
}

static void only_one_end_of_a_signature_is_taken(void **state)
{
	struct scratch *scratch = *state;
	json_t *result;

	put_visit(scratch, 1, &ada, VISIT_STATE_ON_SITE);
	leave(scratch);
	result = RUN("finish", "--signer", "B. Harper", "--refused", "nobody there");
	assert_int_equal(exit_of(result), 2);
	json_decref(result);
	assert_int_equal(pending(scratch), 0);
}

static void an_edit_tells_before_and_after(void **state)
{
	struct scratch *scratch = *state;
	json_t *result, *field;

	put_visit(scratch, 1, &ada, VISIT_STATE_ACCEPTED);
	leave(scratch);
	result = RUN("edit", "work_order", "HS-1", "description=at the shaft");
	assert_int_equal(exit_of(result), 0);
	json_decref(result);
	result = RUN("trace", "#1");
	field = json_array_get(json_object_get(result, "fields"), 0);
	assert_string_equal(string_of(field, "field"), "description");
	assert_string_equal(string_of(field, "old"), "");
	assert_string_equal(string_of(field, "new"), "at the shaft");
	json_decref(result);
}

static void damage_replica(struct scratch *scratch)
{
	static const char *const log_endings[] = { "replica.db-wal", "replica.db-shm" };
	const struct bytes nonsense = {
		(const uint8_t *)"this is no database, and it is long enough to be read as one's head ....................................",
		100
	};

	for (size_t i = 0; i < LENGTH(log_endings); i++)
		(void)unlink(path_join(&scratch->arena, text_of(scratch->dir), text_of(log_endings[i])).data);
	assert_int_equal(
		file_write(path_join(&scratch->arena, text_of(scratch->dir), text_of("replica.db")).data, nonsense, 0600), STATUS_OK);
}

static void a_damaged_replica_is_put_aside_and_no_work_is_lost(void **state)
{
	struct scratch *scratch = *state;
	json_t *result;

	put_visit(scratch, 1, &ada, VISIT_STATE_DISPATCHED);
	leave(scratch);
	assert_visit(RUN("accept"), 1);
	damage_replica(scratch);
	result = RUN("today");
	assert_int_equal(exit_of(result), 5);
	assert_non_null(strstr(reason_of(result), "doctor --repair"));
	json_decref(result);
	result = RUN("doctor", "--offline");
	assert_int_equal(exit_of(result), 5);
	json_decref(result);
	result = RUN("doctor", "--offline", "--repair");
	assert_int_equal(exit_of(result), 0);
	assert_true(file_exists(path_join(&scratch->arena, text_of(scratch->dir), text_of(string_of(result, "put_aside"))).data));
	json_decref(result);
	assert_int_equal(pending(scratch), 1);
}

static void a_clock_that_cannot_be_right_is_told_by_doctor_and_with_what_it_spoils(void **state)
{
	struct scratch *scratch = *state;
	json_t *result;

	put_visit(scratch, 1, &ada, VISIT_STATE_ON_SITE);
	leave(scratch);
	clock_off_ms = -NOW_MS + 5000;
	result = RUN("doctor", "--offline");
	assert_int_equal(exit_of(result), 1);
	json_decref(result);
	clock_off_ms = -NOW_MS - 100000;
	result = RUN("note", "HS-1", "before there was time");
	clock_off_ms = 0;
	assert_int_not_equal(exit_of(result), 0);
	assert_non_null(strstr(reason_of(result), "before 1970"));
	json_decref(result);
	result = RUN("doctor", "--offline");
	assert_int_equal(exit_of(result), 0);
	json_decref(result);
}

static void parked_operations_are_listed_with_the_issues_and_promised_nothing_that_cannot_be(void **state)
{
	struct scratch *scratch = *state;
	const struct operation_outcome parked[] = {
		{ .id = scratch_id(6, 1), .kind = OPERATION_ADD_NOTE, .outcome = OUTCOME_PARKED, .rule = text_of("bad_form"),
			.detail = text_of("reason=no such thing"), .at_ms = 1000 },
		{ .id = scratch_id(6, 2), .kind = OPERATION_ADD_NOTE, .outcome = OUTCOME_PARKED, .rule = text_of("missing_record"),
			.field = text_of("work_order_id"), .waits_for = scratch_id(6, 9), .at_ms = 2000 },
		{ .id = scratch_id(6, 3), .kind = OPERATION_ADD_NOTE, .outcome = OUTCOME_APPLIED_NOTE, .rule = text_of("no_op"),
			.at_ms = 3000 },
		{ .id = scratch_id(6, 4), .kind = OPERATION_EDIT, .outcome = OUTCOME_PARKED, .rule = text_of("not_allowed"),
			.detail = text_of("role=device;reason=not_remembered"), .at_ms = 4000 },
		{ .id = scratch_id(6, 5), .kind = OPERATION_EDIT, .outcome = OUTCOME_PARKED, .rule = text_of("not_allowed"),
			.detail = text_of("role=device;reason=never_had"), .at_ms = 5000 },
	};
	const json_t *listed;
	json_t *result;

	for (size_t i = 0; i < LENGTH(parked); i++)
		put(scratch, RECORD_OPERATION, &parked[i]);
	leave(scratch);
	result = RUN("issues");
	listed = json_object_get(result, "parked");
	assert_int_equal(json_array_size(listed), 4);
	assert_non_null(strstr(string_of(json_array_get(listed, 0), "advice"), "anew"));
	assert_null(strstr(string_of(json_array_get(listed, 0), "words"), "release"));
	assert_non_null(strstr(string_of(json_array_get(listed, 1), "advice"), "by itself"));
	assert_non_null(strstr(string_of(json_array_get(listed, 2), "words"), "does not remember"));
	assert_non_null(strstr(string_of(json_array_get(listed, 2), "advice"), "has it again"));
	assert_non_null(strstr(string_of(json_array_get(listed, 3), "advice"), "the office decides"));
	json_decref(result);
}

static void keys_of_another_device_are_noticed(void **state)
{
	struct scratch *scratch = *state;
	struct keystore keys;
	json_t *result;

	leave(scratch);
	assert_int_equal(keystore_load(&scratch->arena, keys_of(scratch), &keys), STATUS_OK);
	keys.identity.id = scratch_options().device;
	keys.identity.id.bytes[ID_SIZE - 1] ^= 1;
	assert_int_equal(keystore_save(&scratch->arena, keys_of(scratch), &keys), STATUS_OK);
	result = RUN("today");
	assert_int_equal(exit_of(result), 5);
	assert_non_null(strstr(reason_of(result), "--keys"));
	assert_non_null(strstr(reason_of(result), id_to_text(&keys.identity.id).characters)); /* enough digits to differ */
	json_decref(result);
}

static void a_server_that_is_not_there_ends_a_sync_and_costs_nothing(void **state)
{
	struct scratch *scratch = *state;
	json_t *result;

	put_visit(scratch, 1, &ada, VISIT_STATE_DISPATCHED);
	leave(scratch);
	assert_visit(RUN("accept"), 1);
	result = RUN("sync");
	assert_int_equal(exit_of(result), 4);
	json_decref(result);
	assert_int_equal(pending(scratch), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(today_shows_ones_own_open_visits_and_nobody_elses),
		TEST(a_visit_may_be_left_out_when_only_one_comes_into_question),
		TEST(the_outbox_tells_what_the_server_has_decided_from_what_is_only_saved),
		TEST(what_is_under_way_comes_before_what_is_only_accepted),
		TEST(several_visits_in_question_are_named_and_nothing_is_saved),
		TEST(a_step_that_was_taken_is_about_another_visit_only_when_that_is_named),
		TEST(a_visit_is_found_by_the_number_of_its_order),
		TEST(a_claim_that_the_rules_refuse_is_not_saved),
		TEST(a_part_comes_from_the_own_van_unless_another_place_is_named),
		TEST(a_used_part_is_shown_to_have_gone_to_the_customer),
		TEST(a_part_that_was_not_known_to_be_there_is_used_all_the_same),
		TEST(a_time_that_was_typed_is_kept_as_such),
		TEST(only_one_end_of_a_signature_is_taken),
		TEST(an_edit_tells_before_and_after),
		TEST(a_damaged_replica_is_put_aside_and_no_work_is_lost),
		TEST(a_clock_that_cannot_be_right_is_told_by_doctor_and_with_what_it_spoils),
		TEST(parked_operations_are_listed_with_the_issues_and_promised_nothing_that_cannot_be),
		TEST(keys_of_another_device_are_noticed),
		TEST(a_server_that_is_not_there_ends_a_sync_and_costs_nothing),
	};

	return cmocka_run_group_tests_name("device_agent/commands", tests, NULL, NULL);
}
