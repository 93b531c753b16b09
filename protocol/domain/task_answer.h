/* What a technician answered to a task; never changed, corrected by another answer. */
#ifndef TRUCKROLL_DOMAIN_TASK_ANSWER_H
#define TRUCKROLL_DOMAIN_TASK_ANSWER_H

#include "protocol/domain/schema.h"

enum answer_truth {
	ANSWER_TRUTH_NONE = 0,
	ANSWER_TRUTH_YES = 1,
	ANSWER_TRUTH_NO = 2,
	ANSWER_TRUTH_COUNT,
};

extern const struct choice answer_truth_names[];

struct task_answer {
	struct id id;
	struct id task_id;
	int64_t task_version; /* that the author saw, see task_version_of() */
	struct id visit_id;
	struct id work_order_id;
	struct id territory_id;
	struct id asset_id; /* what was looked at, after merges */
	struct id technician_id;
	int64_t at_ms;
	enum answer_truth truth; /* confirm, yes_no */
	int64_t number;          /* in the task's scale */
	struct text text;        /* a text, or the option chosen */
	struct id attachment_id; /* the photo */
	struct id reading_id;    /* of a reading */
	struct text skip_reason; /* not empty: not answered, and why */
	bool failed;             /* outside the limits that were asked for */
	bool late;               /* the order was closed or cancelled already */
	bool archived;           /* older than its window: only the office has it */
	struct bytes extra;
};

extern const struct schema task_answer_schema;

#endif
