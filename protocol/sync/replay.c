#include "protocol/sync/replay.h"

#include "protocol/wire/operation_codec.h"

static enum status store_change(struct replica *replica, const struct change *change, enum replay_mode mode)
{
	const struct id *id = row_id(change->after != NULL ? change->after : change->before);

	return mode == REPLAY_CONFIRM ? replica_confirm(replica, change->kind, id, change->after)
				      : replica_guess(replica, change->kind, id, change->after);
}

enum status replay_operation(struct replica *replica, const struct operation *operation, const struct id *operation_id,
	const struct id *device, int64_t seq, enum replay_mode mode, struct verdict *out_verdict)
{
	struct decision decision = { .operation = operation,
		.operation_id = *operation_id,
		.device_id = *device,
		.seq = seq,
		.derive_id = id_derive,
		.pair_id = id_pair };
	struct overlay overlay;
	enum status status;

	overlay_init(&overlay, device_store_records(replica->store), replica->arena);
	status = decide(&decision, &overlay, replica->arena, out_verdict);
	for (size_t i = 0; i < overlay_change_count(&overlay) && status == STATUS_OK; i++) {
		struct change change;
		if (overlay_change(&overlay, i, &change) == STATUS_OK)
			status = store_change(replica, &change, mode);
	}
	device_store_reset_rows(replica->store);
	return status;
}

struct replay {
	struct replica *replica;
	const struct id *device;
	int64_t last;
	const int64_t *skipped;
	size_t skipped_count;
	enum replay_mode mode;
};

static enum status replay_entry(void *context, const struct outbox_entry *entry)
{
	struct replay *replay = context;
	struct operation operation;
	struct verdict verdict;
	enum status status;

	if (entry->seq > replay->last)
		return STATUS_OK;
	while (replay->skipped_count > 0 && replay->skipped[0] < entry->seq) {
		replay->skipped++;
		replay->skipped_count--;
	}
	if (replay->skipped_count > 0 && replay->skipped[0] == entry->seq)
		return STATUS_OK;
	status = operation_decode(replay->replica->arena, entry->canonical, &operation);
	if (status != STATUS_OK)
		return status;
	return replay_operation(replay->replica, &operation, &entry->id, replay->device, entry->seq, replay->mode, &verdict);
}

enum status replay_entries(struct replica *replica, const struct id *device, int64_t after, int64_t last, const int64_t *skipped,
	size_t skipped_count, enum replay_mode mode)
{
	struct replay replay = { replica, device, last, skipped, skipped_count, mode };

	return after >= last ? STATUS_OK : device_store_outbox_each(replica->store, after, replay_entry, &replay);
}
