#include "tests/simulation/crash_vfs.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/contents.h"

#define DISKS_MAX          256
#define NAMES_MAX          16
#define SECTOR             512
#define SHARED_REGIONS_MAX 16

/* One change of a file since its last sync. */
struct pending_write {
	struct pending_write *next;
	int64_t offset; /* TRUNCATE: the new size */
	size_t size;    /* 0: a truncation */
	uint8_t data[];
};

/* A file's contents, whatever its name. */
struct node_file {
	unsigned references;
	struct contents now;
	struct contents synced;
	struct pending_write *pending;
	struct pending_write **pending_end;
	void *shared[SHARED_REGIONS_MAX]; /* memory that the connections to it share */
};

struct name {
	char path[96];
	struct node_file *file;
};

/* A folder's list of names. */
struct directory {
	struct name names[NAMES_MAX];
	size_t count;
};

struct crash_disk {
	char prefix[48]; /* "/name/" */
	struct directory now;
	struct directory synced;
	unsigned open_count;
	enum disk_failure state;
	enum disk_failure failing; /* becomes the state when `countdown` is used up */
	uint64_t countdown;
	bool held;
};

struct saved_file {
	char path[96];
	struct contents contents;
};

struct crash_image {
	struct saved_file files[NAMES_MAX];
	size_t count;
};

struct open_file {
	sqlite3_file base;
	struct crash_disk *disk;
	struct node_file *file;
	char path[96];
	bool delete_on_close;
};

static struct crash_disk *disks[DISKS_MAX];
static struct crash_counts counts;
static bool sync_at_checkpoint;

void crash_vfs_sync_at_checkpoint(bool on)
{
	sync_at_checkpoint = on;
}

struct crash_counts crash_counts(void)
{
	return counts;
}

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (memory == NULL)
		abort();
	return memory;
}

/* ---- contents ---- */

static void apply_write(struct contents *contents, const struct pending_write *write, size_t kept)
{
	if (write->size == 0)
		contents_resize(contents, (size_t)write->offset);
	else
		contents_write(contents, (size_t)write->offset, write->data, kept);
}

/* ---- files ---- */

static struct node_file *file_create(void)
{
	struct node_file *file = allocate(sizeof(*file));

	file->pending_end = &file->pending;
	return file;
}

static void forget_shared(struct node_file *file)
{
	for (size_t i = 0; i < SHARED_REGIONS_MAX; i++) {
		free(file->shared[i]);
		file->shared[i] = NULL;
	}
}

static void forget_pending(struct node_file *file)
{
	while (file->pending != NULL) {
		struct pending_write *write = file->pending;
		file->pending = write->next;
		free(write);
	}
	file->pending_end = &file->pending;
}

static void file_release(struct node_file *file)
{
	if (file == NULL || --file->references > 0)
		return;
	forget_pending(file);
	forget_shared(file);
	contents_finish(&file->now);
	contents_finish(&file->synced);
	free(file);
}

static void note_write(struct node_file *file, int64_t offset, const void *data, size_t size)
{
	struct pending_write *write = malloc(sizeof(*write) + size);

	if (write == NULL)
		abort();
	write->next = NULL;
	write->offset = offset;
	write->size = size;
	if (size > 0)
		memcpy(write->data, data, size);
	*file->pending_end = write;
	file->pending_end = &write->next;
	apply_write(&file->now, write, size);
}

static void file_sync(struct node_file *file)
{
	contents_share(&file->synced, &file->now); /* which is what was synced before with all writes since */
	forget_pending(file);
}

/* Whether a change that was under way when the power went arrived, and how much of it. */
static bool survives(struct stream *stream, const struct pending_write *write, size_t *out_kept)
{
	size_t sectors = (write->size + SECTOR - 1) / SECTOR;
	uint64_t dice = stream_below(stream, 8);

	*out_kept = write->size;
	if (dice < 7 || sectors < 2)
		return dice >= 3;
	counts.writes_torn++;
	*out_kept = (size_t)stream_below(stream, sectors) * SECTOR;
	return *out_kept > 0;
}

static void file_crash(struct node_file *file, struct stream *stream, bool all_lost)
{
	for (const struct pending_write *write = file->pending; write != NULL; write = write->next) {
		size_t kept;
		if (!all_lost && survives(stream, write, &kept))
			apply_write(&file->synced, write, kept);
		else
			counts.writes_lost++;
	}
	forget_pending(file);
	forget_shared(file);
	contents_share(&file->now, &file->synced);
}

/* ---- names ---- */

