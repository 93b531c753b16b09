#include "tests/unit/db/first_release.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/embedded.h"
#include "db/migration.h"

static void run(const char *path, const char *sql)
{
	sqlite3 *store = NULL;

	if (sqlite3_open(path, &store) != SQLITE_OK || sqlite3_exec(store, sql, NULL, NULL, NULL) != SQLITE_OK)
		abort();
	sqlite3_close(store);
}

static const struct {
	const char *set;
	int application_id;
} kinds[] = {
	[STORAGE_SERVER] = { "server", 0x54524b73 },
	[STORAGE_OUTBOX] = { "outbox", 0x54524b6f },
	[STORAGE_REPLICA] = { "replica", 0x54524b72 },
};

static const struct migration_text *first_migration(enum storage_kind kind)
{
	const struct migration_text *text = migration_texts;

	while (text->set != NULL && (strcmp(text->set, kinds[kind].set) != 0 || text->number != 1))
		text++;
	if (text->set == NULL)
		abort();
	return text;
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

/* That it was applied, and the application's mark. */
static void record(const char *path, enum storage_kind kind, const struct migration_text *migration)
{
	char sql[1024], digits[2 * CHECKSUM_SIZE + 1] = "";
	uint8_t checksum[CHECKSUM_SIZE];

	migration_checksum(migration->sql, migration->size, checksum);
	for (size_t i = 0; i < CHECKSUM_SIZE; i++)
		(void)snprintf(digits + 2 * i, 3, "%02x", checksum[i]);
	(void)snprintf(sql, sizeof(sql),
		"INSERT INTO migration VALUES (1, '%s', x'%s', '0.1.0', 1760000000000);"
		"PRAGMA user_version = 1; PRAGMA application_id = %d",
		migration->name, digits, kinds[kind].application_id);
	run(path, sql);
}

static void apply(const char *path, const struct migration_text *migration)
{
	run(path, "PRAGMA journal_mode = WAL");
	run(path, "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL,"
		  " program TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT");
	run(path, migration->sql);
}

void first_migration_make(const char *path, enum storage_kind kind)
{
	const struct migration_text *migration = first_migration(kind);

	apply(path, migration);
	record(path, kind, migration);
}

void first_release_make(const char *path, enum storage_kind kind)
{
	if (kind == STORAGE_SERVER) {
		apply(path, first_migration(kind));
		run(path, server_rows()); /* with the record of it */
		return;
	}
	first_migration_make(path, kind);
	run(path, "INSERT INTO asset (id, home, gseq, author, hash, name) VALUES (x'0701', 1, 1, 0, x'00', 'Boiler')");
}
