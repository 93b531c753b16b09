#include "protocol/sync/device_inner.h"

#include <stdio.h>
#include <string.h>

#include "protocol/sync/author.h"
#include "protocol/sync/device_bugs.h"
#include "protocol/sync/history.h"
#include "protocol/sync/reply.h"
#include "protocol/sync/request.h"

void device_emit(struct device_core *core, enum device_effect_kind kind, struct bytes bytes)
{
	if (core->effect_taken == core->effect_count) {
		core->effect_taken = core->effect_count = 0;
		arena_reset(&core->effect_arena);
	}
	if (core->effect_count == LENGTH(core->effects)) /* an untaken request is abandoned by a newer one */
		core->effect_count--;
	core->effects[core->effect_count++] = (struct device_effect){ kind, arena_copy_bytes(&core->effect_arena, bytes) };
}

bool device_core_next(struct device_core *core, struct device_effect *out_effect)
{
	if (core->effect_taken == core->effect_count)
		return false;
	*out_effect = core->effects[core->effect_taken++];
	if (core->options.tap != NULL)
		core->options.tap->effect(core->options.tap->context, out_effect);
	return true;
}

int64_t device_monotonic_ms(const struct device_core *core)
{
	return clock_monotonic_ms(core->options.clock);
}

/* Nothing is under way that a request of now would get in the way of. */
static bool is_idle(const struct device_core *core)
{
	return core->resting || (core->link == LINK_WAITING && !core->batch_out);
}

/* ---- the technician's operations ---- */

void device_core_beside(struct device_core *core, struct device_store *beside)
{
	core->beside = beside;
}

/* What may be asked while a cut is carried out. */
static struct device_store *store_of(const struct device_core *core)
{
	return core->beside != NULL ? core->beside : core->options.store;
}

enum status device_on_operation(struct device_core *core, struct arena *arena, const struct operation *operation,
	struct verdict *out_verdict, struct id *out_operation_id)
{
	struct author author = {
		.store = store_of(core),
		.cutting = core->beside != NULL,
		.random = core->options.random,
		.device = core->options.identity.id,
		.technician = core->options.technician,
	};
	char reason[REASON_SIZE];
	bool saved;
	enum status went = STATUS_OK, status = author_save(&author, arena, operation, out_verdict, out_operation_id, &saved);

	if (!saved)
		return status;
	(void)snprintf(reason, sizeof(reason), "%s", fail_reason());
	core->nothing_missing = false;
	if (core->wanted && core->beside == NULL && is_idle(core))
		went = device_on_go(core, false);
	return status == STATUS_OK ? went : fail(status, "%s", reason);
}

/* ---- requests ---- */

bool device_rows_allowed(const struct device_core *core)
{
	return core->class_max >= CLASS_KNOWLEDGE;
}

/* Everything that was made here is decided, as far as is known. */
static bool nothing_pending(const struct device_core *core)
{
	struct outbox_state outbox;
	struct replica_state replica;

	return device_store_outbox(store_of(core), &outbox) == STATUS_OK &&
	       device_store_replica(store_of(core), &replica) == STATUS_OK &&
	       (core->acknowledged_seq >= outbox.last_seq || replica.decided_seq >= outbox.last_seq);
}

/* In monotonic ms: what is said next is said in another session. */
static int64_t session_is_old_at_ms(const struct device_core *core)
{
	return core->session_started_at_ms + SESSION_LIFE_MS / 2;
}

static bool session_is_old(const struct device_core *core)
{
	return core->link != LINK_DOWN && device_monotonic_ms(core) >= session_is_old_at_ms(core);
}

/* Nothing that may go is to be said. What was refused may go again in another session. */
static bool may_rest(const struct device_core *core)
{
	if (device_rows_allowed(core) || untold_is(&core->untold))
		return false;
	return nothing_pending(core) || (core->batch_refused && core->link != LINK_DOWN && !session_is_old(core));
}

/* Sends whatever the state calls for. */
static enum status proceed(struct device_core *core)
{
	bool hello = core->link == LINK_DOWN || core->link == LINK_HELLO_SENT || session_is_old(core);
	enum status status;