static struct name *directory_find(struct directory *directory, const char *path)
{
	for (size_t i = 0; i < directory->count; i++)
		if (strcmp(directory->names[i].path, path) == 0)
			return &directory->names[i];
	return NULL;
}

static void directory_put(struct directory *directory, const char *path, struct node_file *file)
{
	struct name *name = directory_find(directory, path);

	file->references++;
	if (name != NULL) {
		file_release(name->file);
	} else {
		assert(directory->count < NAMES_MAX && strlen(path) < sizeof(name->path));
		name = &directory->names[directory->count++];
		strcpy(name->path, path);
	}
	name->file = file;
}

static void directory_remove(struct directory *directory, const char *path)
{
	struct name *name = directory_find(directory, path);

	if (name == NULL)
		return;
	file_release(name->file);
	*name = directory->names[--directory->count];
}

static void directory_clear(struct directory *directory)
{
	while (directory->count > 0)
		file_release(directory->names[--directory->count].file);
}

static void directory_copy(struct directory *to, const struct directory *from)
{
	for (size_t i = 0; i < from->count; i++)
		from->names[i].file->references++;
	directory_clear(to);
	*to = *from;
}

/* ---- disks ---- */

struct crash_disk *crash_disk_create(const char *name)
{
	struct crash_disk *disk = allocate(sizeof(*disk));

	(void)snprintf(disk->prefix, sizeof(disk->prefix), "/%s/", name);
	for (size_t i = 0; i < DISKS_MAX; i++) {
		if (disks[i] == NULL) {
			disks[i] = disk;
			return disk;
		}
	}
	abort();
}

void crash_disk_destroy(struct crash_disk *disk)
{
	if (disk == NULL)
		return;
	assert(disk->open_count == 0);
	for (size_t i = 0; i < DISKS_MAX; i++)
		if (disks[i] == disk)
			disks[i] = NULL;
	directory_clear(&disk->now);
	directory_clear(&disk->synced);
	free(disk);
}

static struct crash_disk *disk_of(const char *path)
{
	for (size_t i = 0; i < DISKS_MAX; i++)
		if (disks[i] != NULL && strncmp(disks[i]->prefix, path, strlen(disks[i]->prefix)) == 0)
			return disks[i];
	return NULL;
}

struct crash_image *crash_disk_save(const struct crash_disk *disk)
{
	struct crash_image *image = allocate(sizeof(*image));

	for (size_t i = 0; i < disk->now.count; i++) {
		struct saved_file *saved = &image->files[image->count++];
		strcpy(saved->path, disk->now.names[i].path);
		contents_share(&saved->contents, &disk->now.names[i].file->now);
	}
	return image;
}

void crash_disk_load(struct crash_disk *disk, const struct crash_image *image)
{
	assert(disk->open_count == 0);
	directory_clear(&disk->now);
	for (size_t i = 0; i < image->count; i++) {
		const char *name = strrchr(image->files[i].path, '/') + 1;
		struct node_file *file = file_create();
		char path[96];

		(void)snprintf(path, sizeof(path), "%s%s", disk->prefix, name); /* the image may be another disk's */
		contents_share(&file->now, &image->files[i].contents);
		contents_share(&file->synced, &image->files[i].contents);
		directory_put(&disk->now, path, file);
	}
	directory_copy(&disk->synced, &disk->now);
}

void crash_image_free(struct crash_image *image)
{
	if (image == NULL)
		return;
	for (size_t i = 0; i < image->count; i++)
		contents_finish(&image->files[i].contents);
	free(image);
}

void crash_disk_fail(struct crash_disk *disk, enum disk_failure failure, uint64_t calls)
{
	disk->failing = failure;
	disk->countdown = calls;
	if (calls == 0)
		disk->state = failure;
}

enum disk_failure crash_disk_state(const struct crash_disk *disk)
{
	return disk->state;
}

uint64_t crash_disk_countdown(const struct crash_disk *disk)
{
	return disk->countdown;
}

void crash_disk_hold(struct crash_disk *disk, bool held)
{
	disk->held = held;
}

enum call {
	CALL_READ,
	CALL_SYNC,
	CALL_CHANGE
};

static bool counts_for(enum disk_failure failure, enum call call)
{
	switch (failure) {
	case DISK_READ_ERROR:
		return call == CALL_READ;
	case DISK_SYNC_ERROR:
		return call == CALL_SYNC;
	case DISK_WRITE_ERROR:
		return call == CALL_CHANGE;
	case DISK_WELL:
	case DISK_DEAD:
	case DISK_FULL:
		break;
	}
	return call != CALL_READ;
}

