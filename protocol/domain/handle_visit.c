/* What is asked for about visits. The state of the world may say no, with who has the visit and how it stands. */
#include "protocol/domain/handler.h"

#define REOPEN_MS INT64_C(86400000)

static struct text describe(struct handling *handling, const struct id *technician_id, const struct visit *visit)
{
	struct text state = handling_visit_state(handling, visit->state);

	return arena_print(handling->arena, "technician=%s;state=%.*s", id_to_text(technician_id).characters, TEXT_ARGUMENTS(state));
}

/* Who has the visit now, for somebody whose visit was given away. */
static enum status refuse_reassigned(struct handling *handling, const struct visit *visit)
{
	const struct visit *replacement;
	const void *row;
	enum status status = records_look(handling->records, RECORD_VISIT, &visit->replaced_by_id, &row);

	if (status != STATUS_OK)
		return status;
	replacement = row == NULL ? visit : row;
	return handling_reject(handling, RULE_VISIT_REASSIGNED, "", describe(handling, &replacement->technician_id, replacement));
}

static enum status refuse_state(struct handling *handling, const struct visit *visit)
{
	if (visit->state == VISIT_STATE_CANCELLED && visit->cancel_cause == VISIT_CANCEL_CAUSE_REASSIGNED)
		return refuse_reassigned(handling, visit);
	return handling_reject(handling, RULE_VISIT_STATE, "", describe(handling, &visit->technician_id, visit));
}

/* Loads the subject as `out_visit` moved to its next state, or gives the verdict that refuses it. */
static enum status move_subject(struct handling *handling, bool order_must_be_open, struct visit *out_visit)
{
	const struct visit *visit;
	const void *row, *order;
	uint32_t state;
	enum status status = handling_subject(handling, RECORD_VISIT, &row);

	if (status != STATUS_OK || row == NULL)
		return status;
	visit = row;
	if (!machine_next(&visit_machine, visit->state, handling->operation->head.kind, &state))
		return refuse_state(handling, visit);
	*out_visit = *visit;
	out_visit->state = (enum visit_state)state;
	if (!order_must_be_open)
		return STATUS_OK;
	status = records_look(handling->records, RECORD_WORK_ORDER, &visit->work_order_id, &order);
	if (status != STATUS_OK || order == NULL || !work_order_is_over(order))
		return status;
	return handling_refuse_over(handling, order);
}

static bool is_refused(const struct handling *handling)
{
	return handling->verdict->outcome == OUTCOME_REJECTED;
}

static enum status store_visit(struct handling *handling, const struct visit *visit)
{
	enum status status = records_put(handling->records, RECORD_VISIT, visit);

	return status == STATUS_OK ? handling_refresh_order(handling, &visit->work_order_id) : status;
}

enum status handle_dispatch(struct handling *handling)
{
	struct visit visit;
	enum status status = move_subject(handling, true, &visit);

	if (status != STATUS_OK || is_refused(handling))
		return status;
	visit.dispatched_at_ms = handling->operation->head.at_ms;
	return store_visit(handling, &visit);
}

enum status handle_cancel(struct handling *handling)
{
	const struct reason_arguments *arguments = handling->operation->arguments;
	struct visit visit;
	enum status status = move_subject(handling, false, &visit);

	if (status != STATUS_OK || is_refused(handling))
		return status;
	visit.reason = arguments->reason;
	visit.cancel_cause = VISIT_CANCEL_CAUSE_CANCELLED;
	return store_visit(handling, &visit);
}

/* Accept and decline are the holder's. */
enum status handle_answer(struct handling *handling)
{
	const struct reason_arguments *decline = handling->operation->arguments;
	const void *row;
	struct visit visit;
	enum status status = handling_subject(handling, RECORD_VISIT, &row);

	if (status != STATUS_OK || row == NULL)
		return status;
	visit = *(const struct visit *)row;
	if (!id_equal(&visit.technician_id, &handling->operation->head.actor))
		return handling_reject(handling, RULE_VISIT_NOT_YOURS, "", describe(handling, &visit.technician_id, &visit));
	status = move_subject(handling, true, &visit);
	if (status != STATUS_OK || is_refused(handling))
		return status;
	if (handling->operation->head.kind == OPERATION_DECLINE) {
		visit.reason = decline->reason;
		return store_visit(handling, &visit);
	}
	visit.accepted_at_ms = handling->operation->head.at_ms;
	status = store_visit(handling, &visit);
	return status == STATUS_OK ? handling_flag_moved(handling, &visit, NULL) : status;
}

/* The plan moves and the visit stays who it is with. Whoever has not seen this commit goes by the old plan: handling_flag_moved(). */
enum status handle_reschedule(struct handling *handling)
{
	const struct reschedule_arguments *arguments = handling->operation->arguments;
	struct visit visit = { 0 };
	enum status status = move_subject(handling, true, &visit);