	if (!core->wanted || core->link == LINK_COMMITTING || device_is_held(core))
		return STATUS_OK;
	core->resting = may_rest(core);
	if (core->resting)
		return STATUS_OK;
	if (core->link == LINK_DOWN && device_monotonic_ms(core) < core->retry_at_ms)
		return STATUS_OK;
	core->held_until_ms = 0;
	status = hello ? device_send_hello(core) : device_send_request(core);
	arena_reset(&core->arena);
	if (status != STATUS_OK) /* a disk without room, say: not at once again */
		device_link_down(core);
	return status;
}

enum status device_on_go(struct device_core *core, bool now)
{
	core->wanted = true;
	core->nothing_missing = false;
	core->poll_again = false;
	if (now && core->link == LINK_DOWN) {
		core->retry_at_ms = 0;
		core->backoff_ms = BACKOFF_MIN_MS;
	}
	if (core->link == LINK_HELLO_SENT || (core->link == LINK_WAITING && core->batch_out))
		return STATUS_OK; /* the answer under way leads on */
	return proceed(core);
}

enum status device_on_allow(struct device_core *core, enum carrier_class carrier, enum delivery_class class_max)
{
	bool more = class_max > core->class_max;

	core->carrier = carrier;
	core->class_max = class_max;
	core->blobs.held = core->carry.held = class_max < CLASS_FILES;
	return more && core->wanted && is_idle(core) ? device_on_go(core, false) : STATUS_OK;
}

bool device_is_allowed(const struct device_core *core, enum carrier_class carrier, enum delivery_class class_max)
{
	return core->carrier == carrier && core->class_max == class_max && core->blobs.held == (class_max < CLASS_FILES);
}

void device_on_files(struct device_core *core)
{
	core->blobs.planned = core->carry.planned = false;
}

enum status device_on_check(struct device_core *core)
{
	struct replica_state state;
	struct repair repair;
	bool fetch;
	enum status status = device_store_replica(core->options.store, &state);

	if (core->link == LINK_COMMITTING)
		return fail(STATUS_BUSY, "a cut is being committed: ask for the comparison again");
	if (status == STATUS_OK)
		status = device_store_verify(core->options.store);
	if (status == STATUS_OK)
		status = repair_load(core->options.store, &core->arena, &repair);
	if (status == STATUS_OK && state.cursor.gseq != 0 && !repair.under_way)
		status = repair_prepare(core->options.store, &core->arena, INT64_MAX, false, &fetch);
	core->nothing_missing = false;
	core->poll_again = false;
	arena_reset(&core->arena);
	return status;
}

enum status device_on_lost(struct device_core *core)
{
	if (core->link == LINK_DOWN || core->link == LINK_COMMITTING)
		return STATUS_OK;
	(void)snprintf(core->state.failure, sizeof(core->state.failure), "the server did not answer");
	core->state.unanswered = core->state.outdated = false; /* it may not have come there */
	device_link_down(core);
	return STATUS_OK;
}

static enum status reply_overdue(struct device_core *core)
{
	bool hello = core->link == LINK_HELLO_SENT;
	enum status status;

	if (hello && core->page_asked) /* the answer was on its way, perhaps, and too large for this link */
		core->page_max = pace_after_loss(core->page_max);
	status = device_on_lost(core);

	core->state.unanswered = hello;
	return status;
}

enum status device_on_tick(struct device_core *core)
{
	if ((core->link == LINK_HELLO_SENT || core->link == LINK_WAITING) && device_monotonic_ms(core) >= core->reply_due_at_ms)
		return reply_overdue(core);
	return core->link == LINK_DOWN || core->link == LINK_IDLE ? proceed(core) : STATUS_OK;
}

int64_t device_core_deadline_ms(const struct device_core *core)
{
	if (core->link == LINK_COMMITTING) /* and the store may be another thread's */
		return INT64_MAX;
	if (core->link == LINK_HELLO_SENT || core->link == LINK_WAITING)
		return core->reply_due_at_ms;
	if (core->resting && nothing_pending(core))
		return INT64_MAX;
	if (core->resting && core->link == LINK_IDLE)
		return session_is_old_at_ms(core);
	if (core->link == LINK_IDLE && core->wanted && core->held_until_ms > 0)
		return core->held_until_ms;
	return core->link == LINK_DOWN && core->wanted ? core->retry_at_ms : INT64_MAX;
}

/* ---- replies ---- */

/* The server takes no batch in this session: nothing of it is lost, and rows still come. */
static enum status refuse_batch(struct device_core *core, uint32_t code)
{
	core->batch_refused = true;
	core->state.refused = code;
	return STATUS_OK;
}

