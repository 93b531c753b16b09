/* The part of the device's core that puts requests together. */
#include "protocol/sync/device_inner.h"
#include "protocol/sync/reply.h"
#include "protocol/sync/request.h"

#define SHARE_OF_ROWS    8     /* of nine bytes, while there are rows and files to come */
#define REPLY_TIMEOUT_MS 20000 /* beyond the time the server may hold the poll */

static void note_asked(struct device_core *core, int64_t wait_ms)
{
	core->asked_at_ms = device_monotonic_ms(core);
	core->poll_out = wait_ms > 0;
	core->reply_due_at_ms = core->asked_at_ms + wait_ms + REPLY_TIMEOUT_MS;
}

/* What a pass staged or loaded whose cut failed, or a bundle that broke off, is not a part of the pass that begins: that holds all of it
 * again, and says nothing of scopes that were held then and are not now. */
static enum status drop_leftovers(struct device_core *core)
{
	struct device_store *store = core->options.store;
	size_t staged = 0;
	enum status status = device_store_staged_count(store, &staged);

	core->bundle = (struct bundle_pass){ 0 };
	if (status == STATUS_OK && core->seeded && device_store_seeding(store)) {
		core->seeded = false;
		return device_store_seed_begin(store);
	}
	if (status != STATUS_OK || staged == 0)
		return status;
	status = device_store_begin(store, false);
	if (status == STATUS_OK)
		status = device_store_clear_staged(store);
	if (status == STATUS_OK)
		status = device_store_put_resume(store, (struct bytes){ 0 });
	if (status == STATUS_OK)
		return device_store_commit(store);
	device_store_rollback(store);
	return status;
}

enum status device_keep_resume(struct device_core *core, struct bytes token)
{
	struct writer kept = writer_in(&core->arena, 1 + token.size);

	write_u8(&kept, core->pull_of_own_rows);
	write_raw(&kept, token.data, token.size);
	return device_store_put_resume(core->options.store, token.size > 0 ? writer_bytes(&kept) : token);
}

/* Empty also when the pages so far are of a pull of the other kind: since they were asked for the device may have been started again. */
static enum status take_resume(struct device_core *core, struct bytes *out_token)
{
	enum status status = device_store_resume(core->options.store, &core->arena, out_token);
	struct reader kept = reader_of(*out_token);

	if (status != STATUS_OK || out_token->size == 0)
		return status;
	if (read_u8(&kept) == core->pull_of_own_rows) {
		*out_token = read_view(&kept, reader_left(&kept));
		return STATUS_OK;
	}
	*out_token = (struct bytes){ 0 };
	return STATUS_OK;
}

static enum status make_pull(struct device_core *core, const struct replica_state *replica, const struct repair *repair, bool may_wait,
	struct pull *out_pull)
{
	struct pull pull = { .cursor = replica->cursor,
		.settled_seq = replica->settled_seq,
		.class_max = 5,
		.own_rows = core->own_rows || repair->under_way };
	enum status status;

	core->pull_of_own_rows = pull.own_rows;
	status = take_resume(core, &pull.resume);
	if (status == STATUS_OK && pull.resume.size == 0)
		status = drop_leftovers(core);
	if (core->page_max < FRAME_SIZE_MAX)
		pull.byte_budget = (int64_t)core->page_max;
	if (repair->under_way) {
		pull.cursor = repair->since;
		pull.all_digests = true;
	} else if (may_wait && core->poll_again && pull.resume.size == 0)
		pull.wait_ms = core->options.poll_wait_ms;
	*out_pull = pull;
	return status;
}

enum status device_send_hello(struct device_core *core)
{
	struct request request;
	struct repair repair;
	struct outbox_state outbox;
	struct replica_state replica;
	struct pull pull;
	struct bytes sealed;
	enum status status = device_store_outbox(core->options.store, &outbox);

	if (status == STATUS_OK)
		status = device_store_replica(core->options.store, &replica);
	if (status == STATUS_OK)
		status = repair_load(core->options.store, &core->arena, &repair);
	if (status == STATUS_OK)
		status = make_pull(core, &replica, &repair, false, &pull);
	if (status != STATUS_OK)
		return status;
	device_blobs_withdraw(&core->blobs);
	device_carry_withdraw(&core->carry);
	request_init(&request, &core->arena, REPLY_IN_WELCOME_MAX);
	request_hello(&request, &outbox, &replica, clock_now_ms(core->options.clock), device_room(core), core->carrier);
	/* Else rows come with the answer to what is sent first: one cut instead of two. Questions are asked in the session. */
	core->page_asked =
		device_rows_allowed(core) && !repair.under_way && (outbox.last_seq == replica.settled_seq || core->batch_refused);
	if (core->page_asked)
		request_pull(&request, &pull);
	ephemeral_generate(&core->ephemeral);
	status = request_seal_hello(&request, &core->options.identity, &core->options.organisation, &core->options.server,
		&(struct opening){
			.incarnation = outbox.incarnation, .server_epoch = replica.cursor.epoch, .ephemeral = &core->ephemeral },
		&sealed);
	if (status != STATUS_OK)
		return status;
	core->link = LINK_HELLO_SENT;
	core->pull_of_repair = false;
	core->telling = false; /* what a request told whose answer was lost is told again */
	core->batch_out = false;
	note_asked(core, 0);
	device_emit(core, DEVICE_EFFECT_SEND, sealed);
	return STATUS_OK;
}

/* A request for rows: the next questions of a repair, or a pull. */
static enum status ask_for_rows(struct device_core *core, struct request *request, const struct pull *pull, const struct repair *repair)
{
	struct recon_request questions;
	enum status status = STATUS_OK;

