#include "protocol/sync/server_core.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"
#include "protocol/domain/device.h"
#include "protocol/sync/ingest.h"
#include "protocol/sync/parked.h"
#include "protocol/sync/publish.h"
#include "protocol/sync/server_core_inner.h"
#include "protocol/wire/dictionary.h"

#define SWEEP_EVERY_MS 1000
#define RETRY_MS 60000 /* of what nobody waits for, when its commit failed */

static enum status begin_careful(struct server_core *core, const struct server_core_options *options)
{
	static const struct hash no_salt = { 0 };
	const struct text program = options->program;

	core->program = chain_commitment(&no_salt, (struct bytes){ (const uint8_t *)program.data, program.size });
	core->careful.held_max = options->held_max > 0 ? options->held_max : CAREFUL_HELD_MAX;
	core->options.suspects = NULL;
	core->options.program = (struct text){ 0 };
	return careful_begin(&core->careful, options->store, &options->sink, options->suspects, options->suspect_count,
		server_core_now_ms(core));
}

static enum status open_core(struct server_core *core, const struct server_core_options *options)
{
	enum status status;

	core->options = *options;
	core->own = core->own_before = (struct own_chain){
		.device = options->identity.id, .incarnation = options->incarnation, .random = options->random
	};
	core->sessions = session_table_create(SESSIONS_MAX);
	core->answering_end = &core->answering;
	core->woken_end = &core->woken;
	core->polls = poll_table_create();
	core->effects_end = &core->effects;
	core->page_raw_max = options->page_raw_max > 0 ? options->page_raw_max : (size_t)128 * 1024;
	if (options->pages != NULL)
		core->pages = page_cache_create(options->pages, PAGE_CACHE_BYTES_MAX);
	status = server_store_state(options->store, &core->state);
	core->ring = change_ring_create(core->state.gseq);
	server_core_begin_rounds(core);
	return status == STATUS_OK ? begin_careful(core, options) : status;
}

enum status server_core_create(const struct server_core_options *options, struct server_core **out_core)
{
	struct server_core *core = memory_zeroed(1, sizeof(*core));
	const struct server_tap *tap = options->tap;
	enum status status;

	if (tap != NULL)
		tap->begin(tap->context, &(struct server_event){ .kind = SERVER_EVENT_CREATE });
	status = open_core(core, options);
	if (tap != NULL)
		tap->end(tap->context, status);
	if (status == STATUS_OK)
		*out_core = core;
	else
		server_core_destroy(core);
	return status;
}

void server_core_destroy(struct server_core *core)
{
	if (core == NULL)
		return;
	if (core->in_commit)
		server_store_rollback(core->options.store);
	careful_finish(&core->careful);
	session_table_destroy(core->sessions);
	change_ring_destroy(core->ring);
	page_cache_destroy(core->pages);
	inquiry_free_all(core->answering);
	inquiry_free_all(core->woken);
	poll_table_destroy(core->polls);
	carrier_table_finish(&core->carriers);
	arena_finish(&core->commit_arena);
	arena_finish(&core->ahead.arena);
	arena_finish(&core->request_arena);
	arena_finish(&core->effect_arena);
	identity_wipe(&core->options.identity);
	free(core);
}

int64_t server_core_now_ms(const struct server_core *core)
{
	return clock_now_ms(core->options.clock);
}

int64_t server_core_monotonic_ms(const struct server_core *core)
{
	return clock_monotonic_ms(core->options.clock);
}

/* ---- commits ---- */

enum status server_core_ensure_commit(struct server_core *core)
{
	enum status status;

	if (core->in_commit)
		return STATUS_OK;
	status = server_store_begin(core->options.store);
	if (status == STATUS_OK)
		status = server_store_state(core->options.store, &core->state);
	if (status != STATUS_OK) {
		server_store_rollback(core->options.store);
		return status;
	}
	core->in_commit = true;
	core->changed = false;
	commit_init(&core->commit, core->options.store, core->ring, &core->commit_arena, core->state.gseq + 1);
	core->commit.now_ms = server_core_now_ms(core);
	core->commit.bug = core->options.bug;
	return STATUS_OK;
}