static enum status send_from(struct device_core *core, int64_t seq)
{
	struct outbox_state outbox;
	struct kept_state kept;
	enum status status = device_store_outbox(core->options.store, &outbox);

	if (status == STATUS_OK)
		status = device_store_kept(core->options.store, &kept);
	if (status != STATUS_OK)
		return status;
	if (seq < 1 || seq > outbox.last_seq + 1)
		return fail(STATUS_CORRUPT, "the server asks for operation %lld of %lld", (long long)seq, (long long)outbox.last_seq);
	if (seq < kept.first_seq) { /* a server that was put back: its welcome says so */
		device_link_down(core);
		return fail(STATUS_OFFLINE, "the server asks for operations that are not kept any more: the next hello sorts it out");
	}
	core->acknowledged_seq = seq - 1;
	return STATUS_OK;
}

static enum status take_fault(struct device_core *core, const struct wire_fault *fault)
{
	device_blobs_withdraw(&core->blobs); /* no answer about files comes with it */
	device_carry_withdraw(&core->carry);
	switch ((enum wire_error)fault->code) {
	case WIRE_ERROR_SEND_FROM:
		return send_from(core, fault->value);
	case WIRE_ERROR_SEND_WHOLE:
	case WIRE_ERROR_FORK: /* perhaps only a short id that meant another record */
		if (core->whole_ids)
			return refuse_batch(core, fault->code);
		core->whole_ids = true;
		return STATUS_OK;
	case WIRE_ERROR_REVOKED:
	case WIRE_ERROR_NEWER:
	case WIRE_ERROR_MALFORMED:
	case WIRE_ERROR_TOO_OFTEN:
		return refuse_batch(core, fault->code);
	case WIRE_ERROR_EPOCH:
		if (fault->value == 0)
			return device_server_restored(core, "the server does not know this cursor");
		return device_put_right(core, "absent", "the server does not know any more what left since this device was there last");
	case WIRE_ERROR_BUSY:
		if (fault->value <= 0)
			break;
		device_hold(core, fault->value); /* the session lives */
		return STATUS_OK;
	case WIRE_ERROR_UNKNOWN_SESSION:
	case WIRE_ERROR_CLASS:
		break;
	}
	device_link_down(core);
	return fail(STATUS_OFFLINE, "the server refused the request (%u)", fault->code);
}

static enum status take_decided(struct device_core *core, const struct section *section, const struct common_ground *ground)
{
	const struct decided *decided = &core->decided;
	bool same = false;
	enum status status;

	arena_reset(&core->decided_arena);
	status = decided_decode_within(section, ground, &core->decided_arena, &core->decided);
	if (status == STATUS_OK)
		status = history_compare(core->options.store, &decided->incarnation, decided->seq, &decided->chain_hash,
			decided->brief ? HASH_BEGINNING_SIZE : HASH_SIZE, &same);
	if (status != STATUS_OK)
		return status;
	if (!same) { /* what was under way before this device was restored arrived after its hello */
		device_link_down(core);
		core->retry_at_ms = 0;
		return fail(STATUS_OFFLINE, "the server decided operations that are not in this outbox: the next hello sorts it out");
	}
	core->has_decided = true;
	if (decided->seq > core->acknowledged_seq)
		core->acknowledged_seq = decided->seq;
	return STATUS_OK;
}

/* One section of a reply. STATUS_OFFLINE: the rest of the reply does not count. */
static enum status take_section(struct device_core *core, const struct section *section, const struct common_ground *ground)
{
	struct welcome welcome;
	struct wire_fault fault;
	enum status status = STATUS_OK;

