#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/sync/loss.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

static const struct server_state server = { .epoch = { { 7 } }, .gseq = 100 };

static void look(struct losses *losses, uint8_t device, uint8_t epoch, int64_t gseq)
{
	const struct id id = { { device } };
	const struct cursor cursor = { { { epoch } }, gseq };

	loss_look(losses, &server, &id, &cursor);
}

static void only_a_later_commit_of_the_same_epoch_is_a_sign(void **state)
{
	struct losses losses = { 0 };

	(void)state;
	look(&losses, 1, 7, 0);
	look(&losses, 1, 7, 100);
	look(&losses, 1, 8, 101);
	assert_int_equal(losses.count, 0);
	look(&losses, 1, 7, 101);
	assert_int_equal(losses.count, 1);
	assert_int_equal(losses.signs[0].device.bytes[0], 1);
	assert_int_equal(losses.signs[0].device_gseq, 101);
	assert_int_equal(losses.signs[0].server_gseq, 100);
}

static void a_device_proves_once_and_any_number_of_devices_fits(void **state)
{
	struct losses losses = { 0 };

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int device = 1; device <= 2 * LOSS_SIGNS_MAX; device++)
			look(&losses, (uint8_t)device, 7, 100 + device);
	assert_int_equal(losses.count, LOSS_SIGNS_MAX);
	for (size_t i = 0; i < losses.count; i++)
		assert_int_equal(losses.signs[i].device.bytes[0], i + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_later_commit_of_the_same_epoch_is_a_sign),
		cmocka_unit_test(a_device_proves_once_and_any_number_of_devices_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
