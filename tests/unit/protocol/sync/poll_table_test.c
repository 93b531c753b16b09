/* The table of waiting polls against a plain list that does the same by looking at everything. */
#include "protocol/sync/poll_table.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/protocol/wire/random_row.h"

/* Last, and without its fail(): ours has a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail

#define DEVICES    300
#define SCOPES     40
#define WISHES_MAX 5
#define STEPS      40000

/* What the table should know of each device. */
static struct {
	bool waits;
	int64_t deadline_ms;
	int64_t scopes[WISHES_MAX];
	size_t count;
} model[DEVICES];

static struct id device_id(size_t number)
{
	struct id id = { { (uint8_t)(number * 37), (uint8_t)(number >> 8), (uint8_t)number } };

	return id;
}

static size_t number_of(const struct inquiry *poll)
{
	return poll->device.bytes[2] | (size_t)poll->device.bytes[1] << 8;
}

static bool wishes(size_t number, int64_t scope)
{
	for (size_t i = 0; i < model[number].count; i++)
		if (model[number].scopes[i] == scope)
			return true;
	return false;
}

static void forget(struct inquiry *poll)
{
	assert_true(model[number_of(poll)].waits);
	model[number_of(poll)].waits = false;
	free(poll);
}

static void park(struct poll_table *table, struct dice *dice, int64_t now_ms)
{
	size_t number = dice_below(dice, DEVICES);
	struct inquiry *poll = inquiry_create(0), *earlier;

	poll->device = device_id(number);
	poll->deadline_ms = now_ms + (int64_t)dice_below(dice, 1000);
	model[number].count = dice_below(dice, WISHES_MAX + 1);
	for (size_t i = 0; i < model[number].count; i++)
		model[number].scopes[i] = (int64_t)dice_below(dice, SCOPES);
	earlier = poll_table_park(table, poll, model[number].scopes, model[number].count);
	assert_int_equal(earlier != NULL, model[number].waits);
	free(earlier);
	model[number].waits = true;
	model[number].deadline_ms = poll->deadline_ms;
}

static void change_scope(struct poll_table *table, int64_t scope)
{
	struct inquiry *poll;

	while ((poll = poll_table_take_of_scope(table, scope)) != NULL) {
		assert_true(wishes(number_of(poll), scope));
		forget(poll);
	}
	for (size_t i = 0; i < DEVICES; i++)
		assert_false(model[i].waits && wishes(i, scope));
}

static void let_time_pass(struct poll_table *table, int64_t now_ms)
{
	struct inquiry *poll;
	int64_t last_ms = 0;

	while ((poll = poll_table_take_due(table, now_ms)) != NULL) {
		assert_true(poll->deadline_ms >= last_ms && poll->deadline_ms <= now_ms);
		last_ms = poll->deadline_ms;
		forget(poll);
	}
	for (size_t i = 0; i < DEVICES; i++)
		assert_false(model[i].waits && model[i].deadline_ms <= now_ms);
}

static void check_sum(const struct poll_table *table)
{
	int64_t deadline_ms = INT64_MAX;
	size_t count = 0;

	for (size_t i = 0; i < DEVICES; i++) {
		count += model[i].waits;
		if (model[i].waits && model[i].deadline_ms < deadline_ms)
			deadline_ms = model[i].deadline_ms;
	}
	assert_int_equal(poll_table_count(table), count);
	assert_int_equal(poll_table_deadline_ms(table), deadline_ms);
}

static void a_poll_is_found_by_each_of_its_scopes_its_device_and_its_deadline(void **state)
{
	struct poll_table *table = poll_table_create();
	struct dice dice = dice_of(7);
	struct inquiry *poll;
	int64_t now_ms = 1;

	(void)state;
	for (int step = 0; step < STEPS; step++) {
		size_t what = dice_below(&dice, 100);
		if (what < 90) {
			park(table, &dice, now_ms);
		} else if (what < 93) {
			change_scope(table, (int64_t)dice_below(&dice, SCOPES + 2));
		} else if (what < 96) {
			struct id device = device_id(dice_below(&dice, DEVICES));
			if ((poll = poll_table_take_of_device(table, &device)) != NULL)
				forget(poll);
			assert_null(poll_table_take_of_device(table, &device));
		} else {
			now_ms += (int64_t)dice_below(&dice, 100);
			let_time_pass(table, now_ms);
		}
		if (step % 100 == 0)
			check_sum(table);
	}
	poll_table_destroy(table);
}

static void a_poll_that_waits_twice_for_one_scope_is_given_back_once(void **state)
{
	static const int64_t scopes[] = { 5, 5, 6 };
	struct poll_table *table = poll_table_create();
	struct inquiry *poll = inquiry_create(1);

	(void)state;
	assert_null(poll_table_park(table, poll, scopes, LENGTH(scopes)));
	assert_ptr_equal(poll_table_take_of_scope(table, 5), poll);
	assert_null(poll_table_take_of_scope(table, 5));
	assert_null(poll_table_take_of_scope(table, 6));
	assert_int_equal(poll_table_count(table), 0);
	free(poll);
	poll_table_destroy(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_poll_is_found_by_each_of_its_scopes_its_device_and_its_deadline),
		cmocka_unit_test(a_poll_that_waits_twice_for_one_scope_is_given_back_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