	switch (section->number) {
	case SECTION_WELCOME:
		status = welcome_decode(section->body, &welcome);
		return status == STATUS_OK ? device_take_welcome(core, &welcome) : status;
	case SECTION_ERROR:
		status = fault_decode(section->body, &fault);
		return status == STATUS_OK ? take_fault(core, &fault) : status;
	case SECTION_DECIDED:
		return take_decided(core, section, ground);
	case SECTION_PAGE:
		return device_take_page(core, section->body);
	case SECTION_CUT:
		return device_take_cut(core, section, ground);
	case SECTION_RECON_REPLY:
		return device_take_recon(core, section->body);
	case SECTION_ANSWERS: /* looked at before everything else */
		return STATUS_OK;
	case SECTION_OUTLOOK:
		return device_take_outlook(core, section->body);
	case SECTION_AGAIN:
		return device_take_again(core, section->body);
	case SECTION_HAVE_REPLY:
		if (core->by_bundle)
			return device_take_known(core, section->body);
		return device_blobs_take(&core->blobs, &core->arena, section, device_monotonic_ms(core));
	case SECTION_CHUNK_REPLY:
	case SECTION_BLOB_LIST:
		if (core->by_bundle)
			return device_blobs_take_bundled(&core->blobs, &core->arena, section);
		return device_blobs_take(&core->blobs, &core->arena, section, device_monotonic_ms(core));
	case SECTION_CARRY_REPLY:
		return device_carry_take(&core->carry, section->body, device_monotonic_ms(core));
	case SECTION_CARRY:
	case SECTION_CARRY_WISH:
	case SECTION_HELLO:
	case SECTION_BATCH:
	case SECTION_PULL:
	case SECTION_ORIGIN:
	case SECTION_INCIDENT:
	case SECTION_HAVE:
	case SECTION_WANT:
	case SECTION_CHUNK:
	case SECTION_HELD:
	case SECTION_RECON:
		break;
	case SECTION_PART:
		if (core->by_bundle)
			return STATUS_OK; /* read first */
		break;
	}
	return fail(STATUS_CORRUPT, "reply: section %d does not belong there", (int)section->number);
}

enum status device_take_sections(struct device_core *core, struct bytes message, const struct common_ground *ground)
{
	struct section *sections;
	size_t count = 0;
	enum status status = sections_read(message, &core->arena, &sections, &count);

	core->has_decided = false;
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = take_section(core, &sections[i], ground);
	return status;
}

enum status device_find_server(void *context, const struct id *sender, uint32_t key_number, struct public_keys *out_keys)
{
	const struct device_core *core = context;

	if (!id_equal(sender, &core->options.server.id) || key_number != 1)
		return fail(STATUS_NOT_FOUND, "envelope: not from this organisation's server");
	*out_keys = core->options.server.keys;
	return STATUS_OK;
}

/* A welcome that was recorded answers another hello: what it says was true once. */
static enum status check_answers(struct device_core *core, struct bytes message)
{
	struct section *sections = NULL;
	size_t count = 0;
	struct welcome welcome = { 0 };
	bool named = false;
	enum status status = sections_read(message, &core->arena, &sections, &count);

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (sections[i].number == SECTION_WELCOME)
			status = welcome_decode(sections[i].body, &welcome);
		if (sections[i].number != SECTION_ANSWERS)
			continue;
		named = bytes_equal(sections[i].body, (struct bytes){ core->ephemeral.public_key, ANSWERS_SIZE });
		if (!named)
			return fail(STATUS_CORRUPT, "the welcome answers another hello: it may have been recorded");
	}
	if (status == STATUS_OK && !named && answers_named(welcome.schema_revision))
		return fail(STATUS_CORRUPT, "the welcome does not say which hello it answers: it may have been recorded");
	return status;
}

static enum status open_welcome(struct device_core *core, struct bytes reply, struct bytes *out_sections)
{
	struct envelope envelope;
	enum status status = envelope_open(
		&core->arena, &core->options.identity, &core->options.organisation, reply, device_find_server, core, &envelope);

	if (status == STATUS_OK && (envelope.type != ENVELOPE_WELCOME || !envelope.has_ephemeral))
		status = fail(STATUS_CORRUPT, "envelope: only a welcome answers a hello");
	if (status == STATUS_OK)
		status = check_answers(core, envelope.sections);
	if (status == STATUS_OK)
		status = session_start_device(&core->session, &core->ephemeral, envelope.ephemeral);
	if (status != STATUS_OK)
		return status;
	ephemeral_wipe(&core->ephemeral);
	core->ground = (struct common_ground){ 0 };
	core->speaks_short = false;
	core->session_started_at_ms = device_monotonic_ms(core);
	core->session_answered = false;
	core->way_ms = 0;
	core->link = LINK_IDLE;
	device_blobs_begin(&core->blobs);
	device_carry_begin(&core->carry);
	core->whole_ids = false;
	core->batch_refused = false;
	core->state.refused = 0;
	*out_sections = envelope.sections;
	return STATUS_OK;
}