/* Before every call: how the disk is for it. Of the errors one call has one, and the next is well again. */
static enum disk_failure count_call(struct crash_disk *disk, enum call call)
{
	bool now = disk->countdown > 0 && !disk->held && counts_for(disk->failing, call) && --disk->countdown == 0;

	if (now)
		disk->state = disk->failing;
	if (disk->state == DISK_DEAD || disk->state == DISK_FULL)
		return disk->state;
	return now ? disk->state : DISK_WELL;
}

static bool errs(struct crash_disk *disk, enum call call)
{
	enum disk_failure failure = count_call(disk, call);

	return failure != DISK_WELL && failure != DISK_FULL;
}

enum disk_failure crash_disk_call(struct crash_disk *disk)
{
	return count_call(disk, CALL_CHANGE);
}

void crash_disk_crash(struct crash_disk *disk, struct stream *stream)
{
	bool all_lost = stream_chance(stream, 30);

	counts.crashes++;
	assert(disk->open_count == 0);
	if (stream_chance(stream, 50))
		directory_copy(&disk->now, &disk->synced);
	else
		directory_copy(&disk->synced, &disk->now);
	for (size_t i = 0; i < disk->now.count; i++)
		file_crash(disk->now.names[i].file, stream, all_lost);
	disk->state = DISK_WELL;
	disk->countdown = 0;
}

int crash_disk_rename(void *context, const char *from, const char *to)
{
	struct crash_disk *disk = context;
	struct name *name = directory_find(&disk->now, from);

	if (errs(disk, CALL_CHANGE))
		return EIO;
	if (name == NULL)
		return ENOENT;
	directory_put(&disk->now, to, name->file);
	directory_remove(&disk->now, from);
	return 0;
}

int crash_disk_remove(void *context, const char *path)
{
	struct crash_disk *disk = context;

	if (errs(disk, CALL_CHANGE))
		return EIO;
	directory_remove(&disk->now, path);
	return 0;
}

int crash_disk_sync_directory(void *context, const char *dir)
{
	struct crash_disk *disk = context;

	(void)dir;
	if (errs(disk, CALL_SYNC))
		return EIO;
	directory_copy(&disk->synced, &disk->now);
	return 0;
}

/* ---- SQLite's methods of a file ---- */

static int file_close(sqlite3_file *base)
{
	struct open_file *open = (struct open_file *)base;

	if (open->delete_on_close)
		directory_remove(&open->disk->now, open->path);
	open->disk->open_count--;
	file_release(open->file);
	return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *out, int size, sqlite3_int64 offset)
{
	struct open_file *open = (struct open_file *)base;

	if (count_call(open->disk, CALL_READ) == DISK_READ_ERROR)
		return SQLITE_IOERR_READ;
	if (contents_read(&open->file->now, (size_t)offset, out, (size_t)size) == (size_t)size)
		return SQLITE_OK;
	return SQLITE_IOERR_SHORT_READ;
}

static bool is_log(const char *path)
{
	size_t size = strlen(path);

	return size > 4 && strcmp(path + size - 4, "-wal") == 0;
}

static void sync_log(const struct open_file *open)
{
	char path[100];
	struct name *log;

	(void)snprintf(path, sizeof(path), "%s-wal", open->path);
	log = directory_find(&open->disk->now, path);
	if (log != NULL)
		file_sync(log->file);
}

static int file_write(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
	struct open_file *open = (struct open_file *)base;
	enum disk_failure state = count_call(open->disk, CALL_CHANGE);

	if (state == DISK_DEAD || state == DISK_WRITE_ERROR)
		return SQLITE_IOERR_WRITE;
	if (state == DISK_FULL && (size_t)offset + (size_t)size > open->file->now.size)
		return SQLITE_FULL;
	counts.writes++;
	if (sync_at_checkpoint && !is_log(open->path))
		sync_log(open);
	note_write(open->file, offset, data, (size_t)size);
	return SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct open_file *open = (struct open_file *)base;

	if (errs(open->disk, CALL_CHANGE))
		return SQLITE_IOERR_TRUNCATE;
	note_write(open->file, size, NULL, 0);
	return SQLITE_OK;
}

