#include "tests/unit/device_agent/scratch_store.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct device_store_options scratch_options(void)
{
	return (struct device_store_options){ .create = true, .device = scratch_id(1, 1), .incarnation = scratch_id(2, 1) };
}

int scratch_set_up(void **state)
{
	const struct device_store_options options = scratch_options();
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	if (scratch == NULL)
		return -1;
	(void)snprintf(scratch->dir, sizeof(scratch->dir), "/tmp/device_store.XXXXXX");
	if (mkdtemp(scratch->dir) == NULL || device_store_open(scratch->dir, &options, &scratch->store) != STATUS_OK) {
		print_error("%s: %s\n", scratch->dir, fail_reason());
		free(scratch);
		return -1;
	}
	*state = scratch;
	return 0;
}

int scratch_tear_down(void **state)
{
	struct scratch *scratch = *state;
	DIR *dir = opendir(scratch->dir);
	struct dirent *entry;

	device_store_close(scratch->store);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char path[512];
		(void)snprintf(path, sizeof(path), "%s/%s", scratch->dir, entry->d_name);
		(void)unlink(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(scratch->dir);
	arena_finish(&scratch->arena);
	free(scratch);
	return 0;
}

void scratch_reopen(struct scratch *scratch)
{
	const struct device_store_options options = { 0 };

	device_store_close(scratch->store);
	scratch->store = NULL;
	assert_int_equal(device_store_open(scratch->dir, &options, &scratch->store), STATUS_OK);
}

struct id scratch_id(int kind, uint64_t number)
{
	struct id id;
	uint64_t state = number * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)kind * UINT64_C(0xD1B54A32D192ED03);

	for (size_t i = 0; i < ID_SIZE; i++) {
		state ^= state >> 29;
		state *= UINT64_C(0xBF58476D1CE4E5B9);
		id.bytes[i] = (uint8_t)(state >> 56);
	}
	return id;
}

void scratch_append(struct scratch *scratch, const char *canonical)
{
	static const uint8_t secret[WINDOW_SECRET_SIZE] = { 7 };
	struct outbox_state state;
	struct outbox_entry entry = { .canonical = { (const uint8_t *)canonical, strlen(canonical) } };

	assert_int_equal(device_store_outbox(scratch->store, &state), STATUS_OK);
	entry.seq = state.last_seq + 1;
	entry.head = chain_extend(&state.last_hash, secret, entry.seq, entry.canonical);
	entry.id = chain_operation_id(&entry.head);
	assert_int_equal(device_store_append(scratch->store, &entry, secret), STATUS_OK);
}
