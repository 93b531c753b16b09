#include "protocol/sync/job_history.h"

#include "protocol/sync/closure.h"

/* The orders whose history is that of one place. */
struct place {
	struct commit *commit;
	enum record_kind kind;
	struct id id;
};

/* A job that links the place has another history only when its own order is about it. */
static enum status note_job_at(void *context, const struct member *member)
{
	const struct place *place = context;
	struct commit *commit = place->commit;
	struct scope scope;
	struct scope_state state;
	const void *order = NULL;
	enum record_kind kind;
	struct id id;
	enum status status = server_store_scope_by_number(commit->store, member->scope, &scope, &state);

	if (status == STATUS_OK)
		status = records_look(server_store_records(commit->store), RECORD_WORK_ORDER, &scope.id, &order);
	if (status == STATUS_OK && order != NULL && closure_history_key(order, &kind, &id) && kind == place->kind &&
		id_equal(&id, &place->id))
		commit_note_job(commit, &scope.id);
	return status;
}

static enum status note_place_of(struct commit *commit, const struct work_order *order)
{
	struct place place = { .commit = commit };

	if (order == NULL || order->completed_at_ms == 0 || !closure_history_key(order, &place.kind, &place.id))
		return STATUS_OK;
	return server_store_links_of_row(commit->store, place.kind, &place.id, note_job_at, &place);
}

static enum status follow_order(struct commit *commit, const struct work_order *before, const struct work_order *after)
{
	enum record_kind kind_before = RECORD_NONE, kind_after = RECORD_NONE;
	struct id place_before = { 0 }, place_after = { 0 };
	enum status status;

	if (before != NULL)
		(void)closure_history_key(before, &kind_before, &place_before);
	if (after != NULL)
		(void)closure_history_key(after, &kind_after, &place_after);
	if (before != NULL && after != NULL && before->completed_at_ms == after->completed_at_ms && id_equal(&place_before, &place_after))
		return STATUS_OK;
	status = note_place_of(commit, before);
	return status == STATUS_OK ? note_place_of(commit, after) : status;
}

static bool was_done(const struct visit *visit)
{
	return visit != NULL && visit->state == VISIT_STATE_DONE;
}

static enum status follow_visit(struct commit *commit, const struct visit *before, const struct visit *after)
{
	const void *order = NULL;
	enum status status;

	if (was_done(before) == was_done(after))
		return STATUS_OK;
	status = records_look(server_store_records(commit->store), RECORD_WORK_ORDER,
		after != NULL ? &after->work_order_id : &before->work_order_id, &order);
	return status == STATUS_OK ? note_place_of(commit, order) : status;
}

enum status job_history_note(struct commit *commit, const struct change *change)
{
	if (change->kind == RECORD_WORK_ORDER)
		return follow_order(commit, change->before, change->after);
	if (change->kind == RECORD_VISIT)
		return follow_visit(commit, change->before, change->after);
	return STATUS_OK;
}