struct ingest server_core_make_ingest(struct server_core *core, int64_t handler_revision)
{
	return (struct ingest){ .commit = &core->commit,
		.arena = &core->commit_arena,
		.received_at_ms = server_core_now_ms(core),
		.handler_revision = handler_revision,
		.bug = core->options.bug,
		.before_decide = core->options.before_decide };
}

/* The store failed in the middle: nothing of this commit happened. */
void server_core_abandon_commit(struct server_core *core)
{
	suspect_mark_clear(&core->careful.mark);
	core->own_tried = (struct attempt){ 0 };
	server_store_rollback(core->options.store);
	server_store_reset_rows(core->options.store);
	change_ring_forget(core->ring, core->commit.gseq);
	core->own = core->own_before;
	core->rounds = core->rounds_before;
	core->in_commit = false;
	core->changed = false;
	incidents_settle(&core->incidents, false);
	arena_reset(&core->commit_arena);
}

bool server_core_mark_reading(struct server_core *core, const struct inquiry *waiting)
{
	const struct suspect suspect = { .work = SUSPECT_READING,
		.device = waiting->device,
		.incarnation = waiting->incarnation,
		.since_ms = server_core_now_ms(core) };

	return suspect_mark_add(&core->careful.mark, &suspect);
}

bool server_core_mark_deciding(struct server_core *core, const struct attempt *first, int64_t last_seq)
{
	const struct suspect suspect = { .work = SUSPECT_DECIDING,
		.device = first->device,
		.incarnation = first->incarnation,
		.first_seq = first->seq,
		.last_seq = last_seq,
		.hash = first->hash,
		.since_ms = server_core_now_ms(core) };

	return suspect_mark_add(&core->careful.mark, &suspect);
}

enum status server_on_open_commit(struct server_core *core)
{
	bool first = !core->in_commit;
	enum status status = server_core_ensure_commit(core);

	if (first && status == STATUS_OK) /* of an import, say: it is named, and whoever gave the command is there to see */
		(void)server_core_mark_deciding(core, &(struct attempt){ .device = core->own.device }, 0);
	core->changed = status == STATUS_OK;
	return status;
}

/* In the open commit; `attempt` seq 0: nobody suspects it. */
static enum status decide_own(struct server_core *core, const struct operation *operation, const struct attempt *attempt,
	struct verdict *out_verdict, struct id *out_operation_id)
{
	struct ingest ingest = server_core_make_ingest(core, HANDLER_REVISION);
	enum status status;

	ingest.condemned = attempt->count >= CAREFUL_TRIES_MAX;
	status = own_chain_decide(&core->own, &ingest, &core->state, operation, out_verdict, out_operation_id);
	if (status == STATUS_OK && attempt->seq > 0)
		status = server_store_remove_attempt(core->options.store, attempt);
	if (status != STATUS_OK)
		return status;
	if (attempt->seq > 0)
		core->own_tried = *attempt;
	if (attempt->count >= CAREFUL_TRIES_MAX)
		incidents_note(&core->incidents, &(struct incident){ .kind = INCIDENT_POISON, .subject = *out_operation_id });
	return STATUS_OK;
}

enum status server_on_operation(
	struct server_core *core, const struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id)
{
	struct attempt attempt;
	enum status status = server_core_count_own(core, operation, &attempt);

	if (status == STATUS_OK)
		status = server_core_ensure_commit(core);
	if (status != STATUS_OK) {
		if (!core->in_commit)
			suspect_mark_clear(&core->careful.mark);
		return status;
	}
	status = decide_own(core, operation, &attempt, out_verdict, out_operation_id);
	if (status != STATUS_OK) {
		server_core_abandon_commit(core);
		return status;
	}
	core->changed = true;
	core->counts.operations++;
	return STATUS_OK;
}

enum status server_on_parked(struct server_core *core, const struct parked_order *order, struct verdict *out_verdict)
{
	struct ingest ingest;
	enum status status = server_core_ensure_commit(core);

