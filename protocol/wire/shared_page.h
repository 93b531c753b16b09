/* A page of one home scope as the server keeps it for every device that holds the scope: the packed block of its groups, where it
 * begins and ends, and the commit whose rows it shows. A file of the server's own, never sent as it lies there; a hash over all of
 * it shows damage. */
#ifndef TRUCKROLL_WIRE_SHARED_PAGE_H
#define TRUCKROLL_WIRE_SHARED_PAGE_H

#include "protocol/wire/message.h"

/* The block leaves room in a frame for whatever else an answer of a first sync says. */
#define SHARED_PAGE_PACKED_MAX (FRAME_SIZE_MAX - 2048)
#define SHARED_PAGE_FILE_MAX   (FRAME_SIZE_MAX - 1024)

/* Behind which row of which scope a page begins, of which life of the store and which schema: all that tells it from others. */
struct shared_place {
	struct id epoch;
	uint32_t revision; /* of the schema */
	struct scope scope;
	uint8_t delivery; /* enum delivery_class of its rows */
	enum record_kind kind;
	struct id after;
};

struct shared_page {
	int64_t gseq;          /* its rows are as of this commit */
	enum record_kind kind; /* it ends with this row */
	struct id last;
	struct bytes packed; /* as page_pack() wrote it */
};

#define SHARED_GENERATION_SIZE 8
#define SHARED_NAME_SIZE       (SHARED_GENERATION_SIZE + 1 + 32 + 1)

/* "generation-place" in hexadecimal digits: pages of another epoch or revision begin otherwise. */
struct shared_name {
	char characters[SHARED_NAME_SIZE];
};

struct shared_name shared_page_name(const struct shared_place *place);
/* The file's bytes, in `arena`. */
struct bytes shared_page_encode(struct arena *arena, const struct shared_place *place, const struct shared_page *page);
/* The page borrows from `file`. STATUS_CORRUPT: damaged, cut, or not of this place. */
enum status shared_page_decode(struct bytes file, const struct shared_place *place, struct shared_page *out_page);

#endif
