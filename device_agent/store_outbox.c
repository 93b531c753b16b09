/* The outbox: this device's own operations. Every change is one durable transaction. */
#include <string.h>

#include "device_agent/store_parts.h"
#include "protocol/sync/keeping.h"

static enum status read_hash(struct statement *statement, int column, struct hash *out_hash)
{
	struct bytes bytes = statement_bytes(statement, column);

	if (bytes.size != HASH_SIZE)
		return fail(STATUS_CORRUPT, "outbox.db holds a chain hash of %zu bytes; restore it from a backup", bytes.size);
	memcpy(out_hash->bytes, bytes.data, HASH_SIZE);
	return STATUS_OK;
}

static struct bytes hash_bytes(const struct hash *hash)
{
	return (struct bytes){ hash->bytes, HASH_SIZE };
}

/* Seq and head of the last operation of the current incarnation; untouched when there is none. */
static enum status read_last(struct device_store *store, struct outbox_state *state)
{
	struct statement *last = NULL;
	enum status status = statement_get(store->outbox, STATEMENT_OUTBOX_LAST, &last);

	if (status == STATUS_OK)
		status = statement_step(last);
	if (status == STATUS_OK) {
		state->last_seq = statement_integer(last, 0);
		status = read_hash(last, 1, &state->last_hash);
	}
	statement_reset(last);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* `out_number` is the current incarnation's. */
static enum status read_state(struct device_store *store, struct outbox_state *out_state, int64_t *out_number)
{
	struct statement *meta = NULL;
	struct outbox_state state = { 0 };
	enum status status = statement_get(store->outbox, STATEMENT_OUTBOX_META, &meta);

	if (status == STATUS_OK)
		status = statement_step(meta);
	if (status == STATUS_OK) {
		state.device = statement_id_column(meta, 0);
		state.incarnation = statement_id_column(meta, 1);
		*out_number = statement_integer(meta, 2);
		state.last_hash = chain_genesis(&state.device, &state.incarnation);
	}
	statement_reset(meta);
	if (status == STATUS_OK)
		status = read_last(store, &state);
	if (status == STATUS_OK)
		*out_state = state;
	return status;
}

enum status device_store_outbox(struct device_store *store, struct outbox_state *out_state)
{
	int64_t number;

	return read_state(store, out_state, &number);
}

/* Ends the outbox's transaction: commits when all went well. */
static enum status end(struct device_store *store, enum status status)
{
	if (status == STATUS_OK)
		return storage_commit(store->outbox);
	storage_rollback(store->outbox);
	return status;
}

static enum status put_window(struct device_store *store, int64_t window, const uint8_t secret[static WINDOW_SECRET_SIZE])
{
	struct statement *put = NULL;
	enum status status = statement_get(store->outbox, STATEMENT_OUTBOX_WINDOW_PUT, &put);

	if (status == STATUS_OK) {
		statement_bind_integer(put, 1, window);
		statement_bind_bytes(put, 2, (struct bytes){ secret, WINDOW_SECRET_SIZE });
		status = statement_run(put);
	}
	statement_reset(put);
	return status;
}

static enum status put_entry(struct device_store *store, const struct outbox_entry *entry)
{
	struct statement *put = NULL;
	enum status status = statement_get(store->outbox, STATEMENT_OUTBOX_APPEND, &put);

	if (status == STATUS_OK) {
		statement_bind_integer(put, 1, entry->seq);
		statement_bind_id(put, 2, &entry->id);
		statement_bind_integer(put, 3, entry->re_sent);
		statement_bind_bytes(put, 4, hash_bytes(&entry->head));
		statement_bind_bytes(put, 5, entry->canonical);
		status = statement_run(put);
	}
	statement_reset(put);
	return status;
}

static enum status append(struct device_store *store, const struct outbox_entry *entry, const uint8_t secret[static WINDOW_SECRET_SIZE])
{
	enum status status = storage_begin(store->outbox, true);

