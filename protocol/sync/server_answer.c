/* What the server's core answers, and when: at once, with the commit that an answer speaks of, or when there is news. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/domain/device.h"
#include "protocol/sync/delivery_class.h"
#include "protocol/sync/pull.h"
#include "protocol/sync/reply.h"
#include "protocol/sync/server_core_inner.h"

#define WAKE_AGAIN_MS 1000

/* Comparing costs the server a look at rows: so many a millisecond for each device, and so long ahead. A request can pass that by what one
 * look costs at most (recon.c); the next one waits for it, but not for longer than the device does for an answer. */
#define RECON_ROWS_PER_MS 20
#define RECON_AHEAD_MS    10000
#define RECON_WAIT_MAX_MS 15000

static void note_loss(struct server_core *core, const struct inquiry *waiting)
{
	char detail[80];
	int size = snprintf(detail, sizeof(detail), "device_commit=%lld;server_commit=%lld", (long long)waiting->hello.cursor.gseq,
		(long long)core->state.gseq);

	incidents_note(&core->incidents, &(struct incident){ .kind = INCIDENT_LOSS,
						 .device = waiting->device,
						 .detail = { detail, (size_t)size } });
}

/* The office is to know that something is kept back on a device. */
static void note_unreadable(struct server_core *core, const struct inquiry *waiting)
{
	struct incident incident = { .kind = INCIDENT_UNREADABLE, .device = waiting->device };

	incident.detail = text_of(
		waiting->fault.code == WIRE_ERROR_NEWER ? "reason=it is newer than the server" : "reason=it is malformed");
	if (!waiting->by_envelope && (waiting->fault.code == WIRE_ERROR_NEWER || waiting->fault.code == WIRE_ERROR_MALFORMED))
		incidents_note(&core->incidents, &incident);
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
	note_unreadable(core, waiting);
	if (waiting->fault.code != 0)
		reply_fault(reply, &waiting->fault);
	else if (waiting->has_pull && waiting->pull.class_max < CLASS_KNOWLEDGE)
		reply_fault(reply, &(struct wire_fault){ WIRE_ERROR_CLASS, CLASS_KNOWLEDGE });
	if (waiting->by_envelope) {
		int64_t lease_until_ms = device.state == DEVICE_STATE_ACTIVE ? server_core_now_ms(core) + LEASE_MS : device.lease_until_ms;
		int64_t now_ms = server_core_now_ms(core);
		struct welcome welcome = reply_make_welcome(&waiting->hello, &core->state, &device, &chain, now_ms, lease_until_ms);
		if (loss_look(&core->losses, &core->state, &waiting->device, &waiting->hello.cursor))
			note_loss(core, waiting);
		if (core->options.bug == BUG_WATERMARK_TOO_FAR && welcome.backup_gseq > 0)
			welcome.backup_gseq = welcome.gseq;
		reply_welcome(reply, &welcome);
		if (welcome.rolled_back && !waiting->by_bundle) /* a bundle's word is older than what came by other ways: no sign of that */
			return STATUS_OK;
	}
	if (waiting->blob_section == SECTION_CARRY || waiting->blob_section == SECTION_CARRY_WISH)
		status = waiting->fault.code == 0 ? server_core_answer_carry(core, waiting, reply) : STATUS_OK;
	else if (waiting->blob != NULL && waiting->fault.code == 0)
		status = server_core_answer_blob(core, waiting, &device, reply);
	if (status != STATUS_OK)
		return status;
	if (waiting->recon != NULL)
		return reply_recon(
			reply, store, &core->recon_cache, &waiting->device, (struct bytes){ waiting->recon, waiting->recon_size });
	if (!waiting->has_pull || waiting->pull.class_max < CLASS_KNOWLEDGE) /* more follows: only how far it came */
		return chain.number == 0 ? STATUS_OK : reply_decided(reply, store, &chain, chain.last_seq, &(bool){ false });
	return reply_pull(reply, store, core->ring, &device, &chain, &waiting->pull);
}

