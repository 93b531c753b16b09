#include "protocol/domain/work_order.h"

#include <assert.h>

#include "protocol/domain/work_order_cost.h"

const struct choice work_order_type_names[] = {
	{ WORK_ORDER_TYPE_BREAK_FIX, "break_fix" },
	{ WORK_ORDER_TYPE_INSTALL, "install" },
	{ WORK_ORDER_TYPE_INSPECTION, "inspection" },
	{ WORK_ORDER_TYPE_PREVENTIVE, "preventive" },
	{ WORK_ORDER_TYPE_REMOVAL, "removal" },
	{ WORK_ORDER_TYPE_SURVEY, "survey" },
	{ WORK_ORDER_TYPE_RECALL, "recall" },
	{ 0, NULL },
};
static_assert(LENGTH(work_order_type_names) == WORK_ORDER_TYPE_COUNT + 1, "every work_order_type has a name");

const struct choice work_order_state_names[] = {
	{ WORK_ORDER_STATE_DRAFT, "draft" },
	{ WORK_ORDER_STATE_UNSCHEDULED, "unscheduled" },
	{ WORK_ORDER_STATE_SCHEDULED, "scheduled" },
	{ WORK_ORDER_STATE_IN_PROGRESS, "in_progress" },
	{ WORK_ORDER_STATE_ON_HOLD, "on_hold" },
	{ WORK_ORDER_STATE_COMPLETED, "completed" },
	{ WORK_ORDER_STATE_CLOSED, "closed" },
	{ WORK_ORDER_STATE_CANCELLED, "cancelled" },
	{ 0, NULL },
};
static_assert(LENGTH(work_order_state_names) == WORK_ORDER_STATE_COUNT + 1, "every work_order_state has a name");

/* Tags are permanent: retire a number, never reuse it. */
/* clang-format off */
static const struct field fields[] = {
	{ FIELD_OF(work_order, id),                             .tag = 1, .required = true },
	{ FIELD_OF(work_order, number),                         .tag = 2, .max = 200 },
	{ FIELD_OF(work_order, territory_id),
	  .tag = 3, .refers = RECORD_TERRITORY, .merge = MERGE_SERVER_WINS, .required = true },
	{ FIELD_OF(work_order, account_id),                     .tag = 4, .refers = RECORD_ACCOUNT },
	{ FIELD_OF(work_order, site_id),                        .tag = 5, .refers = RECORD_SITE, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(work_order, asset_id),                       .tag = 6, .refers = RECORD_ASSET, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(work_order, request_id),                     .tag = 7, .refers = RECORD_SERVICE_REQUEST },
	{ CHOICE_OF(work_order, type, work_order_type_names),   .tag = 8, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(work_order, title),                          .tag = 9, .merge = MERGE_LAST_COMMITTED, .required = true, .max = 200 },
	{ FIELD_OF(work_order, description),                    .tag = 10, .merge = MERGE_LAST_COMMITTED, .personal = true, .max = 4000 },
	{ FIELD_OF(work_order, priority),                       .tag = 11, .merge = MERGE_SERVER_WINS, .max = 5 },
	{ FIELD_OF(work_order, problem_code),                   .tag = 12, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(work_order, cause_code),                     .tag = 13, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(work_order, action_code),                    .tag = 14, .merge = MERGE_LAST_COMMITTED, .max = 200 },
	{ FIELD_OF(work_order, released),                       .tag = 15, .merge = MERGE_SERVER_WINS },
	{ FIELD_OF(work_order, hold_reason),                    .tag = 16, .merge = MERGE_SERVER_WINS, .max = 200 },
	{ TIME_OF(work_order, promised_from_at_ms),             .tag = 17, .merge = MERGE_SERVER_WINS },
	{ TIME_OF(work_order, promised_to_at_ms),               .tag = 18, .merge = MERGE_SERVER_WINS },
	{ TIME_OF(work_order, planned_start_at_ms),             .tag = 19, .merge = MERGE_SERVER_WINS },
	{ TIME_OF(work_order, cancelled_at_ms),                 .tag = 20 },
	{ TIME_OF(work_order, closed_at_ms),                    .tag = 21 },
	{ TIME_OF(work_order, completed_at_ms),                 .tag = 22 },
	{ FIELD_OF(work_order, source),                         .tag = 23, .max = 200 },
	{ FIELD_OF(work_order, source_id),                      .tag = 24, .max = 200 },
	{ FIELD_OF(work_order, cost_cents),                     .tag = 25, .merge = MERGE_SERVER_WINS, .max = INT64_C(1000000000000),
	  .retired = COSTS_APART_SINCE }, /* it went to whoever had the order */
	{ CHOICE_OF(work_order, state, work_order_state_names), .tag = 26, .derived = true },
	{ CHOICE_OF(work_order, outcome, visit_outcome_names),  .tag = 27, .derived = true },
	{ FIELD_OF(work_order, scope_version),                  .tag = 28, .derived = true, .max = INT64_MAX, .since = 2 },
	{ FIELD_OF(work_order, stale),                          .tag = 29, .derived = true, .since = 2 },
	{ FIELD_OF(work_order, reason),                         .tag = 30, .derived = true, .max = 200, .since = 2 },
};
/* clang-format on */

