#include "protocol/sync/cut.h"

#include "protocol/domain/extra.h"
#include "protocol/sync/replay.h"

/* ---- pages ---- */

static enum status apply_entry(struct replica *replica, const struct page_group *group, size_t position)
{
	const void *row = group->rows[position];
	const struct id *id = row_id(row);
	enum status status = STATUS_OK;

	switch (group->type) {
	case ENTRY_LEFT:
		return replica_leave(replica, &group->scope, group->schema->kind, id);
	case ENTRY_MEMBER:
		return replica_link(replica, &group->scope, group->schema->kind, id);
	case ENTRY_WHOLE:
		if (group->scope.kind == SCOPE_JOB)
			status = replica_link(replica, &group->scope, group->schema->kind, id);
		return status == STATUS_OK ? replica_confirm(replica, group->schema->kind, id, row) : status;
	case ENTRY_PATCH:
	case ENTRY_DIGEST:
	case ENTRY_DROPPED:
		break;
	}
	return fail(STATUS_NEWER, "page: entry type %d is not understood", (int)group->type);
}

/* The fields of a patch over the row as it stands. */
static enum status apply_patch(struct replica *replica, const struct page_group *group, size_t position)
{
	const struct id *id = row_id(group->rows[position]);
	const void *row;
	void *patched;
	enum status status = records_get(device_store_records(replica->store), group->schema->kind, id, &row);

	if (status == STATUS_NOT_FOUND)
		return fail(STATUS_CORRUPT, "page: a patch for %s %s, which is not here", group->schema->name, id_to_text(id).characters);
	if (status != STATUS_OK)
		return status;
	patched = row_copy(replica->arena, group->schema, row);
	for (size_t i = 0; i < group->schema->field_count; i++) {
		const struct field *field = &group->schema->fields[i];
		if ((group->masks[position] >> field->tag & 1) != 0)
			field_copy(field, patched, group->rows[position]);
	}
	if (group->schema->extra != 0 && replica->bug == BUG_EXTRA_DROPPED)
		row_set_extra(group->schema, patched, (struct bytes){ 0 });
	else if (group->schema->extra != 0)
		row_set_extra(group->schema, patched,
			extra_patched(replica->arena, row_extra(group->schema, row), row_extra(group->schema, group->rows[position]),
				group->masks[position]));
	return replica_confirm(replica, group->schema->kind, id, patched);
}

static enum status apply_group(struct replica *replica, const struct page_group *group)
{
	enum status status = STATUS_OK;

	if (group->type == ENTRY_DROPPED) {
		replica_drop(replica, &group->scope);
		return STATUS_OK;
	}
	status = replica_hold(replica, &group->scope);
	if (status == STATUS_OK && group->type == ENTRY_DIGEST)
		replica_expect(replica, &group->scope, &group->digest);
	for (size_t k = 0; k < group->count && status == STATUS_OK; k++)
		status = group->type == ENTRY_PATCH ? apply_patch(replica, group, k) : apply_entry(replica, group, k);
	device_store_reset_rows(replica->store);
	return status;
}

enum status cut_apply_page(struct replica *replica, const struct page *page)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < page->group_count && status == STATUS_OK; i++)
		status = apply_group(replica, &page->groups[i]);
	return status;
}

/* Of a page that was loaded already: what digests must be counts only now. */
static void expect_of_page(struct replica *replica, const struct page *page)
{
	for (size_t i = 0; i < page->group_count; i++)
		if (page->groups[i].type == ENTRY_DIGEST && replica_scope(replica, &page->groups[i].scope) != NULL)
			replica_expect(replica, &page->groups[i].scope, &page->groups[i].digest);
}

static enum status apply_staged(void *context, struct bytes body)
{
	struct replica *replica = context;
	struct arena arena = { 0 };
	struct page page;
	enum status status = page_decode(body, &arena, device_store_references(replica->store), &page);

	if (status == STATUS_OK && device_store_seeding(replica->store))
		expect_of_page(replica, &page);
	else if (status == STATUS_OK)
		status = cut_apply_page(replica, &page);
	arena_finish(&arena);
	return status;
}

bool cut_page_has_words(const struct page *page)
{
	for (size_t i = 0; i < page->group_count; i++)
		if (page->groups[i].schema == NULL)
			return true;
	return false;
}

enum status cut_load_page(struct device_store *store, struct arena *arena, const struct page *page)
{
	struct replica replica;
	enum status status = replica_open(&replica, store, arena);

	if (status == STATUS_OK)
		status = cut_apply_page(&replica, page);
	return status == STATUS_OK ? replica_close(&replica) : status;
}

/* ---- the cut ---- */

static enum status change_scopes(struct replica *replica, const struct cut *cut)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < cut->dropped_count; i++)
		replica_drop(replica, &cut->dropped[i]);
	for (size_t i = 0; i < cut->held_count && status == STATUS_OK; i++)
		status = replica_hold(replica, &cut->held[i]);
	return status;
}

static enum status check_digests(struct replica *replica, const struct cut *cut)
{
	for (size_t i = 0; i < cut->digest_count; i++)
		replica_expect(replica, &cut->digests[i].scope, &cut->digests[i].digest);
	return replica_check(replica);
}

