#include "protocol/sync/author.h"

#include "protocol/domain/revision.h"
#include "protocol/sync/replay.h"
#include "protocol/wire/operation_codec.h"

struct draft {
	struct operation operation;
	struct outbox_entry entry;
	uint8_t secret[WINDOW_SECRET_SIZE];
};

static enum status window_secret(const struct author *author, int64_t seq, uint8_t out_secret[static WINDOW_SECRET_SIZE])
{
	enum status status = device_store_window(author->store, seq / WINDOW_LENGTH, out_secret);

	if (status != STATUS_NOT_FOUND)
		return status;
	random_fill(author->random, out_secret, WINDOW_SECRET_SIZE);
	return STATUS_OK;
}

/* The operation as it will be hashed and sent. */
static enum status make_draft(const struct author *author, struct arena *arena, const struct operation *operation,
	const struct outbox_state *outbox, const struct replica_state *replica, struct draft *out_draft)
{
	struct writer writer = writer_in(arena, OPERATION_SIZE_MAX);
	struct draft *draft = out_draft;
	enum status status;

	draft->operation = *operation;
	draft->operation.head.actor = author->technician;
	draft->operation.head.role = ROLE_TECHNICIAN;
	draft->operation.head.base_gseq = replica->cursor.gseq;
	draft->operation.head.base_epoch = replica->cursor.epoch;
	draft->operation.head.schema_revision = schema_revision();
	status = operation_validate(&draft->operation);
	if (status != STATUS_OK)
		return status;
	status = window_secret(author, outbox->last_seq + 1, draft->secret);
	if (status != STATUS_OK)
		return status;
	operation_encode(&writer, &draft->operation);
	if (writer.overflow)
		return fail(STATUS_INVALID, "the operation is larger than %zu bytes", OPERATION_SIZE_MAX);
	draft->entry = (struct outbox_entry){ .seq = outbox->last_seq + 1, .canonical = writer_bytes(&writer) };
	draft->entry.head = chain_extend(&outbox->last_hash, draft->secret, draft->entry.seq, draft->entry.canonical);
	draft->entry.id = chain_operation_id(&draft->entry.head);
	return STATUS_OK;
}

struct foresight {
	const struct author *author;
	struct arena *arena;
	struct overlay overlay;
};

static enum status foresee_one(
	struct foresight *foresight, const struct operation *operation, const struct outbox_entry *entry, struct verdict *out_verdict)
{
	struct decision decision = { .operation = operation,
		.operation_id = entry->id,
		.device_id = foresight->author->device,
		.seq = entry->seq,
		.derive_id = id_derive,
		.pair_id = id_pair };

	return decide(&decision, &foresight->overlay, foresight->arena, out_verdict);
}

static enum status foresee_saved(void *context, const struct outbox_entry *entry)
{
	struct foresight *foresight = context;
	struct operation operation;
	struct verdict verdict;
	enum status status = operation_decode(foresight->arena, entry->canonical, &operation);

	return status == STATUS_OK ? foresee_one(foresight, &operation, entry, &verdict) : status;
}

/* What the rules say here and now, with no effect. What was saved beside a cut before is not in the view, and counts all the same. */
static enum status foresee(const struct author *author, struct arena *arena, const struct draft *draft,
	const struct replica_state *replica, struct verdict *out_verdict)
{
	struct foresight foresight = { .author = author, .arena = arena };
	enum status status = STATUS_OK;

	overlay_init(&foresight.overlay, device_store_records(author->store), arena);
	if (author->cutting)
		status = device_store_outbox_each(author->store, replica->shown_seq, foresee_saved, &foresight);
	if (status == STATUS_OK)
		status = foresee_one(&foresight, &draft->operation, &draft->entry, out_verdict);
	device_store_reset_rows(author->store);
	if (status == STATUS_OK && out_verdict->outcome == OUTCOME_REJECTED)
		return fail(STATUS_REFUSED, "%.*s", TEXT_ARGUMENTS(out_verdict->rule));
	return status;
}

/* Lays the effects of what is saved and not shown on the replica: this operation, and any before it that could not be shown. */
static enum status show(const struct author *author, struct arena *arena, int64_t seq, struct replica_state *state)
{
	struct device_store *store = author->store;
	struct replica replica;
	enum status status = device_store_begin(store, false);

	if (status != STATUS_OK)
		return status;
	status = replica_open(&replica, store, arena);
	if (status == STATUS_OK)
		status = replay_entries(
			&replica, &(struct replay_span){ .device = author->device, .after = state->shown_seq, .last = seq }, REPLAY_GUESS);
	state->shown_seq = seq;
	if (status == STATUS_OK)
		status = device_store_put_replica(store, state);
	if (status == STATUS_OK)
		return device_store_commit(store);
	device_store_rollback(store);
	return status;
}

enum status author_save(const struct author *author, struct arena *arena, const struct operation *operation, struct verdict *out_verdict,
	struct id *out_operation_id, bool *out_saved)
{
	struct outbox_state outbox;
	struct replica_state replica = { 0 };
	struct draft draft;
	bool blind = device_store_seeding(author->store); /* the replica is being fetched: there is no whole view to judge by */
	enum status status = device_store_outbox(author->store, &outbox);

	*out_saved = false;
	*out_verdict = (struct verdict){ 0 };
	if (status == STATUS_OK)
		status = device_store_replica(author->store, &replica);
	blind = blind || (author->cutting && status == STATUS_OK && replica.cursor.gseq == 0);
	if (status == STATUS_OK)
		status = make_draft(author, arena, operation, &outbox, &replica, &draft);
	if (status == STATUS_OK && !blind)
		status = foresee(author, arena, &draft, &replica, out_verdict);
	if (status == STATUS_OK)
		status = device_store_append(author->store, &draft.entry, draft.secret);
	if (status != STATUS_OK)
		return status;
	*out_saved = true; /* whatever happens to the view now, it is re-run when the store opens again */
	*out_operation_id = draft.entry.id;
	return blind || author->cutting ? STATUS_OK : show(author, arena, draft.entry.seq, &replica); /* else the cut shows it */
}
