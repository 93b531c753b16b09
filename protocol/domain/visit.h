/* One technician's appointment for a work order. */
#ifndef TRUCKROLL_DOMAIN_VISIT_H
#define TRUCKROLL_DOMAIN_VISIT_H

#include "protocol/domain/machine.h"
#include "protocol/domain/schema.h"

enum visit_state {
	VISIT_STATE_PROPOSED = 0,
	VISIT_STATE_SCHEDULED = 1,
	VISIT_STATE_DISPATCHED = 2,
	VISIT_STATE_ACCEPTED = 3,
	VISIT_STATE_DECLINED = 4,
	VISIT_STATE_TRAVELLING = 5,
	VISIT_STATE_ON_SITE = 6,
	VISIT_STATE_PAUSED = 7,
	VISIT_STATE_DONE = 8,
	VISIT_STATE_ABORTED = 9,
	VISIT_STATE_CANCELLED = 10,
	VISIT_STATE_COUNT,
};

extern const struct choice visit_state_names[];

enum visit_outcome {
	VISIT_OUTCOME_NONE = 0,
	VISIT_OUTCOME_FIXED = 1,
	VISIT_OUTCOME_PARTIAL = 2,
	VISIT_OUTCOME_CANNOT_COMPLETE = 3,
	VISIT_OUTCOME_NO_ACCESS = 4,
	VISIT_OUTCOME_WRONG_ASSET = 5,
	VISIT_OUTCOME_SAFETY_STOP = 6,
	VISIT_OUTCOME_COUNT,
};

extern const struct choice visit_outcome_names[];

enum visit_cancel_cause {
	VISIT_CANCEL_CAUSE_NONE = 0,
	VISIT_CANCEL_CAUSE_CANCELLED = 1,
	VISIT_CANCEL_CAUSE_REASSIGNED = 2,
	VISIT_CANCEL_CAUSE_WITHDRAWN = 3,
	VISIT_CANCEL_CAUSE_COUNT,
};

extern const struct choice visit_cancel_cause_names[];

struct visit {
	struct id id;
	struct id work_order_id;
	struct id technician_id; /* who holds it */
	struct id territory_id;  /* the order's */
	int64_t planned_start_at_ms;
	int64_t planned_end_at_ms;
	enum visit_state state;
	int64_t dispatched_at_ms;
	int64_t accepted_at_ms;
	int64_t travelled_at_ms;
	int64_t arrived_at_ms;
	int64_t finished_at_ms;
	enum visit_outcome outcome;
	struct text cause_code;
	struct text action_code;
	struct text text; /* what was done */
	struct text signer_name;
	struct text signature_refused_reason;
	struct text reason; /* of the decline, pause, abort or cancellation */
	enum visit_cancel_cause cancel_cause;
	struct id replaced_by_id; /* the new visit, when reassigned */
	struct id started_by_id;  /* whose travel or arrival it was */
	int64_t since_at_ms;      /* the command that moved it last; 0: not known */
	int64_t moved_gseq;       /* commit that moved the plan last: who had seen less did not know; 0: never */
	struct id signature_id;   /* the attachment that was signed last */
	struct text signer_role;
	int64_t expected_at_ms; /* when the technician last said to be there; 0: as planned */
	struct bytes extra;
};

extern const struct schema visit_schema;

/* How visits go from state to state; the events are operation kinds. */
extern const struct machine visit_machine;

/* What a visit's state says about it. */
struct visit_state_row {
	enum visit_state state;
	bool open;    /* somebody is expected to come, or is there */
	bool started; /* somebody travelled or worked */
	bool under_way;
	bool ended;
};

/* For a state that this version does not know: a row that is none of it. */
const struct visit_state_row *visit_state_find(enum visit_state state);

#endif