	if (status == STATUS_OK)
		status = commit_mark(&core->commit);
	if (status != STATUS_OK)
		return status;
	ingest = server_core_make_ingest(core, HANDLER_REVISION);
	status = parked_carry_out(&ingest, order, out_verdict);
	if (status == STATUS_OK) {
		core->changed = true;
		return commit_unmark(&core->commit);
	}
	if (commit_rewind(&core->commit) != STATUS_OK)
		server_core_abandon_commit(core);
	return status;
}

enum status server_on_revoke(struct server_core *core, const struct id *device, uint32_t state)
{
	struct device_entry entry;
	enum status status = server_core_ensure_commit(core);

	if (status == STATUS_OK)
		status = server_store_device(core->options.store, device, &entry);
	if (status != STATUS_OK)
		return status;
	sender_note_contact(session_table_of_device(core->sessions, device), &entry);
	if (entry.state == DEVICE_STATE_ACTIVE && entry.last_seen_at_ms != 0)
		entry.lease_until_ms = entry.last_seen_at_ms + LEASE_MS;
	if (state == DEVICE_STATE_STOLEN)
		entry.lease_until_ms = server_core_now_ms(core);
	entry.state = state;
	core->changed = true;
	status = server_store_put_device(core->options.store, &entry);
	session_table_forget(core->sessions, device, 0);
	return status;
}

void server_core_let_wait(struct server_core *core, struct inquiry *waiting)
{
	inquiry_put_last(waiting, &core->answering_end);
	hello_index_add(&core->hellos, waiting);
}

void server_core_refuse(struct server_core *core, uint64_t connection)
{
	core->counts.frames_refused++;
	server_core_emit(core, SERVER_EFFECT_DROP, connection, (struct bytes){ 0 });
}

/* A clear frame that says the session is not known: the device begins with a hello. Says nothing an outsider could use. */
static void answer_unknown_session(struct server_core *core, uint64_t connection, struct bytes frame)
{
	struct writer writer = writer_in(&core->request_arena, 64);

	write_raw(&writer, UNKNOWN_SESSION_MAGIC, UNKNOWN_SESSION_MAGIC_SIZE);
	write_raw(&writer, frame.data, SESSION_ID_SIZE);
	core->counts.frames_refused++;
	server_core_emit(core, SERVER_EFFECT_SEND, connection, writer_bytes(&writer));
}

static enum status write_incidents(struct server_core *core)
{
	struct incidents *incidents = &core->incidents;
	enum status status = core->in_commit ? STATUS_OK : server_core_drop_told(core);

	if (status != STATUS_OK)
		return status;
	incidents->alone = !core->in_commit;
	if (incidents->count == 0 || (incidents->alone && server_core_monotonic_ms(core) < incidents->retry_at_ms))
		return STATUS_OK;
	if (incidents->alone)
		incidents->retry_at_ms = server_core_monotonic_ms(core) + RETRY_MS; /* if it fails */
	status = server_core_ensure_commit(core);
	for (; status == STATUS_OK && incidents->written < incidents->count; incidents->written++) {
		core->changed = true;
		status = server_store_put_incident(
			core->options.store, &incidents->noted[incidents->written].incident, server_core_now_ms(core));
	}
	return status;
}

/* A commit of nothing but incidents failed: that keeps nobody from an answer. They are written with what comes, or after a while. */
static enum status answer_without_incidents(struct server_core *core)
{
	server_core_abandon_commit(core);
	return server_core_answer_all(core);
}

enum status server_on_flush(struct server_core *core)
{
	enum status status = STATUS_OK;

	if (!core->in_commit || !core->changed)
		status = server_core_careful_next(core);
	if (core->in_commit && !core->changed)
		server_core_abandon_commit(core); /* nothing new in any of the batches: no commit, no fsync */
	if (status == STATUS_OK)
		status = write_incidents(core);
	if (status != STATUS_OK)
		return server_on_committed(core, status);
	if (!core->in_commit)
		return core->answering == NULL ? STATUS_OK : server_core_answer_all(core);
	status = publish_finish(&core->commit);
	if (status == STATUS_OK)
		status = server_core_note_time(core);
	if (status != STATUS_OK)
		return server_on_committed(core, status);
	if (core->options.bug == BUG_ACKNOWLEDGE_BEFORE_COMMIT)
		server_core_answer_early(core);
	server_core_emit(core, SERVER_EFFECT_COMMIT, 0, (struct bytes){ 0 });
	return STATUS_OK;
}

