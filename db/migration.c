#include "db/migration.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "db/connection.h"
#include "db/revision_step.h"

#ifndef TRUCKROLL_VERSION
#define TRUCKROLL_VERSION "unreleased"
#endif

static const char record_table[] = "CREATE TABLE IF NOT EXISTS migration (\n"
				   "\tnumber INTEGER PRIMARY KEY,\n\tname TEXT NOT NULL,\n\tchecksum BLOB NOT NULL,\n"
				   "\tprogram TEXT NOT NULL,\n\tapplied_at_ms INTEGER NOT NULL\n) STRICT";

/* The time is the VFS's, so that a simulated store has simulated time. */
static const char record_row[] = "INSERT INTO migration (number, name, checksum, program, applied_at_ms)"
				 " VALUES (?1, ?2, ?3, ?4, unixepoch('now') * 1000)";

static bool of_kind(const struct migration_text *migration, enum storage_kind kind)
{
	return strcmp(migration->set, storage_kind_find(kind)->set) == 0;
}

int migration_newest(enum storage_kind kind)
{
	int newest = 0;

	for (const struct migration_text *migration = migration_texts; migration->set != NULL; migration++)
		if (of_kind(migration, kind) && migration->number > newest)
			newest = migration->number;
	return newest;
}

void migration_checksum(const char *sql, size_t size, uint8_t out_checksum[static CHECKSUM_SIZE])
{
	/* Cannot fail for these sizes. */
	(void)crypto_generichash(out_checksum, CHECKSUM_SIZE, (const unsigned char *)sql, size, NULL, 0);
}

static enum status record(struct storage *storage, const struct migration_text *migration)
{
	uint8_t checksum[CHECKSUM_SIZE];
	sqlite3_stmt *insert = NULL;
	enum status status = sql_prepare(storage, record_row, &insert);

	if (status != STATUS_OK)
		return status;
	migration_checksum(migration->sql, migration->size, checksum);
	sqlite3_bind_int(insert, 1, migration->number);
	sqlite3_bind_text(insert, 2, migration->name, -1, SQLITE_STATIC);
	sqlite3_bind_blob(insert, 3, checksum, sizeof(checksum), SQLITE_STATIC);
	sqlite3_bind_text(insert, 4, TRUCKROLL_VERSION, -1, SQLITE_STATIC);
	status = sql_step(storage, insert, "migration");
	sqlite3_finalize(insert);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status migration_stamp(struct storage *storage, int number)
{
	char header[96];

	snprintf(header, sizeof(header), "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64,
		storage_kind_find(storage->kind)->application_id, revision_stamp(number, storage->revision));
	return sql_run(storage, header);
}

static enum status apply_in_transaction(struct storage *storage, const struct migration_text *migration)
{
	enum status status = sql_run(storage, record_table);

	if (status == STATUS_OK)
		status = sql_run(storage, migration->sql);
	if (status == STATUS_OK)
		status = record(storage, migration);
	if (status == STATUS_OK)
		status = migration_stamp(storage, migration->number);
	return status;
}

enum status migration_apply(struct storage *storage, int from)
{
	for (const struct migration_text *migration = migration_texts; migration->set != NULL; migration++) {
		enum status status;

		if (!of_kind(migration, storage->kind) || migration->number <= from)
			continue;
		status = storage_begin(storage, true);
		if (status != STATUS_OK)
			return status;
		status = apply_in_transaction(storage, migration);
		if (status == STATUS_OK)
			status = storage_commit(storage);
		if (status != STATUS_OK) {
			storage_rollback(storage);
			return status;
		}
	}
	return STATUS_OK;
}

enum status migration_record_all(struct storage *storage)
{
	enum status status = STATUS_OK;

	for (const struct migration_text *migration = migration_texts; status == STATUS_OK && migration->set != NULL; migration++)
		if (of_kind(migration, storage->kind))
			status = record(storage, migration);
	return status == STATUS_OK ? migration_stamp(storage, migration_newest(storage->kind)) : status;
}

static enum status check_one(struct storage *storage, sqlite3_stmt *select, const struct migration_text *migration)
{
	uint8_t checksum[CHECKSUM_SIZE];
	enum status status;

	migration_checksum(migration->sql, migration->size, checksum);
	sqlite3_bind_int(select, 1, migration->number);
	status = sql_step(storage, select, "migration");
	if (status == STATUS_NOT_FOUND)
		return fail(STATUS_CORRUPT, "%s does not say that migration %d (%s) was applied; %s", storage->path, migration->number,
			migration->name, storage_kind_find(storage->kind)->damaged_advice);
	if (status != STATUS_OK)
		return status;
	if (sqlite3_column_bytes(select, 0) != CHECKSUM_SIZE || memcmp(sqlite3_column_blob(select, 0), checksum, CHECKSUM_SIZE) != 0)
		return fail(STATUS_CORRUPT,
			"%s was made by another text of migration %d (%s) than this program knows; use the program that made it, or %s",
			storage->path, migration->number, migration->name, storage_kind_find(storage->kind)->damaged_advice);
	return STATUS_OK;
}

enum status migration_check(struct storage *storage)
{
	sqlite3_stmt *select = NULL;
	enum status status = sql_prepare(storage, "SELECT checksum FROM migration WHERE number = ?1", &select);

	for (const struct migration_text *migration = migration_texts; status == STATUS_OK && migration->set != NULL; migration++) {
		if (of_kind(migration, storage->kind))
			status = check_one(storage, select, migration);
		sqlite3_reset(select);
	}
	sqlite3_finalize(select);
	return status;
}
