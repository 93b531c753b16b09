/* Databases of the first release with bytes changed on the disk, opened as today's programs do: by every migration since. First byte modulo
 * 2: the server's, a device's replica; then changes of four bytes, as in store_fuzz.c. Refused with a reason, and no migration is half
 * done; or brought to the newest schema, and opened once more. */
#include <sqlite3.h>

#include "db/migration.h"
#include "db/revision_step.h"
#include "protocol/domain/revision.h"
#include "tests/fuzz/change_file.h"
#include "tests/fuzz/target.h"
#include "tests/unit/db/first_release.h"

#define PATH "/old/store.db"

static const enum storage_kind kinds[] = { STORAGE_SERVER, STORAGE_REPLICA };

static struct crash_image *images[LENGTH(kinds)];

/* Made once; every input begins with a copy. */
static void make_images(struct crash_disk *disk)
{
	struct crash_image *empty = crash_disk_save(disk);

	for (size_t i = 0; i < LENGTH(kinds); i++) {
		crash_disk_load(disk, empty);
		first_release_make(PATH, kinds[i]);
		images[i] = crash_disk_save(disk);
	}
	crash_image_free(empty);
}

/* -1: it cannot be read. */
static int64_t number(const char *sql)
{
	sqlite3 *store = NULL;
	sqlite3_stmt *select = NULL;
	int64_t value = -1;

	if (sqlite3_open(PATH, &store) == SQLITE_OK && sqlite3_prepare_v2(store, sql, -1, &select, NULL) == SQLITE_OK &&
		sqlite3_step(select) == SQLITE_ROW)
		value = sqlite3_column_int64(select, 0);
	sqlite3_finalize(select);
	sqlite3_close(store);
	return value;
}

static enum status open_store(enum storage_kind kind)
{
	const struct storage_options options = { .path = PATH, .kind = kind, .mode = STORAGE_OWN, .vfs = CRASH_VFS };
	struct storage *storage = NULL;
	enum status status = storage_open(&options, &storage);

	if (status == STATUS_OK)
		(void)(storage_verify(storage) == STATUS_OK);
	else
		insist(fail_reason()[0] != '\0');
	storage_close(storage);
	return status;
}

static void try_store(enum storage_kind kind, bool whole)
{
	int64_t before = number("PRAGMA user_version"), noted = number("SELECT max(number) FROM migration"), after;
	enum status status = open_store(kind);

	after = number("PRAGMA user_version");
	insist(status == STATUS_OK || !whole);
	if (status == STATUS_OK)
		insist(after == revision_stamp(migration_newest(kind), SCHEMA_REVISION) && open_store(kind) == STATUS_OK);
	else if (before == 1 && noted == 1 && after > 0)
		insist(revision_stamp_migration(after) == number("SELECT max(number) FROM migration"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct crash_disk *disk;
	struct reader reader = reader_of((struct bytes){ data + 1, size - 1 });

	if (size == 0)
		return 0;
	if (disk == NULL) {
		crash_vfs_register();
		disk = crash_disk_create("old");
		make_images(disk);
	}
	crash_disk_load(disk, images[data[0] % LENGTH(kinds)]);
	change_file(PATH, &reader);
	try_store(kinds[data[0] % LENGTH(kinds)], size == 1);
	return 0;
}
