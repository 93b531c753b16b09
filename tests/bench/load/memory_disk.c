#include "tests/bench/load/memory_disk.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/base/clock.h"
#include "protocol/base/random.h"
#include "tests/simulation/contents.h"

#define NAMES_MAX    8
#define NAME_SIZE    24
#define REGIONS_MAX  16
#define PATH_SIZE    64
#define SECTOR       4096

struct memory_file {
	char name[NAME_SIZE]; /* empty: free */
	unsigned users;
	bool removed;
	struct contents contents;
	void *shared[REGIONS_MAX]; /* of its log's index */
};

struct folder {
	struct memory_file *files[NAMES_MAX];
};

struct open_file {
	sqlite3_file base;
	struct memory_file *file;
	bool alone; /* a temporary file of SQLite's, without a name */
};

static struct folder *folders;
static size_t folder_count;

/* ---- files and names ---- */

static void file_release(struct memory_file *file)
{
	if (file->users > 0 || !file->removed)
		return;
	for (size_t i = 0; i < REGIONS_MAX; i++)
		free(file->shared[i]);
	contents_finish(&file->contents);
	free(file);
}

/* The folder and the name of a path; NULL when it is none of ours. */
static struct folder *folder_of(const char *path, const char **out_name)
{
	char *end = NULL;
	unsigned long number = path[0] == '/' ? strtoul(path + 1, &end, 10) : ULONG_MAX;

	if (end == NULL || *end != '/' || number >= folder_count || strlen(end + 1) >= NAME_SIZE)
		return NULL;
	*out_name = end + 1;
	return &folders[number];
}

/* The place of a name in its folder; of an empty name a free place. NULL: there is none. */
static struct memory_file **place_of(struct folder *folder, const char *name)
{
	for (size_t i = 0; i < NAMES_MAX; i++) {
		const struct memory_file *file = folder->files[i];
		if (file == NULL ? name[0] == '\0' : strcmp(file->name, name) == 0)
			return &folder->files[i];
	}
	return NULL;
}

static struct memory_file **find(const char *path)
{
	const char *name;
	struct folder *folder = folder_of(path, &name);

	return folder == NULL ? NULL : place_of(folder, name);
}

static struct memory_file *file_create(const char *name)
{
	struct memory_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		abort();
	(void)snprintf(file->name, sizeof(file->name), "%s", name);
	return file;
}

static struct memory_file *file_make(struct folder *folder, const char *name)
{
	struct memory_file **place = place_of(folder, name);

	if (place == NULL)
		place = place_of(folder, "");
	if (place == NULL)
		abort(); /* a device has fewer files */
	if (*place == NULL)
		*place = file_create(name);
	return *place;
}

static void file_remove(struct memory_file **place)
{
	struct memory_file *file = *place;

	*place = NULL;
	file->removed = true;
	file_release(file);
}

static int disk_remove(void *context, const char *path)
{
	struct memory_file **place = find(path);

	(void)context;
	if (place != NULL)
		file_remove(place);
	return 0;
}

static int disk_rename(void *context, const char *from, const char *to)
{
	struct memory_file **place = find(from);
	const char *name;
	struct folder *folder = folder_of(to, &name);

	(void)context;
	if (place == NULL || folder == NULL)
		return ENOENT;
	(void)disk_remove(NULL, to);
	(void)snprintf((*place)->name, sizeof((*place)->name), "%s", name);
	return 0;
}

static int disk_sync_directory(void *context, const char *dir)
{
	(void)context;
	(void)dir;
	return 0;
}

const struct store_files memory_disk_files = { .rename = disk_rename, .remove = disk_remove, .sync_directory = disk_sync_directory };

static void copy_one(size_t from, size_t to, const char *name)
{
	struct memory_file **place = place_of(&folders[from], name);

	if (place != NULL)
		contents_share(&file_make(&folders[to], name)->contents, &(*place)->contents);
}

void memory_disk_copy(size_t from, size_t to, const char *name)
{
	char log[NAME_SIZE];

	(void)snprintf(log, sizeof(log), "%s-wal", name);
	copy_one(from, to, name);
	copy_one(from, to, log);
}

/* ---- SQLite's methods of a file ---- */

static struct memory_file *file_of(sqlite3_file *base)
{
	return ((struct open_file *)base)->file;
}

static int method_close(sqlite3_file *base)
{
	struct open_file *open = (struct open_file *)base;

	open->file->users--;
	open->file->removed |= open->alone;
	file_release(open->file);
	return SQLITE_OK;
}

static int method_read(sqlite3_file *base, void *out, int size, sqlite3_int64 offset)
{
	size_t there = contents_read(&file_of(base)->contents, (size_t)offset, out, (size_t)size);

	return there == (size_t)size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int method_write(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
	contents_write(&file_of(base)->contents, (size_t)offset, data, (size_t)size);
	return SQLITE_OK;
}

static int method_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	contents_resize(&file_of(base)->contents, (size_t)size);
	return SQLITE_OK;
}

