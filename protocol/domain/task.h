/* One point of a work order's checklist. */
#ifndef TRUCKROLL_DOMAIN_TASK_H
#define TRUCKROLL_DOMAIN_TASK_H

#include "protocol/domain/schema.h"

enum task_kind {
	TASK_KIND_CONFIRM = 0,
	TASK_KIND_YES_NO = 1,
	TASK_KIND_NUMBER = 2,
	TASK_KIND_TEXT = 3,
	TASK_KIND_CHOICE = 4,
	TASK_KIND_READING = 5,
	TASK_KIND_PHOTO = 6,
	TASK_KIND_COUNT,
};

extern const struct choice task_kind_names[];

enum task_limits {
	TASK_LIMITS_NONE = 0,
	TASK_LIMITS_MINIMUM = 1,
	TASK_LIMITS_MAXIMUM = 2,
	TASK_LIMITS_BOTH = 3,
	TASK_LIMITS_COUNT,
};

extern const struct choice task_limits_names[];

/* The last place in a list. */
#define TASK_POSITION_MAX 100000

struct task {
	struct id id;
	struct id work_order_id;
	struct id territory_id; /* the order's, unless another is given */
	int64_t position;       /* in the list, ascending, at most TASK_POSITION_MAX */
	int64_t version;        /* raised by every EDIT of what is asked */
	enum task_kind kind;    /* what is a fit answer, see task_takes() */
	struct text title;
	struct text instruction;
	bool mandatory;          /* a visit is not fixed before it is answered */
	enum task_limits limits; /* which of the two next count */
	int64_t minimum;         /* in units of 10^-scale, as the answers */
	int64_t maximum;
	int64_t scale; /* decimal places of minimum, maximum and answers */
	struct text unit;
	struct text options; /* of a choice, joined by ";"; "!" before one that means failed */
	struct id asset_id;  /* nil: the order's */
	struct id meter_id;  /* of a reading */
	bool withdrawn;      /* not asked any more */
	bool answered;
	bool failed;                 /* the primary answer's */
	struct id primary_answer_id; /* the one that counts */
	struct bytes extra;
};

extern const struct schema task_schema;

#endif
