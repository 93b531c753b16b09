#include "protocol/sync/publish.h"

#include "protocol/domain/balance.h"
#include "protocol/domain/stock_location.h"
#include "protocol/sync/closure.h"
#include "protocol/sync/grants.h"
#include "protocol/sync/job.h"
#include "protocol/sync/job_history.h"

/* One row on its way into the store. */
struct row_change {
	struct commit *commit;
	const struct change *change;
	struct server_row before; /* when it was there */
	struct server_row after;  /* when it stays */
};

static enum status adjust_link(void *context, const struct member *member)
{
	const struct row_change *row = context;
	const struct change *change = row->change;
	struct scope_state *job;
	enum status status = commit_scope_by_number(row->commit, member->scope, &job);

	if (status != STATUS_OK)
		return status;
	commit_adjust(row->commit, job, change->before != NULL ? &row->before.hash : NULL, change->after != NULL ? &row->after.hash : NULL);
	if (change->after != NULL)
		return server_store_put_link(row->commit->store, member->scope, member->kind, &member->id, row->commit->gseq);
	status = server_store_remove_link(row->commit->store, member->scope, member->kind, &member->id);
	if (status != STATUS_OK)
		return status;
	return server_store_put_left(row->commit->store, member->scope, member->kind, &member->id, row->commit->gseq);
}

/* Homes: the digests of the old and the new one, and what is left behind when they differ. */
static enum status move_home(struct row_change *row, const struct id *id)
{
	const struct change *change = row->change;
	struct commit *commit = row->commit;
	bool moved = change->before != NULL && (change->after == NULL || row->before.home != row->after.home);
	struct scope_state *state;
	enum status status = STATUS_OK;

	if (change->before != NULL) {
		status = commit_scope_by_number(commit, row->before.home, &state);
		if (status != STATUS_OK)
			return status;
		commit_adjust(commit, state, &row->before.hash, NULL);
	}
	if (moved && commit->bug != BUG_LEFT_NOT_WRITTEN)
		status = server_store_put_left(commit->store, row->before.home, change->kind, id, commit->gseq);
	if (status != STATUS_OK || change->after == NULL)
		return status;
	status = commit_scope_by_number(commit, row->after.home, &state);
	if (status != STATUS_OK)
		return status;
	commit_adjust(commit, state, NULL, &row->after.hash);
	return moved ? server_store_forget_left(commit->store, row->after.home, change->kind, id) : STATUS_OK;
}

/* The fields that differ; 0 when a patch would not do. */
static uint64_t changed_fields(const struct row_change *row, const struct schema *schema)
{
	const struct change *change = row->change;
	uint64_t mask = 0;

	if (change->before == NULL || change->after == NULL || row->before.home != row->after.home)
		return 0;
	if (!bytes_equal(row_extra(schema, change->before), row_extra(schema, change->after)))
		return 0;
	for (size_t i = 0; i < schema->field_count; i++)
		if (!field_equal(&schema->fields[i], change->before, change->after))
			mask |= UINT64_C(1) << schema->fields[i].tag;
	return mask;
}

static enum status store_change(struct commit *commit, const struct change *change, int64_t author)
{
	const struct schema *schema = schema_find(change->kind);
	const struct id *id = row_id(change->after != NULL ? change->after : change->before);
	struct row_change row = { .commit = commit, .change = change };
	enum status status = STATUS_OK;

	if (change->before != NULL)
		status = server_store_row(commit->store, change->kind, id, &row.before);
	if (status == STATUS_OK && change->after != NULL) {
		struct scope home = row_home(schema, change->after);
		struct scope_state *state;
		status = commit_scope(commit, &home, &state);
		if (status != STATUS_OK)
			return status;
		row.after = (struct server_row){ state->number, commit->gseq, author, row_hash(schema, change->after) };
	}
	if (status == STATUS_OK && commit->ring != NULL)
		change_ring_add(commit->ring, commit->gseq, change->kind, id, changed_fields(&row, schema));
	if (status == STATUS_OK)
		status = move_home(&row, id);
	if (status == STATUS_OK && change->before != NULL)
		status = server_store_links_of_row(commit->store, change->kind, id, adjust_link, &row);
	if (status != STATUS_OK)
		return status;
	return change->after != NULL ? server_store_put_row(commit->store, change->kind, change->after, &row.after)
				     : server_store_remove_row(commit->store, change->kind, id);
}

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
			status = store_change(commit, &change, author);
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
