#include "protocol/sync/history.h"

#include "protocol/sync/repair.h"

enum status history_compare(struct device_store *store, const struct id *incarnation, int64_t seq, const struct hash *hash, bool *out_same)
{
	struct outbox_state outbox;
	struct hash head;
	enum status status = device_store_outbox(store, &outbox);

	*out_same = false;
	if (status != STATUS_OK || seq > outbox.last_seq || !id_equal(incarnation, &outbox.incarnation))
		return status;
	status = device_store_outbox_head(store, seq, &head);
	*out_same =
		status == STATUS_NOT_FOUND /* settled long ago and forgotten here */ || (status == STATUS_OK && hash_equal(&head, hash));
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

struct rehead {
	uint8_t (*secrets)[WINDOW_SECRET_SIZE];
};

static struct hash rehead_operation(void *context, const struct hash *previous, int64_t seq, struct bytes canonical)
{
	const struct rehead *rehead = context;

	return chain_extend(previous, rehead->secrets[seq / WINDOW_LENGTH], seq, canonical);
}

enum status history_begin_incarnation(struct device_store *store, const struct random *random, struct arena *arena)
{
	struct outbox_state outbox;
	struct replica_state state;
	struct rehead rehead;
	struct new_incarnation begun;
	size_t windows;
	enum status status = device_store_outbox(store, &outbox);

	if (status == STATUS_OK)
		status = device_store_replica(store, &state);
	if (status != STATUS_OK)
		return status;
	windows = (size_t)(outbox.last_seq - state.settled_seq) / WINDOW_LENGTH + 2;
	rehead.secrets = arena_allocate_array(arena, windows, WINDOW_SECRET_SIZE);
	random_fill(random, rehead.secrets, windows * WINDOW_SECRET_SIZE);
	random_fill(random, &begun.id, sizeof(begun.id));
	begun.settled_seq = state.settled_seq;
	begun.secrets = (const uint8_t(*)[WINDOW_SECRET_SIZE])rehead.secrets;
	begun.secret_count = windows;
	status = device_store_new_incarnation(store, &begun, rehead_operation, &rehead);
	if (status == STATUS_OK)
		status = device_store_begin(store, false);
	if (status != STATUS_OK)
		return status;
	state.incarnation = begun.id;
	state.shown_seq = outbox.last_seq - state.settled_seq;
	state.settled_seq = 0;
	state.decided_seq = 0;
	status = repair_restart(store, arena); /* and a repair under way compared with it */
	if (status == STATUS_OK)
		status = device_store_clear_staged(store); /* a pass under way left out what the lost history had computed */
	if (status == STATUS_OK)
		status = device_store_put_resume(store, (struct bytes){ 0 });
	if (status == STATUS_OK)
		status = device_store_put_replica(store, &state);
	if (status == STATUS_OK)
		status = device_store_commit(store);
	else
		device_store_rollback(store);
	return status;
}