	core->pull_of_repair = repair->under_way && repair->question_count == 0;
	if (repair->question_count > 0)
		status = repair_ask(core->options.store, &core->arena, repair, &questions);
	if (status == STATUS_OK && repair->question_count > 0)
		request_recon(request, &questions);
	else if (status == STATUS_OK)
		request_pull(request, pull);
	return status;
}

/* Is it the files' turn, while pages follow each other? A piece then goes beside a page. */
static bool is_turn_of_files(struct device_core *core)
{
	static const int64_t quanta[] = { SHARE_OF_ROWS * BLOB_PIECE_MAX, BLOB_PIECE_MAX };
	bool pending = device_blobs_pending(&core->blobs, device_monotonic_ms(core));
	const int64_t heads[] = { (int64_t)core->page_max, pending ? (int64_t)BLOB_PIECE_MAX : 0 };

	return fair_shares_next(&core->shares, quanta, heads, LENGTH(heads)) == 1;
}

/* What is carried for others, and files, take turns: one section of either in a request. */
static enum status ask_for_piece(struct device_core *core, struct request *request, bool *out_asked)
{
	static const int64_t quanta[] = { BLOB_PIECE_MAX, BLOB_PIECE_MAX };
	int64_t now_ms = device_monotonic_ms(core);
	const int64_t heads[] = { device_carry_pending(&core->carry, now_ms) ? (int64_t)BLOB_PIECE_MAX : 0,
		device_blobs_pending(&core->blobs, now_ms) ? (int64_t)BLOB_PIECE_MAX : 0 };
	bool files_first = fair_shares_next(&core->pieces, quanta, heads, LENGTH(heads)) == 1;
	enum status status = STATUS_OK;

	*out_asked = !files_first && device_carry_ask(&core->carry, request, now_ms);
	if (!*out_asked)
		status = device_blobs_ask(&core->blobs, core->options.store, request, now_ms, out_asked);
	if (status == STATUS_OK && files_first && !*out_asked)
		*out_asked = device_carry_ask(&core->carry, request, now_ms);
	return status;
}

/* A piece of a file goes when no operation waits; then the answer is not held. */
static enum status ask_for_files(struct device_core *core, struct request *request, const struct repair *repair, struct pull *pull)
{
	bool asked = false, may = !core->batch_out && !repair->under_way;
	enum status status = STATUS_OK;

	if (may && pull->resume.size > 0) /* a fresh replica does not know yet which files are wanted, nor has it the indexes to tell */
		may = !device_store_seeding(core->options.store) && is_turn_of_files(core);
	else
		may = may && core->nothing_missing;
	if (may && pull->resume.size > 0)
		status = device_blobs_ask(&core->blobs, core->options.store, request, device_monotonic_ms(core), &asked);
	else if (may)
		status = ask_for_piece(core, request, &asked);
	if (asked)
		pull->wait_ms = 0;
	return status;
}

/* What the server is to know before the operations. */
static enum status tell_of_itself(struct device_core *core, struct request *request)
{
	core->telling = untold_is(&core->untold);
	if (core->telling)
		request_incident(request, &core->untold.told);
	return core->tell_origin ? request_origin(request, core->options.store) : STATUS_OK;
}

enum status device_send_request(struct device_core *core)
{
	struct request request;
	struct repair repair = { 0 };
	struct outbox_state outbox;
	struct replica_state replica;
	struct pull pull;
	struct bytes frame;
	int64_t last_seq;
	bool asks_for_rows;
	enum status status = device_store_outbox(core->options.store, &outbox);

	if (status == STATUS_OK)
		status = device_store_replica(core->options.store, &replica);
	if (status != STATUS_OK)
		return status;
	last_seq = outbox.last_seq;
	device_blobs_withdraw(&core->blobs);
	device_carry_withdraw(&core->carry);
	request_init(&request, &core->arena, REPLY_IN_SESSION_MAX);
	request.ground = core->speaks_short ? &core->ground : NULL;
	core->batch_out = outbox.last_seq > core->acknowledged_seq && !core->batch_refused;
	status = tell_of_itself(core, &request);
	if (status == STATUS_OK && core->batch_out)
		status = request_batch(&request,
			&(struct outgoing){ .store = core->options.store,
				.identity = &core->options.identity,
				.organisation = &core->options.organisation,
				.outbox = &outbox,
				.acknowledged_seq = core->acknowledged_seq,
				.batch_max = core->batch_max,
				.whole_ids = core->whole_ids },
			&core->batch_raw_max, &last_seq);
	if (status == STATUS_OK)
		status = repair_load(core->options.store, &core->arena, &repair);
	if (status == STATUS_OK)
		status = make_pull(core, &replica, &repair, !core->batch_out, &pull);
	if (status == STATUS_OK)
		status = ask_for_files(core, &request, &repair, &pull);
	/* A cut while more is on its way would lay all that again; and a batch leaves no room for questions. */
	asks_for_rows = device_rows_allowed(core) && last_seq == outbox.last_seq && !(core->batch_out && repair.question_count > 0);
	if (status == STATUS_OK && asks_for_rows)
		status = ask_for_rows(core, &request, &pull, &repair);
	if (status == STATUS_OK)
		status = session_seal(&core->arena, &core->session, request_bytes(&request), &frame);
	if (status != STATUS_OK)
		return status;
	core->link = LINK_WAITING;
	core->page_asked = asks_for_rows && pull.wait_ms == 0;
	note_asked(core, asks_for_rows ? pull.wait_ms : 0);
	device_emit(core, DEVICE_EFFECT_SEND, frame);
	return STATUS_OK;
}
