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

static enum status note_place(struct commit *commit, enum record_kind kind, const struct id *id)
{
	struct place place = { .commit = commit, .kind = kind, .id = *id };

	return id_is_nil(id) ? STATUS_OK : server_store_links_of_row(commit->store, kind, id, note_job_at, &place);
}

/* Who comes for the same asset sees what was done on it; who comes for the site alone sees all that was done there. */
static enum status note_places_of(struct commit *commit, const struct work_order *order)
{
	enum status status;

	if (order == NULL || order->completed_at_ms == 0)
		return STATUS_OK;
	status = note_place(commit, RECORD_ASSET, &order->asset_id);
	return status == STATUS_OK ? note_place(commit, RECORD_SITE, &order->site_id) : status;
}

static enum status follow_order(struct commit *commit, const struct work_order *before, const struct work_order *after)
{
	enum status status;

	if (before != NULL && after != NULL && before->completed_at_ms == after->completed_at_ms &&
		id_equal(&before->asset_id, &after->asset_id) && id_equal(&before->site_id, &after->site_id))
		return STATUS_OK;
	status = note_places_of(commit, before);
	return status == STATUS_OK ? note_places_of(commit, after) : status;
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
	return status == STATUS_OK ? note_places_of(commit, order) : status;
}

enum status job_history_note(struct commit *commit, const struct change *change)
{
	if (change->kind == RECORD_WORK_ORDER)
		return follow_order(commit, change->before, change->after);
	if (change->kind == RECORD_VISIT)
		return follow_visit(commit, change->before, change->after);
	return STATUS_OK;
}
