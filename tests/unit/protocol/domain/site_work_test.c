/* What a day on site leaves behind: time, readings, photos, signatures; and who may be told about it. */
#include <string.h>

#include "protocol/domain/attachment.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/reading.h"
#include "protocol/domain/territory_grant.h"
#include "protocol/domain/time_entry.h"
#include "tests/unit/protocol/domain/world.h"

static struct world world;

static int begin(void **state)
{
	(void)state;
	world_init(&world);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_finish(&world);
	return 0;
}

static struct verdict act(enum operation_kind kind, const void *arguments, int64_t at_ms)
{
	struct operation operation = world_operation(kind, world_id(RECORD_VISIT, 1), ANNA, arguments);

	operation.head.at_ms = at_ms;
	return world_decide(&world, &operation);
}

static const void *made_last(enum record_kind kind)
{
	return world_find(&world, kind, world_decision(&(struct operation){ 0 }, world.operations).operation_id);
}

static void assert_span(enum time_kind kind, int64_t start_at_ms, int64_t end_at_ms)
{
	const struct time_entry *entry = made_last(RECORD_TIME_ENTRY);

	assert_non_null(entry);
	assert_int_equal(entry->kind, kind);
	assert_int_equal(entry->source, TIME_SOURCE_TAP);
	assert_int_equal(entry->start_at_ms, start_at_ms);
	assert_int_equal(entry->end_at_ms, end_at_ms);
}

static void the_commands_of_a_visit_keep_its_time(void **state)
{
	static const struct reason_arguments lunch = { .reason = { "lunch", 5 } };
	static const struct finish_arguments finish = { .outcome = VISIT_OUTCOME_PARTIAL, .signer_name = { "Dora", 4 } };

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ACCEPTED);
	assert_rule(act(OPERATION_TRAVEL, NULL, NOON), OUTCOME_APPLIED, "");
	assert_int_equal(world_count(&world, RECORD_TIME_ENTRY), 0);
	assert_rule(act(OPERATION_ARRIVE, NULL, NOON + 10), OUTCOME_APPLIED, "");
	assert_span(TIME_KIND_TRAVEL, NOON, NOON + 10);
	assert_rule(act(OPERATION_PAUSE, &lunch, NOON + 30), OUTCOME_APPLIED, "");
	assert_span(TIME_KIND_WORK, NOON + 10, NOON + 30);
	assert_rule(act(OPERATION_RESUME, NULL, NOON + 60), OUTCOME_APPLIED, "");
	assert_span(TIME_KIND_WAIT, NOON + 30, NOON + 60);
	assert_rule(act(OPERATION_FINISH, &finish, NOON + 100), OUTCOME_APPLIED, "");
	assert_span(TIME_KIND_WORK, NOON + 60, NOON + 100);
	assert_rule(act(OPERATION_REOPEN_VISIT, &lunch, NOON + 500), OUTCOME_APPLIED, "");
	assert_rule(act(OPERATION_FINISH, &finish, NOON + 510), OUTCOME_APPLIED, "");
	assert_span(TIME_KIND_WORK, NOON + 500, NOON + 510); /* the time between is nobody's */
	assert_int_equal(world_count(&world, RECORD_TIME_ENTRY), 5);
}

static void time_told_by_hand_is_marked_so(void **state)
{
	struct time_arguments arguments = { .kind = TIME_KIND_ADMIN, .start_at_ms = NOON - 100, .end_at_ms = NOON };
	const struct time_entry *entry;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_DONE);
	assert_rule(act(OPERATION_LOG_TIME, &arguments, NOON), OUTCOME_APPLIED, "");
	entry = made_last(RECORD_TIME_ENTRY);
	assert_int_equal(entry->source, TIME_SOURCE_MANUAL);
	assert_int_equal(row_home(&time_entry_schema, entry).kind, SCOPE_TECHNICIAN);
	arguments.end_at_ms = arguments.start_at_ms;
	assert_rule(act(OPERATION_LOG_TIME, &arguments, NOON), OUTCOME_PARKED, "bad_form");
}

static const struct meter *meter(void)
{
	return world_find(&world, RECORD_METER, world_id(RECORD_METER, 1));
}

