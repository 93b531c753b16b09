/* Stores as the first release left them, for tests of what later programs make of them. */
#ifndef TRUCKROLL_TESTS_UNIT_DB_FIRST_RELEASE_H
#define TRUCKROLL_TESTS_UNIT_DB_FIRST_RELEASE_H

#include "db/storage.h"

/* Makes the file through SQLite's default VFS: the first migration, then what its program wrote. STORAGE_SERVER: an organisation with an
 * order and its visit; STORAGE_REPLICA: a device's, with one asset. Ends the process when it cannot. */
void first_release_make(const char *path, enum storage_kind kind);

/* The same with the first migration alone, and no rows; any kind. */
void first_migration_make(const char *path, enum storage_kind kind);

#endif