void server_on_abandon(struct server_core *core)
{
	if (core->in_commit)
		server_core_abandon_commit(core);
	herd_end_round(&core->herd, server_core_monotonic_ms(core));
	while (core->careful.held != NULL)
		server_core_let_wait(core, careful_let_go(&core->careful));
	while (core->answering != NULL) { /* no word of it: the devices send again */
		struct inquiry *waiting = core->answering;
		core->answering = waiting->next;
		server_core_refuse(core, waiting->connection);
		inquiry_free(waiting);
	}
	core->answering_end = &core->answering;
	hello_index_clear(&core->hellos);
}

enum status server_on_committed(struct server_core *core, enum status result)
{
	if (result != STATUS_OK && core->in_commit && core->incidents.alone && core->careful.held == NULL)
		return answer_without_incidents(core);
	if (result != STATUS_OK) {
		server_on_abandon(core);
		return result;
	}
	core->in_commit = false;
	core->changed = false;
	core->own_before = core->own;
	core->rounds_before = core->rounds;
	careful_committed(&core->careful);
	if (core->own_tried.seq > 0)
		careful_trust_own(&core->careful, &core->own_tried);
	core->own_tried = (struct attempt){ 0 };
	incidents_settle(&core->incidents, true);
	core->counts.commits++;
	core->counts.overfull_jobs += (int64_t)core->commit.overfull_count;
	if (core->commit.overfull_count > 0)
		core->counts.overfull_job = core->commit.overfull;
	server_core_wake(core);
	server_store_reset_rows(core->options.store);
	arena_reset(&core->commit_arena);
	return server_core_answer_all(core);
}

/* ---- requests ---- */

enum status server_core_read_batch(struct server_core *core, struct inquiry *waiting, const struct section *section, struct arena *arena,
	struct device_entry *out_device, struct batch *out_batch)
{
	const struct references *references = server_store_references(core->options.store);
	const struct references first = bug_first_reference(references);
	bool held;
	enum status status = server_store_device(core->options.store, &waiting->device, out_device);

	if (status != STATUS_OK)
		return status;
	if (core->options.bug == BUG_AMBIGUOUS_REFERENCE)
		references = &first;
	if (!sender_may_deliver(core->options.store, out_device)) {
		waiting->fault = (struct wire_fault){ .code = WIRE_ERROR_REVOKED };
		return STATUS_OK;
	}
	held = server_store_hold(core->options.store);
	status = batch_decode_within(section, inquiry_ground(waiting), arena, references, out_batch);
	server_store_release(core->options.store, held);
	waiting->fault.code = ingest_fault(status);
	if (waiting->fault.code == 0 && !id_equal(&out_batch->incarnation, &waiting->incarnation))
		waiting->fault.code = WIRE_ERROR_MALFORMED;
	return STATUS_OK;
}

enum status server_core_ingest_apart(struct server_core *core, struct ingest *ingest, const struct device_entry *device,
	struct batch *batch, struct verified_batch *verified, struct wire_fault *out_fault)
{
	enum status status = commit_mark(&core->commit);

	if (status != STATUS_OK)
		return status;
	status = verified != NULL ? ingest_verified(ingest, device, batch, verified, out_fault)
				  : ingest_batch(ingest, device, &core->state.organisation, batch, out_fault);
	if (status == STATUS_CANNOT_WRITE || status == STATUS_CORRUPT)
		return status;
	if (status != STATUS_OK)
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_MALFORMED };
	if (out_fault->code == WIRE_ERROR_TOO_OFTEN)
		server_core_note_incarnations(core, &device->id);
	if (out_fault->code != 0) {
		ingest->taken = 0;
		return commit_rewind(&core->commit);
	}
	core->counts.operations += (int64_t)ingest->taken;
	core->changed = core->changed || ingest->taken > 0;
	if (ingest->forked)
		server_core_note_fork(core, &device->id, ingest->forked_seq);
	return commit_unmark(&core->commit);
}

