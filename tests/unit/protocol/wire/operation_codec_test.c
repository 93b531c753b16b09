#include "protocol/domain/note.h"
#include "protocol/domain/work_order.h"
#include "protocol/wire/operation_codec.h"
#include "tests/unit/protocol/wire/damage.h"
#include "tests/unit/protocol/wire/random_row.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define SEEDS 3000

static struct bytes encoded(struct arena *arena, const struct operation *operation)
{
	struct writer writer = writer_in(arena, OPERATION_SIZE_MAX);

	operation_encode(&writer, operation);
	assert_false(writer.overflow);
	return writer_bytes(&writer);
}

static void every_operation_comes_back_with_the_same_bytes(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct dice dice = dice_of(seed);
		struct operation operation = dice_operation(&dice, &arena);
		struct bytes bytes = encoded(&arena, &operation);
		struct operation read;
		assert_int_equal(operation_decode(&arena, bytes, &read), STATUS_OK);
		assert_true(row_equal(&operation_head_schema, &operation.head, &read.head));
		assert_true(bytes_equal(encoded(&arena, &read), bytes));
		arena_reset(&arena);
	}
	arena_finish(&arena);
}

static void check_canonical(struct bytes damaged, void *context)
{
	struct arena arena = { 0 };
	struct operation operation;
	enum status status;

	(void)context;
	status = operation_decode(&arena, damaged, &operation);
	assert_true(arena.used <= 8192);
	if (status == STATUS_OK)
		assert_true(bytes_equal(encoded(&arena, &operation), damaged));
	else
		assert_true(status == STATUS_CORRUPT || status == STATUS_NEWER);
	arena_finish(&arena);
}

static void a_damaged_operation_is_refused_or_is_the_one_form_of_another(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct dice dice = dice_of(seed);
		struct operation operation = dice_operation(&dice, &arena);
		damage_each(encoded(&arena, &operation), check_canonical, NULL);
		arena_reset(&arena);
	}
	arena_finish(&arena);
}

static struct operation edit_of(const void *new_values, const void *old_values, uint64_t mask)
{
	return (struct operation){
		.head = { .subject = { .bytes = { 7 } }, .kind = OPERATION_EDIT, .record = RECORD_WORK_ORDER },
		.arguments = new_values,
		.old_values = old_values,
		.mask = mask,
	};
}

static void an_edit_carries_only_the_fields_of_its_mask(void **state)
{
	struct arena arena = { 0 };
	struct work_order before = { .id = { .bytes = { 7 } }, .title = text_of("old"), .priority = 1 };
	struct work_order after = { .id = { .bytes = { 7 } }, .title = text_of("new"), .priority = 5 };
	uint64_t title = (uint64_t)1 << schema_field(&work_order_schema, text_of("title"))->tag;
	struct operation edit = edit_of(&after, &before, title), read;
	const struct work_order *row;

	(void)state;
	assert_int_equal(operation_decode(&arena, encoded(&arena, &edit), &read), STATUS_OK);
	row = read.arguments;
	assert_true(text_equals(row->title, "new"));
	assert_int_equal(row->priority, 0);
	assert_true(id_is_nil(&row->id));
	row = read.old_values;
	assert_true(text_equals(row->title, "old"));
	assert_int_equal(row->priority, 0);
	assert_int_equal(read.mask, title);
	arena_finish(&arena);
}

/* The mask stands between the two rows, one byte here: the last tag of an empty edit of small masks. */
static void a_mask_cannot_name_the_id_or_an_unknown_field(void **state)
{
	static const struct {
		uint64_t mask;
		enum status status;
	} masks[] = { { 0, STATUS_OK },
		      { 4, STATUS_OK },
		      { 2, STATUS_CORRUPT },
		      { 1, STATUS_CORRUPT },
		      { (uint64_t)1 << 62, STATUS_NEWER } };
	struct work_order nothing = { 0 };
	struct operation edit = edit_of(&nothing, &nothing, 0), read;
	struct arena arena = { 0 };
	struct bytes whole = encoded(&arena, &edit);
	size_t rest = 1 + 1 + ID_SIZE; /* length, kind and nil id of the old values */

	(void)state;
	for (size_t i = 0; i < LENGTH(masks); i++) {
		struct writer writer = writer_in(&arena, 500);
		write_raw(&writer, whole.data, whole.size - rest - 1);
		write_varint(&writer, masks[i].mask);
		write_raw(&writer, whole.data + whole.size - rest, rest);
		assert_int_equal(operation_decode(&arena, writer_bytes(&writer), &read), masks[i].status);
	}
	arena_finish(&arena);
}

static void a_created_record_has_the_id_of_the_subject(void **state)
{
	struct arena arena = { 0 };
	struct note note = { .id = { .bytes = { 1 } }, .text = text_of("text") };
	struct operation create = { .head = { .kind = OPERATION_CREATE, .record = RECORD_NOTE }, .arguments = &note };
	struct operation read;

	(void)state;
	assert_int_equal(operation_decode(&arena, encoded(&arena, &create), &read), STATUS_OK);
	assert_true(id_is_nil(row_id(read.arguments)));
	create.head.subject = note.id;
	assert_int_equal(operation_decode(&arena, encoded(&arena, &create), &read), STATUS_OK);
	assert_true(id_equal(row_id(read.arguments), &note.id));
	arena_finish(&arena);
}

static void unknown_kinds_are_from_a_newer_program(void **state)
{
	static const struct operation_head heads[] = {
		{ .kind = (enum operation_kind)OPERATION_KIND_COUNT },
		{ .kind = OPERATION_NONE },
		{ .kind = OPERATION_CREATE, .record = 59 },
		{ .kind = OPERATION_EDIT, .record = RECORD_NONE },
		{ .kind = OPERATION_EDIT, .record = RECORD_OPERATION_HEAD },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(heads); i++) {
		struct operation operation = { .head = heads[i] }, read;
		struct bytes bytes;
		if (heads[i].kind == OPERATION_EDIT || heads[i].kind == OPERATION_CREATE)
			operation.head.kind = OPERATION_ACCEPT; /* what the encoder knows; then the kind is put in place */
		bytes = encoded(&arena, &operation);
		if (operation.head.kind != heads[i].kind) {
			uint8_t *copy = arena_copy(&arena, bytes.data, bytes.size);
			assert_int_equal(copy[1 + 1 + ID_SIZE + 2], OPERATION_ACCEPT);
			copy[1 + 1 + ID_SIZE + 2] = (uint8_t)heads[i].kind;
			bytes.data = copy;
		}
		assert_int_equal(operation_decode(&arena, bytes, &read), STATUS_NEWER);
	}
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_comes_back_with_the_same_bytes),
		cmocka_unit_test(a_damaged_operation_is_refused_or_is_the_one_form_of_another),
		cmocka_unit_test(an_edit_carries_only_the_fields_of_its_mask),
		cmocka_unit_test(a_mask_cannot_name_the_id_or_an_unknown_field),
		cmocka_unit_test(a_created_record_has_the_id_of_the_subject),
		cmocka_unit_test(unknown_kinds_are_from_a_newer_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
