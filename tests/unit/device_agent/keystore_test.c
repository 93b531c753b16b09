#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device_agent/keystore.h"
#include "shell/file.h"
#include "tests/unit/device_agent/scratch_store.h"

#include <cmocka.h>

struct fixture {
	struct scratch *scratch;
	struct text directory;
	struct keystore keys;
};

/* Keys in a sibling of the scratch store's folder. */
static struct fixture make(void **state)
{
	struct fixture fixture = { .scratch = *state };
	struct arena *arena = &fixture.scratch->arena;

	keys_init();
	assert_int_equal(unsetenv("TRUCKROLL_KEYS"), 0); /* NOLINT(concurrency-mt-unsafe) */
	fixture.directory = keystore_directory(arena, text_of("/"), text_of(fixture.scratch->dir), text_of(""));
	identity_generate(&fixture.keys.identity);
	fixture.keys.identity.id = scratch_id(1, 1);
	fixture.keys.organisation = scratch_id(5, 1);
	fixture.keys.technician = scratch_id(5, 2);
	fixture.keys.server = (struct party){ scratch_id(5, 3), fixture.keys.identity.keys };
	fixture.keys.url = text_of("tcp://127.0.0.1:7450");
	fixture.keys.technician_name = text_of("Ada\n# Brannock");
	fixture.keys.device_name = text_of("laptop");
	return fixture;
}

static void clear(const struct fixture *fixture)
{
	struct arena *arena = &fixture->scratch->arena;

	(void)unlink(path_join(arena, fixture->directory, text_of("device.keys")).data);
	keystore_drop_pending(arena, fixture->directory);
	(void)rmdir(fixture->directory.data);
}

static void the_keys_lie_beside_the_databases_and_not_among_them(void **state)
{
	struct scratch *scratch = *state;

	assert_int_equal(unsetenv("TRUCKROLL_KEYS"), 0); /* NOLINT(concurrency-mt-unsafe) */
	assert_string_equal(keystore_directory(&scratch->arena, text_of("/w"), text_of("/d/one/"), text_of("")).data, "/d/one.keys");
	assert_string_equal(keystore_directory(&scratch->arena, text_of("/w"), text_of("/d/one"), text_of("k")).data, "/w/k");
	assert_int_equal(setenv("TRUCKROLL_KEYS", "/elsewhere", 1), 0); /* NOLINT(concurrency-mt-unsafe) */
	assert_string_equal(keystore_directory(&scratch->arena, text_of("/w"), text_of("/d/one"), text_of("")).data, "/elsewhere");
	assert_string_equal(keystore_directory(&scratch->arena, text_of("/w"), text_of("/d/one"), text_of("/k")).data, "/k");
}

