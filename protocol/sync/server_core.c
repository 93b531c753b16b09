#include "protocol/sync/server_core.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/domain/device.h"
#include "protocol/sync/ahead.h"
#include "protocol/sync/grants.h"
#include "protocol/sync/ingest.h"
#include "protocol/sync/inquiry.h"
#include "protocol/sync/own_chain.h"
#include "protocol/sync/poll_table.h"
#include "protocol/sync/publish.h"
#include "protocol/sync/pull.h"
#include "protocol/sync/reply.h"
#include "protocol/sync/session_table.h"

#define WAKE_AGAIN_MS  1000
#define SWEEP_EVERY_MS 1000
#define ROUNDS_EVERY_MS ((int64_t)3600 * 1000)

struct effect_entry {
	struct effect_entry *next;
	struct server_effect effect;
};

struct server_core {
	struct server_core_options options;
	struct server_state state;
	struct own_chain own;
	struct own_chain own_before; /* as of the last durable commit */
	struct session_table *sessions;
	int64_t sweep_at_ms;  /* monotonic; when to look for sessions that are over */
	int64_t rounds_at_ms; /* monotonic; when to see what time alone does */
	struct change_ring *ring;
	struct commit commit;
	bool in_commit;
	bool changed;             /* something in the commit is to be kept */
	enum status failed;       /* the store, while a frame was taken in */
	struct arena commit_arena;  /* life of the commit */
	struct arena request_arena; /* life of one event */
	struct arena effect_arena;  /* until all effects are taken */
	struct inquiry *answering;  /* wait for the commit, oldest first */
	struct inquiry **answering_end;
	struct poll_table *polls;   /* wait for news */
	struct inquiry *woken;      /* polls that there is news for, oldest first */
	struct inquiry **woken_end;
	/* monotonic; when to look again for polls that a commit has news for, since the store could not be read; 0: not */
	int64_t wake_at_ms;
	struct effect_entry *effects;
	struct effect_entry **effects_end;
	size_t page_raw_max; /* adapts to how well pages compress */
	struct ahead ahead;
	struct server_sender sender; /* of the latest frame */
	struct server_core_counts counts;
	struct losses losses;
};

static void emit(struct server_core *core, enum server_effect_kind kind, uint64_t connection, struct bytes bytes)
{
	struct effect_entry *entry = arena_allocate(&core->effect_arena, sizeof(*entry));

	entry->effect = (struct server_effect){ kind, connection, arena_copy_bytes(&core->effect_arena, bytes) };
	*core->effects_end = entry;
	core->effects_end = &entry->next;
}

bool server_core_next(struct server_core *core, struct server_effect *out_effect)
{
	struct effect_entry *entry = core->effects;

	if (entry == NULL) {
		arena_reset(&core->effect_arena);
		core->effects_end = &core->effects;
		return false;
	}
	*out_effect = entry->effect;
	core->effects = entry->next;
	if (core->effects == NULL)
		core->effects_end = &core->effects;
	return true;
}

enum status server_core_create(const struct server_core_options *options, struct server_core **out_core)
{
	struct server_core *core = calloc(1, sizeof(*core));
	enum status status;

	if (core == NULL)
		abort();
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
	status = server_store_state(options->store, &core->state);
	core->ring = change_ring_create(core->state.gseq);
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
	session_table_destroy(core->sessions);
	change_ring_destroy(core->ring);
	inquiry_free_all(core->answering);
	inquiry_free_all(core->woken);
	poll_table_destroy(core->polls);
	arena_finish(&core->commit_arena);
	arena_finish(&core->ahead.arena);
	arena_finish(&core->request_arena);
	arena_finish(&core->effect_arena);
	identity_wipe(&core->options.identity);
	free(core);
}

static int64_t now_ms(const struct server_core *core)
{
	return clock_now_ms(core->options.clock);
}

static int64_t monotonic_ms(const struct server_core *core)
{
	return clock_monotonic_ms(core->options.clock);
}