	if (status != STATUS_OK)
		return status;
	status = put_entry(store, entry);
	if (status == STATUS_OK)
		status = put_window(store, entry->seq / WINDOW_LENGTH, secret);
	return end(store, status);
}

enum status device_store_append(
	struct device_store *store, const struct outbox_entry *entry, const uint8_t secret[static WINDOW_SECRET_SIZE])
{
	struct outbox_state state;
	enum status status = device_store_outbox(store, &state);

	if (status != STATUS_OK)
		return status;
	if (entry->seq != state.last_seq + 1)
		return fail(STATUS_INVALID, "outbox: operation %lld cannot follow %lld; build it again on the last one",
			(long long)entry->seq, (long long)state.last_seq);
	status = append(store, entry, secret);
	if (status == STATUS_CANNOT_WRITE && device_give_up_reserve(store))
		status = append(store, entry, secret);
	return status;
}

enum status device_store_window(struct device_store *store, int64_t window, uint8_t out_secret[static WINDOW_SECRET_SIZE])
{
	struct statement *find = NULL;
	enum status status = statement_get(store->outbox, STATEMENT_OUTBOX_WINDOW, &find);

	if (status == STATUS_OK) {
		statement_bind_integer(find, 1, window);
		status = statement_step(find);
	}
	if (status == STATUS_OK) {
		struct bytes secret = statement_bytes(find, 0);
		if (secret.size == WINDOW_SECRET_SIZE)
			memcpy(out_secret, secret.data, WINDOW_SECRET_SIZE);
		else
			status =
				fail(STATUS_CORRUPT, "outbox.db holds a window secret of %zu bytes; restore it from a backup", secret.size);
	}
	statement_reset(find);
	return status;
}

enum status device_store_outbox_each(struct device_store *store, int64_t after, outbox_visit visit, void *context)
{
	struct statement *each = NULL;
	enum status status = statement_get(store->outbox, STATEMENT_OUTBOX_EACH, &each);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(each, 1, after);
	while (statement_next(each, &status)) {
		struct outbox_entry entry = {
			.seq = statement_integer(each, 0), .id = statement_id_column(each, 1), .re_sent = statement_integer(each, 2) != 0
		};

		status = read_hash(each, 3, &entry.head);
		entry.canonical = statement_bytes(each, 4);
		if (status == STATUS_OK)
			status = visit(context, &entry);
	}
	statement_reset(each);
	return status;
}

enum status device_store_outbox_head(struct device_store *store, int64_t seq, struct hash *out_head)
{
	struct statement *find = NULL;
	struct outbox_state state;
	enum status status;

	if (seq == 0) {
		status = device_store_outbox(store, &state);
		if (status == STATUS_OK)
			*out_head = chain_genesis(&state.device, &state.incarnation);
		return status;
	}
	status = statement_get(store->outbox, STATEMENT_OUTBOX_HEAD, &find);
	if (status == STATUS_OK) {
		statement_bind_integer(find, 1, seq);
		status = statement_step(find);
	}
	if (status == STATUS_OK)
		status = read_hash(find, 0, out_head);
	statement_reset(find);
	return status;
}

/* ---- a new incarnation ---- */

enum status device_store_knows_incarnation(struct device_store *store, const struct id *incarnation)
{
	struct statement *find = NULL;
	enum status status = statement_get(store->outbox, STATEMENT_OUTBOX_KNOWS, &find);

	if (status == STATUS_OK) {
		statement_bind_id(find, 1, incarnation);
		status = statement_step(find);
	}
	statement_reset(find);
	return status;
}

enum status device_store_previous(struct device_store *store, struct id *out_incarnation, int64_t *out_settled_seq)
{
	struct statement *find = NULL;
	enum status status = statement_get(store->outbox, STATEMENT_OUTBOX_PREVIOUS, &find);

