#include "protocol/sync/commit.h"

#include <string.h>

#include "protocol/sync/grants.h"
#include "protocol/sync/job.h"

void commit_init(struct commit *commit, struct server_store *store, struct arena *arena, int64_t gseq)
{
	*commit = (struct commit){ .store = store, .arena = arena, .gseq = gseq };
}

/* Room for one more element of an arena array. */
static void *grow(struct arena *arena, void *array, size_t count, size_t *capacity, size_t size)
{
	void *larger;

	if (count < *capacity)
		return array;
	*capacity = *capacity == 0 ? 16 : *capacity * 2;
	larger = arena_allocate_array(arena, *capacity, size);
	if (count > 0)
		memcpy(larger, array, count * size);
	return larger;
}

static struct scope_state *known_scope(struct commit *commit, int64_t number)
{
	for (size_t i = commit->scope_count; i > 0; i--)
		if (commit->scopes[i - 1].number == number)
			return &commit->scopes[i - 1];
	return NULL;
}

static struct scope_state *keep_scope(struct commit *commit, const struct scope_state *state)
{
	struct scope_state *known = known_scope(commit, state->number);

	if (known != NULL)
		return known;
	commit->scopes = grow(commit->arena, commit->scopes, commit->scope_count, &commit->scope_capacity, sizeof(*state));
	commit->scopes[commit->scope_count] = *state;
	return &commit->scopes[commit->scope_count++];
}

enum status commit_scope(struct commit *commit, const struct scope *scope, struct scope_state **out_state)
{
	struct scope_state state;
	enum status status = server_store_scope(commit->store, scope, &state);

	if (status == STATUS_OK)
		*out_state = keep_scope(commit, &state);
	return status;
}

enum status commit_scope_by_number(struct commit *commit, int64_t number, struct scope_state **out_state)
{
	struct scope_state state;
	struct scope scope;
	enum status status = STATUS_OK;

	*out_state = known_scope(commit, number);
	if (*out_state != NULL)
		return STATUS_OK;
	status = server_store_scope_by_number(commit->store, number, &scope, &state);
	if (status == STATUS_OK)
		*out_state = keep_scope(commit, &state);
	return status;
}

void commit_adjust(struct commit *commit, struct scope_state *state, const struct row_hash *removed, const struct row_hash *added)
{
	if (removed != NULL)
		digest_remove(&state->digest, *removed);
	if (added != NULL)
		digest_add(&state->digest, *added);
	state->gseq = commit->gseq;
}

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
	if (moved)
		status = server_store_put_left(commit->store, row->before.home, change->kind, id, commit->gseq);
	if (status != STATUS_OK || change->after == NULL)
		return status;
	status = commit_scope_by_number(commit, row->after.home, &state);
	if (status != STATUS_OK)
		return status;
	commit_adjust(commit, state, NULL, &row->after.hash);
	return moved ? server_store_forget_left(commit->store, row->after.home, change->kind, id) : STATUS_OK;
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
	if (status == STATUS_OK)
		status = move_home(&row, id);
	if (status == STATUS_OK && change->before != NULL)
		status = server_store_links_of_row(commit->store, change->kind, id, adjust_link, &row);
	if (status != STATUS_OK)
		return status;
	return change->after != NULL ? server_store_put_row(commit->store, change->kind, change->after, &row.after)
				     : server_store_remove_row(commit->store, change->kind, id);
}

/* Remembers a work order whose job must be walked again at the end. */
static void note_job(struct commit *commit, const struct id *work_order)
{
	for (size_t i = commit->job_count; i > 0; i--)
		if (id_equal(&commit->jobs[i - 1], work_order))
			return;
	commit->jobs = grow(commit->arena, commit->jobs, commit->job_count, &commit->job_capacity, sizeof(*work_order));
	commit->jobs[commit->job_count++] = *work_order;
}

static enum status note_linked_job(void *context, const struct member *member)
{
	struct commit *commit = context;
	struct scope scope;
	struct scope_state state;
	enum status status = server_store_scope_by_number(commit->store, member->scope, &scope, &state);

	if (status == STATUS_OK)
		note_job(commit, &scope.id);
	return status;
}

/* Which jobs a change may give other rows to: those it names, and those that hold it when it now refers elsewhere. */
static enum status note_jobs(struct commit *commit, const struct change *change)
{
	struct id job;

	if (job_of_row(change->kind, change->after != NULL ? change->after : change->before, &job))
		note_job(commit, &job);
	if (change->before == NULL || change->after == NULL || !job_references_changed(change))
		return STATUS_OK;
	return server_store_links_of_row(commit->store, change->kind, row_id(change->after), note_linked_job, commit);
}

enum status commit_changes(struct commit *commit, const struct overlay *overlay, int64_t author)
{
	for (size_t i = 0; i < overlay_change_count(overlay); i++) {
		struct change change;
		enum status status = overlay_change(overlay, i, &change);
		if (status == STATUS_NOT_FOUND)
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

enum status commit_finish(struct commit *commit)
{
	enum status status;

	for (size_t i = 0; i < commit->job_count; i++) {
		status = job_walk(commit, &commit->jobs[i]);
		if (status != STATUS_OK)
			return status;
	}
	for (size_t i = 0; i < commit->scope_count; i++) {
		if (commit->scopes[i].gseq != commit->gseq)
			continue;
		status = server_store_put_scope(commit->store, &commit->scopes[i]);
		if (status != STATUS_OK)
			return status;
	}
	return server_store_put_gseq(commit->store, commit->gseq);
}
