/* Where the bytes of files are kept: a folder of the disk (shell/blob_folder.h), or memory in tests. Names are relative, with at most two
 * folders, made by protocol/sync/blob_store.c alone. One thread. */
#ifndef TRUCKROLL_SYNC_BLOB_FILES_H
#define TRUCKROLL_SYNC_BLOB_FILES_H

#include <stdint.h>

#include "protocol/base/status.h"
#include "protocol/base/text.h"

/* `name` within its folder, valid during the call; `age_ms` since it was last written. */
typedef enum status (*blob_file_visit)(void *user, const char *name, int64_t age_ms);

struct blob_files {
	void *context;
	/* Bytes; STATUS_NOT_FOUND. */
	enum status (*size)(void *context, const char *name, int64_t *out_size);
	/* Exactly so many; STATUS_CORRUPT when they are not there. */
	enum status (*read)(void *context, const char *name, int64_t offset, uint8_t *data, size_t size);
	/* Makes the file and its folders; it ends behind what was written. Not durable. STATUS_CANNOT_WRITE. */
	enum status (*write)(void *context, const char *name, int64_t offset, struct bytes bytes);
	/* Durable under another name, in the place of what had it. */
	enum status (*keep)(void *context, const char *name, const char *as);
	/* STATUS_OK also when there is none. */
	enum status (*remove)(void *context, const char *name);
	/* The files in a folder, which may be missing, and in the folders in it; the visit may remove what it was given. */
	enum status (*each)(void *context, const char *folder, blob_file_visit visit, void *user);
	int64_t (*free_bytes)(void *context);
};

#endif