/* ---- commits ---- */

static enum status ensure_commit(struct server_core *core)
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
	core->commit.now_ms = now_ms(core);
	return STATUS_OK;
}

static struct ingest make_ingest(struct server_core *core, int64_t handler_revision)
{
	return (struct ingest){ .commit = &core->commit,
		.arena = &core->commit_arena,
		.received_at_ms = now_ms(core),
		.handler_revision = handler_revision,
		.bug = core->options.bug };
}

/* The store failed in the middle: nothing of this commit happened. */
static void abandon_commit(struct server_core *core)
{
	server_store_rollback(core->options.store);
	server_store_reset_rows(core->options.store);
	change_ring_forget(core->ring, core->commit.gseq);
	core->own = core->own_before;
	core->in_commit = false;
	arena_reset(&core->commit_arena);
}

enum status server_core_open_commit(struct server_core *core)
{
	enum status status = ensure_commit(core);

	core->changed = status == STATUS_OK;
	return status;
}

enum status server_core_operation(
	struct server_core *core, const struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id)
{
	struct ingest ingest;
	enum status status = ensure_commit(core);

	if (status != STATUS_OK)
		return status;
	ingest = make_ingest(core, HANDLER_REVISION);
	status = own_chain_decide(&core->own, &ingest, &core->state, operation, out_verdict, out_operation_id);
	if (status != STATUS_OK) {
		abandon_commit(core);
		return status;
	}
	core->changed = true;
	core->counts.operations++;
	return STATUS_OK;
}

enum status server_core_revoke(struct server_core *core, const struct id *device, uint32_t state)
{
	struct device_entry entry;
	enum status status = ensure_commit(core);

	if (status == STATUS_OK)
		status = server_store_device(core->options.store, device, &entry);
	if (status != STATUS_OK)
		return status;
	sender_note_contact(session_table_of_device(core->sessions, device), &entry);
	if (entry.state == DEVICE_STATE_ACTIVE && entry.last_seen_at_ms != 0)
		entry.lease_until_ms = entry.last_seen_at_ms + LEASE_MS;
	if (state == DEVICE_STATE_STOLEN)
		entry.lease_until_ms = now_ms(core);
	entry.state = state;
	core->changed = true;
	status = server_store_put_device(core->options.store, &entry);
	session_table_forget(core->sessions, device, 0);
	return status;
}

/* ---- answers ---- */

static void refuse(struct server_core *core, uint64_t connection)
{
	core->counts.frames_refused++;
	emit(core, SERVER_EFFECT_DROP, connection, (struct bytes){ 0 });
}

/* A clear frame that says the session is not known: the device begins with a hello. Says nothing an outsider could use. */
static void answer_unknown_session(struct server_core *core, uint64_t connection, struct bytes frame)
{
	struct writer writer = writer_in(&core->request_arena, 64);

	write_raw(&writer, UNKNOWN_SESSION_MAGIC, UNKNOWN_SESSION_MAGIC_SIZE);
	write_raw(&writer, frame.data, SESSION_ID_SIZE);
	core->counts.frames_refused++;
	emit(core, SERVER_EFFECT_SEND, connection, writer_bytes(&writer));
}

/* The reply's sections: fault, welcome, decided, page, cut. */
static enum status write_sections(struct server_core *core, const struct inquiry *waiting, struct reply *reply)
{
	struct server_store *store = core->options.store;
	struct device_entry device;
	struct chain_state chain = { 0 };
	enum status status = server_store_device(store, &waiting->device, &device);

