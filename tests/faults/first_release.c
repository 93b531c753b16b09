#include "tests/faults/first_release.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/embedded.h"
#include "db/migration.h"
#include "db/storage.h"
#include "protocol/domain/visit.h"

#define SERVER_PATH  "/first/server.db"
#define REPLICA_PATH "/first/replica.db"

static void run(const char *path, const char *sql)
{
	sqlite3 *store = NULL;

	if (sqlite3_open(path, &store) != SQLITE_OK || sqlite3_exec(store, sql, NULL, NULL, NULL) != SQLITE_OK)
		abort();
	sqlite3_close(store);
}

/* The schema of then, and what its program wrote. */
static void make(const char *path, const char *set, const char *rows)
{
	run(path, "PRAGMA journal_mode = WAL");
	run(path, "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL,"
		  " program TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT");
	for (const struct migration_text *text = migration_texts; text->set != NULL; text++)
		if (strcmp(text->set, set) == 0 && text->number == 1)
			run(path, text->sql);
	run(path, rows);
}

static const char *server_rows(void)
{
	static char rows[64 * 1024];
	FILE *file = fopen(FIRST_RELEASE, "r");

	if (file == NULL)
		abort();
	rows[fread(rows, 1, sizeof(rows) - 1, file)] = 0;
	(void)fclose(file);
	return rows;
}

static const char *replica_rows(void)
{
	static char rows[1024];
	char digits[2 * CHECKSUM_SIZE + 1] = "";
	uint8_t checksum[CHECKSUM_SIZE] = { 0 };

	for (const struct migration_text *text = migration_texts; text->set != NULL; text++)
		if (strcmp(text->set, "replica") == 0 && text->number == 1)
			migration_checksum(text->sql, text->size, checksum);
	for (size_t i = 0; i < CHECKSUM_SIZE; i++)
		(void)snprintf(digits + 2 * i, 3, "%02x", checksum[i]);
	(void)snprintf(rows, sizeof(rows),
		"INSERT INTO migration VALUES (1, 'start', x'%s', '0.1.0', 1760000000000);"
		"INSERT INTO asset (id, home, gseq, author, hash, name) VALUES (x'0701', 1, 1, 0, x'00', 'Boiler');"
		"PRAGMA user_version = 1; PRAGMA application_id = 0x54524b72",
		digits);
	return rows;
}

void first_release_prepare(struct trial *trial)
{
	struct crash_image *image;

	trial->disk = crash_disk_create("first");
	make(SERVER_PATH, "server", server_rows());
	make(REPLICA_PATH, "replica", replica_rows());
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

bool first_release_act(struct trial *trial)
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
bool first_release_holds(struct trial *trial)
{
	crash_disk_crash(trial->disk, &trial->simulation->crash);
	return number(SERVER_PATH, "PRAGMA user_version") == migration_newest(STORAGE_SERVER) &&
	       number(REPLICA_PATH, "PRAGMA user_version") == migration_newest(STORAGE_REPLICA) &&
	       number(SERVER_PATH, "SELECT count(*) FROM visit WHERE substr(id, 1, 4) = x'19726fcf'") == 1 &&
	       number(REPLICA_PATH, "SELECT count(*) FROM asset WHERE name = 'Boiler'") == 1;
}

void first_release_finish(struct trial *trial)
{
	crash_disk_destroy(trial->disk);
	trial->disk = NULL;
}
