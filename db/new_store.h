/* A new store is made whole in one transaction, of what its migrations and revisions have come to: built into the program when it is
 * compiled (db/tools/print_new_stores.c). */
#ifndef TRUCKROLL_DB_NEW_STORE_H
#define TRUCKROLL_DB_NEW_STORE_H

#include "db/storage.h"

/* False only in the program that finds out: it makes them by migrations. */
bool new_store_known(enum storage_kind kind);

/* Makes everything of an empty store, at the revision that this process speaks. `bench`: also the benchmark's record; `bare`: without the
 * indexes of records. STATUS_CANNOT_WRITE: nothing was made. */
enum status new_store_make(struct storage *storage, bool bench, bool bare);

#endif
