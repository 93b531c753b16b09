/* What is to be done at a site; carried out in visits. */
#ifndef TRUCKROLL_DOMAIN_WORK_ORDER_H
#define TRUCKROLL_DOMAIN_WORK_ORDER_H

#include "protocol/domain/records.h"
#include "protocol/domain/visit.h"

enum work_order_type {
	WORK_ORDER_TYPE_BREAK_FIX = 0,
	WORK_ORDER_TYPE_INSTALL = 1,
	WORK_ORDER_TYPE_INSPECTION = 2,
	WORK_ORDER_TYPE_PREVENTIVE = 3,
	WORK_ORDER_TYPE_REMOVAL = 4,
	WORK_ORDER_TYPE_SURVEY = 5,
	WORK_ORDER_TYPE_RECALL = 6,
	WORK_ORDER_TYPE_COUNT,
};

extern const struct choice work_order_type_names[];

enum work_order_state {
	WORK_ORDER_STATE_DRAFT = 0,
	WORK_ORDER_STATE_UNSCHEDULED = 1,
	WORK_ORDER_STATE_SCHEDULED = 2,
	WORK_ORDER_STATE_IN_PROGRESS = 3,
	WORK_ORDER_STATE_ON_HOLD = 4,
	WORK_ORDER_STATE_COMPLETED = 5,
	WORK_ORDER_STATE_CLOSED = 6,
	WORK_ORDER_STATE_CANCELLED = 7,
	WORK_ORDER_STATE_COUNT,
};

extern const struct choice work_order_state_names[];

struct work_order {
	struct id id;
	struct text number; /* for people; given by the server */
	struct id territory_id;
	struct id account_id;
	struct id site_id;
	struct id asset_id;
	struct id request_id;
	enum work_order_type type;
	struct text title;
	struct text description;
	int64_t priority;
	struct text problem_code;
	struct text cause_code;
	struct text action_code;
	bool released;           /* ready to be planned */
	struct text hold_reason; /* not empty: on hold */
	int64_t promised_from_at_ms;
	int64_t promised_to_at_ms;
	int64_t planned_start_at_ms;
	int64_t cancelled_at_ms;
	int64_t closed_at_ms;
	int64_t completed_at_ms;
	struct text source;
	struct text source_id;
	int64_t cost_cents; /* retired: work_order_cost.h */
	enum work_order_state state; /* work_order_derive() */
	enum visit_outcome outcome;  /* of the visit that finished last */
	int64_t scope_version;       /* raised when its asset or site changes: answers given before may be about another */
	bool stale;                  /* facts came after it was over: totals taken from it may be short */
	struct text reason;          /* of the latest close, cancellation or reopening */
	struct bytes extra;
};

extern const struct schema work_order_schema;

/* Sets the derived fields of `order` (state, outcome, and completed_at_ms while it is completed) from the order and its
 * visits: the only place where an order's state comes from. Does not store it. Statuses: those of the store. */
enum status work_order_derive(struct records *records, struct work_order *order);

/* Closed or cancelled: nothing that happens later changes its state. */
bool work_order_is_over(const struct work_order *order);
/* Since when; 0: it is not. */
int64_t work_order_over_since_ms(const struct work_order *order);

#endif