const struct schema work_order_schema = {
	.kind = RECORD_WORK_ORDER,
	.name = "work_order",
	.size = sizeof(struct work_order),
	.extra = offsetof(struct work_order, extra),
	.fields = fields,
	.field_count = LENGTH(fields),
	.homes = { { SCOPE_TERRITORY, "territory_id" } },
	.home_otherwise = SCOPE_ORG_STAFF,
	.indexes = { { "site_id" }, { "asset_id" } },
};

/* What the visits of an order say about it together. */
struct visits_seen {
	bool under_way;
	bool open;
	bool done;
	int64_t finished_at_ms;
	enum visit_outcome outcome; /* of the one that finished last; equal times: the greater id */
};

static enum status see_visit(void *context, const void *row)
{
	struct visits_seen *seen = context;
	const struct visit *visit = row;
	const struct visit_state_row *state = visit_state_find(visit->state);

	seen->under_way |= state->under_way;
	seen->open |= state->open;
	if (visit->state != VISIT_STATE_DONE)
		return STATUS_OK;
	if (!seen->done || visit->finished_at_ms >= seen->finished_at_ms) {
		seen->finished_at_ms = visit->finished_at_ms;
		seen->outcome = visit->outcome;
	}
	seen->done = true;
	return STATUS_OK;
}

static enum work_order_state state_of(const struct work_order *order, const struct visits_seen *seen)
{
	if (order->cancelled_at_ms != 0)
		return WORK_ORDER_STATE_CANCELLED;
	if (order->closed_at_ms != 0)
		return WORK_ORDER_STATE_CLOSED;
	if (!order->released)
		return WORK_ORDER_STATE_DRAFT;
	if (seen->under_way)
		return WORK_ORDER_STATE_IN_PROGRESS;
	if (order->hold_reason.size > 0)
		return WORK_ORDER_STATE_ON_HOLD;
	if (seen->open)
		return seen->done ? WORK_ORDER_STATE_IN_PROGRESS : WORK_ORDER_STATE_SCHEDULED;
	if (seen->done && seen->outcome == VISIT_OUTCOME_FIXED)
		return WORK_ORDER_STATE_COMPLETED;
	return WORK_ORDER_STATE_UNSCHEDULED;
}

enum status work_order_derive(struct records *records, struct work_order *order)
{
	struct visits_seen seen = { 0 };
	enum status status = records_each(records, RECORD_VISIT, "work_order_id", &order->id, see_visit, &seen);

	if (status != STATUS_OK)
		return status;
	order->state = state_of(order, &seen);
	order->outcome = seen.outcome;
	if (work_order_is_over(order))
		return STATUS_OK; /* an imported order brings its own time of completion */
	order->completed_at_ms = order->state == WORK_ORDER_STATE_COMPLETED ? seen.finished_at_ms : 0;
	return STATUS_OK;
}

bool work_order_is_over(const struct work_order *order)
{
	return work_order_over_since_ms(order) != 0;
}

int64_t work_order_over_since_ms(const struct work_order *order)
{
	return order->closed_at_ms > order->cancelled_at_ms ? order->closed_at_ms : order->cancelled_at_ms;
}
