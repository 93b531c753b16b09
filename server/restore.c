#include "server/restore.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

#include "server/commit_note.h"
#include "server/server_keys.h"
#include "shell/blob_folder.h"
#include "shell/file.h"
#include "shell/lock.h"

#define DATABASE_FILE "organisation.db"
#define DRAFT_FILE    "organisation.db.restoring"
#define KEYS_FILE     "server.keys"
#define ROOT_FILE     "root.key"
#define KEY_FILE_MAX  ((size_t)64 * 1024)

/* The database of a store and what SQLite keeps beside it. */
static const char *const companions[] = { "", "-wal", "-shm", "-journal" };

static const char *path_of(struct arena *arena, struct text dir, const char *name, const char *suffix)
{
	return path_join(arena, dir, arena_print(arena, "%s%s", name, suffix)).data;
}

/* ---- before ---- */

static enum status check_empty(const struct restore *restore, struct arena *arena)
{
	for (size_t i = 0; i < LENGTH(companions); i++) {
		const char *path = path_of(arena, restore->dir, DATABASE_FILE, companions[i]);
		if (file_exists(path))
			return fail(STATUS_REFUSED,
				"%s is there: a backup never takes the place of an organisation; restore into another directory, or move "
				"that file away",
				path);
	}
	return STATUS_OK;
}

static struct text keys_folder(const struct restore *restore)
{
	return restore->keys.size > 0 ? restore->keys : restore->dir;
}

/* The server's and the root's, which must be those that the backup was signed with. */
static enum status check_keys(const struct restore *restore, struct arena *arena)
{
	struct text folder = keys_folder(restore);
	struct server_keys keys;
	struct identity identity;
	enum status status = server_keys_load(arena, folder, &keys, &identity);

	identity_wipe(&identity);
	if (status == STATUS_NOT_FOUND)
		return fail(STATUS_NOT_FOUND,
			"there is no server.keys in %.*s: name the folder with the copy of it with --keys; no backup holds it",
			TEXT_ARGUMENTS(folder));
	if (status == STATUS_OK)
		status = backup_manifest_check_server(&restore->backup->manifest, &keys);
	if (status == STATUS_OK && server_keys_check_root(arena, folder, &keys) != STATUS_OK)
		status = fail(STATUS_REFUSED,
			"%s is damaged, or another organisation's: name a folder with the right one, or one with server.keys alone",
			path_of(arena, folder, ROOT_FILE, ""));
	return status;
}

/* What has the name of a key where it is to be must be that key. */
static enum status check_key_place(const struct restore *restore, struct arena *arena, const char *name, bool *out_missing)
{
	const char *path = path_of(arena, restore->dir, name, "");
	struct bytes here = { 0 }, given = { 0 };
	enum status status = STATUS_OK;

	*out_missing = !file_exists(path);
	if (*out_missing)
		return STATUS_OK;
	status = file_read(arena, path, KEY_FILE_MAX, &here);
	if (status == STATUS_OK)
		status = file_read(arena, path_of(arena, keys_folder(restore), name, ""), KEY_FILE_MAX, &given);
	if (status != STATUS_OK || here.size != given.size || sodium_memcmp(here.data, given.data, here.size) != 0)
		status = fail(STATUS_REFUSED,
			"%s is there, and is not the same as in %.*s: a restore takes the place of no keys; restore into another "
			"directory, or move that file away",
			path, TEXT_ARGUMENTS(keys_folder(restore)));
	sodium_memzero((void *)(uintptr_t)here.data, here.size);
	sodium_memzero((void *)(uintptr_t)given.data, given.size);
	return status;
}

static enum status check_key_places(const struct restore *restore, struct arena *arena)
{
	bool missing;
	enum status status = check_key_place(restore, arena, ROOT_FILE, &missing);

	return status == STATUS_OK ? check_key_place(restore, arena, KEYS_FILE, &missing) : status;
}

static enum status check_place(const struct restore *restore, struct arena *arena)
{
	enum status status = check_empty(restore, arena);

	if (status == STATUS_OK)
		status = check_keys(restore, arena);
	return status == STATUS_OK ? check_key_places(restore, arena) : status;
}

enum status restore_check(const struct restore *restore)
{
	struct arena arena = { 0 };
	enum status status = check_place(restore, &arena);

	arena_finish(&arena);
	return status == STATUS_OK ? backup_check(restore->backup, restore->progress) : status;
}

/* ---- putting back ---- */

/* Looks again at its place, now that nobody else can restore into it. */
static enum status copy_key(const struct restore *restore, struct arena *arena, const char *name, bool required)
{
	const char *from = path_of(arena, restore->keys, name, "");
	struct bytes content = { 0 };
	bool missing = false;
	enum status status = check_key_place(restore, arena, name, &missing);

