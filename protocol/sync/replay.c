#include "protocol/sync/replay.h"

#include "protocol/wire/operation_codec.h"

static enum status store_change(struct replica *replica, const struct change *change, enum replay_mode mode)
{
	const struct id *id = row_id(change->after != NULL ? change->after : change->before);

	return mode == REPLAY_CONFIRM ? replica_confirm(replica, change->kind, id, change->after)
				      : replica_guess(replica, change->kind, id, change->after);
}

struct replay {
	struct replica *replica;
	struct replay_span left; /* what of it is still to come */
	enum replay_mode mode;
};

static enum status replay_operation(const struct replay *replay, const struct outbox_entry *entry, const struct operation *operation)
{
	struct replica *replica = replay->replica;
	struct decision decision = { .operation = operation,
		.operation_id = entry->id,
		.device_id = replay->left.device,
		.seq = entry->seq,
		.derive_id = id_derive,
		.pair_id = id_pair };
	struct overlay overlay;
	struct verdict verdict;
	enum status status;

	overlay_init(&overlay, device_store_records(replica->store), replica->arena);
	status = decide(&decision, &overlay, replica->arena, &verdict);
	for (size_t i = 0; i < overlay_change_count(&overlay) && status == STATUS_OK; i++) {
		struct change change;
		if (overlay_change(&overlay, i, &change) == STATUS_OK)
			status = store_change(replica, &change, replay->mode);
	}
	device_store_reset_rows(replica->store);
	return status;
}

static enum status replay_entry(void *context, const struct outbox_entry *entry)
{
	struct replay *replay = context;
	struct replay_span *left = &replay->left;
	struct operation operation;
	enum status status;

	if (entry->seq > left->last)
		return STATUS_OK;
	while (left->skipped_count > 0 && left->skipped[0] < entry->seq) {
		left->skipped++;
		left->skipped_count--;
	}
	if (left->skipped_count > 0 && left->skipped[0] == entry->seq)
		return STATUS_OK;
	status = operation_decode(replay->replica->arena, entry->canonical, &operation);
	if (status != STATUS_OK)
		return status;
	return replay_operation(replay, entry, &operation);
}

struct base_look {
	const struct cursor *cursor;
	struct arena arena;
	bool lacks;
};

static enum status look_at_base(void *context, const struct outbox_entry *entry)
{
	struct base_look *look = context;
	struct operation operation;

	if (look->lacks)
		return STATUS_OK;
	if (operation_decode(&look->arena, entry->canonical, &operation) != STATUS_OK)
		look->lacks = true; /* this version cannot decide it, either: who replays it says so */
	else if (id_equal(&operation.head.base_epoch, &look->cursor->epoch))
		look->lacks = operation.head.base_gseq > look->cursor->gseq;
	arena_reset(&look->arena);
	return STATUS_OK;
}

enum status replay_lacks_base(struct device_store *store, const struct replica_state *state, bool *out_lacks)
{
	struct base_look look = { .cursor = &state->cursor };
	struct kept_state kept;
	enum status status;

	if (state->settled_seq == state->shown_seq) { /* after most cuts */
		*out_lacks = false;
		return STATUS_OK;
	}
	status = device_store_kept(store, &kept);
	look.lacks = status == STATUS_OK && state->settled_seq < kept.first_seq - 1;
	if (status == STATUS_OK)
		status = device_store_outbox_each(store, state->settled_seq, look_at_base, &look);
	arena_finish(&look.arena);
	if (status == STATUS_OK)
		*out_lacks = look.lacks;
	return status;
}

enum status replay_entries(struct replica *replica, const struct replay_span *span, enum replay_mode mode)
{
	struct replay replay = { .replica = replica, .left = *span, .mode = mode };

	return span->after >= span->last ? STATUS_OK : device_store_outbox_each(replica->store, span->after, replay_entry, &replay);
}