static enum status seal_welcome(struct server_core *core, const struct inquiry *waiting, struct bytes sections, struct bytes *out_sealed)
{
	struct ephemeral ephemeral;
	struct live_session live = { .device = waiting->device,
		.incarnation = waiting->incarnation,
		.ground = waiting->ground,
		.speaks_short = waiting->speaks_short,
		.handler_revision = waiting->hello.handler_revision,
		.started_at_ms = server_core_monotonic_ms(core),
		.started_gseq = core->state.gseq,
		.last_used_at_ms = server_core_monotonic_ms(core) };
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

/* Nobody can keep this aside: it is named, should it end the server. */
static void mark_answering(struct server_core *core, const struct id *device, const struct id *incarnation)
{
	const struct suspect suspect = {
		.work = SUSPECT_ANSWERING, .device = *device, .incarnation = *incarnation, .since_ms = server_core_now_ms(core)
	};

	suspect_mark_at(&core->careful.mark, &suspect);
}

static void begin_reply(struct server_core *core, const struct inquiry *waiting, struct arena *arena, struct reply *out_reply)
{
	reply_init(out_reply, arena, &core->page_raw_max, waiting->by_envelope ? REPLY_IN_WELCOME_MAX : REPLY_IN_SESSION_MAX);
	out_reply->bug = core->options.bug;
	out_reply->pages = core->pages;
	out_reply->ground = waiting->speaks_short ? inquiry_ground(waiting) : NULL;
	out_reply->dictionary = waiting->ground.dictionary;
	if (waiting->by_envelope && !waiting->by_bundle && answers_named(waiting->hello.schema_revision))
		reply_answers(out_reply, waiting->ephemeral);
}

bool server_core_may_prepare(const struct server_core *core)
{
	return core->ahead.wanted && !core->ahead.ready && !core->in_commit && core->answering == NULL;
}

enum status server_on_prepare(struct server_core *core)
{
	struct ahead *ahead = &core->ahead;
	const struct inquiry request = { .device = ahead->device,
		.incarnation = ahead->incarnation,
		.ground = ahead->ground,
		.speaks_short = ahead->speaks_short,
		.has_pull = true,
		.pull = ahead->pull };
	struct reply reply;
	enum status status = server_store_begin_read(core->options.store);

	mark_answering(core, &ahead->device, &ahead->incarnation);
	if (status == STATUS_OK)
		status = server_store_state(core->options.store, &core->state);
	arena_reset(&ahead->arena);
	begin_reply(core, &request, &ahead->arena, &reply);
	if (status == STATUS_OK)
		status = write_sections(core, &request, &reply);
	server_store_reset_rows(core->options.store);
	server_store_rollback(core->options.store);
	suspect_mark_at(&core->careful.mark, NULL);
	ahead->wanted = false; /* what cannot be made ahead is tried again when it is asked for */
	ahead->ready = status == STATUS_OK;
	ahead->gseq = core->state.gseq;
	ahead->sections = reply_bytes(&reply);
	ahead->resume = reply.resume;
	return status;
}

/* What a recon cost is put on the device's account. */
static void charge(struct server_core *core, const struct inquiry *waiting, size_t looked_at)
{
	struct live_session *live = session_table_find(core->sessions, waiting->session_id);
	int64_t now = server_core_monotonic_ms(core);

	if (live == NULL || looked_at == 0)
		return;
	if (live->recon_until_ms < now)
		live->recon_until_ms = now;
	live->recon_until_ms += (int64_t)(looked_at / RECON_ROWS_PER_MS);
	if (live->recon_until_ms > now + RECON_AHEAD_MS + RECON_WAIT_MAX_MS)
		live->recon_until_ms = now + RECON_AHEAD_MS + RECON_WAIT_MAX_MS;
}

/* The sections of an answer, as they lie ready or made now; in the arena of either. */
static enum status make_sections(struct server_core *core, const struct inquiry *waiting, struct bytes *out_sections)
{
	struct ahead *ahead = &core->ahead;
	bool simple = !waiting->by_envelope && waiting->has_pull && waiting->fault.code == 0 && waiting->blob == NULL;
	struct reply reply;
	enum status status;

	if (simple && ahead_answers(ahead, waiting, core->state.gseq)) {
		*out_sections = ahead->sections;
		ahead->ready = false;
		ahead_expect(ahead, waiting, ahead->resume);
		return STATUS_OK;
	}
	begin_reply(core, waiting, &core->request_arena, &reply);
	status = write_sections(core, waiting, &reply);
	charge(core, waiting, reply.looked_at);
	*out_sections = reply_bytes(&reply);
	if (status == STATUS_OK)
		ahead_expect(ahead, waiting, reply.resume);
	return status;
}

/* Answers one request from the current snapshot. Whatever goes wrong for one device stays with that device. */
static void answer(struct server_core *core, const struct inquiry *waiting)
{
	struct live_session *live = waiting->by_envelope ? NULL : session_table_find(core->sessions, waiting->session_id);
	struct bytes sections, sealed;
	enum status status;

	if (waiting->connection == NO_CONNECTION)
		server_core_tell_carriers(core, waiting);
	mark_answering(core, &waiting->device, &waiting->incarnation);
	status = make_sections(core, waiting, &sections);
	if (status == STATUS_OK && waiting->by_bundle)
		sealed = sections; /* for whoever took the file in */
	else if (status == STATUS_OK && waiting->by_envelope)
		status = seal_welcome(core, waiting, sections, &sealed);
	else if (status == STATUS_OK && live != NULL)
		status = session_seal(&core->request_arena, &live->session, sections, &sealed);
	else if (status == STATUS_OK)
		status = fail(STATUS_NOT_FOUND, "session: ended while the request waited");
	if (status == STATUS_OK)
		server_core_emit(core, SERVER_EFFECT_SEND, waiting->connection, sealed);
	else
		server_core_refuse(core, waiting->connection);
	server_store_reset_rows(core->options.store);
	arena_reset(&core->request_arena);
}

/* ---- polls ---- */

/* Accepts NULL. */
static void leave_unanswered(struct server_core *core, struct inquiry *earlier)
{
	if (earlier != NULL)
		server_core_emit(core, SERVER_EFFECT_DROP, earlier->connection, (struct bytes){ 0 });
	inquiry_free(earlier);
}

void server_core_leave_poll(struct server_core *core, const struct id *device)
{
	leave_unanswered(core, poll_table_take_of_device(core->polls, device));
}

/* One poll a device: a newer one takes its place without an answer to the older. It waits for a change of the scopes that the
 * device holds now; when those change it is woken, too. */
static enum status park(struct server_core *core, struct inquiry *waiting)
{
	struct grant_entry *grants;
	int64_t *scopes;
	size_t count;
	enum status status = server_store_grants(core->options.store, &waiting->device, INT64_MAX, &core->request_arena, &grants, &count);

