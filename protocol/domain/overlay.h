/* Changes laid over a store for the life of one operation: kept whole when it is applied, dropped when it is refused,
 * so that no savepoint is needed. It is itself a `struct records`. */
#ifndef TRUCKROLL_DOMAIN_OVERLAY_H
#define TRUCKROLL_DOMAIN_OVERLAY_H

#include "protocol/domain/records.h"

struct overlay_row;

struct overlay {
	struct records records; /* hand &overlay.records to handlers */
	struct records *under;
	struct arena *arena;
	struct overlay_row **changed; /* in order of first change */
	size_t changed_count;
	size_t changed_capacity;
};

/* One net change. */
struct change {
	enum record_kind kind;
	const void *before; /* NULL: was absent */
	const void *after;  /* NULL: removed */
};

/* Lays an empty overlay over `under`; rows live in `arena`. No finish is needed: drop the arena. */
void overlay_init(struct overlay *overlay, struct records *under, struct arena *arena);

/* Net changes in order of first change; a row that ended as it began is skipped. */
size_t overlay_change_count(const struct overlay *overlay);
/* STATUS_NOT_FOUND when change `position` came to nothing in the end. */
enum status overlay_change(const struct overlay *overlay, size_t position, struct change *out_change);

#endif
