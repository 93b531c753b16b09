/* The answer to carried bundles of a device, as the carrying one fetches it: parts that are sealed for that device, in the store of files,
 * until all of it is there and it can be written out as a bundle. */
#ifndef TRUCKROLL_SYNC_CARRY_ANSWER_H
#define TRUCKROLL_SYNC_CARRY_ANSWER_H

#include "protocol/sync/blob_files.h"
#include "protocol/wire/bundle.h"
#include "protocol/wire/carry.h"

struct carry_answer {
	struct id device; /* for whom it is */
	struct id bundle; /* nil: none is begun */
	size_t count;     /* whole parts … */
	int64_t end;      /* … which end here in the file */
	struct hash envelope; /* of the part that is under way … */
	size_t size;          /* … 0: none is … */
	size_t got;           /* … of which so much is here */
};

/* What is under way for a device, as it was left. O(its parts). */
void carry_answer_find(const struct blob_files *files, const struct id *device, struct carry_answer *out_answer);
/* Adds a piece where it fits; the first one of another answer begins that. `*out_whole`: it was the last of the last part, all of it was
 * checked, and is durable in the place of an earlier answer. STATUS_CORRUPT: what lay here was damaged, or it is more than a bundle
 * takes; it begins anew. STATUS_CANNOT_WRITE. */
enum status carry_answer_add(
	const struct blob_files *files, struct carry_answer *answer, const struct carry_reply *reply, bool *out_whole);

struct whole_answer {
	struct id device;
	int64_t size;
	int64_t age_ms;
};
/* Those that are whole, in `arena`; what is older than CARRY_AGE_MS goes, also of what is under way. STATUS_CANNOT_WRITE. */
enum status carry_answer_list(const struct blob_files *files, struct arena *arena, struct whole_answer **out_answers, size_t *out_count);
/* Adds the parts of a whole answer to a bundle. STATUS_NOT_FOUND: there is none; STATUS_CORRUPT: it is damaged; STATUS_BUSY: another took
 * its place meanwhile. */
enum status carry_answer_write(const struct blob_files *files, const struct id *device, struct bundle_writer *bundle);

#endif
