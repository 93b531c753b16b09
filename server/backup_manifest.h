/* What a backup says of itself: NAME.backup, a small text of `key = value` lines, signed by the server. It is written last, so that where
 * it is, the backup is whole; what it names is found by its own name: NAME.db and NAME.files beside it, the files themselves in blobs/. */
#ifndef TRUCKROLL_SERVER_BACKUP_MANIFEST_H
#define TRUCKROLL_SERVER_BACKUP_MANIFEST_H

#include "protocol/base/arena.h"
#include "protocol/wire/chain.h"
#include "protocol/wire/enrolment.h"

#define BACKUP_MANIFEST_MAX ((size_t)16 * 1024)

struct backup_manifest {
	struct server_keys keys; /* of the server that made it; its secret keys are in no backup */
	struct id epoch;
	int64_t gseq;       /* it holds everything up to this commit */
	int64_t made_at_ms; /* UTC; when it began */
	int64_t database_size;
	struct hash database_hash; /* BLAKE2b-256 of the file */
	int64_t file_count; /* in the list of files */
	int64_t file_bytes; /* of them all */
	struct hash files_hash; /* of the list */
};

/* The whole text, signed with the server's key; in `arena`. */
struct text backup_manifest_print(struct arena *arena, const struct backup_manifest *manifest, const struct identity *identity);

/* `name` is for the reasons. STATUS_CORRUPT: it is not what the server signed, or no manifest at all; STATUS_NEWER. That the server is one
 * that the reader trusts is for the reader to see: backup_manifest_check_server(). */
enum status backup_manifest_read(struct arena *arena, const char *name, struct text content, struct backup_manifest *out_manifest);

/* STATUS_REFUSED when the backup is of another organisation or another server than `keys`. */
enum status backup_manifest_check_server(const struct backup_manifest *manifest, const struct server_keys *keys);

#endif