	if (status == STATUS_OK) {
		status = server_store_chain(store, &waiting->device, &waiting->incarnation, &chain);
		if (status == STATUS_NOT_FOUND) {
			chain = (struct chain_state){ .device = waiting->device, .incarnation = waiting->incarnation };
			chain.last_hash = chain_genesis(&waiting->device, &waiting->incarnation);
			status = STATUS_OK;
		}
	}
	if (status != STATUS_OK)
		return status;
	if (waiting->fault.code != 0)
		reply_fault(reply, &waiting->fault);
	if (waiting->by_envelope) {
		int64_t lease_until_ms = device.state == DEVICE_STATE_ACTIVE ? now_ms(core) + LEASE_MS : device.lease_until_ms;
		struct welcome welcome = reply_make_welcome(&waiting->hello, &core->state, &device, &chain, now_ms(core), lease_until_ms);
		loss_look(&core->losses, &core->state, &waiting->device, &waiting->hello.cursor);
		reply_welcome(reply, &welcome);
		if (welcome.rolled_back)
			return STATUS_OK;
	}
	if (!waiting->has_pull) /* more follows: only how far it came */
		return chain.number == 0 ? STATUS_OK : reply_decided(reply, store, &chain, chain.last_seq, &(bool){ false });
	return reply_pull(reply, store, core->ring, &device, &chain, &waiting->pull);
}

static enum status seal_welcome(struct server_core *core, const struct inquiry *waiting, struct bytes sections, struct bytes *out_sealed)
{
	struct ephemeral ephemeral;
	struct live_session live = { .device = waiting->device,
		.incarnation = waiting->incarnation,
		.handler_revision = waiting->hello.handler_revision,
		.started_at_ms = monotonic_ms(core),
		.last_used_at_ms = monotonic_ms(core) };
	struct device_entry device;
	struct party party;
	struct envelope envelope = { .type = ENVELOPE_WELCOME,
		.sender = core->options.identity.id,
		.key_number = 1,
		.incarnation = core->options.incarnation,
		.server_epoch = core->state.epoch,
		.has_ephemeral = true,
		.sections = sections };
	enum status status = server_store_device(core->options.store, &waiting->device, &device);

	if (status != STATUS_OK)
		return status;
	ephemeral_generate(&ephemeral);
	memcpy(envelope.ephemeral, ephemeral.public_key, sizeof(envelope.ephemeral));
	memcpy(live.ephemeral, waiting->ephemeral, sizeof(live.ephemeral));
	party = (struct party){ .id = device.id, .keys = device.keys };
	status = session_start_server(&live.session, &ephemeral, waiting->ephemeral);
	if (status == STATUS_OK)
		status = envelope_seal(
			&core->request_arena, &core->options.identity, &core->state.organisation, &party, &envelope, out_sealed);
	if (status == STATUS_OK)
		(void)session_table_add(core->sessions, &live);
	session_wipe(&live.session);
	ephemeral_wipe(&ephemeral);
	return status;
}

bool server_core_may_prepare(const struct server_core *core)
{
	return core->ahead.wanted && !core->ahead.ready && !core->in_commit && core->answering == NULL;
}

enum status server_core_prepare(struct server_core *core)
{
	struct ahead *ahead = &core->ahead;
	const struct inquiry request = {
		.device = ahead->device, .incarnation = ahead->incarnation, .has_pull = true, .pull = ahead->pull
	};
	struct reply reply;
	enum status status = server_store_begin_read(core->options.store);

	if (status == STATUS_OK)
		status = server_store_state(core->options.store, &core->state);
	arena_reset(&ahead->arena);
	reply_init(&reply, &ahead->arena, &core->page_raw_max, REPLY_IN_SESSION_MAX);
	if (status == STATUS_OK)
		status = write_sections(core, &request, &reply);
	server_store_reset_rows(core->options.store);
	server_store_rollback(core->options.store);
	ahead->wanted = false; /* what cannot be made ahead is tried again when it is asked for */
	ahead->ready = status == STATUS_OK;
	ahead->gseq = core->state.gseq;
	ahead->sections = reply_bytes(&reply);
	ahead->resume = reply.resume;
	return status;
}

/* The sections of an answer, as they lie ready or made now; in the arena of either. */
static enum status make_sections(struct server_core *core, const struct inquiry *waiting, struct bytes *out_sections)
{
	struct ahead *ahead = &core->ahead;
	bool simple = !waiting->by_envelope && waiting->has_pull && waiting->fault.code == 0;
	struct reply reply;
	enum status status;