static struct id read_meter(int64_t value, struct id corrects, int64_t at_ms)
{
	const struct reading_arguments arguments = { .meter_id = world_id(RECORD_METER, 1), .value = value, .corrects_id = corrects };

	assert_rule(act(OPERATION_READ_METER, &arguments, at_ms), OUTCOME_APPLIED, "");
	return world_decision(&(struct operation){ 0 }, world.operations).operation_id;
}

static void a_meter_shows_its_youngest_reading(void **state)
{
	const struct id none = { 0 };

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	(void)read_meter(100, none, NOON + 10);
	(void)read_meter(90, none, NOON); /* it came late */
	assert_int_equal(meter()->last_value, 100);
	assert_int_equal(meter()->last_at_ms, NOON + 10);
	assert_int_equal(world_count(&world, RECORD_READING), 2);
}

static void a_corrected_reading_counts_at_the_time_it_was_taken(void **state)
{
	const struct id none = { 0 };
	struct id wrong;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	wrong = read_meter(1000, none, NOON);
	(void)read_meter(100, wrong, NOON + 50);
	assert_int_equal(meter()->last_value, 100);
	assert_int_equal(meter()->last_at_ms, NOON);
	(void)read_meter(101, wrong, NOON + 60); /* the first is corrected once more */
	assert_int_equal(meter()->last_value, 101);
	(void)read_meter(200, none, NOON + 100);
	(void)read_meter(102, wrong, NOON + 200); /* what is corrected now is history */
	assert_int_equal(meter()->last_value, 200);
}

static struct verdict judge_reading(struct meter meter, int64_t value)
{
	const struct reading_arguments arguments = { .meter_id = world_id(RECORD_METER, 1), .value = value };

	meter.id = world_id(RECORD_METER, 1);
	meter.asset_id = world_id(RECORD_ASSET, 1);
	meter.territory_id = world_id(RECORD_TERRITORY, COAST);
	meter.last_reading_id = world_id(RECORD_READING, 9);
	world_put(&world, RECORD_METER, &meter);
	return act(OPERATION_READ_METER, &arguments, NOON + 10);
}

static void a_counter_turns_over_by_its_digits_and_what_cannot_be_right_is_told(void **state)
{
	static const struct {
		struct meter meter;
		int64_t value;
		const char *reason; /* NULL: it can be right */
	} rows[] = {
		{ { .kind = METER_KIND_COUNTER, .rollover = 99999, .last_value = 99990 }, 12, NULL },
		{ { .kind = METER_KIND_COUNTER, .rollover = 99999, .last_value = 50001 }, 49999, NULL },
		{ { .kind = METER_KIND_COUNTER, .rollover = 99999, .last_value = 1204 }, 1100, "counter_back" },
		{ { .kind = METER_KIND_COUNTER, .rollover = 99999, .last_value = 99990 }, 99980, "counter_back" },
		{ { .kind = METER_KIND_COUNTER, .rollover = 99999, .last_value = 99990 }, 100000, "beyond_meter" },
		{ { .kind = METER_KIND_COUNTER, .last_value = 99990 }, 12, "counter_back" },
		{ { .kind = METER_KIND_COUNTER, .last_value = 99990 }, 1000000, NULL },
		{ { .kind = METER_KIND_GAUGE, .last_value = 900 }, 12, NULL },
	};

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct verdict verdict = judge_reading(rows[i].meter, rows[i].value);
		assert_int_equal(meter()->last_value, rows[i].value);
		assert_rule(verdict, rows[i].reason == NULL ? OUTCOME_APPLIED : OUTCOME_ISSUE,
			rows[i].reason == NULL ? "" : "reading_unlikely");
		if (rows[i].reason != NULL)
			assert_non_null(strstr(arena_print(&world.arena, "%.*s", TEXT_ARGUMENTS(verdict.detail)).data, rows[i].reason));
	}
}

