/* Something for a person: a conflict, or a fact that did not fit. */
#ifndef TRUCKROLL_DOMAIN_ISSUE_H
#define TRUCKROLL_DOMAIN_ISSUE_H

#include "protocol/domain/schema.h"

enum issue_kind {
	ISSUE_KIND_NEGATIVE_STOCK = 0,
	ISSUE_KIND_WORK_DONE_AFTER_CANCEL = 1,
	ISSUE_KIND_OVERTAKEN = 2,
	ISSUE_KIND_DOUBLE_VISIT = 3,
	ISSUE_KIND_EDIT_CONFLICT = 4,
	ISSUE_KIND_WORK_WITHOUT_CLAIM = 5,
	ISSUE_KIND_LATE_FACT = 6,
	ISSUE_KIND_CHAIN_GAP = 7,
	ISSUE_KIND_FORK = 8,
	ISSUE_KIND_PLAN_MOVED = 9,
	ISSUE_KIND_TASK_CHANGED = 10,
	ISSUE_KIND_DOUBLE_ANSWER = 11,
	ISSUE_KIND_ASSET_GONE = 12,
	ISSUE_KIND_FINISH_INCOMPLETE = 13,
	ISSUE_KIND_READING_UNLIKELY = 14,
	ISSUE_KIND_COUNT,
};

extern const struct choice issue_kind_names[];

enum issue_state {
	ISSUE_STATE_OPEN = 0,
	ISSUE_STATE_RESOLVED = 1,
	ISSUE_STATE_COUNT,
};

extern const struct choice issue_state_names[];

enum issue_resolution {
	ISSUE_RESOLUTION_NONE = 0,
	ISSUE_RESOLUTION_NOTED = 1,
	ISSUE_RESOLUTION_KEPT_THEIRS = 2,
	ISSUE_RESOLUTION_TOOK_MINE = 3,
	ISSUE_RESOLUTION_CORRECTED = 4,
	ISSUE_RESOLUTION_BILL = 5,
	ISSUE_RESOLUTION_DO_NOT_BILL = 6,
	ISSUE_RESOLUTION_KEEP_OTHER_VISIT = 7,   /* whose replacement was withdrawn goes all the same */
	ISSUE_RESOLUTION_CANCEL_OTHER_VISIT = 8, /* the second technician need not go */
	ISSUE_RESOLUTION_ACCEPT_LATE = 9,        /* the late facts are in the totals now */
	ISSUE_RESOLUTION_TAKE_OTHER_ANSWER = 10, /* the answer that did not count does */
	ISSUE_RESOLUTION_COUNT,
};

extern const struct choice issue_resolution_names[];

struct issue {
	struct id id;
	enum issue_kind kind;
	struct id territory_id;
	struct id work_order_id;
	struct id visit_id;
	struct id part_id;
	struct id location_id;
	struct id device_id;     /* of the operation that opened it */
	struct id technician_id; /* its author */
	struct id operation_id;
	int64_t record; /* enum record_kind of record_id */
	struct id record_id;
	struct text field;
	struct text base_value;   /* what the author saw */
	struct text mine_value;   /* what the author wanted, or the outcome of a visit that was reported */
	struct text theirs_value; /* what stood there */
	struct text detail;       /* "key=value" joined by ";" */
	enum issue_state state;
	enum issue_resolution resolution;
	struct text resolution_text;
	int64_t opened_at_ms;
	int64_t resolved_at_ms;
	struct bytes extra;
};

extern const struct schema issue_schema;

#endif
