#include "protocol/sync/publish.h"

#include "protocol/domain/balance.h"
#include "protocol/domain/stock_location.h"
#include "protocol/sync/closure.h"
#include "protocol/sync/grants.h"
#include "protocol/sync/job.h"
#include "protocol/sync/job_history.h"
#include "protocol/sync/row_change.h"

static enum status note_linked_job(void *context, const struct member *member)
{
	struct commit *commit = context;
	struct scope scope;
	struct scope_state state;
	enum status status = server_store_scope_by_number(commit->store, member->scope, &scope, &state);

	if (status == STATUS_OK)
		commit_note_job(commit, &scope.id);
	return status;
}

/* Jobs that hold a row get what is a child of it, and lose what no longer is. An order's own rows are its job's, sent or not yet. */
static enum status note_parent(struct commit *commit, enum record_kind kind, const void *row)
{
	struct member parent;

	if (row == NULL || !closure_parent(kind, row, &parent))
		return STATUS_OK;
	if (parent.kind != RECORD_WORK_ORDER)
		return server_store_links_of_row(commit->store, parent.kind, &parent.id, note_linked_job, commit);
	commit_note_job(commit, &parent.id);
	return STATUS_OK;
}

/* The row came, went, or went over to another parent. */
static bool changes_parent(const struct change *change)
{
	struct member before, after;
	bool had, has;

	if (change->before == NULL || change->after == NULL)
		return true;
	had = closure_parent(change->kind, change->before, &before);
	has = closure_parent(change->kind, change->after, &after);
	return had != has || (had && !id_equal(&before.id, &after.id));
}

/* Did a visit go out to its technician, or was it taken back? */
static bool changes_need(const struct change *change)
{
	const struct visit *before = change->before, *after = change->after;

	return change->kind == RECORD_VISIT && before != NULL && after != NULL &&
	       job_needed_in(before->state) != job_needed_in(after->state);
}

/* Which jobs a change may give other rows to: those it names, and those that hold it when it now refers elsewhere. */
static enum status note_jobs(struct commit *commit, const struct change *change)
{
	enum status status = STATUS_OK;

	if (commit->bug == BUG_CLOSURE_NOT_WALKED && change->before != NULL)
		return STATUS_OK;
	if (changes_parent(change)) {
		status = note_parent(commit, change->kind, change->before);
		if (status == STATUS_OK)
			status = note_parent(commit, change->kind, change->after);
	} else if (changes_need(change)) {
		status = note_parent(commit, change->kind, change->after);
	}
	if (status == STATUS_OK && change->before != NULL && change->after != NULL && closure_references_changed(change))
		status = server_store_links_of_row(commit->store, change->kind, row_id(change->after), note_linked_job, commit);
	return status == STATUS_OK ? job_history_note(commit, change) : status;
}

/* Two of the seeded bugs: a change that is not stored. */
static bool is_lost_by_bug(const struct commit *commit, const struct overlay *overlay, size_t position, const struct change *change)
{
	if (commit->bug == BUG_LEDGER_LEG_DROPPED)
		return change->kind == RECORD_BALANCE && location_is_virtual(&((const struct balance *)change->after)->location_id);
	return commit->bug == BUG_PARTLY_APPLIED && position > 0 && position + 1 == overlay_change_count(overlay) && change->before != NULL;
}

enum status publish_changes(struct commit *commit, const struct overlay *overlay, int64_t author)
{
	for (size_t i = 0; i < overlay_change_count(overlay); i++) {
		struct change change;
		enum status status = overlay_change(overlay, i, &change);
		if (status == STATUS_NOT_FOUND || (status == STATUS_OK && is_lost_by_bug(commit, overlay, i, &change)))
			continue;
		if (status == STATUS_OK)
			status = row_change_store(commit, &change, author);
		if (status == STATUS_OK)
			status = note_jobs(commit, &change);
		if (status == STATUS_OK)
			status = grants_follow(commit, &change);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status publish_finish(struct commit *commit)
{
	struct arena scratch = { 0 };
	enum status status = STATUS_OK;

	commit_sort_jobs(commit);
	for (size_t i = 0; i < commit->job_count && status == STATUS_OK; i++) {
		status = job_walk(commit, &commit->jobs[i], &scratch);
		arena_reset(&scratch);
	}
	arena_finish(&scratch);
	return status == STATUS_OK ? commit_close(commit) : status;
}