	if (simple && ahead_answers(ahead, &waiting->device, &waiting->incarnation, &waiting->pull, core->state.gseq)) {
		*out_sections = ahead->sections;
		ahead->ready = false;
		ahead_expect(ahead, &waiting->device, &waiting->incarnation, &waiting->pull, ahead->resume);
		return STATUS_OK;
	}
	reply_init(&reply, &core->request_arena, &core->page_raw_max, waiting->by_envelope ? REPLY_IN_WELCOME_MAX : REPLY_IN_SESSION_MAX);
	status = write_sections(core, waiting, &reply);
	*out_sections = reply_bytes(&reply);
	if (status == STATUS_OK)
		ahead_expect(ahead, &waiting->device, &waiting->incarnation, &waiting->pull, reply.resume);
	return status;
}

/* Answers one request from the current snapshot. Whatever goes wrong for one device stays with that device. */
static void answer(struct server_core *core, const struct inquiry *waiting)
{
	struct live_session *live = waiting->by_envelope ? NULL : session_table_find(core->sessions, waiting->session_id);
	struct bytes sections, sealed;
	enum status status = make_sections(core, waiting, &sections);

	if (status == STATUS_OK && waiting->by_envelope)
		status = seal_welcome(core, waiting, sections, &sealed);
	else if (status == STATUS_OK && live != NULL)
		status = session_seal(&core->request_arena, &live->session, sections, &sealed);
	else if (status == STATUS_OK)
		status = fail(STATUS_NOT_FOUND, "session: ended while the request waited");
	if (status == STATUS_OK)
		emit(core, SERVER_EFFECT_SEND, waiting->connection, sealed);
	else
		refuse(core, waiting->connection);
	server_store_reset_rows(core->options.store);
	arena_reset(&core->request_arena);
}

/* ---- polls ---- */

static void put_last(struct inquiry *waiting, struct inquiry ***end)
{
	waiting->next = NULL;
	**end = waiting;
	*end = &waiting->next;
}

/* One poll a device: a newer one takes its place without an answer to the older. It waits for a change of the scopes that the
 * device holds now; when those change it is woken, too. */
static enum status park(struct server_core *core, struct inquiry *waiting)
{
	struct grant_entry *grants;
	struct inquiry *earlier;
	int64_t *scopes;
	size_t count;
	enum status status = server_store_grants(core->options.store, &waiting->device, INT64_MAX, &core->request_arena, &grants, &count);

	if (status != STATUS_OK)
		return status;
	scopes = arena_allocate_array(&core->request_arena, count, sizeof(*scopes));
	for (size_t i = 0; i < count; i++)
		scopes[i] = grants[i].scope;
	earlier = poll_table_park(core->polls, waiting, scopes, count);
	if (earlier != NULL)
		emit(core, SERVER_EFFECT_DROP, earlier->connection, (struct bytes){ 0 });
	free(earlier);
	arena_reset(&core->request_arena);
	return STATUS_OK;
}

static bool has_news(struct server_core *core, const struct inquiry *waiting)
{
	struct device_entry device = { .id = waiting->device };
	struct chain_state chain;
	struct pull_question question = {
		.store = core->options.store, .arena = &core->request_arena, .device = &device, .pull = waiting->pull
	};
	bool news = true; /* a store that fails is told to whoever asks */
	enum status status = server_store_chain(core->options.store, &waiting->device, &waiting->incarnation, &chain);

	if (status == STATUS_OK && chain.last_seq > waiting->pull.settled_seq)
		return true;
	status = pull_has_news(&question, &news);
	arena_reset(&core->request_arena);
	return status != STATUS_OK || news;
}