	if (status != STATUS_OK || is_refused(handling))
		return status;
	visit.planned_start_at_ms = arguments->planned_start_at_ms;
	visit.planned_end_at_ms = arguments->planned_end_at_ms;
	if (arguments->reason.size > 0)
		visit.reason = arguments->reason;
	visit.moved_gseq = handling->decision->gseq;
	return store_visit(handling, &visit);
}

/* A technician goes on with an own visit within a day; a supervisor with any, until the order is closed. */
enum status handle_reopen_visit(struct handling *handling)
{
	const struct reason_arguments *arguments = handling->operation->arguments;
	const struct operation_head *head = &handling->operation->head;
	struct visit visit = { 0 };
	enum status status = move_subject(handling, true, &visit);

	if (status != STATUS_OK || is_refused(handling))
		return status;
	if (head->role == ROLE_TECHNICIAN && !id_equal(&visit.technician_id, &head->actor))
		return handling_reject(handling, RULE_VISIT_NOT_YOURS, "", describe(handling, &visit.technician_id, &visit));
	if (head->role == ROLE_TECHNICIAN && head->at_ms - visit.finished_at_ms > REOPEN_MS)
		return handling_reject(handling, RULE_REOPEN_TOO_LATE, "", describe(handling, &visit.technician_id, &visit));
	visit.finished_at_ms = 0;
	visit.outcome = VISIT_OUTCOME_NONE;
	visit.since_at_ms = head->at_ms;
	visit.reason = arguments->reason;
	return store_visit(handling, &visit);
}

/* A booking releases the order: whoever sends a technician wants it done. */
static enum status release_order(struct handling *handling, const struct work_order *order)
{
	struct work_order released = *order;

	if (order->released)
		return STATUS_OK;
	released.released = true;
	return records_put(handling->records, RECORD_WORK_ORDER, &released);
}

static enum visit_state booked_state(const struct book_arguments *arguments)
{
	if (arguments->propose)
		return VISIT_STATE_PROPOSED;
	return arguments->dispatch ? VISIT_STATE_DISPATCHED : VISIT_STATE_SCHEDULED;
}

enum status handle_book(struct handling *handling)
{
	const struct book_arguments *arguments = handling->operation->arguments;
	const struct work_order *order;
	const void *row;
	struct visit visit;
	bool complete;
	enum status status = handling_subject(handling, RECORD_WORK_ORDER, &row);

	if (status != STATUS_OK || row == NULL)
		return status;
	order = row;
	if (work_order_is_over(order))
		return handling_refuse_over(handling, order);
	status = handling_check_references(handling, operation_find(OPERATION_BOOK)->arguments, arguments, UINT64_MAX, &complete);
	if (status != STATUS_OK || !complete)
		return status;
	visit = (struct visit){
		.id = handling_next_id(handling),
		.work_order_id = order->id,
		.technician_id = arguments->technician_id,
		.territory_id = order->territory_id,
		.planned_start_at_ms = arguments->planned_start_at_ms,
		.planned_end_at_ms = arguments->planned_end_at_ms,
		.state = booked_state(arguments),
		.dispatched_at_ms = arguments->dispatch ? handling->operation->head.at_ms : 0,
	};
	status = release_order(handling, order);
	return status == STATUS_OK ? store_visit(handling, &visit) : status;
}

static struct visit replacement_of(struct handling *handling, const struct visit *visit)
{
	const struct reassign_arguments *arguments = handling->operation->arguments;
	bool planned = arguments->planned_start_at_ms != 0 || arguments->planned_end_at_ms != 0;

	return (struct visit){
		.id = handling_next_id(handling),
		.work_order_id = visit->work_order_id,
		.technician_id = arguments->technician_id,
		.territory_id = visit->territory_id,
		.planned_start_at_ms = planned ? arguments->planned_start_at_ms : visit->planned_start_at_ms,
		.planned_end_at_ms = planned ? arguments->planned_end_at_ms : visit->planned_end_at_ms,
		.state = VISIT_STATE_DISPATCHED,
		.dispatched_at_ms = handling->operation->head.at_ms,
	};
}

enum status handle_reassign(struct handling *handling)
{
	const struct reassign_arguments *arguments = handling->operation->arguments;
	struct visit visit = { 0 }, replacement;
	bool complete;
	enum status status = move_subject(handling, true, &visit);

	if (status != STATUS_OK || is_refused(handling))
		return status;
	if (id_equal(&visit.technician_id, &arguments->technician_id))
		return handling_reject(handling, RULE_SAME_TECHNICIAN, "technician_id", describe(handling, &visit.technician_id, &visit));
	status = handling_check_references(handling, operation_find(OPERATION_REASSIGN)->arguments, arguments, UINT64_MAX, &complete);
	if (status != STATUS_OK || !complete)
		return status;
	replacement = replacement_of(handling, &visit);
	visit.reason = arguments->reason;
	visit.cancel_cause = VISIT_CANCEL_CAUSE_REASSIGNED;
	visit.replaced_by_id = replacement.id;
	status = records_put(handling->records, RECORD_VISIT, &visit);
	return status == STATUS_OK ? store_visit(handling, &replacement) : status;
}