	if (status == STATUS_OK)
		status = statement_step(find);
	if (status == STATUS_OK) {
		*out_incarnation = statement_id_column(find, 0);
		*out_settled_seq = statement_integer(find, 1);
	}
	statement_reset(find);
	return status;
}

static enum status put_incarnation(struct device_store *store, const struct id *id, int64_t *out_number)
{
	struct statement *put = NULL;
	enum status status = statement_get(store->outbox, STATEMENT_OUTBOX_INCARNATION_PUT, &put);

	if (status == STATUS_OK) {
		statement_bind_id(put, 1, id);
		status = statement_step(put);
	}
	if (status == STATUS_OK)
		*out_number = statement_integer(put, 0);
	statement_reset(put);
	return status;
}

/* One that takes integers and gives no rows. */
static enum status run(struct device_store *store, enum statement_id which, const int64_t *integers, int count)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->outbox, which, &statement);

	if (status != STATUS_OK)
		return status;
	for (int i = 0; i < count; i++)
		statement_bind_integer(statement, i + 1, integers[i]);
	status = statement_run(statement);
	statement_reset(statement);
	return status;
}

/* What was not settled, or everything, goes over to the new one, numbered from 1. */
static enum status move_operations(
	struct device_store *store, const struct outbox_state *old, int64_t from, const struct new_incarnation *begun, int64_t to)
{
	int64_t settled_seq = begun->everything ? old->last_seq : begun->settled_seq;
	enum status status = run(store, STATEMENT_OUTBOX_END, (const int64_t[]){ from, settled_seq }, 2);

	if (status == STATUS_OK && begun->everything)
		status = run(store, STATEMENT_OUTBOX_MOVE_ALL, &to, 1);
	if (status == STATUS_OK && begun->everything)
		status = run(store, STATEMENT_OUTBOX_FORGET_BEFORE, &to, 1);
	if (status == STATUS_OK && !begun->everything)
		status = run(store, STATEMENT_OUTBOX_MOVE, (const int64_t[]){ from, settled_seq, to }, 3);
	return status == STATUS_OK ? run(store, STATEMENT_OUTBOX_META_TURN, &to, 1) : status;
}

static enum status rehead_one(
	struct device_store *store, int64_t number, int64_t seq, outbox_rehead rehead, void *context, struct hash *head)
{
	struct statement *find = NULL, *update = NULL;
	enum status status = statement_get(store->outbox, STATEMENT_OUTBOX_ONE, &find);

	if (status == STATUS_OK) {
		statement_bind_integer(find, 1, number);
		statement_bind_integer(find, 2, seq);
		status = statement_step(find);
	}
	if (status == STATUS_OK) {
		*head = rehead(context, head, seq, statement_bytes(find, 0));
		status = statement_get(store->outbox, STATEMENT_OUTBOX_REHEAD, &update);
	}
	if (status == STATUS_OK) {
		statement_bind_integer(update, 1, number);
		statement_bind_integer(update, 2, seq);
		statement_bind_bytes(update, 3, hash_bytes(head));
		status = statement_run(update);
	}
	statement_reset(update);
	statement_reset(find);
	return status;
}

enum status device_store_new_incarnation(
	struct device_store *store, const struct new_incarnation *begun, outbox_rehead rehead, void *context)
{
	struct outbox_state old;
	struct kept_state kept;
	int64_t from, to = 0, count;
	struct hash head;
	enum status status = read_state(store, &old, &from);