/* Whoever waits for what the open commit changed. O(scopes it changed + polls woken). */
static void wake_for_commit(struct server_core *core)
{
	const struct commit *commit = &core->commit;
	struct inquiry *waiting;

	for (size_t i = 0; i < commit->scope_count; i++)
		while (commit->scopes[i].gseq == commit->gseq &&
			(waiting = poll_table_take_of_scope(core->polls, commit->scopes[i].number)) != NULL)
			put_last(waiting, &core->woken_end);
	for (size_t i = 0; i < commit->device_count; i++)
		if ((waiting = poll_table_take_of_device(core->polls, &commit->devices[i])) != NULL)
			put_last(waiting, &core->woken_end);
}

static bool wants_to_wait(struct server_core *core, const struct inquiry *waiting)
{
	return waiting->has_pull && !waiting->by_envelope && waiting->fault.code == 0 && waiting->pull.wait_ms > 0 &&
	       !has_news(core, waiting);
}

/* Everything that waited for the commit is answered, or parked; whoever was woken is answered. */
static enum status answer_all(struct server_core *core)
{
	enum status status = server_store_begin_read(core->options.store);

	if (status == STATUS_OK)
		status = server_store_state(core->options.store, &core->state);
	while (core->answering != NULL) {
		struct inquiry *waiting = core->answering;
		core->answering = waiting->next;
		if (status != STATUS_OK) {
			refuse(core, waiting->connection);
			free(waiting);
		} else if (!wants_to_wait(core, waiting) || park(core, waiting) != STATUS_OK) {
			answer(core, waiting);
			free(waiting);
		}
	}
	core->answering_end = &core->answering;
	while (status == STATUS_OK && core->woken != NULL) {
		struct inquiry *waiting = core->woken;
		core->woken = waiting->next;
		answer(core, waiting);
		free(waiting);
	}
	if (core->woken == NULL)
		core->woken_end = &core->woken;
	core->wake_at_ms = core->woken != NULL ? monotonic_ms(core) + WAKE_AGAIN_MS : 0;
	server_store_rollback(core->options.store);
	return status;
}

/* The seeded bug: tells the devices before anything is durable. */
static void answer_early(struct server_core *core)
{
	for (struct inquiry *waiting = core->answering; waiting != NULL; waiting = waiting->next)
		answer(core, waiting);
	inquiry_free_all(core->answering);
	core->answering = NULL;
	core->answering_end = &core->answering;
}

enum status server_core_flush(struct server_core *core)
{
	enum status status;

	if (core->in_commit && !core->changed)
		abandon_commit(core); /* nothing new in any of the batches: no commit, no fsync */
	if (!core->in_commit)
		return core->answering == NULL ? STATUS_OK : answer_all(core);
	status = publish_finish(&core->commit);
	if (status != STATUS_OK)
		return server_core_committed(core, status);
	if (core->options.bug == BUG_ACKNOWLEDGE_BEFORE_COMMIT)
		answer_early(core);
	emit(core, SERVER_EFFECT_COMMIT, 0, (struct bytes){ 0 });
	return STATUS_OK;
}

void server_core_abandon(struct server_core *core)
{
	if (core->in_commit)
		abandon_commit(core);
	while (core->answering != NULL) { /* no word of it: the devices send again */
		struct inquiry *waiting = core->answering;
		core->answering = waiting->next;
		refuse(core, waiting->connection);
		free(waiting);
	}
	core->answering_end = &core->answering;
}

enum status server_core_committed(struct server_core *core, enum status result)
{
	if (result != STATUS_OK) {
		server_core_abandon(core);
		return result;
	}
	core->in_commit = false;
	core->own_before = core->own;
	core->counts.commits++;
	wake_for_commit(core);
	server_store_reset_rows(core->options.store);
	arena_reset(&core->commit_arena);
	return answer_all(core);
}

/* ---- requests ---- */

/* Reads a batch and judges its sender, before any commit is opened for it. */
static enum status read_batch(
	struct server_core *core, struct inquiry *waiting, struct bytes body, struct device_entry *out_device, struct batch *out_batch)
{
	enum status status = server_store_device(core->options.store, &waiting->device, out_device);

