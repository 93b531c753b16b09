/* Time that technicians spent: told by them, or taken from the commands that moved a visit. */
#include "protocol/domain/handler.h"
#include "protocol/domain/time_entry.h"

/* What a technician is doing while a visit is in a state; others are nobody's time. */
static const struct {
	enum visit_state state;
	enum time_kind kind;
} spans[] = {
	{ VISIT_STATE_TRAVELLING, TIME_KIND_TRAVEL },
	{ VISIT_STATE_ON_SITE, TIME_KIND_WORK },
	{ VISIT_STATE_PAUSED, TIME_KIND_WAIT },
};

enum status handling_end_span(struct handling *handling, const struct visit *before, bool late)
{
	const struct operation_head *head = &handling->operation->head;
	struct time_entry entry = {
		.visit_id = before->id,
		.work_order_id = before->work_order_id,
		.technician_id = head->actor,
		.start_at_ms = before->since_at_ms,
		.end_at_ms = head->at_ms,
		.source = head->manual ? TIME_SOURCE_MANUAL : TIME_SOURCE_TAP,
		.late = late,
	};

	if (before->since_at_ms == 0 || head->at_ms <= before->since_at_ms)
		return STATUS_OK;
	for (size_t i = 0; i < LENGTH(spans); i++) {
		if (spans[i].state != before->state)
			continue;
		entry.kind = spans[i].kind;
		entry.id = handling_next_id(handling);
		return records_put(handling->records, RECORD_TIME_ENTRY, &entry);
	}
	return STATUS_OK;
}

enum status handle_log_time(struct handling *handling)
{
	const struct time_arguments *arguments = handling->operation->arguments;
	struct occasion occasion;
	struct time_entry entry;
	enum status status = handling_occasion(handling, &occasion);

	if (status != STATUS_OK || !occasion.complete)
		return status;
	entry = (struct time_entry){
		.id = handling_next_id(handling),
		.visit_id = occasion.visit.id,
		.work_order_id = occasion.visit.work_order_id,
		.technician_id = handling->operation->head.actor,
		.kind = (enum time_kind)arguments->kind,
		.start_at_ms = arguments->start_at_ms,
		.end_at_ms = arguments->end_at_ms,
		.source = TIME_SOURCE_MANUAL,
		.text = arguments->text,
		.late = occasion_is_late(&occasion),
	};
	status = records_put(handling->records, RECORD_TIME_ENTRY, &entry);
	return status == STATUS_OK ? handling_flag_fact(handling, &occasion.visit, occasion.order) : status;
}
