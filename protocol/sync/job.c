#include "protocol/sync/job.h"

#include "protocol/sync/closure.h"
#include "protocol/sync/window.h"

bool job_is_history(const struct work_order *order, int64_t now_ms)
{
	int64_t since_ms = work_order_over_since_ms(order);

	return since_ms != 0 && now_ms - since_ms > JOB_LIFE_MS;
}

bool job_needed_in(enum visit_state state)
{
	return state == VISIT_STATE_DISPATCHED || state == VISIT_STATE_ACCEPTED || state == VISIT_STATE_TRAVELLING ||
	       state == VISIT_STATE_ON_SITE || state == VISIT_STATE_PAUSED || state == VISIT_STATE_DONE;
}

static enum status collect_link(void *context, const struct member *member)
{
	(void)member_set_add(context, member);
	return STATUS_OK;
}

static enum status link_row(struct commit *commit, int64_t job, const struct member *row)
{
	struct server_row meta;
	enum status status = window_bring_back(commit, row->kind, &row->id);

	if (status == STATUS_OK)
		status = server_store_row(commit->store, row->kind, &row->id, &meta);
	if (status == STATUS_OK)
		status = server_store_put_link(commit->store, job, row->kind, &row->id, commit->gseq);
	if (status == STATUS_OK)
		status = server_store_forget_left(commit->store, job, row->kind, &row->id);
	return status == STATUS_OK ? commit_adjust(commit, job, NULL, &meta.hash) : status;
}

static enum status unlink_row(struct commit *commit, int64_t job, const struct member *row)
{
	struct server_row meta;
	enum status status = server_store_row(commit->store, row->kind, &row->id, &meta);

	if (status == STATUS_OK)
		status = server_store_remove_link(commit->store, job, row->kind, &row->id);
	if (status == STATUS_OK)
		status = server_store_put_left(commit->store, job, row->kind, &row->id, commit->gseq);
	return status == STATUS_OK ? commit_adjust(commit, job, &meta.hash, NULL) : status;
}

/* Makes the stored links of the job with that number those rows. */
static enum status store_links(struct commit *commit, int64_t job, const struct member_set *rows)
{
	struct member_set stored = { .arena = rows->arena };
	enum status status = server_store_link_feed(commit->store, &(struct member){ .scope = job }, collect_link, &stored);

	for (size_t i = 0; i < rows->count && status == STATUS_OK; i++)
		if (member_set_find(&stored, rows->members[i].kind, &rows->members[i].id) == NULL)
			status = link_row(commit, job, &rows->members[i]);
	for (size_t i = 0; i < stored.count && status == STATUS_OK; i++)
		if (member_set_find(rows, stored.members[i].kind, &stored.members[i].id) == NULL)
			status = unlink_row(commit, job, &stored.members[i]);
	return status;
}

static enum status see_visit(void *context, const void *row)
{
	bool *sent = context;

	*sent = *sent || job_needed_in(((const struct visit *)row)->state);
	return STATUS_OK;
}

enum status job_end(struct commit *commit, const struct id *work_order, struct arena *scratch)
{
	const struct scope scope = { .kind = SCOPE_JOB, .id = *work_order };
	const struct member_set none = { .arena = scratch };
	struct scope_state *job;
	enum status status = commit_look_scope(commit, &scope, &job);

	return status == STATUS_OK && job != NULL && job->digest.count > 0 ? store_links(commit, job->number, &none) : status;
}

enum status job_walk(struct commit *commit, const struct id *work_order, struct arena *scratch)
{
	const struct scope scope = { .kind = SCOPE_JOB, .id = *work_order };
	struct closure closure = { .rows.arena = scratch };
	struct records *records = server_store_records(commit->store);
	struct scope_state *job;
	const void *row;
	bool sent = false;
	enum status status = records_look(records, RECORD_WORK_ORDER, work_order, &row);

	if (status != STATUS_OK || row == NULL || job_is_history(row, commit->now_ms))
		return status;
	status = records_each(records, RECORD_VISIT, "work_order_id", work_order, see_visit, &sent);
	if (status == STATUS_OK && !sent)
		return job_end(commit, work_order, scratch);
	if (status == STATUS_OK)
		status = closure_walk(commit->store, work_order, commit->now_ms, &closure);
	if (status == STATUS_OK)
		status = commit_scope(commit, &scope, &job);
	if (status == STATUS_OK && closure.overfull)
		commit_note_overfull(commit, work_order);
	return status == STATUS_OK ? store_links(commit, job->number, &closure.rows) : status;
}
