/* Brings a store to the newest schema. Migrations are append-only texts; what was applied is recorded in the store itself. */
#ifndef TRUCKROLL_DB_MIGRATION_H
#define TRUCKROLL_DB_MIGRATION_H

#include "db/storage.h"

#define CHECKSUM_SIZE 32

/* Number of the newest migration of that kind of store; its position in migration_texts[] goes up with the number. */
int migration_newest(enum storage_kind kind);

/* BLAKE2b-256 of the text. */
void migration_checksum(const char *sql, size_t size, uint8_t out_checksum[static CHECKSUM_SIZE]);

/* Applies what is missing after `from`, each in one durable transaction that also records it. */
enum status migration_apply(struct storage *storage, int from);

/* Writes into the file's header what kind of store it is, that number, and storage->revision; within a write transaction. */
enum status migration_stamp(struct storage *storage, int number);

/* Records all of them, and the newest number, in a store that was made with all they bring; within a write transaction. */
enum status migration_record_all(struct storage *storage);

/* STATUS_CORRUPT when a migration recorded in the store is not the one this program knows by that number. */
enum status migration_check(struct storage *storage);

#endif