static bool is_unknown_session(struct bytes reply)
{
	return reply.size == UNKNOWN_SESSION_MAGIC_SIZE + SESSION_ID_SIZE &&
	       memcmp(reply.data, UNKNOWN_SESSION_MAGIC, UNKNOWN_SESSION_MAGIC_SIZE) == 0;
}

static enum status open_reply(struct device_core *core, struct bytes reply, struct bytes *out_sections)
{
	enum status status;

	if (core->link == LINK_HELLO_SENT) {
		status = open_welcome(core, reply, out_sections);
		core->state.unanswered = status != STATUS_OK && status != STATUS_NEWER; /* that one is told in its own words */
		return status;
	}
	if (is_unknown_session(reply) && memcmp(reply.data + UNKNOWN_SESSION_MAGIC_SIZE, core->session.id, SESSION_ID_SIZE) == 0) {
		device_link_down(core);
		if (core->session_answered)
			core->retry_at_ms = 0;
		return fail(STATUS_OFFLINE, "the server does not know this session any more");
	}
	status = session_open(&core->arena, &core->session, reply, out_sections);
	if (status == STATUS_OK) {
		core->link = LINK_IDLE;
		core->session_answered = true;
	}
	return status;
}

/* Batches, pages and pieces are as large as the link takes well. What they took themselves says nothing of the way: else none would be
 * too large. */
static void keep_pace(struct device_core *core)
{
	int64_t took_ms = device_monotonic_ms(core) - core->asked_at_ms;
	bool file = core->blobs.asked && core->blobs.moving;
	bool bare = !core->poll_out && !core->page_came && !core->batch_out && !file && !core->carry.asked;

	if (bare && (core->way_ms == 0 || took_ms < core->way_ms))
		core->way_ms = took_ms;
	device_blobs_settle(&core->blobs, took_ms, core->way_ms);
	device_carry_settle(&core->carry, took_ms, core->way_ms);
	if (core->page_asked && core->page_came)
		core->page_max = pace_after(core->page_max, took_ms, core->way_ms, FRAME_SIZE_MAX);
	if (core->batch_out)
		core->batch_max = pace_after(core->batch_max, took_ms, core->way_ms, FRAME_SIZE_MAX);
}

static void reply_was_good(struct device_core *core)
{
	core->state.connected = core->link != LINK_DOWN;
	core->state.last_contact_at_ms = clock_now_ms(core->options.clock);
	core->state.rounds++;
	if (core->telling)
		untold_clear(&core->untold, core->options.carried);
	keep_pace(core);
	core->backoff_ms = BACKOFF_MIN_MS;
	core->state.failure[0] = '\0';
}

void device_keep_decided(struct device_core *core)
{
	struct device_store *store = core->options.store;
	struct replica_state state;
	enum status status = device_store_replica(store, &state);

	if (status != STATUS_OK || core->link == LINK_COMMITTING || state.decided_seq == core->acknowledged_seq)
		return;
	state.decided_seq = core->acknowledged_seq;
	if (device_store_begin(store, false) != STATUS_OK)
		return;
	status = device_store_put_replica(store, &state);
	if (status != STATUS_OK || device_store_commit(store) != STATUS_OK)
		device_store_rollback(store);
}

enum status device_on_reply(struct device_core *core, struct bytes reply)
{
	const struct common_ground *ground = core->link == LINK_WAITING ? &core->ground : NULL; /* a welcome is an envelope */
	struct bytes sections;
	enum status status;

	if (core->link != LINK_HELLO_SENT && core->link != LINK_WAITING)
		return STATUS_OK; /* too late: nobody waits for it */
	core->poll_again = false;
	core->page_came = false;
	core->state.outdated = false;
	status = open_reply(core, reply, &sections);
	if (status == STATUS_OK) {
		status = device_take_sections(core, sections, ground);
		core->state.outdated = status == STATUS_NEWER; /* what an outsider sent does not come so far */
	}
	if (status == STATUS_OK)
		device_keep_decided(core);
	arena_reset(&core->arena);
	if (status == STATUS_OK) {
		reply_was_good(core);
		return proceed(core);
	}
	(void)snprintf(core->state.failure, sizeof(core->state.failure), "%s", fail_reason());
	if (status == STATUS_CANNOT_WRITE)
		return status;
	if (core->link != LINK_DOWN)
		device_link_down(core);
	return proceed(core);
}

