/* The closure of a work order: every row that who has the job needs, found from the order on by one table. */
#ifndef TRUCKROLL_SYNC_CLOSURE_H
#define TRUCKROLL_SYNC_CLOSURE_H

#include "protocol/domain/overlay.h"
#include "protocol/domain/work_order.h"
#include "protocol/sync/member_set.h"

/* Most rows of one closure. What is nearest to the order comes first, what was done here before comes last. */
#define CLOSURE_ROWS_MAX 2000
/* Steps from a row to its children; to what a row refers to, it takes none. */
#define CLOSURE_DEPTH_MAX 3
/* What was done here before: orders on the same asset (or at the same site when the order names none), the latest first, and the
 * visits that did it. */
#define HISTORY_ORDERS_MAX 10
#define HISTORY_VISITS_MAX 10
#define HISTORY_MS         ((int64_t)730 * 24 * 3600 * 1000)

struct closure {
	struct member_set rows;
	bool overfull; /* something was left out */
};

/* Walks from the order. An order that is not there has an empty closure. `closure->rows.arena` is the caller's. O(rows found). */
enum status closure_walk(struct server_store *store, const struct id *work_order, int64_t now_ms, struct closure *closure);

/* What a row is a child of, by the table; false when it is nobody's. */
bool closure_parent(enum record_kind kind, const void *row, struct member *out_parent);

/* True when the change altered a reference that closures follow from this row. */
bool closure_references_changed(const struct change *change);

/* The field and the key by which an order's history is found; false when it names neither asset nor site. */
bool closure_history_key(const struct work_order *order, enum record_kind *out_kind, struct id *out_id);

#endif
