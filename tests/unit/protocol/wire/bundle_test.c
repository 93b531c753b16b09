#include <string.h>

#include "protocol/wire/bundle.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define ENVELOPES 3

static struct arena arena;
static const struct bundle_head head = { BUNDLE_TO_DEVICE, { { 1, 2, 3 } }, { { 4, 5, 6 } } };

static struct bytes make(size_t count)
{
	static uint8_t envelope[200];
	struct bundle_writer writer;
	struct bytes file = { 0 };

	bundle_begin(&writer, &arena, &head);
	for (size_t i = 0; i < count; i++) {
		memset(envelope, (int)(i + 1), sizeof(envelope));
		bundle_add(&writer, (struct bytes){ envelope, 100 + 30 * i });
	}
	assert_int_equal(bundle_end(&writer, &file), STATUS_OK);
	return file;
}

static void what_goes_in_comes_out(void **state)
{
	struct bytes file = make(ENVELOPES);
	struct bundle bundle;

	(void)state;
	assert_int_equal(bundle_read(file, &arena, &bundle), STATUS_OK);
	assert_int_equal(bundle.head.direction, BUNDLE_TO_DEVICE);
	assert_true(id_equal(&bundle.head.organisation, &head.organisation));
	assert_true(id_equal(&bundle.head.device, &head.device));
	assert_int_equal(bundle.count, ENVELOPES);
	for (size_t i = 0; i < ENVELOPES; i++) {
		assert_int_equal(bundle.envelopes[i].size, 100 + 30 * i);
		assert_int_equal(bundle.envelopes[i].data[0], i + 1);
	}
}

static void a_file_cut_at_any_byte_is_refused(void **state)
{
	struct bytes file = make(ENVELOPES);
	struct bundle bundle;

	(void)state;
	for (size_t size = 0; size < file.size; size++)
		assert_int_equal(bundle_read((struct bytes){ file.data, size }, &arena, &bundle), STATUS_CORRUPT);
}

static void a_file_with_any_bit_changed_is_refused(void **state)
{
	struct bytes file = make(ENVELOPES);
	uint8_t *changed = arena_copy(&arena, file.data, file.size);
	struct bundle bundle;

	(void)state;
	for (size_t bit = 0; bit < file.size * 8; bit++) {
		changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(bundle_read((struct bytes){ changed, file.size }, &arena, &bundle), STATUS_OK);
		changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(bundle_read((struct bytes){ changed, file.size }, &arena, &bundle), STATUS_OK);
}

static void what_was_appended_or_joined_is_refused(void **state)
{
	struct bytes file = make(ENVELOPES);
	uint8_t *twice = arena_allocate(&arena, 2 * file.size);
	struct bundle bundle;

	(void)state;
	memcpy(twice, file.data, file.size);
	memcpy(twice + file.size, file.data, file.size);
	for (size_t size = file.size + 1; size <= 2 * file.size; size++)
		assert_int_equal(bundle_read((struct bytes){ twice, size }, &arena, &bundle), STATUS_CORRUPT);
	assert_non_null(strstr(fail_reason(), "joined"));
}

static void nothing_is_no_bundle(void **state)
{
	struct bundle_writer writer;
	struct bytes file;

	(void)state;
	bundle_begin(&writer, &arena, &head);
	assert_int_equal(bundle_end(&writer, &file), STATUS_INVALID);
}

static void a_newer_version_says_so(void **state)
{
	struct bytes file = make(1);
	uint8_t *newer = arena_copy(&arena, file.data, file.size);
	struct bundle bundle;

	(void)state;
	newer[7] = '2';
	assert_int_equal(bundle_read((struct bytes){ newer, file.size }, &arena, &bundle), STATUS_NEWER);
}

/* The list is not made for a number that the file does not hold. */
static void a_great_count_costs_no_memory(void **state)
{
	struct bytes file = make(1);
	uint8_t *great = arena_copy(&arena, file.data, file.size);
	struct arena small = { 0 };
	struct bundle bundle;

	(void)state;
	great[42] = 0xff; /* of the count */
	assert_int_equal(bundle_read((struct bytes){ great, file.size }, &small, &bundle), STATUS_CORRUPT);
	assert_int_equal(small.used, 0);
	arena_finish(&small);
}

static int let_go(void **state)
{
	(void)state;
	arena_finish(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(a_file_cut_at_any_byte_is_refused),
		cmocka_unit_test(a_file_with_any_bit_changed_is_refused),
		cmocka_unit_test(what_was_appended_or_joined_is_refused),
		cmocka_unit_test(nothing_is_no_bundle),
		cmocka_unit_test(a_newer_version_says_so),
		cmocka_unit_test(a_great_count_costs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, let_go);
}