	if (status != STATUS_OK)
		return status;
	scopes = arena_allocate_array(&core->request_arena, count, sizeof(*scopes));
	for (size_t i = 0; i < count; i++)
		scopes[i] = grants[i].scope;
	leave_unanswered(core, poll_table_park(core->polls, waiting, scopes, count));
	arena_reset(&core->request_arena);
	return STATUS_OK;
}

/* A device that has asked to compare more than its share waits for its turn, and nobody else does. */
static bool put_off(struct server_core *core, struct inquiry *waiting)
{
	const struct live_session *live =
		waiting->recon == NULL || waiting->by_envelope ? NULL : session_table_find(core->sessions, waiting->session_id);

	if (live == NULL || live->recon_until_ms - RECON_AHEAD_MS <= server_core_monotonic_ms(core))
		return false;
	waiting->deadline_ms = live->recon_until_ms - RECON_AHEAD_MS;
	leave_unanswered(core, poll_table_park(core->polls, waiting, NULL, 0));
	return true;
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

void server_core_wake(struct server_core *core)
{
	const struct commit *commit = &core->commit;
	struct inquiry *waiting;

	for (size_t i = 0; i < commit->scope_count; i++)
		while (commit->scopes[i].state.gseq == commit->gseq &&
			(waiting = poll_table_take_of_scope(core->polls, commit->scopes[i].state.number)) != NULL)
			inquiry_put_last(waiting, &core->woken_end);
	for (size_t i = 0; i < commit->device_count; i++)
		if ((waiting = poll_table_take_of_device(core->polls, &commit->devices[i])) != NULL)
			inquiry_put_last(waiting, &core->woken_end);
}

static bool wants_to_wait(struct server_core *core, const struct inquiry *waiting)
{
	return waiting->has_pull && !waiting->by_envelope && !waiting->late && waiting->fault.code == 0 && waiting->pull.wait_ms > 0 &&
	       waiting->blob == NULL && !has_news(core, waiting);
}

enum status server_core_answer_all(struct server_core *core)
{
	bool any = core->answering != NULL || core->woken != NULL;
	enum status status = server_store_begin_read(core->options.store);

	if (status == STATUS_OK)
		status = server_store_state(core->options.store, &core->state);
	while (core->answering != NULL) {
		struct inquiry *waiting = core->answering;
		core->answering = waiting->next;
		if (status != STATUS_OK) {
			server_core_refuse(core, waiting->connection);
			inquiry_free(waiting);
		} else if (!put_off(core, waiting) && (!wants_to_wait(core, waiting) || park(core, waiting) != STATUS_OK)) {
			answer(core, waiting);
			inquiry_free(waiting);
		}
	}
	core->answering_end = &core->answering;
	hello_index_clear(&core->hellos);
	while (status == STATUS_OK && core->woken != NULL) {
		struct inquiry *waiting = core->woken;
		core->woken = waiting->next;
		if (put_off(core, waiting)) /* it was woken by something else */
			continue;
		answer(core, waiting);
		inquiry_free(waiting);
	}
	if (core->woken == NULL)
		core->woken_end = &core->woken;
	core->wake_at_ms = core->woken != NULL ? server_core_monotonic_ms(core) + WAKE_AGAIN_MS : 0;
	if (any)
		suspect_mark_at(&core->careful.mark, NULL);
	herd_end_round(&core->herd, server_core_monotonic_ms(core));
	server_store_rollback(core->options.store);
	return status;
}

void server_core_answer_early(struct server_core *core)
{
	for (struct inquiry *waiting = core->answering; waiting != NULL; waiting = waiting->next)
		answer(core, waiting);
	inquiry_free_all(core->answering);
	hello_index_clear(&core->hellos);
	core->answering = NULL;
	core->answering_end = &core->answering;
}
