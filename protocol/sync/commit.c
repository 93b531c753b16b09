#include "protocol/sync/commit.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 64 /* a power of two */

void commit_init(struct commit *commit, struct server_store *store, struct change_ring *ring, struct arena *arena, int64_t gseq)
{
	*commit = (struct commit){ .store = store, .ring = ring, .arena = arena, .gseq = gseq };
}

/* The slot that names the scope, or the free one where it would go. */
static uint32_t *slot_of(struct commit *commit, int64_t number)
{
	uint64_t hash = (uint64_t)number * 0x9e3779b97f4a7c15U >> 32; /* numbers are small and follow each other */

	for (;; hash++) {
		uint32_t *slot = &commit->slots[hash & (commit->slot_count - 1)];
		commit->slots_looked_at++;
		if (*slot == 0 || commit->scopes[*slot - 1].state.number == number)
			return slot;
	}
}

static void number_scopes(struct commit *commit)
{
	if (commit->slot_count > 0)
		memset(commit->slots, 0, commit->slot_count * sizeof(*commit->slots));
	for (size_t i = 0; i < commit->scope_count; i++)
		*slot_of(commit, commit->scopes[i].state.number) = (uint32_t)i + 1;
}

/* The caller may change it. */
static struct scope_state *lend(struct commit *commit, size_t place)
{
	struct touched_scope *scope = &commit->scopes[place];

	if (place < commit->marked_scope_count && scope->saved_at != commit->mark) {
		commit->saved = arena_grow(
			commit->arena, commit->saved, commit->saved_count, &commit->saved_capacity, sizeof(*commit->saved));
		commit->saved[commit->saved_count++] = (struct saved_scope){ place, scope->state };
		commit->saved_ever++;
		scope->saved_at = commit->mark;
	}
	return &scope->state;
}

static struct scope_state *known_scope(struct commit *commit, int64_t number)
{
	uint32_t place = commit->slot_count == 0 ? 0 : *slot_of(commit, number);

	return place == 0 ? NULL : lend(commit, place - 1);
}

static struct scope_state *keep_scope(struct commit *commit, const struct scope_state *state)
{
	struct scope_state *known = known_scope(commit, state->number);

	if (known != NULL)
		return known;
	commit->scopes = arena_grow(commit->arena, commit->scopes, commit->scope_count, &commit->scope_capacity, sizeof(*commit->scopes));
	commit->scopes[commit->scope_count++] = (struct touched_scope){ .state = *state };
	if (2 * commit->scope_count > commit->slot_count) {
		commit->slot_count = commit->slot_count == 0 ? SLOTS_MIN : 2 * commit->slot_count;
		commit->slots = arena_allocate_array(commit->arena, commit->slot_count, sizeof(*commit->slots));
		number_scopes(commit);
	} else {
		*slot_of(commit, state->number) = (uint32_t)commit->scope_count;
	}
	return &commit->scopes[commit->scope_count - 1].state;
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

enum status commit_look_scope(struct commit *commit, const struct scope *scope, struct scope_state **out_state)
{
	struct scope_state state;
	enum status status = server_store_look_scope(commit->store, scope, &state);

	*out_state = NULL;
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK)
		*out_state = keep_scope(commit, &state);
	return status;
}

enum status commit_adjust(struct commit *commit, int64_t scope, const struct row_hash *removed, const struct row_hash *added)
{
	struct scope_state *state;
	enum status status = commit_scope_by_number(commit, scope, &state);

	if (status != STATUS_OK)
		return status;
	if (removed != NULL)
		digest_remove(&state->digest, *removed);
	if (added != NULL)
		digest_add(&state->digest, *added);
	state->gseq = commit->gseq;
	return STATUS_OK;
}

void commit_note_device(struct commit *commit, const struct id *device)
{
	if (commit->device_count > 0 && id_equal(&commit->devices[commit->device_count - 1], device))
		return;
	commit->devices =
		arena_grow(commit->arena, commit->devices, commit->device_count, &commit->device_capacity, sizeof(*commit->devices));
	commit->devices[commit->device_count++] = *device;
}

void commit_note_job(struct commit *commit, const struct id *work_order)
{
	if (commit->job_count > 0 && id_equal(&commit->jobs[commit->job_count - 1], work_order))
		return;
	commit->jobs = arena_grow(commit->arena, commit->jobs, commit->job_count, &commit->job_capacity, sizeof(*work_order));
	commit->jobs[commit->job_count++] = *work_order;
}

void commit_note_overfull(struct commit *commit, const struct id *work_order)
{
	commit->overfull_count++;
	commit->overfull = *work_order;
}

static int compare_ids(const void *left, const void *right)
{
	return id_compare(left, right);
}

void commit_sort_jobs(struct commit *commit)
{
	size_t kept = 0;

	if (commit->job_count > 1)
		qsort(commit->jobs, commit->job_count, sizeof(*commit->jobs), compare_ids);
	for (size_t i = 0; i < commit->job_count; i++)
		if (kept == 0 || !id_equal(&commit->jobs[kept - 1], &commit->jobs[i]))
			commit->jobs[kept++] = commit->jobs[i];
	commit->job_count = kept;
}

enum status commit_mark(struct commit *commit)
{
	commit->mark++;
	commit->saved_count = 0;
	commit->marked_scope_count = commit->scope_count;
	commit->marked_device_count = commit->device_count;
	commit->marked_job_count = commit->job_count;
	return server_store_mark(commit->store);
}

enum status commit_unmark(struct commit *commit)
{
	commit->marked_scope_count = 0;
	return server_store_unmark(commit->store);
}

enum status commit_rewind(struct commit *commit)
{
	for (size_t i = 0; i < commit->saved_count; i++)
		commit->scopes[commit->saved[i].place].state = commit->saved[i].state;
	/* The last that got a slot is the first to leave it. */
	for (; commit->scope_count > commit->marked_scope_count; commit->scope_count--)
		*slot_of(commit, commit->scopes[commit->scope_count - 1].state.number) = 0;
	commit->marked_scope_count = 0;
	commit->device_count = commit->marked_device_count;
	commit->job_count = commit->marked_job_count;
	return server_store_rewind(commit->store);
}

enum status commit_close(struct commit *commit)
{
	for (size_t i = 0; i < commit->scope_count; i++) {
		enum status status;
		if (commit->scopes[i].state.gseq != commit->gseq)
			continue;
		status = server_store_put_scope(commit->store, &commit->scopes[i].state);
		if (status != STATUS_OK)
			return status;
	}
	return server_store_put_gseq(commit->store, commit->gseq);
}
