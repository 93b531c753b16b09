/* A store of files by content, over blob_files: whole ones, which are durable and as their name says; parts of what is under way, whose
 * length says how far it is; and lists of names: on a device what the server is to be offered and what a person asked for, at the server
 * what came by the bundles of each device. */
#ifndef TRUCKROLL_SYNC_BLOB_STORE_H
#define TRUCKROLL_SYNC_BLOB_STORE_H

#include "protocol/sync/blob_files.h"
#include "protocol/wire/blob.h"
#include "protocol/wire/message.h"

/* Kept free, so that a file never takes the room that the databases need. */
#define BLOB_RESERVE_BYTES ((int64_t)64 * 1024 * 1024)

/* STATUS_CANNOT_WRITE: so many bytes more would leave too little room. */
enum status blob_check_room(const struct blob_files *files, int64_t size);
/* STATUS_NOT_FOUND: not here, or not whole. */
enum status blob_whole(const struct blob_files *files, const struct hash *id, int64_t *out_size);
/* Durable when it returns STATUS_OK. STATUS_CANNOT_WRITE also when it would leave too little room. */
enum status blob_put(const struct blob_files *files, const struct hash *id, struct bytes content);
/* The same under the name that the content has, which it tells. Its list is in `arena`. */
enum status blob_keep(const struct blob_files *files, struct arena *arena, struct bytes content, struct hash *out_id);
/* The whole file, at most BLOB_FILE_MAX, in `arena`. STATUS_CORRUPT: it is not what its name says. */
enum status blob_read_whole(const struct blob_files *files, struct arena *arena, const struct hash *id, struct bytes *out_content);
/* A piece of a whole file from `offset` on: as much as there is, at most `size_max`. STATUS_INVALID: it ends before. */
enum status blob_read_piece(const struct blob_files *files, struct arena *arena, const struct hash *id, int64_t offset, size_t size_max,
	struct blob_piece *out_piece);

/* STATUS_OK also when it is not here. STATUS_CANNOT_WRITE. */
enum status blob_drop(const struct blob_files *files, const struct hash *id);
typedef enum status (*blob_visit)(void *user, const struct hash *id);
/* Every whole file, in the order of their ids' first two bytes. */
enum status blob_whole_each(const struct blob_files *files, blob_visit visit, void *user);

/* ---- parts; `owner` is who sends it, NULL on a device: nobody learns from another's part what the other has ---- */

struct blob_part {
	struct hash id;
	struct id owner; /* nil on a device */
	int64_t size;
	int64_t have; /* of its content, from the start */
	struct bytes list;
};
/* STATUS_NOT_FOUND. The list is in `arena`. */
enum status blob_part_find(const struct blob_files *files, struct arena *arena, const struct id *owner, const struct hash *id,
	struct blob_part *out_part);
/* STATUS_CORRUPT: the list is not of that id; STATUS_CANNOT_WRITE: no room. What an earlier try left is dropped. */
enum status blob_part_begin(const struct blob_files *files, const struct id *owner, const struct blob_offer *offer);
/* Adds a piece that begins where the part ends; another one is dropped without a word. `*out_whole`: that was the last, and the file is
 * kept. STATUS_CORRUPT: a chunk was not as the list says, and is dropped. `part->have` moves. */
enum status blob_part_add(
	const struct blob_files *files, struct arena *arena, struct blob_part *part, const struct blob_piece *piece, bool *out_whole);
void blob_part_drop(const struct blob_files *files, const struct id *owner, const struct hash *id);
/* The oldest parts of this owner go, by when they were offered, until there are fewer than `most`: who begins one file after the other and
 * ends none takes no more room than so many. STATUS_OK, STATUS_CANNOT_WRITE. O(parts). */
enum status blob_parts_bound(const struct blob_files *files, const struct id *owner, size_t most);

/* ---- lists of names ---- */

#define BLOB_OUT  "out"  /* to be offered to the server */
#define BLOB_WANT "want" /* a person asked for it */
/* At the server, of a device: what came by its bundles and was whole then. The next bundle for it names those that still are. */
struct blob_list_name {
	char characters[48];
};
struct blob_list_name blob_list_of_device(const struct id *device);
enum status blob_list_add(const struct blob_files *files, const char *list, const struct hash *id);
enum status blob_list_remove(const struct blob_files *files, const char *list, const struct hash *id);
bool blob_listed(const struct blob_files *files, const char *list, const struct hash *id);
enum status blob_list_each(const struct blob_files *files, const char *list, blob_visit visit, void *user);

/* ---- at the server: what a device told in a bundle that it has ---- */

/* The beginnings of a HELD section, in the place of what it told before. Not durable: what is forgotten is sent once more. */
enum status blob_held_put(const struct blob_files *files, const struct id *device, struct bytes beginnings);
/* In `arena`; empty when it told nothing, or that is damaged. */
struct bytes blob_held_of(const struct blob_files *files, struct arena *arena, const struct id *device);

/* ---- sweeping ---- */

#define BLOB_PART_AGE_MS   ((int64_t)24 * 3600 * 1000)
#define BLOB_DEVICE_AGE_MS ((int64_t)24 * 3600 * 1000)      /* without a row, on a device: what it may not see any more goes soon */
#define BLOB_SERVER_AGE_MS ((int64_t)90 * 24 * 3600 * 1000) /* at the server: the operation that speaks of it may be parked */
#define BLOB_FOLDERS       256
/* Drops parts that nothing came to for BLOB_PART_AGE_MS. */
enum status blob_sweep_parts(const struct blob_files *files);
/* STATUS_OK: a row speaks of it; STATUS_NOT_FOUND: none does. */
typedef enum status (*blob_question)(void *user, const struct hash *id);
/* Removes whole files of `folder` (0 to 255, the first byte of their ids) that are older than `age_ms` and of which no row speaks. */
enum status blob_sweep_whole(
	const struct blob_files *files, uint8_t folder, int64_t age_ms, blob_question has_row, void *user, size_t *out_removed);

/* Why a file cannot be moved, as its device sees it. */
enum blob_trouble {
	BLOB_TROUBLE_NONE = 0,
	BLOB_TROUBLE_SERVER_ROOM,    /* the server has none */
	BLOB_TROUBLE_SERVER_REFUSES, /* it takes no files from this device */
	BLOB_TROUBLE_SERVER_FINDS,   /* it finds damaged what is sound here, or says what cannot be */
	BLOB_TROUBLE_DAMAGED,        /* what it sends is not what it says */
	BLOB_TROUBLE_HERE,           /* this disk: see the reason */
};

#endif