/* ---- the cut is durable ---- */

/* What was saved beside a cut that was carried out. */
static enum status show_saved_beside(struct device_core *core)
{
	struct device_store *store = core->options.store;
	struct replica_state state = { 0 };
	struct outbox_state outbox;
	enum status status = device_store_outbox(store, &outbox);

	if (status == STATUS_OK)
		status = device_store_replica(store, &state);
	if (status != STATUS_OK || state.shown_seq == outbox.last_seq || device_store_seeding(store))
		return status;
	status = device_show_unshown(core);
	arena_reset(&core->arena);
	core->nothing_missing = false;
	return status;
}

/* The rows did not fit, or could not be kept. */
static enum status cut_failed(struct device_core *core, enum status result, bool by_bundle)
{
	if (result == STATUS_CORRUPT)
		result = device_put_right(core, "digest", fail_reason());
	(void)snprintf(core->state.failure, sizeof(core->state.failure), "%s", fail_reason());
	device_link_down(core);
	arena_reset(&core->arena);
	core->bundle = (struct bundle_pass){ 0 };
	return result == STATUS_OFFLINE && !by_bundle ? proceed(core) : result;
}

enum status device_on_committed(struct device_core *core, enum status result)
{
	bool by_bundle = core->by_bundle;

	if (core->link != LINK_COMMITTING)
		return STATUS_OK;
	core->link = by_bundle ? LINK_DOWN : LINK_IDLE;
	core->by_bundle = false;
	device_store_reset_rows(core->options.store);
	if (result == STATUS_OK)
		result = device_finish_cut(core);
	arena_reset(&core->cut_arena);
	if (result == STATUS_OK)
		result = show_saved_beside(core);
	if (result != STATUS_OK)
		return cut_failed(core, result, by_bundle);
	return by_bundle ? STATUS_OK : proceed(core); /* more of the file may follow */
}

static void tell_of_files(const struct device_core *core, struct device_core_state *state)
{
	const struct device_blobs *blobs = &core->blobs;

	device_blobs_count(blobs, &state->files_waiting, &state->files_stuck);
	if (state->rows_expected < state->rows_received)
		state->rows_expected = state->rows_received;
	state->file_bytes_waiting = device_blobs_bytes_left(blobs);
	state->files_held = blobs->held;
	state->files_sent = blobs->files_sent;
	state->files_received = blobs->files_received;
	state->file_bytes_sent = blobs->bytes_sent;
	state->file_bytes_received = blobs->bytes_received;
	state->file_trouble = blobs->trouble;
	(void)snprintf(state->file_reason, sizeof(state->file_reason), "%s", blobs->reason);
}

/* Everything that may go went. */
static bool is_synced(const struct device_core *core)
{
	struct outbox_state outbox;
	struct replica_state replica;

	if (!device_rows_allowed(core))
		return core->resting && nothing_pending(core);
	if (!core->nothing_missing || device_blobs_pending(&core->blobs, device_monotonic_ms(core)) ||
		device_carry_pending(&core->carry, device_monotonic_ms(core)))
		return false;
	return device_store_outbox(store_of(core), &outbox) == STATUS_OK &&
	       device_store_replica(store_of(core), &replica) == STATUS_OK && outbox.last_seq == replica.settled_seq &&
	       core->acknowledged_seq >= outbox.last_seq;
}

struct device_core_state device_core_state(const struct device_core *core)
{
	struct device_core_state state = core->state;

	state.acknowledged_seq = core->acknowledged_seq;
	state.own_rows = core->own_rows;
	state.waiting = core->link == LINK_HELLO_SENT || core->link == LINK_WAITING;
	state.polling = core->link == LINK_WAITING && core->poll_out;
	state.rows_held = !device_rows_allowed(core);
	state.synced = is_synced(core);
	if (state.synced) /* what was refused came there by another way */
		state.refused = 0;
	tell_of_files(core, &state);
	state.carried_waiting = (int64_t)device_carry_waiting(&core->carry);
	state.carried_pieces = core->carry.pieces;
	state.carried_taken = core->carry.envelopes_taken;
	state.carried_answers = core->carry.answers_whole;
	(void)snprintf(state.carry_reason, sizeof(state.carry_reason), "%s", core->carry.reason);
	return state;
}
