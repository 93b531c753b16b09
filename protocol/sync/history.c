#include "protocol/sync/history.h"

#include "protocol/sync/keeping.h"
#include "protocol/sync/repair.h"

enum status history_compare(
	struct device_store *store, const struct id *incarnation, int64_t seq, const struct hash *hash, size_t hash_size, bool *out_same)
{
	struct outbox_state outbox;
	struct hash head;
	enum status status = device_store_outbox(store, &outbox);

	*out_same = false;
	if (status != STATUS_OK || seq > outbox.last_seq || !id_equal(incarnation, &outbox.incarnation))
		return status;
	status = device_store_outbox_head(store, seq, &head);
	*out_same = status == STATUS_NOT_FOUND /* settled long ago and forgotten here */ ||
		    (status == STATUS_OK && hash_begins_alike(&head, hash, hash_size));
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

/* The operations that go over. A replica that was lost or put back knows nothing of what was let go of, and that was settled. */
static enum status count_moving(struct device_store *store, const struct outbox_state *outbox, struct new_incarnation *begun,
	int64_t settled_seq, int64_t *out_count)
{
	struct kept_state kept;
	enum status status = device_store_kept(store, &kept);

	if (status != STATUS_OK)
		return status;
	if (begun->everything) {
		*out_count = keeping_count(outbox, &kept);
		return STATUS_OK;
	}
	begun->settled_seq = settled_seq < kept.first_seq ? kept.first_seq - 1 : settled_seq;
	*out_count = outbox->last_seq - begun->settled_seq;
	return STATUS_OK;
}

/* The outbox's part of it. */
static enum status turn_outbox(
	struct device_store *store, const struct random *random, struct arena *arena, struct new_incarnation *begun, int64_t count)
{
	size_t windows = (size_t)count / WINDOW_LENGTH + 2;
	struct rehead rehead = { .secrets = arena_allocate_array(arena, windows, WINDOW_SECRET_SIZE) };

	random_fill(random, rehead.secrets, windows * WINDOW_SECRET_SIZE);
	random_fill(random, &begun->id, sizeof(begun->id));
	begun->secrets = (const uint8_t(*)[WINDOW_SECRET_SIZE])rehead.secrets;
	begun->secret_count = windows;
	return device_store_new_incarnation(store, begun, rehead_operation, &rehead);
}

/* … and the replica's, in the open transaction. */
static enum status turn_replica(struct device_store *store, struct arena *arena, struct replica_state *state)
{
	enum status status = repair_restart(store, arena); /* a repair under way compared with the lost history */

	if (status == STATUS_OK)
		status = device_store_clear_staged(store); /* a pass under way left out what the lost history had computed */
	if (status == STATUS_OK)
		status = device_store_put_resume(store, (struct bytes){ 0 });
	return status == STATUS_OK ? device_store_put_replica(store, state) : status;
}

static enum status begin(struct device_store *store, const struct random *random, struct arena *arena, bool everything)
{
	struct new_incarnation begun = { .everything = everything };
	struct outbox_state outbox;
	struct replica_state state = { 0 };
	int64_t count = 0;
	enum status status = device_store_outbox(store, &outbox);

	if (status == STATUS_OK)
		status = device_store_replica(store, &state);
	if (status == STATUS_OK)
		status = count_moving(store, &outbox, &begun, state.settled_seq, &count);
	if (status == STATUS_OK)
		status = turn_outbox(store, random, arena, &begun, count);
	if (status == STATUS_OK)
		status = device_store_begin(store, false);
	if (status != STATUS_OK)
		return status;
	state.incarnation = begun.id;
	state.shown_seq = count;
	state.settled_seq = 0;
	state.decided_seq = 0;
	status = turn_replica(store, arena, &state);
	if (status == STATUS_OK)
		return device_store_commit(store);
	device_store_rollback(store);
	return status;
}

enum status history_begin_incarnation(struct device_store *store, const struct random *random, struct arena *arena)
{
	return begin(store, random, arena, false);
}

enum status history_begin_again(struct device_store *store, const struct random *random, struct arena *arena)
{
	return begin(store, random, arena, true);
}