static void the_office_may_bring_readings_in(void **state)
{
	const struct reading reading = { .meter_id = world_id(RECORD_METER, 1), .value = 77 };
	struct operation operation = world_operation(OPERATION_CREATE, (struct id){ 0 }, 0, &reading);

	(void)state;
	operation.head.record = RECORD_READING;
	assert_rule(world_decide(&world, &operation), OUTCOME_APPLIED, "");
	assert_int_equal(meter()->last_value, 77);
	assert_int_equal(((const struct reading *)made_last(RECORD_READING))->territory_id.bytes[0], RECORD_TERRITORY);
}

static void a_photo_belongs_to_its_visit_or_to_what_is_named(void **state)
{
	struct photo_arguments arguments = { .size = 12, .caption = text_of("the leak") };
	const struct attachment *photo;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	assert_rule(act(OPERATION_ADD_PHOTO, &arguments, NOON), OUTCOME_APPLIED, "");
	photo = made_last(RECORD_ATTACHMENT);
	assert_int_equal(photo->record, RECORD_VISIT);
	assert_int_equal(photo->record_id.bytes[ID_SIZE - 1], 1);
	arguments.record = RECORD_ASSET;
	assert_rule(act(OPERATION_ADD_PHOTO, &arguments, NOON), OUTCOME_PARKED, "bad_form");
	arguments.record_id = world_id(RECORD_ASSET, 1);
	assert_rule(act(OPERATION_ADD_PHOTO, &arguments, NOON), OUTCOME_APPLIED, "");
	arguments.record_id = world_id(RECORD_ASSET, 9);
	assert_rule(act(OPERATION_ADD_PHOTO, &arguments, NOON), OUTCOME_PARKED, "missing_record");
	arguments.blob = text_of("not a hash");
	assert_rule(act(OPERATION_ADD_PHOTO, &arguments, NOON), OUTCOME_PARKED, "bad_form");
}

static struct verdict attach(uint8_t technician, const struct attachment *file)
{
	struct operation operation = world_operation(OPERATION_CREATE, (struct id){ 0 }, technician, file);

	operation.head.record = RECORD_ATTACHMENT;
	return world_decide(&world, &operation);
}

static void what_the_office_attaches_lives_where_its_record_does(void **state)
{
	struct attachment file = { .record = RECORD_ASSET,
		.record_id = world_id(RECORD_ASSET, 1),
		.kind = ATTACHMENT_KIND_DOCUMENT,
		.caption = text_of("manual") };
	const struct attachment *made;

	(void)state;
	assert_rule(attach(0, &file), OUTCOME_APPLIED, "");
	made = made_last(RECORD_ATTACHMENT);
	assert_int_equal(made->territory_id.bytes[0], RECORD_TERRITORY);
	assert_true(id_is_nil(&made->work_order_id) && id_is_nil(&made->visit_id) && id_is_nil(&made->technician_id));
	assert_int_equal(made->taken_at_ms, NOON);
	file.record = RECORD_WORK_ORDER;
	file.record_id = world_id(RECORD_WORK_ORDER, 1);
	assert_rule(attach(0, &file), OUTCOME_APPLIED, "");
	made = made_last(RECORD_ATTACHMENT);
	assert_true(id_equal(&made->work_order_id, &file.record_id));
	assert_int_equal(made->territory_id.bytes[0], RECORD_TERRITORY);
}

static void only_the_office_attaches_and_only_to_what_is_there_and_may_have_files(void **state)
{
	const struct attachment good = { .record = RECORD_ASSET, .record_id = world_id(RECORD_ASSET, 1), .kind = ATTACHMENT_KIND_DOCUMENT };
	struct attachment file = good;

	(void)state;
	assert_rule(attach(ANNA, &file), OUTCOME_PARKED, "not_allowed");
	file.record_id = world_id(RECORD_ASSET, 9);
	assert_rule(attach(0, &file), OUTCOME_PARKED, "missing_record");
	file = good;
	file.record = RECORD_SITE_ACCESS; /* which lives on no device but by a job */
	assert_rule(attach(0, &file), OUTCOME_PARKED, "bad_form");
	file.record = RECORD_PART; /* which lives everywhere */
	assert_rule(attach(0, &file), OUTCOME_PARKED, "bad_form");
	file.record = 63; /* no kind */
	assert_rule(attach(0, &file), OUTCOME_PARKED, "bad_form");
	file = good;
	file.kind = ATTACHMENT_KIND_SIGNATURE;
	assert_rule(attach(0, &file), OUTCOME_PARKED, "bad_form");
	file = good;
	file.blob = text_of("not a hash");
	assert_rule(attach(0, &file), OUTCOME_PARKED, "bad_form");
	file = good;
	file.territory_id = world_id(RECORD_TERRITORY, VALLEY); /* is computed */
	assert_rule(attach(0, &file), OUTCOME_PARKED, "bad_form");
	assert_int_equal(world_count(&world, RECORD_ATTACHMENT), 0);
}

