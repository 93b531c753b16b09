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

static void a_record_as_json_has_every_field_under_its_name(void **state)
{
	json_t *json = record_to_json(&work_order_schema, &order);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(json, "closed_at")), "2026-11-21T14:30:00.250Z");
	assert_string_equal(json_string_value(json_object_get(json, "type")), "removal");
	assert_true(json_is_null(json_object_get(json, "site_id")));
	assert_int_equal(json_object_size(json), work_order_schema.field_count);
	for (size_t i = 0; i < work_order_schema.field_count; i++) {
		const struct field *field = &work_order_schema.fields[i];

		assert_non_null(json_object_getn(json, field->name, field_json_name_size(field)));
	}
	assert_string_equal(json_string_value(json_object_get(json, "id")), "01000000000000000000000000000000");
	assert_string_equal(json_string_value(json_object_get(json, "title")), "挖掘机 \"leaks\"");
	assert_int_equal(json_integer_value(json_object_get(json, "priority")), 3);
	assert_true(json_is_true(json_object_get(json, "released")));
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_as_json_has_every_field_under_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
