/* Bundles of other devices that this one carries to the server, in its store of files: each as it was given, and how far it has come.
 * Sealed for the server: nothing here can read them. */
#ifndef TRUCKROLL_SYNC_CARRY_STORE_H
#define TRUCKROLL_SYNC_CARRY_STORE_H

#include "protocol/sync/blob_files.h"
#include "protocol/wire/bundle.h"

#define CARRY_COUNT_MAX 16
#define CARRY_BYTES_MAX ((int64_t)256 * 1024 * 1024) /* of all of them; the answer for a device has at most as much */
#define CARRY_AGE_MS    ((int64_t)30 * 24 * 3600 * 1000)

struct carried_bundle {
	struct id device; /* who made it */
	struct hash mark; /* of the whole file: it is carried once */
	int64_t size;
	int64_t age_ms; /* since it was given */
	size_t count;   /* of its envelopes … */
	size_t taken;   /* … of which the server has so many … */
	int64_t at;     /* … the next one begins here in the file, … */
	int64_t before; /* … and the latest of those taken began here */
	uint32_t fault; /* the first one that the server had with it: enum wire_error; 0: none */
	bool refused;   /* it is no bundle of a device of this organisation, says the server, or it was damaged here */
	bool answered;  /* all of it was taken, and the answer is here */
};

/* Keeps the bundle that was read from `file`, durable on return; one that is here already stays as it is. Those that are over, and are
 * there only to be told of, go. STATUS_BUSY: as many, or as much,
 * is carried as may be; STATUS_CANNOT_WRITE. */
enum status carry_add(const struct blob_files *files, const struct bundle *bundle, struct bytes file);
/* What people here call the device: its bundle had that name. The latest counts; what is too long, or no text, does not. */
#define CARRY_NAME_MAX 60
enum status carry_put_name(const struct blob_files *files, const struct id *device, struct text name);
/* In `arena`; empty: it has none. */
struct text carry_name_of(const struct blob_files *files, struct arena *arena, const struct id *device);
/* Those that are carried, what was given first is first, in `arena`; what is too old goes. STATUS_CANNOT_WRITE, STATUS_CORRUPT. */
enum status carry_list(const struct blob_files *files, struct arena *arena, struct carried_bundle **out_carried, size_t *out_count);
/* Its next envelope, in `arena`. STATUS_CORRUPT: the file is damaged. */
enum status carry_envelope(
	const struct blob_files *files, struct arena *arena, const struct carried_bundle *carried, struct bytes *out_envelope);
/* Its next envelope, of `size` bytes, was taken; noted, but not synced: what is forgotten is brought once more. */
enum status carry_note_taken(const struct blob_files *files, struct carried_bundle *carried, size_t size);
/* The latest that was taken is to be brought once more. */
enum status carry_step_back(const struct blob_files *files, struct carried_bundle *carried);
/* Notes how far it is. */
enum status carry_note(const struct blob_files *files, const struct carried_bundle *carried);
enum status carry_drop(const struct blob_files *files, const struct carried_bundle *carried);

#endif
