/* Backups: a folder with any number of them. Each is a copy of the database and a list of files, and counts once its manifest is there
 * (backup_manifest.h); the files lie once in FOLDER/blobs, by their content, however many backups name them. */
#ifndef TRUCKROLL_SERVER_BACKUP_H
#define TRUCKROLL_SERVER_BACKUP_H

#include "protocol/sync/blob_files.h"
#include "server/backup_manifest.h"
#include "server/store.h"
#include "shell/progress.h"

#define BACKUP_SUFFIX ".backup"

struct backup {
	struct text path; /* of the manifest, as it was given */
	struct text stem; /* the same without its suffix; NUL-terminated */
	struct backup_manifest manifest;
};

struct backup_source {
	struct server_store *store; /* opened for reading, beside its owner or alone */
	const struct blob_files *blobs;
	const struct server_keys *keys;
	const struct identity *identity;
	int64_t now_ms;
	struct progress *progress;
};

struct backup_files {
	int64_t copied;  /* the folder did not have them yet */
	int64_t damaged; /* are not what their names say, and left out: all else is in the backup */
};

/* Makes a backup in a folder that is there: copies the database as it is in one moment, checks the copy as `verify` does, and copies the
 * files that the folder lacks. Durable when it returns STATUS_OK; what was cut off before is no backup, and the next one removes
 * it. Removes nothing else, whoever laid it there.
 * STATUS_NOT_FOUND (no folder), STATUS_CANNOT_WRITE, STATUS_BUSY (somebody makes one there), STATUS_CORRUPT (the organisation is damaged).
 * Results are in `arena`. */
enum status backup_make(const struct backup_source *source, struct text folder, struct arena *arena, struct backup *out_backup,
	struct backup_files *out_files);

/* Reads the manifest at `path`. STATUS_NOT_FOUND, STATUS_CORRUPT, STATUS_NEWER. */
enum status backup_open(struct arena *arena, struct text path, struct backup *out_backup);

typedef enum status (*backup_visit)(void *context, struct text path);
/* The paths of all manifests in a folder, the oldest first; in `arena`. Also of one that is missing beside its parts: backup_open()
 * finds it STATUS_NOT_FOUND. */
enum status backup_each(struct arena *arena, struct text folder, backup_visit visit, void *context);

/* Is everything there that the manifest names, byte for byte, and does the organisation in it fit itself? O(backup). STATUS_CORRUPT names
 * what does not fit. */
enum status backup_check(const struct backup *backup, struct progress *progress);

/* The same of the parts: the database, written to `target` meanwhile unless that is NULL (a new file, 0600, not synced); and the files,
 * put into `target` unless that is NULL. */
enum status backup_check_database(const struct backup *backup, const char *target, struct progress *progress);
enum status backup_check_files(const struct backup *backup, const struct blob_files *target, struct progress *progress);

#endif
