#include "protocol/domain/decide.h"

#include "protocol/domain/operation_outcome.h"
#include "tests/unit/protocol/domain/world.h"

static const enum operation_kind kinds[] = {
	OPERATION_BOOK,
	OPERATION_DISPATCH,
	OPERATION_CANCEL,
	OPERATION_REASSIGN,
	OPERATION_ACCEPT,
	OPERATION_DECLINE,
	OPERATION_TRAVEL,
	OPERATION_ARRIVE,
	OPERATION_PAUSE,
	OPERATION_RESUME,
	OPERATION_FINISH,
	OPERATION_ABORT,
	OPERATION_USE_PART,
	OPERATION_RETURN_PART,
	OPERATION_RESCHEDULE,
	OPERATION_ANSWER_TASK,
	OPERATION_LOG_TIME,
	OPERATION_READ_METER,
	OPERATION_ADD_PHOTO,
	OPERATION_SIGN,
	OPERATION_REOPEN_VISIT,
	OPERATION_HOLD,
	OPERATION_RELEASE,
	OPERATION_CLOSE,
	OPERATION_REOPEN_ORDER,
	OPERATION_CANCEL_ORDER,
};

/* A random day: visits in any state, then operations by anybody on any of them. */
static void live_a_day(struct world *world, uint64_t seed)
{
	world_init(world);
	for (uint8_t n = 1; n <= 3; n++)
		world_set_visit(
			world, n, (uint8_t)(1 + next_number(&seed) % 3), (enum visit_state)(next_number(&seed) % VISIT_STATE_COUNT));
	for (int i = 0; i < 30; i++) {
		enum operation_kind kind = kinds[next_number(&seed) % LENGTH(kinds)];
		bool office = operation_find(kind)->roles != ROLE_TECHNICIAN;
		uint8_t technician = (uint8_t)(1 + next_number(&seed) % 3), visit = (uint8_t)(1 + next_number(&seed) % 3);
		if (next_number(&seed) % 40 == 0)
			world_close_order(world, 1);
		(void)world_do(world, kind, visit, office ? 0 : technician);
	}
}

static void the_same_operations_have_the_same_effects(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct world first, second;
		live_a_day(&first, seed);
		live_a_day(&second, seed);
		assert_true(world_equal(&first, &second));
		world_finish(&first);
		world_finish(&second);
	}
}

static void the_orders_state_is_always_what_its_visits_say(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct world world;
		struct work_order derived;
		live_a_day(&world, seed);
		derived = *world_order(&world, 1);
		assert_int_equal(work_order_derive(&world.records, &derived), STATUS_OK);
		assert_true(row_equal(&work_order_schema, world_order(&world, 1), &derived));
		world_finish(&world);
	}
}

static void every_outcome_but_applied_has_its_row(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct world world;
		live_a_day(&world, seed);
		for (size_t i = 0; i < world.count; i++) {
			const struct operation_outcome *row = world.rows[i].row;
			if (world.rows[i].kind != RECORD_OPERATION)
				continue;
			assert_int_not_equal(row->outcome, OUTCOME_APPLIED);
			assert_int_equal(row->outcome == OUTCOME_ISSUE, world_find(&world, RECORD_ISSUE, row->issue_id) != NULL);
			assert_int_equal(row_validate(&operation_outcome_schema, row, NULL), STATUS_OK);
			assert_int_equal(row_home(&operation_outcome_schema, row).kind, SCOPE_DEVICE);
		}
		world_finish(&world);
	}
}

static void every_row_that_operations_leave_is_valid(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct world world;
		live_a_day(&world, seed);
		for (size_t i = 0; i < world.count; i++)
			assert_int_equal(row_validate(schema_find(world.rows[i].kind), world.rows[i].row, NULL), STATUS_OK);
		world_finish(&world);
	}
}

static void a_malformed_fact_is_parked_and_a_malformed_claim_rejected(void **state)
{
	const struct finish_arguments finish = { .outcome = VISIT_OUTCOME_FIXED };
	struct operation operation = world_operation(OPERATION_FINISH, world_id(RECORD_VISIT, 1), ANNA, &finish);
	struct world world;
	struct verdict verdict;

	(void)state;
	world_init(&world);
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	verdict = world_decide(&world, &operation);
	assert_rule(verdict, OUTCOME_PARKED, "bad_form");
	assert_text(verdict.field, "cause_code");
	assert_text(verdict.detail, "role=technician;reason=fixed_needs;operation=finish");
	assert_true(id_is_nil(&verdict.waits_for));
	operation = world_operation(OPERATION_CANCEL, world_id(RECORD_VISIT, 1), 0, NULL);
	assert_rule(world_decide(&world, &operation), OUTCOME_REJECTED, "bad_form");
	operation = world_operation(OPERATION_DISPATCH, world_id(RECORD_VISIT, 1), ANNA, NULL);
	assert_rule(world_decide(&world, &operation), OUTCOME_REJECTED, "not_allowed");
	operation = world_operation(OPERATION_TRAVEL, world_id(RECORD_VISIT, 1), 0, NULL);
	assert_rule(world_decide(&world, &operation), OUTCOME_PARKED, "not_allowed");
	operation = world_operation((enum operation_kind)77, world_id(RECORD_VISIT, 1), ANNA, NULL);
	assert_rule(world_decide(&world, &operation), OUTCOME_PARKED, "bad_form");
	world_finish(&world);
}

