#include "protocol/sync/row_change.h"

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
	enum status status = commit_adjust(row->commit, member->scope, change->before != NULL ? &row->before.hash : NULL,
		change->after != NULL ? &row->after.hash : NULL);

	if (status != STATUS_OK)
		return status;
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
	enum status status = STATUS_OK;

	if (change->before != NULL)
		status = commit_adjust(commit, row->before.home, &row->before.hash, NULL);
	if (status == STATUS_OK && moved && commit->bug != BUG_LEFT_NOT_WRITTEN)
		status = server_store_put_left(commit->store, row->before.home, change->kind, id, commit->gseq);
	if (status != STATUS_OK || change->after == NULL)
		return status;
	status = commit_adjust(commit, row->after.home, NULL, &row->after.hash);
	return status == STATUS_OK && moved ? server_store_forget_left(commit->store, row->after.home, change->kind, id) : status;
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

enum status row_change_store(struct commit *commit, const struct change *change, int64_t author)
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