	if (status != STATUS_OK || !missing)
		return status;
	status = file_read(arena, from, KEY_FILE_MAX, &content);
	if (status == STATUS_NOT_FOUND && !required)
		return STATUS_OK;
	if (status == STATUS_OK)
		status = file_write(path_of(arena, restore->dir, name, ""), content, 0600);
	sodium_memzero((void *)(uintptr_t)content.data, content.size);
	return status;
}

static enum status copy_keys(const struct restore *restore, struct arena *arena)
{
	enum status status;

	if (restore->keys.size == 0)
		return STATUS_OK;
	status = copy_key(restore, arena, ROOT_FILE, false);
	return status == STATUS_OK ? copy_key(restore, arena, KEYS_FILE, true) : status; /* last: with them it is an organisation's */
}

/* In one commit: another life of the store, which this backup covers, and that somebody should know of it. */
static enum status begin_epoch(const struct restore *restore, struct arena *arena, struct server_store *store, const struct id *epoch)
{
	const struct backup_manifest *manifest = &restore->backup->manifest;
	const struct incident incident = { .kind = INCIDENT_LOSS_ACCEPTED,
		.detail = arena_print(arena, "commit=%lld", (long long)manifest->gseq) };
	enum status status = server_store_begin(store);

	if (status == STATUS_OK)
		status = server_store_init_organisation(store, &manifest->keys.organisation, epoch);
	if (status == STATUS_OK)
		status = server_store_put_backup(store, manifest->gseq, manifest->made_at_ms);
	if (status == STATUS_OK)
		status = server_store_put_incident(store, &incident, restore->now_ms);
	if (status == STATUS_OK)
		return server_store_commit(store);
	server_store_rollback(store);
	return status;
}

static enum status prepare_draft(
	const struct restore *restore, struct arena *arena, const char *draft, struct id *out_epoch, struct verify_report *out_report)
{
	const struct server_store_options options = { .path = draft, .mode = STORAGE_OWN };
	struct server_store *store = NULL;
	struct server_state state = { 0 };
	enum status status = server_store_open(&options, &store);

	randombytes_buf(out_epoch, sizeof(*out_epoch));
	if (status == STATUS_OK)
		status = server_store_state(store, &state);
	if (status == STATUS_OK && state.gseq != restore->backup->manifest.gseq)
		status = fail(STATUS_CORRUPT, "the backup's database is at commit %lld, not at %lld as it says; take another one",
			(long long)state.gseq, (long long)restore->backup->manifest.gseq);
	if (status == STATUS_OK)
		status = begin_epoch(restore, arena, store, out_epoch);
	if (status == STATUS_OK)
		status = verify_organisation(store, out_report);
	if (status == STATUS_OK)
		status = storage_checkpoint(server_store_storage(store));
	server_store_close(store);
	return status;
}

static void remove_draft(const struct restore *restore, struct arena *arena)
{
	for (size_t i = 0; i < LENGTH(companions); i++)
		(void)unlink(path_of(arena, restore->dir, DRAFT_FILE, companions[i]));
}

static enum status put_back(const struct restore *restore, struct arena *arena, struct id *out_epoch, struct verify_report *out_report)
{
	const char *draft = path_of(arena, restore->dir, DRAFT_FILE, "");
	struct commit_note note = { .gseq = restore->backup->manifest.gseq };
	enum status status;

	remove_draft(restore, arena); /* of a restore that did not come to its end */
	status = backup_check_database(restore->backup, draft, restore->progress);
	if (status == STATUS_OK)
		status = backup_check_files(restore->backup, blob_folder_to_fill(arena, restore->dir), restore->progress);
	if (status == STATUS_OK)
		status = copy_keys(restore, arena);
	if (status == STATUS_OK)
		status = prepare_draft(restore, arena, draft, out_epoch, out_report);
	if (status == STATUS_OK) {
		note.epoch = *out_epoch;
		commit_note_write(arena, restore->dir, &note, true);
		status = file_keep(draft, path_of(arena, restore->dir, DATABASE_FILE, ""));
	}
	if (status == STATUS_OK)
		remove_draft(restore, arena); /* what is left beside it */
	return status;
}

enum status restore_run(const struct restore *restore, struct id *out_epoch, struct verify_report *out_report)
{
	struct arena arena = { 0 };
	struct lock lock = { .descriptor = -1 };
	enum status status = check_place(restore, &arena);

	if (status == STATUS_OK)
		status = directory_make(restore->dir.data);
	if (status == STATUS_OK)
		status = lock_take(restore->dir.data, "truckrolld restore", 0, &lock);
	if (status == STATUS_OK)
		status = check_empty(restore, &arena); /* again, now that nobody else can make one */
	if (status == STATUS_OK) {
		status = put_back(restore, &arena, out_epoch, out_report);
		if (status != STATUS_OK) {
			struct text why = arena_print(&arena, "%s", fail_reason());
			remove_draft(restore, &arena);
			status = fail(status, "%.*s", TEXT_ARGUMENTS(why));
		}
	}
	lock_release(&lock);
	arena_finish(&arena);
	return status;
}