/* What is new in it goes into the open commit, which is marked for it. */
static enum status decide_batch(
	struct server_core *core, struct inquiry *waiting, struct device_entry *device, struct batch *batch, int64_t handler_revision)
{
	struct ingest ingest = server_core_make_ingest(core, handler_revision);
	const struct suspect suspect = { .work = SUSPECT_DECIDING,
		.device = waiting->device,
		.incarnation = waiting->incarnation,
		.first_seq = batch->first_seq,
		.last_seq = batch->first_seq + (int64_t)batch->count - 1,
		.hash = batch->last_hash,
		.since_ms = ingest.received_at_ms };
	enum status status;

	(void)suspect_mark_change(&core->careful.mark, &suspect);
	status = server_core_ingest_apart(core, &ingest, device, batch, NULL, &waiting->fault);
	if (status == STATUS_OK && ingest.taken > 0)
		return sender_keep_contact(core->options.store, session_table_of_device(core->sessions, &device->id), device);
	if (status == STATUS_OK)
		suspect_mark_drop(&core->careful.mark); /* nothing of it is in the commit */
	return status;
}

static enum status take_marked(struct server_core *core, struct inquiry *waiting, const struct section *section, int64_t handler_revision)
{
	struct device_entry device;
	struct batch batch;
	enum status status = server_core_read_batch(core, waiting, section, &core->commit_arena, &device, &batch);

	if (status == STATUS_OK && waiting->fault.code == 0)
		status = server_core_ensure_commit(core);
	if (status == STATUS_OK && waiting->fault.code == 0) {
		status = decide_batch(core, waiting, &device, &batch, handler_revision);
		if (status != STATUS_OK)
			server_core_abandon_commit(core);
		core->failed = status;
		return status;
	}
	suspect_mark_drop(&core->careful.mark);
	if (!core->in_commit)
		arena_reset(&core->commit_arena);
	core->failed = status == STATUS_NOT_FOUND ? STATUS_OK : status; /* the device is gone: refused like any stranger */
	return status;
}

/* Whoever is suspected is held; so is everybody as long as it cannot be marked what the core is at. */
static enum status take_batch(struct server_core *core, struct inquiry *waiting, const struct section *section, int64_t handler_revision)
{
	bool concerned = false;
	enum status status = STATUS_OK;

	if (server_core_turn_away(core, waiting, section->body.size))
		return STATUS_OK;
	status = careful_look(&core->careful, core->options.store, &waiting->device, &waiting->incarnation, &concerned);

	if (status != STATUS_OK) {
		if (core->in_commit)
			server_core_abandon_commit(core);
		core->failed = status;
		return status;
	}
	if (!concerned && server_core_mark_reading(core, waiting))
		return take_marked(core, waiting, section, handler_revision);
	waiting->batch = *section;
	waiting->handler_revision = handler_revision;
	return STATUS_OK;
}

/* Only a session's frame proves that a device says so now. */
static enum status take_self_report(struct server_core *core, struct inquiry *waiting, const struct section *sections, size_t count)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (sections[i].number == SECTION_INCIDENT)
			status = server_core_take_told(core, waiting, sections[i].body);
		else if (sections[i].number == SECTION_ORIGIN)
			status = core->failed = server_core_take_origin(core, waiting);
	}
	if (core->failed != STATUS_OK && core->in_commit)
		server_core_abandon_commit(core);
	return status;
}

