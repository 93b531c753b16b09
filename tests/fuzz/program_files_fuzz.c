/* The small files that the programs read back: keys and notes, changed by whoever can write there, and what a backup says of itself,
 * which comes from elsewhere. First byte modulo 10: device.keys and enrolment.keys under a check line that fits, device.keys as it is,
 * server.keys with root.key, the note of the last commit, the mark of a running owner, what went over a device's links, a device's
 * settings, what is remembered of a device (with its check), a backup's manifest. What is taken is saved as what is taken the same. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "device_agent/keystore.h"
#include "device_agent/settings.h"
#include "device_agent/standing_note.h"
#include "device_agent/traffic.h"
#include "server/backup_manifest.h"
#include "server/commit_note.h"
#include "server/run_mark.h"
#include "server/server_keys.h"
#include "shell/check_line.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/target.h"

static void try_device_keys(struct arena *arena, struct text dir)
{
	struct keystore keys, again;

	if (keystore_load(arena, dir, &keys) != STATUS_OK)
		return;
	insist(keystore_save(arena, dir, &keys) == STATUS_OK && keystore_load(arena, dir, &again) == STATUS_OK);
	insist(memcmp(&keys.identity, &again.identity, sizeof(keys.identity)) == 0 && keys.bench == again.bench);
	insist(text_equal(keys.url, again.url) && text_equal(keys.device_name, again.device_name));
}

static void try_pending_keys(struct arena *arena, struct text dir)
{
	struct keystore_pending pending, again;

	if (keystore_load_pending(arena, dir, &pending) != STATUS_OK)
		return;
	insist(keystore_save_pending(arena, dir, &pending) == STATUS_OK && keystore_load_pending(arena, dir, &again) == STATUS_OK);
	insist(id_equal(&pending.ticket_id, &again.ticket_id));
}

static void try_server_keys(struct arena *arena, struct text dir, struct bytes content)
{
	struct server_keys keys;
	struct identity identity;

	scratch_file_write("root.key", content);
	if (server_keys_load(arena, dir, &keys, &identity) != STATUS_OK) {
		memset(&keys, 0, sizeof(keys));
		(void)(server_keys_check_root(arena, dir, &keys) == STATUS_OK);
		return;
	}
	insist(server_keys_verify(&keys) == STATUS_OK);
	identity_wipe(&identity);
}

static void try_note(struct arena *arena, struct text dir)
{
	struct commit_note note = commit_note_read(arena, dir), again;

	if (id_is_nil(&note.epoch))
		return;
	commit_note_write(arena, dir, &note, false);
	again = commit_note_read(arena, dir);
	insist(id_equal(&note.epoch, &again.epoch) && note.gseq == again.gseq && note.gseq >= 0);
}

static void try_run_mark(struct arena *arena, struct text dir)
{
	struct suspect *suspects;
	size_t count;

	insist(run_mark_read(arena, dir, &suspects, &count) != RUN_MARK_NONE);
	insist(count <= SUSPECTS_MAX);
	for (size_t i = 0; i < count; i++)
		insist(suspects[i].work > SUSPECT_NONE && suspects[i].work < SUSPECT_WORK_COUNT);
}

static void try_traffic(struct arena *arena, struct text dir)
{
	struct traffic traffic = traffic_load(arena, dir), again;

	insist(traffic_rate(&traffic, LINK_CLASS_METERED) >= 0 && traffic_rate(&traffic, LINK_CLASS_UNMETERED) >= 0);
	traffic_save(arena, dir, &traffic);
	again = traffic_load(arena, dir);
	insist(memcmp(&traffic, &again, sizeof(traffic)) == 0);
}

static void try_settings(struct arena *arena, struct text dir)
{
	struct device_settings settings;

	(void)(device_settings_load(arena, dir, &settings) == STATUS_OK);
}

static void write_check(struct writer *writer)
{
	uint8_t check[16];

	(void)crypto_generichash(check, sizeof(check), writer->data, writer->size, NULL, 0);
	write_raw(writer, check, sizeof(check));
}

static void try_standing(struct arena *arena, struct text dir)
{
	const struct id device = { { 7 } };
	struct standing_note note = standing_note_read(arena, dir, &device), again;

	insist(id_equal(&note.device, &device));
	standing_note_write(arena, dir, &note);
	again = standing_note_read(arena, dir, &device);
	insist(standing_note_equal(&note, &again));
}

static void try_manifest(struct arena *arena, struct bytes content)
{
	struct backup_manifest manifest;

	if (backup_manifest_read(arena, "it", (struct text){ (const char *)content.data, content.size }, &manifest) == STATUS_OK)
		insist(manifest.gseq >= 0 && manifest.file_count >= 0 && manifest.file_bytes >= 0 && manifest.database_size >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "device.keys", "enrolment.keys", "device.keys", "server.keys", "committed", "running",
		"traffic", "settings", "standing", "it.backup" };
	struct arena arena = { 0 };
	struct writer writer = writer_in(&arena, (size_t)64 * 1024);
	struct text dir = text_of(scratch_file_dir());
	unsigned which;

	if (size == 0)
		return 0;
	keys_init();
	which = data[0] % LENGTH(names);
	write_raw(&writer, data + 1, size - 1);
	if (which < 2)
		check_line_write(&writer);
	else if (which == 8)
		write_check(&writer);
	scratch_file_write(names[which], writer_bytes(&writer));
	if (which == 1)
		try_pending_keys(&arena, dir);
	else if (which == 3)
		try_server_keys(&arena, dir, writer_bytes(&writer));
	else if (which == 4)
		try_note(&arena, dir);
	else if (which == 5)
		try_run_mark(&arena, dir);
	else if (which == 6)
		try_traffic(&arena, dir);
	else if (which == 7)
		try_settings(&arena, dir);
	else if (which == 8)
		try_standing(&arena, dir);
	else if (which == 9)
		try_manifest(&arena, writer_bytes(&writer));
	else
		try_device_keys(&arena, dir);
	arena_finish(&arena);
	return 0;
}
