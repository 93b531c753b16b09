/* Brings the tables of records to the revision of the schema that the program speaks: they get the columns that fields of later revisions
 * need, printed from the field tables, and what rows kept of these fields moves in. Migrations do the rest of a store. */
#ifndef TRUCKROLL_DB_REVISION_STEP_H
#define TRUCKROLL_DB_REVISION_STEP_H

#include "db/storage.h"

/* The number in the file's header: that of its newest migration, and its revision of the schema. */
int64_t revision_stamp(int migration, uint32_t revision);
int revision_stamp_migration(int64_t stamp);
uint32_t revision_stamp_revision(int64_t stamp);

/* That of a store which is up to date with the program; an outbox holds no records, and stays at the first. */
uint32_t revision_of_now(enum storage_kind kind);

/* All of it in one durable transaction; nothing when the file is there already. `adopt` may be NULL: then what rows kept stays kept. */
enum status revision_apply(struct storage *storage, record_adopt_call adopt);

#endif