	if (status != STATUS_OK)
		return status;
	status = device_store_kept(store, &kept);
	if (status != STATUS_OK)
		return status;
	if (begun->settled_seq < (begun->everything ? 0 : kept.first_seq - 1) || begun->settled_seq > old.last_seq)
		return fail(STATUS_INVALID, "outbox: %lld operations cannot be settled, it holds %lld to %lld",
			(long long)begun->settled_seq, (long long)kept.first_seq, (long long)old.last_seq);
	count = begun->everything ? keeping_count(&old, &kept) : old.last_seq - begun->settled_seq;
	if (count > 0 && (size_t)(count / WINDOW_LENGTH) >= begun->secret_count)
		return fail(
			STATUS_INVALID, "outbox: %lld operations need more than %zu window secrets", (long long)count, begun->secret_count);
	head = chain_genesis(&old.device, &begun->id);
	status = storage_begin(store->outbox, true);
	if (status != STATUS_OK)
		return status;
	status = put_incarnation(store, &begun->id, &to);
	if (status == STATUS_OK)
		status = move_operations(store, &old, from, begun, to);
	for (size_t i = 0; i < begun->secret_count && status == STATUS_OK; i++)
		status = put_window(store, (int64_t)i, begun->secrets[i]);
	for (int64_t seq = 1; seq <= count && status == STATUS_OK; seq++)
		status = rehead_one(store, to, seq, rehead, context, &head);
	return end(store, status);
}

/* ---- what is acknowledged ---- */

static enum status read_mark(struct device_store *store, struct kept_mark *out_mark)
{
	struct statement *get = NULL;
	enum status status = statement_get(store->outbox, STATEMENT_OUTBOX_MARK, &get);

	if (status == STATUS_OK)
		status = statement_step(get);
	if (status == STATUS_OK)
		*out_mark = (struct kept_mark){ .epoch = statement_id_column(get, 0),
			.gseq = statement_integer(get, 1),
			.seq = statement_integer(get, 2),
			.at_ms = statement_integer(get, 3) };
	statement_reset(get);
	return status;
}

enum status device_store_kept(struct device_store *store, struct kept_state *out_kept)
{
	struct statement *get = NULL;
	struct kept_state kept;
	enum status status = read_mark(store, &kept.mark);

	if (status == STATUS_OK)
		status = statement_get(store->outbox, STATEMENT_OUTBOX_KEPT, &get);
	if (status == STATUS_OK)
		status = statement_step(get);
	if (status == STATUS_OK) {
		kept.first_seq = statement_integer(get, 0);
		kept.former = statement_integer(get, 1);
		kept.bytes = statement_integer(get, 2);
		kept.epoch = statement_id_column(get, 3);
		*out_kept = kept;
	}
	statement_reset(get);
	return status;
}

enum status device_store_put_mark(struct device_store *store, const struct kept_mark *mark)
{
	struct statement *put = NULL;
	enum status status = storage_begin(store->outbox, false); /* lost, it is set again */

	if (status != STATUS_OK)
		return status;
	status = statement_get(store->outbox, STATEMENT_OUTBOX_MARK_PUT, &put);
	if (status == STATUS_OK) {
		if (!id_is_nil(&mark->epoch))
			statement_bind_id(put, 1, &mark->epoch);
		statement_bind_integer(put, 2, mark->gseq);
		statement_bind_integer(put, 3, mark->seq);
		statement_bind_integer(put, 4, mark->at_ms);
		status = statement_run(put);
	}
	statement_reset(put);
	return end(store, status);
}

enum status device_store_put_epoch(struct device_store *store, const struct id *epoch)
{
	struct statement *put = NULL;
	enum status status = storage_begin(store->outbox, false); /* lost, what follows from it is found once more */

	if (status != STATUS_OK)
		return status;
	status = statement_get(store->outbox, STATEMENT_OUTBOX_EPOCH_PUT, &put);
	if (status == STATUS_OK) {
		statement_bind_id(put, 1, epoch);
		status = statement_run(put);
	}
	statement_reset(put);
	return end(store, status);
}

enum status device_store_let_go(struct device_store *store, int64_t seq, int64_t most, int64_t *out_count)
{
	enum status status = storage_begin(store->outbox, false); /* what comes back after a power cut goes again */

	if (status != STATUS_OK)
		return status;
	status = run(store, STATEMENT_OUTBOX_LET_GO, (const int64_t[]){ seq, most }, 2);
	*out_count = storage_changes(store->outbox);
	if (status == STATUS_OK && *out_count > 0)
		status = run(store, STATEMENT_OUTBOX_WINDOWS_LET_GO, NULL, 0);
	return end(store, status);
}
