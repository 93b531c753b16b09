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

static const struct migration_text *first_migration(const char *set)
{
	const struct migration_text *text = migration_texts;

	while (text->set != NULL && (strcmp(text->set, set) != 0 || text->number != 1))
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

/* One asset that the server has sent, the checksum of the migration and the application's mark. */
static const char *replica_rows(const struct migration_text *migration)
{
	static char rows[1024];
	char digits[2 * CHECKSUM_SIZE + 1] = "";
	uint8_t checksum[CHECKSUM_SIZE];

	migration_checksum(migration->sql, migration->size, checksum);
	for (size_t i = 0; i < CHECKSUM_SIZE; i++)
		(void)snprintf(digits + 2 * i, 3, "%02x", checksum[i]);
	(void)snprintf(rows, sizeof(rows),
		"INSERT INTO migration VALUES (1, 'start', x'%s', '0.1.0', 1760000000000);"
		"INSERT INTO asset (id, home, gseq, author, hash, name) VALUES (x'0701', 1, 1, 0, x'00', 'Boiler');"
		"PRAGMA user_version = 1; PRAGMA application_id = 0x54524b72",
		digits);
	return rows;
}

void first_release_make(const char *path, enum storage_kind kind)
{
	const struct migration_text *migration = first_migration(kind == STORAGE_SERVER ? "server" : "replica");

	run(path, "PRAGMA journal_mode = WAL");
	run(path, "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL,"
		  " program TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT");
	run(path, migration->sql);
	run(path, kind == STORAGE_SERVER ? server_rows() : replica_rows(migration));
}
