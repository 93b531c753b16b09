#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "protocol/domain/work_order.h"
#include "shell/record_json.h"

#include <cmocka.h>

static const struct work_order order = {
	.id = { { 1 } },
	.territory_id = { { 2 } },
	.number = { "WO-7", 4 },
	.title = { "挖掘机 \"leaks\"", 17 },
	.priority = 3,
	.released = true,
	.type = WORK_ORDER_TYPE_REMOVAL,
	.closed_at_ms = INT64_C(1795271400250),
	.state = WORK_ORDER_STATE_CLOSED,
};

static void a_record_survives_json_and_back(void **state)
{
	struct arena arena = { 0 };
	json_t *json = record_to_json(&work_order_schema, &order);
	void *back = NULL;

	(void)state;
	assert_string_equal(json_string_value(json_object_get(json, "closed_at")), "2026-11-21T14:30:00.250Z");
	assert_string_equal(json_string_value(json_object_get(json, "type")), "removal");
	assert_true(json_is_null(json_object_get(json, "site_id")));
	assert_int_equal(json_object_size(json), work_order_schema.field_count);
	assert_int_equal(record_from_json(&arena, &work_order_schema, json, &back), STATUS_OK);
	assert_true(row_equal(&work_order_schema, back, &order));
	json_decref(json);
	arena_finish(&arena);
}

static void what_does_not_fit_is_named_by_its_field(void **state)
{
	static const struct {
		const char *json, *word;
	} rows[] = {
		{ "[]", "work_order" },
		{ "{\"titel\":\"x\"}", "titel" },
		{ "{\"title\":7}", "title" },
		{ "{\"priority\":\"high\"}", "priority" },
		{ "{\"priority\":1.5}", "priority" },
		{ "{\"released\":1}", "released" },
		{ "{\"type\":\"magic\"}", "type" },
		{ "{\"closed_at\":\"soon\"}", "closed_at" },
		{ "{\"site_id\":\"xyz\"}", "site_id" },
		{ "{\"id\":\"01000000000000000000000000000000\",\"territory_id\":\"01000000000000000000000000000000\"}", "title" },
		{ "{\"id\":\"01000000000000000000000000000000\",\"territory_id\":\"01000000000000000000000000000000\","
		  "\"title\":\"x\",\"priority\":99}",
			"priority" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		json_t *json = json_loads(rows[i].json, 0, NULL);
		void *row = NULL;
		assert_non_null(json);
		assert_int_equal(record_from_json(&arena, &work_order_schema, json, &row), STATUS_INVALID);
		assert_non_null(strstr(fail_reason(), rows[i].word));
		assert_null(row);
		json_decref(json);
	}
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_survives_json_and_back),
		cmocka_unit_test(what_does_not_fit_is_named_by_its_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
