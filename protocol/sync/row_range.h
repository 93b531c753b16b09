/* Rows at home in one scope and of one delivery class, from behind one row to another, in the order of a first sync: kind by kind,
 * by id. */
#ifndef TRUCKROLL_SYNC_ROW_RANGE_H
#define TRUCKROLL_SYNC_ROW_RANGE_H

#include "protocol/sync/delivery_class.h"
#include "protocol/sync/server_store.h"

struct row_range {
	int64_t scope;
	enum delivery_class class; /* CLASS_COUNT: every class */
	enum record_kind first_kind;
	struct id after;
	enum record_kind last_kind;
	struct id last; /* within */
};

bool row_range_is_behind(const struct row_range *range, enum record_kind kind, const struct id *id);
bool row_range_holds(const struct row_range *range, enum record_kind kind, const struct id *id);
/* Did a row of the range change, come, or leave after commit `gseq`, which is not below the horizon? True also when more changed in the
 * scope than is worth looking at. */
enum status row_range_changed(struct server_store *store, const struct row_range *range, int64_t gseq, bool *out_changed);

#endif