static void a_signature_names_who_signed(void **state)
{
	const struct sign_arguments arguments = { .signer_name = text_of("Dora"), .signer_role = text_of("caretaker") };
	const struct attachment *signature;

	(void)state;
	world_set_visit(&world, 1, ANNA, VISIT_STATE_ON_SITE);
	assert_rule(act(OPERATION_SIGN, &arguments, NOON), OUTCOME_APPLIED, "");
	signature = made_last(RECORD_ATTACHMENT);
	assert_int_equal(signature->kind, ATTACHMENT_KIND_SIGNATURE);
	assert_text(world_visit(&world, 1)->signer_name, "Dora");
	assert_text(world_visit(&world, 1)->signer_role, "caretaker");
	assert_true(id_equal(&world_visit(&world, 1)->signature_id, &signature->id));
}

static void a_technician_serves_granted_territories_too(void **state)
{
	const struct work_order order = { .territory_id = world_id(RECORD_TERRITORY, VALLEY), .title = text_of("Gate stuck") };
	struct operation create = world_operation(OPERATION_CREATE, (struct id){ 0 }, ANNA, &order);
	struct territory_grant grant = { .id = world_id(RECORD_TERRITORY_GRANT, 1),
		.technician_id = world_id(RECORD_TECHNICIAN, ANNA),
		.territory_id = world_id(RECORD_TERRITORY, VALLEY) };

	(void)state;
	create.head.record = RECORD_WORK_ORDER;
	assert_rule(world_decide(&world, &create), OUTCOME_PARKED, "not_your_territory");
	world_put(&world, RECORD_TERRITORY_GRANT, &grant);
	assert_rule(world_decide(&world, &create), OUTCOME_APPLIED, "");
	grant.ended = true;
	world_put(&world, RECORD_TERRITORY_GRANT, &grant);
	assert_rule(world_decide(&world, &create), OUTCOME_PARKED, "not_your_territory");
}

static void what_belongs_to_another_record_lives_where_that_lives(void **state)
{
	const struct meter new_meter = { .asset_id = world_id(RECORD_ASSET, 1), .name = text_of("Pressure") };
	struct operation create = world_operation(OPERATION_CREATE, (struct id){ 0 }, 0, &new_meter);
	const struct id coast = world_id(RECORD_TERRITORY, COAST);
	const struct meter *made;

	(void)state;
	create.head.record = RECORD_METER;
	assert_rule(world_decide(&world, &create), OUTCOME_APPLIED, "");
	made = made_last(RECORD_METER);
	assert_true(id_equal(&made->territory_id, &coast));
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_WORLD(the_commands_of_a_visit_keep_its_time),
		IN_A_WORLD(time_told_by_hand_is_marked_so),
		IN_A_WORLD(a_meter_shows_its_youngest_reading),
		IN_A_WORLD(a_corrected_reading_counts_at_the_time_it_was_taken),
		IN_A_WORLD(a_counter_turns_over_by_its_digits_and_what_cannot_be_right_is_told),
		IN_A_WORLD(the_office_may_bring_readings_in),
		IN_A_WORLD(a_photo_belongs_to_its_visit_or_to_what_is_named),
		IN_A_WORLD(what_the_office_attaches_lives_where_its_record_does),
		IN_A_WORLD(only_the_office_attaches_and_only_to_what_is_there_and_may_have_files),
		IN_A_WORLD(a_signature_names_who_signed),
		IN_A_WORLD(a_technician_serves_granted_territories_too),
		IN_A_WORLD(what_belongs_to_another_record_lives_where_that_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