static int method_number(sqlite3_file *base, int number)
{
	(void)base;
	(void)number;
	return SQLITE_OK;
}

static int method_size(sqlite3_file *base, sqlite3_int64 *out_size)
{
	*out_size = (sqlite3_int64)file_of(base)->contents.size;
	return SQLITE_OK;
}

static int method_reserved(sqlite3_file *base, int *out_reserved)
{
	(void)base;
	*out_reserved = 0;
	return SQLITE_OK;
}

static int method_control(sqlite3_file *base, int operation, void *argument)
{
	(void)base;
	(void)operation;
	(void)argument;
	return SQLITE_NOTFOUND;
}

static int method_sector(sqlite3_file *base)
{
	(void)base;
	return SECTOR;
}

static int method_none(sqlite3_file *base)
{
	(void)base;
	return 0;
}

static int method_map(sqlite3_file *base, int region, int size, int extend, void volatile **out_memory)
{
	struct memory_file *file = file_of(base);

	*out_memory = NULL;
	if (region >= REGIONS_MAX)
		return SQLITE_NOMEM;
	if (file->shared[region] == NULL && extend != 0)
		file->shared[region] = calloc(1, (size_t)size);
	*out_memory = file->shared[region];
	return SQLITE_OK;
}

static int method_map_lock(sqlite3_file *base, int offset, int count, int flags)
{
	(void)base;
	(void)offset;
	(void)count;
	(void)flags;
	return SQLITE_OK;
}

static void method_barrier(sqlite3_file *base)
{
	(void)base;
}

static int method_unmap(sqlite3_file *base, int remove)
{
	struct memory_file *file = file_of(base);

	(void)remove; /* the only connection goes */
	for (size_t i = 0; i < REGIONS_MAX; i++) {
		free(file->shared[i]);
		file->shared[i] = NULL;
	}
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = method_close,
	.xRead = method_read,
	.xWrite = method_write,
	.xTruncate = method_truncate,
	.xSync = method_number,
	.xFileSize = method_size,
	.xLock = method_number,
	.xUnlock = method_number,
	.xCheckReservedLock = method_reserved,
	.xFileControl = method_control,
	.xSectorSize = method_sector,
	.xDeviceCharacteristics = method_none,
	.xShmMap = method_map,
	.xShmLock = method_map_lock,
	.xShmBarrier = method_barrier,
	.xShmUnmap = method_unmap,
};

/* ---- SQLite's methods of the file system ---- */

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *base, int flags, int *out_flags)
{
	struct open_file *open = (struct open_file *)base;
	struct memory_file **place = path == NULL ? NULL : find(path);
	const char *name;
	struct folder *folder = path == NULL ? NULL : folder_of(path, &name);

	(void)vfs;
	*open = (struct open_file){ .alone = path == NULL };
	if (path != NULL && (folder == NULL || (place == NULL && (flags & SQLITE_OPEN_CREATE) == 0)))
		return SQLITE_CANTOPEN;
	open->file = open->alone ? file_create("") : file_make(folder, name);
	open->file->users++;
	open->base.pMethods = &methods;
	if (out_flags != NULL)
		*out_flags = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
	(void)vfs;
	(void)sync_directory;
	if (find(path) == NULL)
		return SQLITE_IOERR_DELETE_NOENT;
	return disk_remove(NULL, path) == 0 ? SQLITE_OK : SQLITE_IOERR_DELETE;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out_result)
{
	struct memory_file **place = find(path);

	(void)vfs;
	*out_result = place != NULL && (flags != SQLITE_ACCESS_EXISTS || (*place)->contents.size > 0);
	return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
	(void)vfs;
	(void)snprintf(out, (size_t)size, "%s", path);
	return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out)
{
	(void)vfs;
	random_fill(random_system(), out, (size_t)size);
	return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out_julian_ms)
{
	(void)vfs;
	*out_julian_ms = clock_now_ms(clock_system()) + INT64_C(210866760000000); /* 1970-01-01 in Julian milliseconds */
	return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
	(void)vfs;
	(void)size;
	(void)out;
	return 0;
}

void memory_disk_register(size_t count)
{
	static sqlite3_vfs vfs = {
		.iVersion = 2,
		.szOsFile = sizeof(struct open_file),
		.mxPathname = PATH_SIZE,
		.zName = MEMORY_DISK_VFS,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = vfs_randomness,
		.xSleep = vfs_sleep,
		.xCurrentTimeInt64 = vfs_time,
		.xGetLastError = vfs_last_error,
	};

	folders = calloc(count, sizeof(*folders));
	folder_count = count;
	if (folders == NULL || sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
		sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK || sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
		abort();
}

void memory_disk_finish(void)
{
	for (size_t i = 0; i < folder_count; i++)
		for (size_t k = 0; k < NAMES_MAX; k++)
			if (folders[i].files[k] != NULL)
				file_remove(&folders[i].files[k]);
	free(folders);
	folders = NULL;
	folder_count = 0;
}