/* No rows came, and everything the device did was decided as it computed it. */
static enum status is_quiet(struct device_store *store, const struct cut_input *input, const struct replica_state *state,
	const struct outbox_state *outbox, bool *out_quiet)
{
	size_t staged;
	enum status status = device_store_staged_count(store, &staged);

	*out_quiet = staged == 0 && input->cut->dropped_count == 0 && (input->decided == NULL || input->decided->unlike_count == 0) &&
		     input->decided != NULL && input->decided->seq == outbox->last_seq && state->shown_seq == outbox->last_seq;
	return status;
}

static enum status take_staged(struct replica *replica)
{
	enum status status = device_store_staged_each(replica->store, apply_staged, replica);

	return status == STATUS_OK ? device_store_clear_staged(replica->store) : status;
}

/* Guesses off, decided operations and pages on: the confirmed rows as the server has them. */
static enum status bring_up_to_date(
	struct replica *replica, const struct cut_input *input, const struct replica_state *state, int64_t decided_seq,
	struct repair_tally *out_tally)
{
	const struct decided *decided = input->decided;
	enum status status = input->repair ? repair_note_guesses(replica, out_tally) : STATUS_OK;

	if (status == STATUS_OK && input->bug == BUG_SHADOW_NOT_RESTORED)
		status = device_store_drop_shadows(replica->store);
	else if (status == STATUS_OK)
		status = device_store_restore_shadows(replica->store);
	device_store_reset_rows(replica->store);
	if (status == STATUS_OK && input->repair) /* what the server made of them is in the ranges, or in the pages behind */
		status = repair_apply(replica, input->bug, out_tally);
	else if (status == STATUS_OK && decided != NULL && !input->own_rows)
		status = replay_entries(replica,
			&(struct replay_span){ .device = input->device,
				.after = state->settled_seq,
				.last = decided_seq,
				.skipped = decided->unlike,
				.skipped_count = decided->unlike_count },
			REPLAY_CONFIRM);
	return status == STATUS_OK ? take_staged(replica) : status;
}

static enum status replay_pending(struct replica *replica, const struct cut_input *input, int64_t decided_seq, int64_t last_seq)
{
	enum replay_mode mode = input->bug == BUG_DIGEST_AFTER_REPLAY ? REPLAY_CONFIRM : REPLAY_GUESS;

	return replay_entries(replica, &(struct replay_span){ .device = input->device, .after = decided_seq, .last = last_seq }, mode);
}

static enum status apply(struct replica *replica, const struct cut_input *input, const struct replica_state *state,
	const struct outbox_state *outbox, int64_t decided_seq, struct repair_tally *out_tally)
{
	bool quiet = false;
	enum status status = STATUS_OK;

	if (!device_store_seeding(replica->store) && !input->repair && !input->own_rows)
		status = is_quiet(replica->store, input, state, outbox, &quiet);
	if (status == STATUS_OK && quiet)
		status = replica_confirm_guesses(replica);
	else if (status == STATUS_OK && device_store_seeding(replica->store))
		status = take_staged(replica);
	else if (status == STATUS_OK)
		status = bring_up_to_date(replica, input, state, decided_seq, out_tally);
	if (status == STATUS_OK)
		status = change_scopes(replica, input->cut);
	if (status == STATUS_OK && input->repair)
		status = replica_recount(replica);
	if (status == STATUS_OK && input->bug == BUG_DIGEST_AFTER_REPLAY && !quiet)
		status = replay_pending(replica, input, decided_seq, outbox->last_seq);
	if (status == STATUS_OK)
		status = check_digests(replica, input->cut);
	if (status == STATUS_OK && input->bug != BUG_DIGEST_AFTER_REPLAY && !quiet)
		status = replay_pending(replica, input, decided_seq, outbox->last_seq);
	if (status == STATUS_OK && decided_seq == outbox->last_seq && input->bug != BUG_PURGE_SKIPPED)
		status = replica_purge(replica);
	return status;
}

enum status cut_apply(struct device_store *store, struct arena *arena, const struct cut_input *input, struct replica_state *out_state,
	struct repair_tally *out_tally)
{
	struct replica replica;
	struct replica_state state;
	struct outbox_state outbox;
	int64_t decided_seq;
	enum status status = device_store_replica(store, &state);

	if (status == STATUS_OK)
		status = device_store_outbox(store, &outbox);
	if (status == STATUS_OK)
		status = replica_open(&replica, store, arena);
	if (status != STATUS_OK)
		return status;
	replica.bug = input->bug;
	decided_seq = input->decided != NULL ? input->decided->seq : state.settled_seq;
	if (decided_seq > outbox.last_seq)
		return fail(STATUS_CORRUPT, "cut: the server decided %lld operations, this device made %lld", (long long)decided_seq,
			(long long)outbox.last_seq);
	status = apply(&replica, input, &state, &outbox, decided_seq, out_tally);
	if (status == STATUS_OK)
		status = replica_close(&replica);
	if (status != STATUS_OK)
		return status;
	state.cursor = input->cut->cursor;
	state.settled_seq = decided_seq;
	state.decided_seq = decided_seq;
	state.shown_seq = outbox.last_seq;
	state.incarnation = outbox.incarnation;
	status = device_store_put_resume(store, (struct bytes){ 0 });
	if (status == STATUS_OK && input->repair)
		status = repair_forget(store);
	if (status == STATUS_OK)
		status = device_store_put_replica(store, &state);
	if (status == STATUS_OK)
		*out_state = state;
	return status;
}