static int file_sync_method(sqlite3_file *base, int flags)
{
	struct open_file *open = (struct open_file *)base;

	(void)flags;
	if (errs(open->disk, CALL_SYNC)) {
		if (open->disk->state == DISK_SYNC_ERROR)
			forget_pending(open->file); /* as Linux does: it will not be tried again, and the next sync knows nothing of it */
		return SQLITE_IOERR_FSYNC;
	}
	counts.syncs++;
	if (sync_at_checkpoint && is_log(open->path))
		return SQLITE_OK;
	file_sync(open->file);
	/* The sync of a new file takes its name along, as on every journalling file system; removals and renames wait for the folder's. */
	if (directory_find(&open->disk->synced, open->path) == NULL)
		directory_put(&open->disk->synced, open->path, open->file);
	return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out_size)
{
	*out_size = (sqlite3_int64)((struct open_file *)base)->file->now.size;
	return SQLITE_OK;
}

/* Only one connection writes at a time in the simulation, and none waits. */
static int file_lock(sqlite3_file *base, int level)
{
	(void)base;
	(void)level;
	return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *base, int *out_reserved)
{
	(void)base;
	*out_reserved = 0;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
	(void)base;
	(void)operation;
	(void)argument;
	return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
	(void)base;
	return SECTOR;
}

static int file_characteristics(sqlite3_file *base)
{
	(void)base;
	return 0;
}

static int file_shared_map(sqlite3_file *base, int region, int size, int extend, void volatile **out_memory)
{
	struct node_file *file = ((struct open_file *)base)->file;

	*out_memory = NULL;
	if (region >= SHARED_REGIONS_MAX)
		return SQLITE_NOMEM;
	if (file->shared[region] == NULL && extend != 0)
		file->shared[region] = allocate((size_t)size);
	*out_memory = file->shared[region];
	return SQLITE_OK;
}

static int file_shared_lock(sqlite3_file *base, int offset, int count, int flags)
{
	(void)base;
	(void)offset;
	(void)count;
	(void)flags;
	return SQLITE_OK;
}

static void file_shared_barrier(sqlite3_file *base)
{
	(void)base;
}

static int file_shared_unmap(sqlite3_file *base, int remove)
{
	if (remove != 0)
		forget_shared(((struct open_file *)base)->file);
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync_method,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_lock,
	.xCheckReservedLock = file_check_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = file_shared_map,
	.xShmLock = file_shared_lock,
	.xShmBarrier = file_shared_barrier,
	.xShmUnmap = file_shared_unmap,
};

/* ---- SQLite's methods of the file system ---- */

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *base, int flags, int *out_flags)
{
	struct open_file *open = (struct open_file *)base;
	struct crash_disk *disk = path == NULL ? NULL : disk_of(path);
	struct node_file *file;
	struct name *name;

	(void)vfs;
	base->pMethods = NULL;
	if (disk == NULL)
		return SQLITE_CANTOPEN;
	name = directory_find(&disk->now, path);
	if (name == NULL && ((flags & SQLITE_OPEN_CREATE) == 0 || disk->state == DISK_DEAD))
		return SQLITE_CANTOPEN;
	file = name != NULL ? name->file : file_create();
	if (name == NULL)
		directory_put(&disk->now, path, file);
	*open = (struct open_file){ .base = { &methods }, .disk = disk, .file = file };
	open->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
	strcpy(open->path, path);
	open->file->references++;
	disk->open_count++;
	if (out_flags != NULL)
		*out_flags = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_directory)
{
	struct crash_disk *disk = disk_of(path);

	(void)vfs;
	if (disk == NULL || errs(disk, CALL_CHANGE))
		return SQLITE_IOERR_DELETE;
	if (directory_find(&disk->now, path) == NULL)
		return SQLITE_IOERR_DELETE_NOENT;
	directory_remove(&disk->now, path);
	if (sync_directory != 0)
		directory_copy(&disk->synced, &disk->now);
	return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out_result)
{
	struct crash_disk *disk = disk_of(path);
	struct name *name = disk == NULL ? NULL : directory_find(&disk->now, path);

	(void)vfs;
	*out_result = name != NULL && (flags != SQLITE_ACCESS_EXISTS || name->file->now.size > 0);
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
	struct stream stream;

	(void)vfs;
	stream_init(&stream, 0, "sqlite"); /* whoever ran before in this process must not matter */
	stream_fill(&stream, out, (size_t)size);
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
	*out_julian_ms = INT64_C(212700000000000);
	return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
	(void)vfs;
	(void)size;
	(void)out;
	return 0;
}

void crash_vfs_register(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 2,
		.szOsFile = sizeof(struct open_file),
		.mxPathname = 90,
		.zName = CRASH_VFS,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = vfs_randomness,
		.xSleep = vfs_sleep,
		.xCurrentTimeInt64 = vfs_time,
		.xGetLastError = vfs_last_error,
	};

	/* One thread, and nobody asks how much memory there is in use. */
	if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK || sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK ||
		sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}