	if (status != STATUS_OK)
		return status;
	if (!sender_may_deliver(core->options.store, out_device)) {
		waiting->fault = (struct wire_fault){ .code = WIRE_ERROR_REVOKED };
		return STATUS_OK;
	}
	status = batch_decode(body, &core->commit_arena, server_store_references(core->options.store), out_batch);
	waiting->fault.code = ingest_fault(status);
	if (waiting->fault.code == 0 && !id_equal(&out_batch->incarnation, &waiting->incarnation))
		waiting->fault.code = WIRE_ERROR_MALFORMED;
	return STATUS_OK;
}

/* A batch that is at fault, or cannot be stored through no failure of the store, leaves no trace in the commit that others share; its
 * sender is told. */
static enum status ingest_apart(struct server_core *core, struct ingest *ingest, const struct device_entry *device,
	const struct batch *batch, struct wire_fault *out_fault)
{
	enum status status = commit_mark(&core->commit);

	if (status != STATUS_OK)
		return status;
	status = ingest_batch(ingest, device, &core->state.organisation, batch, out_fault);
	if (status == STATUS_CANNOT_WRITE || status == STATUS_CORRUPT)
		return status;
	if (status != STATUS_OK)
		*out_fault = (struct wire_fault){ .code = WIRE_ERROR_MALFORMED };
	if (out_fault->code != 0)
		return commit_rewind(&core->commit);
	core->counts.operations += (int64_t)ingest->taken;
	core->changed = core->changed || ingest->taken > 0;
	return commit_unmark(&core->commit);
}

static enum status take_batch(struct server_core *core, struct inquiry *waiting, struct bytes body, int64_t handler_revision)
{
	struct device_entry device;
	struct batch batch;
	struct ingest ingest;
	enum status status = read_batch(core, waiting, body, &device, &batch);

	if (status == STATUS_OK && waiting->fault.code == 0)
		status = ensure_commit(core);
	if (status != STATUS_OK || waiting->fault.code != 0) {
		if (!core->in_commit)
			arena_reset(&core->commit_arena);
		core->failed = status == STATUS_NOT_FOUND ? STATUS_OK : status; /* the device is gone: refused like any stranger */
		return status;
	}
	ingest = make_ingest(core, handler_revision);
	status = ingest_apart(core, &ingest, &device, &batch, &waiting->fault);
	if (status == STATUS_OK && ingest.taken > 0)
		status = sender_keep_contact(core->options.store, session_table_of_device(core->sessions, &device.id), &device);
	if (status != STATUS_OK)
		abandon_commit(core);
	core->failed = status;
	return status;
}

size_t server_core_commit_size(const struct server_core *core)
{
	return core->commit_arena.used;
}

/* Reads a request's sections. STATUS_CORRUPT: malformed, nothing of it was taken. */
static enum status take_sections(struct server_core *core, struct inquiry *waiting, struct bytes message, int64_t handler_revision)
{
	struct section *sections;
	size_t count = 0;
	enum status status = sections_read(message, &core->request_arena, &sections, &count);

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (sections[i].number == SECTION_HELLO)
			status = hello_decode(sections[i].body, &waiting->hello);
		else if (sections[i].number == SECTION_PULL)
			status = inquiry_take_pull(waiting, sections[i].body);
		else if (sections[i].number != SECTION_BATCH)
			status = fail(STATUS_CORRUPT, "request: section %d belongs in a reply", (int)sections[i].number);
	}
	if (status == STATUS_OK && waiting->by_envelope && !id_equal(&waiting->hello.incarnation, &waiting->incarnation))
		status = fail(STATUS_CORRUPT, "hello: another incarnation than the envelope's");
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		if (sections[i].number == SECTION_BATCH && waiting->fault.code == 0)
			status = take_batch(core, waiting, sections[i].body, handler_revision);
	return status;
}

struct server_sender server_core_sender(const struct server_core *core)
{
	return core->sender;
}

