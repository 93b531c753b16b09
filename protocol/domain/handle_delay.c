/* When the technician will be there, as he says himself, or by telephone. It stands on the visit beside the plan, which is the office's. */
#include "protocol/domain/handler.h"

/* Somebody else's word of a visit counts for nothing, but the office's. */
static bool may_tell(const struct handling *handling, const struct visit *visit)
{
	const struct operation_head *head = &handling->operation->head;

	return head->role != ROLE_TECHNICIAN || id_equal(&visit->technician_id, &head->actor);
}

static bool is_awaited(const struct visit *visit)
{
	return visit_state_find(visit->state)->open && visit->state != VISIT_STATE_ON_SITE && visit->state != VISIT_STATE_PAUSED;
}

enum status handle_delay(struct handling *handling)
{
	const struct delay_arguments *arguments = handling->operation->arguments;
	struct occasion occasion;
	struct visit *visit = &occasion.visit;
	enum status status = handling_occasion(handling, &occasion);
	struct text state;

	if (status != STATUS_OK || !occasion.complete)
		return status;
	state = handling_visit_state(handling, visit->state);
	if (!may_tell(handling, visit) || !is_awaited(visit))
		return handling_note(handling, RULE_SUPERSEDED, "", arena_print(handling->arena, "state=%.*s", TEXT_ARGUMENTS(state)));
	if (visit->expected_at_ms == arguments->expected_at_ms)
		return handling_note(handling, RULE_NO_OP, "", arena_print(handling->arena, "state=%.*s", TEXT_ARGUMENTS(state)));
	visit->expected_at_ms = arguments->expected_at_ms;
	return records_put(handling->records, RECORD_VISIT, visit);
}
