#include "protocol/sync/device_bugs.h"

enum status bug_move_cursor(struct device_store *store, const struct cursor *cursor)
{
	struct replica_state state;
	enum status status = device_store_replica(store, &state);

	if (status == STATUS_OK)
		status = device_store_begin(store, true);
	if (status != STATUS_OK)
		return status;
	state.cursor = *cursor;
	status = device_store_put_replica(store, &state);
	if (status == STATUS_OK)
		return device_store_commit(store);
	device_store_rollback(store);
	return status;
}

enum status bug_reuse_sequence(struct device_store *store, int64_t server_seq, int64_t *out_acknowledged_seq)
{
	struct outbox_state outbox;
	enum status status = device_store_outbox(store, &outbox);

	if (status == STATUS_OK)
		*out_acknowledged_seq = server_seq < outbox.last_seq ? server_seq : outbox.last_seq;
	return status;
}
