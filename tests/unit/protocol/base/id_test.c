#include "protocol/base/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* the tree has a function of that name */

static void an_id_survives_its_text(void **state)
{
	struct id id, copy;

	(void)state;
	for (int i = 0; i < ID_SIZE; i++)
		id.bytes[i] = (uint8_t)(17 * i + 3);
	assert_int_equal(id_from_text(text_of(id_to_text(&id).characters), &copy), STATUS_OK);
	assert_true(id_equal(&id, &copy));
	assert_string_equal(id_to_text(&id).characters, "031425364758697a8b9cadbecfe0f102");
}

static void dashes_and_capitals_are_read_as_well(void **state)
{
	struct id id;

	(void)state;
	assert_int_equal(id_from_text(text_of("031425364758-697A-8B9CADBECFE0F102"), &id), STATUS_OK);
	assert_string_equal(id_to_text(&id).characters, "031425364758697a8b9cadbecfe0f102");
}

static void anything_else_is_no_id(void **state)
{
	static const char *const bad[] = { "", "0", "031425364758697a8b9cadbecfe0f10", "031425364758697a8b9cadbecfe0f1022",
		"g31425364758697a8b9cadbecfe0f102" };
	struct id id = { { 9 } };

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_int_equal(id_from_text(text_of(bad[i]), &id), STATUS_INVALID);
	assert_int_equal(id.bytes[0], 9);
}

static void ids_are_ordered_by_bytes(void **state)
{
	const struct id nil = { { 0 } }, low = { { 1 } }, high = { { 0xff } };

	(void)state;
	assert_true(id_is_nil(&nil));
	assert_false(id_is_nil(&low));
	assert_true(id_compare(&low, &high) < 0);
	assert_true(id_compare(&high, &low) > 0);
	assert_int_equal(id_compare(&low, &low), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_survives_its_text),
		cmocka_unit_test(dashes_and_capitals_are_read_as_well),
		cmocka_unit_test(anything_else_is_no_id),
		cmocka_unit_test(ids_are_ordered_by_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