static void what_was_saved_is_loaded_and_only_the_owner_can_read_it(void **state)
{
	struct fixture fixture = make(state);
	struct arena *arena = &fixture.scratch->arena;
	struct keystore loaded;
	struct stat file, directory;

	assert_int_equal(keystore_save(arena, fixture.directory, &fixture.keys), STATUS_OK);
	assert_int_equal(keystore_load(arena, fixture.directory, &loaded), STATUS_OK);
	assert_memory_equal(&loaded.identity, &fixture.keys.identity, sizeof(loaded.identity));
	assert_true(id_equal(&loaded.technician, &fixture.keys.technician));
	assert_memory_equal(&loaded.server, &fixture.keys.server, sizeof(loaded.server));
	assert_string_equal(loaded.url.data, "tcp://127.0.0.1:7450");
	assert_string_equal(loaded.technician_name.data, "Ada   Brannock"); /* a name cannot smuggle in a setting */
	assert_int_equal(stat(path_join(arena, fixture.directory, text_of("device.keys")).data, &file), 0);
	assert_int_equal(stat(fixture.directory.data, &directory), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	assert_int_equal(directory.st_mode & 0777, 0700);
	clear(&fixture);
}

static void without_keys_the_device_is_not_enrolled(void **state)
{
	struct fixture fixture = make(state);
	struct keystore loaded;

	assert_int_equal(keystore_load(&fixture.scratch->arena, fixture.directory, &loaded), STATUS_NOT_FOUND);
	assert_non_null(strstr(fail_reason(), "truckroll enroll"));
}

/* Also what no other line bears out: whose device it is, the technician, the server and its keys. */
static void one_changed_character_anywhere_in_the_keys_is_refused_with_advice(void **state)
{
	struct fixture fixture = make(state);
	struct arena *arena = &fixture.scratch->arena;
	const char *path = path_join(arena, fixture.directory, text_of("device.keys")).data;
	struct keystore loaded;
	struct bytes saved;
	uint8_t *bytes;

	assert_int_equal(keystore_save(arena, fixture.directory, &fixture.keys), STATUS_OK);
	assert_int_equal(file_read(arena, path, 100000, &saved), STATUS_OK);
	bytes = (uint8_t *)(uintptr_t)saved.data;
	for (size_t i = 0; i < saved.size; i++) {
		uint8_t kept = bytes[i];
		bytes[i] = kept == '1' ? '2' : '1';
		assert_int_equal(file_write(path, saved, 0600), STATUS_OK);
		assert_int_equal(keystore_load(arena, fixture.directory, &loaded), STATUS_CORRUPT);
		bytes[i] = kept;
	}
	assert_non_null(strstr(fail_reason(), path));
	assert_non_null(strstr(fail_reason(), "put back a copy"));
	assert_non_null(strstr(fail_reason(), "outbox.db"));
	for (size_t size = 0; size < saved.size; size += 7) {
		struct bytes cut = { saved.data, size };
		assert_int_equal(file_write(path, cut, 0600), STATUS_OK);
		assert_int_equal(keystore_load(arena, fixture.directory, &loaded), STATUS_CORRUPT);
	}
	assert_int_equal(file_write(path, saved, 0600), STATUS_OK);
	assert_int_equal(keystore_load(arena, fixture.directory, &loaded), STATUS_OK);
	clear(&fixture);
}

static void keys_without_their_check_line_are_refused(void **state)
{
	struct fixture fixture = make(state);
	struct arena *arena = &fixture.scratch->arena;
	const char *path = path_join(arena, fixture.directory, text_of("device.keys")).data;
	struct keystore loaded;
	struct bytes saved;
	const char *check;

	assert_int_equal(keystore_save(arena, fixture.directory, &fixture.keys), STATUS_OK);
	assert_int_equal(file_read(arena, path, 100000, &saved), STATUS_OK);
	check = strstr((const char *)saved.data, "\ncheck = ");
	assert_non_null(check);
	saved.size = (size_t)(check + 1 - (const char *)saved.data);
	assert_int_equal(file_write(path, saved, 0600), STATUS_OK);
	assert_int_equal(keystore_load(arena, fixture.directory, &loaded), STATUS_CORRUPT);
	clear(&fixture);
}

static void an_interrupted_enrolment_finds_its_keys_again(void **state)
{
	struct fixture fixture = make(state);
	struct arena *arena = &fixture.scratch->arena;
	struct keystore_pending pending = { .ticket_id = scratch_id(6, 1) }, found;

	assert_int_equal(keystore_load_pending(arena, fixture.directory, &found), STATUS_NOT_FOUND);
	identity_generate(&pending.identity);
	assert_int_equal(keystore_save_pending(arena, fixture.directory, &pending), STATUS_OK);
	assert_int_equal(keystore_load_pending(arena, fixture.directory, &found), STATUS_OK);
	assert_true(id_equal(&found.ticket_id, &pending.ticket_id));
	assert_memory_equal(&found.identity, &pending.identity, sizeof(found.identity));
	keystore_drop_pending(arena, fixture.directory);
	assert_int_equal(keystore_load_pending(arena, fixture.directory, &found), STATUS_NOT_FOUND);
	clear(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_keys_lie_beside_the_databases_and_not_among_them, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(what_was_saved_is_loaded_and_only_the_owner_can_read_it, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(without_keys_the_device_is_not_enrolled, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(
			one_changed_character_anywhere_in_the_keys_is_refused_with_advice, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(keys_without_their_check_line_are_refused, scratch_set_up, scratch_tear_down),
		cmocka_unit_test_setup_teardown(an_interrupted_enrolment_finds_its_keys_again, scratch_set_up, scratch_tear_down),
	};

	return cmocka_run_group_tests_name("device_agent/keystore", tests, NULL, NULL);
}
