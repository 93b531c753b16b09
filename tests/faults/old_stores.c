#include "tests/faults/old_stores.h"

#include <sqlite3.h>

#include "db/migration.h"
#include "db/revision_step.h"
#include "tests/unit/db/first_release.h"

#define SERVER_PATH  "/first/server.db"
#define REPLICA_PATH "/first/replica.db"

void old_stores_prepare(struct trial *trial)
{
	struct crash_image *image;

	trial->disk = crash_disk_create("first");
	first_release_make(SERVER_PATH, STORAGE_SERVER);
	first_release_make(REPLICA_PATH, STORAGE_REPLICA);
	image = crash_disk_save(trial->disk); /* it was written long ago */
	crash_disk_load(trial->disk, image);
	crash_image_free(image);
}

/* Whoever fails goes down, and the machine with it when its disk is dead. */
static bool open_one(struct trial *trial, const char *path, enum storage_kind kind)
{
	const struct storage_options options = { .path = path, .kind = kind, .mode = STORAGE_OWN, .vfs = CRASH_VFS };
	struct storage *storage = NULL;
	enum status status = storage_open(&options, &storage);
	bool unsynced = storage != NULL && storage_unsynced(storage);

	storage_close(storage);
	if (crash_disk_state(trial->disk) == DISK_DEAD) {
		crash_disk_crash(trial->disk, &trial->simulation->crash);
		return false;
	}
	if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND || status == STATUS_NEWER)
		violate(trial->simulation, "start", "%s does not open: %s", path, fail_reason());
	return status == STATUS_OK && !unsynced;
}

bool old_stores_act(struct trial *trial)
{
	bool done = open_one(trial, SERVER_PATH, STORAGE_SERVER) && open_one(trial, REPLICA_PATH, STORAGE_REPLICA);

	if (!done && crash_disk_state(trial->disk) == DISK_FULL && ++trial->count == 3)
		crash_disk_fail(trial->disk, DISK_WELL, 0);
	return done;
}

static int64_t number(const char *path, const char *sql)
{
	sqlite3 *store = NULL;
	sqlite3_stmt *select = NULL;
	int64_t value = -1;

	if (sqlite3_open(path, &store) == SQLITE_OK && sqlite3_prepare_v2(store, sql, -1, &select, NULL) == SQLITE_OK &&
		sqlite3_step(select) == SQLITE_ROW)
		value = sqlite3_column_int64(select, 0);
	sqlite3_finalize(select);
	sqlite3_close(store);
	return value;
}

/* Also when the power goes: a migration is durable before the store is used. */
bool old_stores_holds(struct trial *trial)
{
	crash_disk_crash(trial->disk, &trial->simulation->crash);
	return revision_stamp_migration(number(SERVER_PATH, "PRAGMA user_version")) == migration_newest(STORAGE_SERVER) &&
	       revision_stamp_migration(number(REPLICA_PATH, "PRAGMA user_version")) == migration_newest(STORAGE_REPLICA) &&
	       number(SERVER_PATH, "SELECT count(*) FROM visit WHERE substr(id, 1, 4) = x'19726fcf'") == 1 &&
	       number(REPLICA_PATH, "SELECT count(*) FROM asset WHERE name = 'Boiler'") == 1;
}

void old_stores_finish(struct trial *trial)
{
	crash_disk_destroy(trial->disk);
	trial->disk = NULL;
}