static void an_operation_from_beyond_the_calendar_is_kept_for_a_person_as_a_valid_row(void **state)
{
	static const int64_t beyond[] = { INT64_MIN, TIME_MAX_MS + 1, INT64_MAX };

	(void)state;
	for (size_t i = 0; i < LENGTH(beyond); i++) {
		struct operation operation = world_operation(OPERATION_TRAVEL, world_id(RECORD_VISIT, 1), ANNA, NULL);
		struct verdict verdict;
		struct world world;
		world_init(&world);
		world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
		operation.head.at_ms = beyond[i];
		verdict = world_decide(&world, &operation);
		assert_rule(verdict, OUTCOME_PARKED, "bad_form");
		assert_text(verdict.field, "at_ms");
		for (size_t k = 0; k < world.count; k++)
			if (world.rows[k].kind == RECORD_OPERATION)
				assert_int_equal(row_validate(&operation_outcome_schema, world.rows[k].row, NULL), STATUS_OK);
		world_finish(&world);
	}
}

/* A store whose n-th read fails. */
struct failing {
	struct records records;
	struct records *under;
	int reads_left;
};

static enum status failing_get(struct records *records, enum record_kind kind, const struct id *id, const void **out_row)
{
	struct failing *failing = (struct failing *)records;

	if (failing->reads_left-- == 0)
		return fail(STATUS_CORRUPT, "the store is damaged");
	return records_get(failing->under, kind, id, out_row);
}

static enum status failing_each(
	struct records *records, enum record_kind kind, const char *index_field, const struct id *key, record_visit visit, void *context)
{
	struct failing *failing = (struct failing *)records;

	if (failing->reads_left-- == 0)
		return fail(STATUS_CORRUPT, "the store is damaged");
	return records_each(failing->under, kind, index_field, key, visit, context);
}

static void a_failing_store_is_never_taken_for_an_answer(void **state)
{
	static const struct records_operations operations = { .get = failing_get, .each = failing_each };
	const struct part_arguments part = {
		.part_id = world_id(RECORD_PART, 1),
		.location_id = world_id(RECORD_STOCK_LOCATION, VAN_OF_ANNA),
		.quantity = 1,
	};
	const struct operation tried[] = {
		world_operation(OPERATION_ARRIVE, world_id(RECORD_VISIT, 1), ANNA, NULL),
		world_operation(OPERATION_ACCEPT, world_id(RECORD_VISIT, 1), ANNA, NULL),
		world_operation(OPERATION_USE_PART, world_id(RECORD_VISIT, 1), ANNA, &part),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(tried); i++) {
		bool failed = true;
		for (int reads = 0; failed; reads++) {
			struct decision decision = world_decision(&tried[i], 1);
			struct failing store = { .records = { .operations = &operations }, .reads_left = reads };
			struct world world;
			struct overlay overlay;
			struct verdict verdict;
			enum status status;
			world_init(&world);
			world_set_visit(&world, 1, ANNA, VISIT_STATE_DISPATCHED);
			store.under = &world.records;
			overlay_init(&overlay, &store.records, &world.arena);
			status = decide(&decision, &overlay, &world.arena, &verdict);
			failed = store.reads_left < 0;
			assert_int_equal(status, failed ? STATUS_CORRUPT : STATUS_OK);
			world_finish(&world);
			assert_true(reads < 50);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_operations_have_the_same_effects),
		cmocka_unit_test(the_orders_state_is_always_what_its_visits_say),
		cmocka_unit_test(every_outcome_but_applied_has_its_row),
		cmocka_unit_test(every_row_that_operations_leave_is_valid),
		cmocka_unit_test(a_malformed_fact_is_parked_and_a_malformed_claim_rejected),
		cmocka_unit_test(an_operation_from_beyond_the_calendar_is_kept_for_a_person_as_a_valid_row),
		cmocka_unit_test(a_failing_store_is_never_taken_for_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
