#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "device_agent/standing_note.h"
#include "protocol/wire/message.h"
#include "shell/file.h"
#include "tests/unit/shell/scratch.h"

#include <cmocka.h> /* after ours: it has a macro called fail */

static const struct id self = { { 7 } }, other = { { 8 } };

static struct standing_note some_note(void)
{
	return (struct standing_note){ .device = self,
		.standing = { .incarnation = { { 1 } }, .seq = 290, .head = { { 2 } } },
		.machine = { 3 },
		.device_state = 2,
		.lease_until_ms = 1770000000000,
		.server_revision = 4,
		.refused = WIRE_ERROR_MALFORMED };
}

static struct standing_note read_back(struct scratch *scratch, const struct id *device)
{
	return standing_note_read(&scratch->arena, text_of(scratch->dir), device);
}

static void a_note_is_read_as_it_was_written(void **state)
{
	struct scratch *scratch = *state;
	struct standing_note note = some_note(), found = read_back(scratch, &self);

	assert_true(id_is_nil(&found.standing.incarnation));
	assert_int_equal(found.lease_until_ms, 0);
	standing_note_write(&scratch->arena, text_of(scratch->dir), &note);
	found = read_back(scratch, &self);
	assert_true(standing_note_equal(&found, &note));
	note.refused = 0;
	assert_false(standing_note_equal(&found, &note));
	note.standing.seq++;
	standing_note_write(&scratch->arena, text_of(scratch->dir), &note);
	found = read_back(scratch, &self);
	assert_true(standing_note_equal(&found, &note));
}

static void a_note_of_another_device_is_none(void **state)
{
	struct scratch *scratch = *state;
	struct standing_note note = some_note(), found;

	standing_note_write(&scratch->arena, text_of(scratch->dir), &note);
	found = read_back(scratch, &other);
	assert_true(id_is_nil(&found.standing.incarnation) && id_equal(&found.device, &other));
}

static void a_damaged_note_is_none(void **state)
{
	struct scratch *scratch = *state;
	struct standing_note note = some_note();
	const char *path = scratch_path(scratch, "standing");
	struct bytes content;

	standing_note_write(&scratch->arena, text_of(scratch->dir), &note);
	assert_int_equal(file_read(&scratch->arena, path, 256, &content), STATUS_OK);
	for (size_t i = 0; i < content.size; i++) {
		uint8_t *damaged = arena_copy(&scratch->arena, content.data, content.size);
		struct standing_note found;
		damaged[i] ^= 1;
		assert_int_equal(file_write(path, (struct bytes){ damaged, content.size }, 0600), STATUS_OK);
		found = read_back(scratch, &self);
		assert_true(id_is_nil(&found.standing.incarnation));
		assert_int_equal(file_write(path, (struct bytes){ content.data, i }, 0600), STATUS_OK);
		found = read_back(scratch, &self);
		assert_true(id_is_nil(&found.standing.incarnation));
	}
}

static void a_machine_is_known_by_its_id_and_never_by_the_lack_of_one(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_path(scratch, "machine-id");
	uint8_t none[MACHINE_SIZE], first[MACHINE_SIZE], second[MACHINE_SIZE], salted[MACHINE_SIZE];

	assert_int_equal(setenv("TRUCKROLL_MACHINE_ID", path, 1), 0);
	machine_hash(&scratch->arena, &self, none);
	assert_int_equal(file_write(path, (struct bytes){ (const uint8_t *)"one", 3 }, 0600), STATUS_OK);
	machine_hash(&scratch->arena, &self, first);
	machine_hash(&scratch->arena, &other, salted);
	assert_int_equal(file_write(path, (struct bytes){ (const uint8_t *)"two", 3 }, 0600), STATUS_OK);
	machine_hash(&scratch->arena, &self, second);
	assert_int_equal(unsetenv("TRUCKROLL_MACHINE_ID"), 0);
	assert_true(machine_differs(first, second));
	assert_false(machine_differs(first, first));
	assert_false(machine_differs(none, first) || machine_differs(first, none));
	assert_memory_not_equal(first, salted, MACHINE_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_note_is_read_as_it_was_written, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_note_of_another_device_is_none, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_damaged_note_is_none, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_machine_is_known_by_its_id_and_never_by_the_lack_of_one, scratch_make, scratch_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
