/* What the office asks of a whole work order. */
#include "protocol/domain/handler.h"

#define VISITS_MAX 60 /* of one order; an operation writes at most 64 rows */

/* Derives the state from what was set and stores the order. */
static enum status store_order(struct handling *handling, struct work_order *order)
{
	enum status status = work_order_derive(handling->records, order);

	return status == STATUS_OK ? records_put(handling->records, RECORD_WORK_ORDER, order) : status;
}

static enum status reject_in_state(struct handling *handling, enum rule rule, const struct work_order *order)
{
	struct text state = handling_order_state(handling, order->state);

	return handling_reject(handling, rule, "", arena_print(handling->arena, "state=%.*s", TEXT_ARGUMENTS(state)));
}

/* Copies the subject; false with a verdict when it is not there or over. */
static enum status open_subject(struct handling *handling, struct work_order *out_order, bool *out_open)
{
	const void *row;
	enum status status = handling_subject(handling, RECORD_WORK_ORDER, &row);

	*out_open = false;
	if (status != STATUS_OK || row == NULL)
		return status;
	*out_order = *(const struct work_order *)row;
	if (work_order_is_over(out_order))
		return handling_refuse_over(handling, out_order);
	*out_open = true;
	return STATUS_OK;
}

enum status handle_hold(struct handling *handling)
{
	const struct hold_arguments *arguments = handling->operation->arguments;
	struct text reason = choice_to_text(handling->arena, hold_reason_names, arguments->reason);
	struct work_order order;
	bool open;
	enum status status = open_subject(handling, &order, &open);

	if (status != STATUS_OK || !open)
		return status;
	order.hold_reason = reason;
	if (arguments->text.size > 0)
		order.hold_reason = arena_print(handling->arena, "%.*s: %.*s", TEXT_ARGUMENTS(reason), TEXT_ARGUMENTS(arguments->text));
	return store_order(handling, &order);
}

/* Ready to be planned: neither a draft nor on hold. */
enum status handle_release(struct handling *handling)
{
	struct work_order order;
	bool open;
	enum status status = open_subject(handling, &order, &open);

	if (status != STATUS_OK || !open)
		return status;
	if (order.released && order.hold_reason.size == 0)
		return handling_note(handling, RULE_NO_OP, "", text_of(""));
	order.released = true;
	order.hold_reason = text_of("");
	return store_order(handling, &order);
}

/* The visits of an order that somebody may still come for. */
struct open_visits {
	struct arena *arena;
	struct visit visits[VISITS_MAX];
	size_t count; /* may be more than fit */
	const struct visit *on_site;
};

static enum status see_visit(void *context, const void *row)
{
	struct open_visits *open = context;
	const struct visit *visit = row;

	if (!visit_state_find(visit->state)->open)
		return STATUS_OK;
	if (open->count < VISITS_MAX) {
		struct visit *kept = &open->visits[open->count];
		*kept = *(const struct visit *)row_copy(open->arena, &visit_schema, visit); /* its texts end with this call */
		if (visit->state == VISIT_STATE_ON_SITE || visit->state == VISIT_STATE_PAUSED)
			open->on_site = kept;
	}
	open->count++;
	return STATUS_OK;
}

static enum status see_visits(struct handling *handling, const struct id *work_order_id, struct open_visits **out_visits)
{
	struct open_visits *open = arena_allocate(handling->arena, sizeof(*open));

	open->arena = handling->arena;
	*out_visits = open;
	return records_each(handling->records, RECORD_VISIT, "work_order_id", work_order_id, see_visit, open);
}

/* `*out_visits` NULL: the order is not open, and the outcome says so. */
static enum status open_subject_with_visits(struct handling *handling, struct work_order *out_order, struct open_visits **out_visits)
{
	bool open;
	enum status status = open_subject(handling, out_order, &open);

	*out_visits = NULL;
	return status == STATUS_OK && open ? see_visits(handling, &out_order->id, out_visits) : status;
}

enum status handle_close(struct handling *handling)
{
	const struct reason_arguments *arguments = handling->operation->arguments;
	struct open_visits *visits;
	struct work_order order;
	enum status status = open_subject_with_visits(handling, &order, &visits);

	if (status != STATUS_OK || visits == NULL)
		return status;
	if (visits->count > 0)
		return reject_in_state(handling, RULE_ORDER_UNFINISHED, &order);
	order.closed_at_ms = handling->operation->head.at_ms;
	order.reason = arguments->reason;
	order.stale = false;
	return store_order(handling, &order);
}

enum status handle_reopen_order(struct handling *handling)
{
	const struct reason_arguments *arguments = handling->operation->arguments;
	const void *row;
	struct work_order order;
	enum status status = handling_subject(handling, RECORD_WORK_ORDER, &row);

	if (status != STATUS_OK || row == NULL)
		return status;
	order = *(const struct work_order *)row;
	if (!work_order_is_over(&order))
		return reject_in_state(handling, RULE_ORDER_NOT_OVER, &order);
	order.closed_at_ms = 0;
	order.cancelled_at_ms = 0;
	order.stale = false;
	order.reason = arguments->reason;
	return store_order(handling, &order);
}

static enum status reject_on_site(struct handling *handling, const struct visit *visit)
{
	struct text state = handling_visit_state(handling, visit->state);

	return handling_reject(handling, RULE_ORDER_UNDER_WAY, "",
		arena_print(
			handling->arena, "technician=%s;state=%.*s", id_to_text(&visit->technician_id).characters, TEXT_ARGUMENTS(state)));
}

enum status handle_cancel_order(struct handling *handling)
{
	const struct reason_arguments *arguments = handling->operation->arguments;
	struct open_visits *visits;
	struct work_order order;
	enum status status = open_subject_with_visits(handling, &order, &visits);

	if (status != STATUS_OK || visits == NULL)
		return status;
	if (visits->on_site != NULL)
		return reject_on_site(handling, visits->on_site);
	if (visits->count > VISITS_MAX)
		return reject_in_state(handling, RULE_ORDER_UNFINISHED, &order);
	for (size_t i = 0; i < visits->count && status == STATUS_OK; i++) {
		visits->visits[i].state = VISIT_STATE_CANCELLED;
		visits->visits[i].cancel_cause = VISIT_CANCEL_CAUSE_CANCELLED;
		visits->visits[i].reason = arguments->reason;
		status = records_put(handling->records, RECORD_VISIT, &visits->visits[i]);
	}
	if (status != STATUS_OK)
		return status;
	order.cancelled_at_ms = handling->operation->head.at_ms;
	order.reason = arguments->reason;
	return store_order(handling, &order);
}