enum status server_core_take_sections(
	struct server_core *core, struct inquiry *waiting, struct bytes message, int64_t handler_revision)
{
	struct section *sections;
	size_t count = 0;
	enum status status = sections_read(message, &core->request_arena, &sections, &count);

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = inquiry_take_section(waiting, &core->request_arena, &sections[i]);
	if (status == STATUS_OK && waiting->by_envelope && !id_equal(&waiting->hello.incarnation, &waiting->incarnation))
		status = fail(STATUS_CORRUPT, "hello: another incarnation than the envelope's");
	if (status == STATUS_OK && !waiting->by_envelope)
		status = take_self_report(core, waiting, sections, count);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		if (sections[i].number == SECTION_BATCH && waiting->fault.code == 0)
			status = take_batch(
				core, waiting, &sections[i], waiting->by_bundle ? waiting->hello.handler_revision : handler_revision);
	if (status == STATUS_OK && waiting->blob_section == SECTION_CARRY && waiting->fault.code == 0)
		status = server_core_take_carried(core, waiting);
	return status;
}

struct server_sender server_core_sender(const struct server_core *core)
{
	return core->sender;
}

void server_core_wait_for_commit(struct server_core *core, struct inquiry *waiting)
{
	core->sender = sender_of(core->options.store, waiting);
	if (waiting->fault.code == WIRE_ERROR_BUSY)
		waiting->has_pull = false; /* it comes again */
	waiting->deadline_ms = server_core_monotonic_ms(core);
	waiting->deadline_ms += waiting->pull.wait_ms < POLL_WAIT_MAX_MS ? waiting->pull.wait_ms : POLL_WAIT_MAX_MS;
	if (waiting->batch.body.size > 0 && !careful_has_room(&core->careful, waiting->batch.body.size)) { /* the device keeps it */
		waiting->batch = (struct section){ 0 };
		waiting->fault = (struct wire_fault){ .code = WIRE_ERROR_BUSY };
		waiting->has_pull = false;
	}
	if (waiting->batch.body.size == 0) {
		server_core_let_wait(core, waiting);
		return;
	}
	waiting = careful_hold(&core->careful, waiting);
	if (waiting != NULL) { /* who asks again waits for the earlier answer no more */
		server_core_refuse(core, waiting->connection);
		inquiry_free(waiting);
	}
}

static void take_hello(struct server_core *core, uint64_t connection, struct bytes frame)
{
	struct inquiry *waiting = inquiry_create(connection);
	struct envelope envelope;
	enum status status = envelope_open(&core->request_arena, &core->options.identity, &core->state.organisation, frame,
		sender_find, core->options.store, &envelope);

	if (status == STATUS_OK && (envelope.type != ENVELOPE_HELLO || !envelope.has_ephemeral))
		status = fail(STATUS_CORRUPT, "envelope: only a hello opens a session");
	if (status == STATUS_OK) {
		waiting->by_envelope = true;
		waiting->device = envelope.sender;
		waiting->incarnation = envelope.incarnation;
		memcpy(waiting->ephemeral, envelope.ephemeral, sizeof(waiting->ephemeral));
		status = inquiry_judge_hello(waiting, &core->hellos, core->sessions, server_core_monotonic_ms(core));
	}
	if (status == STATUS_OK)
		status = server_core_take_sections(core, waiting, envelope.sections, 0);
	if (status == STATUS_OK) {
		waiting->ground = (struct common_ground){
			waiting->incarnation, core->state.epoch, dictionary_common(waiting->hello.schema_revision)
		};
		waiting->speaks_short = short_forms_spoken(waiting->hello.schema_revision);
		server_core_wait_for_commit(core, waiting);
		return;
	}
	inquiry_free(waiting);
	server_core_refuse(core, connection);
}