/* Keeps a request until the commit that holds its operations is durable. */
static void wait_for_commit(struct server_core *core, struct inquiry *waiting)
{
	core->sender = sender_of(core->options.store, waiting);
	waiting->deadline_ms = monotonic_ms(core) + (waiting->pull.wait_ms < POLL_WAIT_MAX_MS ? waiting->pull.wait_ms : POLL_WAIT_MAX_MS);
	put_last(waiting, &core->answering_end);
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
		status = inquiry_judge_hello(waiting, core->answering, core->sessions, monotonic_ms(core));
	}
	if (status == STATUS_OK)
		status = take_sections(core, waiting, envelope.sections, 0);
	if (status == STATUS_OK) {
		wait_for_commit(core, waiting);
		return;
	}
	free(waiting);
	refuse(core, connection);
}

static void take_session_frame(struct server_core *core, uint64_t connection, struct bytes frame)
{
	uint8_t id[SESSION_ID_SIZE];
	struct live_session *live;
	struct inquiry *waiting;
	struct bytes plain;
	enum status status = session_peek(frame, id);

	if (status != STATUS_OK) {
		refuse(core, connection);
		return;
	}
	live = session_table_find(core->sessions, id);
	if (live == NULL || monotonic_ms(core) - live->started_at_ms > SESSION_LIFE_MS) {
		answer_unknown_session(core, connection, frame);
		return;
	}
	status = session_open(&core->request_arena, &live->session, frame, &plain);
	if (status != STATUS_OK) {
		refuse(core, connection);
		return;
	}
	if (!live->proved)
		session_table_keep_only(core->sessions, live);
	live->proved = true;
	live->last_used_at_ms = monotonic_ms(core);
	live->last_seen_at_ms = now_ms(core);
	waiting = inquiry_create(connection);
	memcpy(waiting->session_id, id, sizeof(id));
	waiting->device = live->device;
	waiting->incarnation = live->incarnation;
	status = take_sections(core, waiting, plain, live->handler_revision);
	if (status == STATUS_OK) {
		inquiry_acknowledge(waiting, &core->state.epoch, live);
		wait_for_commit(core, waiting);
		return;
	}
	free(waiting);
	refuse(core, connection);
}

enum status server_core_frame(struct server_core *core, uint64_t connection, struct bytes frame)
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

/* What time alone does. */
static enum status do_rounds(struct server_core *core)
{
	size_t ended = 0;
	enum status status = ensure_commit(core);

	if (status == STATUS_OK)
		status = grants_end_history(&core->commit, &ended);
	core->changed = core->changed || ended > 0;
	if (core->in_commit && !core->changed)
		abandon_commit(core);
	return status;
}

enum status server_core_tick(struct server_core *core)
{
	int64_t now = monotonic_ms(core);
	struct inquiry *waiting;
	enum status status = STATUS_OK;

	while ((waiting = poll_table_take_due(core->polls, now)) != NULL)
		put_last(waiting, &core->woken_end);
	if (now >= core->sweep_at_ms) {
		session_table_forget(core->sessions, NULL, now - SESSION_LIFE_MS);
		core->sweep_at_ms = now + SWEEP_EVERY_MS;
	}
	if (now >= core->rounds_at_ms) {
		core->rounds_at_ms = now + ROUNDS_EVERY_MS;
		status = do_rounds(core);
	}
	if (status == STATUS_OK && !core->in_commit && (core->answering != NULL || (core->woken != NULL && core->wake_at_ms <= now)))
		status = answer_all(core);
	return status;
}

int64_t server_core_deadline_ms(const struct server_core *core)
{
	int64_t deadline = poll_table_deadline_ms(core->polls);

	return core->wake_at_ms != 0 && core->wake_at_ms < deadline ? core->wake_at_ms : deadline;
}

struct server_core_counts server_core_counts(const struct server_core *core)
{
	struct server_core_counts counts = core->counts;

	counts.sessions = session_table_count(core->sessions);
	counts.parked = poll_table_count(core->polls);
	return counts;
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
