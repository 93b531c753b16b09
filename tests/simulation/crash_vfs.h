/* Disks in memory under SQLite, which lose, tear and reorder what was not synced when their node crashes, die in the middle of
 * a call, and run full. A file "/server/store.db" is on the disk named "server". One thread. */
#ifndef TRUCKROLL_TESTS_SIMULATION_CRASH_VFS_H
#define TRUCKROLL_TESTS_SIMULATION_CRASH_VFS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/simulation/stream.h"

#define CRASH_VFS "crash"

struct crash_disk;
struct crash_image;

/* Makes the VFS known to SQLite and its default; once. SQLite's randomness and time are the same in every run. */
void crash_vfs_register(void);

/* From now on all disks behave as if SQLite ran at synchronous=NORMAL: a log is synced when the file it belongs to is about to be written,
 * not at a commit. Proves that the invariants find a promise without a sync. */
void crash_vfs_sync_at_checkpoint(bool on);

struct crash_disk *crash_disk_create(const char *name);
/* No file of it may be open. Accepts NULL. */
void crash_disk_destroy(struct crash_disk *disk);

/* A copy of everything on the disk, unsynced writes included: what a backup of a stopped node holds. */
struct crash_image *crash_disk_save(const struct crash_disk *disk);
/* Makes the disk that image, durably. No file may be open. */
void crash_disk_load(struct crash_disk *disk, const struct crash_image *image);
/* Accepts NULL. */
void crash_image_free(struct crash_image *image);

enum disk_failure {
	DISK_WELL,
	DISK_DEAD, /* the node is being killed: nothing more reaches the disk */
	DISK_FULL, /* writes that would lengthen a file fail */
	/* One call fails, and those after it do not; the state stays. */
	DISK_READ_ERROR,
	DISK_WRITE_ERROR, /* or the truncation, removal, renaming */
	DISK_SYNC_ERROR,  /* what was to be synced is never durable, and later syncs do not say so */
};
/* The disk fails in that way from the `calls`-th changing call on (write, sync, truncate, remove, rename), 0: at once. The errors count
 * their own kind of call. */
void crash_disk_fail(struct crash_disk *disk, enum disk_failure failure, uint64_t calls);
/* Calls until it fails; 0: it does, or nothing is planned. */
uint64_t crash_disk_countdown(const struct crash_disk *disk);
/* While held, calls do not count: whoever looks on is not to be hit. */
void crash_disk_hold(struct crash_disk *disk, bool held);
enum disk_failure crash_disk_state(const struct crash_disk *disk);

/* For what else lies on the disk: counts as a changing call, and tells how the disk is for it. */
enum disk_failure crash_disk_call(struct crash_disk *disk);

/* Power is lost: of what was not synced each write survives whole, torn at a multiple of 512 bytes, or not at all; names
 * follow the last sync of the folder, or what was done since. Afterwards the disk is well. No file may be open. */
void crash_disk_crash(struct crash_disk *disk, struct stream *stream);

/* For struct store_files: 0 or an errno value; `disk` is the context. */
int crash_disk_rename(void *disk, const char *from, const char *to);
int crash_disk_remove(void *disk, const char *path);
int crash_disk_sync_directory(void *disk, const char *dir);

/* Counts over the life of the process, for the report. */
struct crash_counts {
	uint64_t crashes;
	uint64_t syncs;
	uint64_t writes;
	uint64_t writes_lost;
	uint64_t writes_torn;
};
struct crash_counts crash_counts(void);

#endif