static void take_session_frame(struct server_core *core, uint64_t connection, struct bytes frame)
{
	uint8_t id[SESSION_ID_SIZE];
	struct live_session *live;
	struct inquiry *waiting;
	struct bytes plain;
	uint64_t latest;
	bool late;
	enum status status = session_peek(frame, id);

	if (status != STATUS_OK) {
		server_core_refuse(core, connection);
		return;
	}
	live = session_table_find(core->sessions, id);
	if (live == NULL || server_core_monotonic_ms(core) - live->started_at_ms > SESSION_LIFE_MS) {
		answer_unknown_session(core, connection, frame);
		return;
	}
	latest = live->session.receive_counter;
	status = session_open(&core->request_arena, &live->session, frame, &plain);
	if (status != STATUS_OK) {
		server_core_refuse(core, connection);
		return;
	}
	late = live->session.receive_counter == latest;
	if (!live->proved) {
		session_table_keep_only(core->sessions, live);
		server_core_look_for_copy(core, live);
	}
	live->proved = true;
	live->last_used_at_ms = server_core_monotonic_ms(core);
	live->last_seen_at_ms = server_core_now_ms(core);
	waiting = inquiry_create(connection);
	memcpy(waiting->session_id, id, sizeof(id));
	waiting->device = live->device;
	waiting->incarnation = live->incarnation;
	waiting->ground = live->ground;
	waiting->speaks_short = live->speaks_short;
	status = server_core_take_sections(core, waiting, plain, live->handler_revision);
	if (status == STATUS_OK && late && waiting->recon != NULL)
		status = fail(STATUS_NOT_FOUND, "session: its device asked again meanwhile");
	if (status == STATUS_OK) {
		waiting->late = late;
		if (!late)
			server_core_leave_poll(core, &waiting->device);
		inquiry_acknowledge(waiting, &core->state.epoch, live);
		server_core_wait_for_commit(core, waiting);
		return;
	}
	inquiry_free(waiting);
	server_core_refuse(core, connection);
}

enum status server_on_frame(struct server_core *core, uint64_t connection, struct bytes frame)
{
	core->counts.frames++;
	core->failed = STATUS_OK;
	core->sender = (struct server_sender){ 0 };
	if (envelope_looks_like(frame))
		take_hello(core, connection, frame);
	else
		take_session_frame(core, connection, frame);
	arena_reset(&core->request_arena);
	return core->failed;
}

enum status server_on_tick(struct server_core *core)
{
	int64_t now = server_core_monotonic_ms(core);
	struct inquiry *waiting;
	enum status status = STATUS_OK;

	while ((waiting = poll_table_take_due(core->polls, now)) != NULL)
		inquiry_put_last(waiting, &core->woken_end);
	if (now >= core->sweep_at_ms) {
		session_table_forget(core->sessions, NULL, now - SESSION_LIFE_MS);
		core->sweep_at_ms = now + SWEEP_EVERY_MS;
		if (!core->in_commit)
			careful_settle(&core->careful, core->options.store, server_core_now_ms(core));
	}
	if (status == STATUS_OK)
		status = server_core_do_rounds(core);
	if (status == STATUS_OK && !core->in_commit && (core->answering != NULL || (core->woken != NULL && core->wake_at_ms <= now)))
		status = server_core_answer_all(core);
	return status;
}

int64_t server_core_deadline_ms(const struct server_core *core)
{
	int64_t deadline = core->careful.held != NULL ? 0 : poll_table_deadline_ms(core->polls);

	if (core->incidents.count > 0 && core->incidents.retry_at_ms < deadline)
		deadline = core->incidents.retry_at_ms; /* noted while others were answered: before the server rests */
	return core->wake_at_ms != 0 && core->wake_at_ms < deadline ? core->wake_at_ms : deadline;
}

struct server_core_counts server_core_counts(const struct server_core *core)
{
	struct server_core_counts counts = core->counts;

	counts.sessions = session_table_count(core->sessions);
	counts.parked = poll_table_count(core->polls);
	counts.told_to_wait = core->herd.told;
	counts.pages = page_cache_counts(core->pages);
	return counts;
}

void server_on_incident(struct server_core *core, const struct incident *incident)
{
	incidents_note(&core->incidents, incident);
}

size_t server_core_incidents_noted(const struct server_core *core)
{
	return core->incidents.count;
}

struct losses *server_core_losses(struct server_core *core)
{
	return &core->losses;
}

int64_t server_core_last_seen_ms(const struct server_core *core, const struct id *device)
{
	const struct live_session *live = session_table_of_device(core->sessions, device);

	return live == NULL ? 0 : live->last_seen_at_ms;
}
