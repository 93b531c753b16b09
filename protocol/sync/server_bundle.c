/* What the server's core does for bundles: requests come out of a file, and answers go into one. No session: each envelope proves
 * itself. */
#include <string.h>

#include "protocol/domain/device.h"
#include "protocol/sync/reply.h"
#include "protocol/sync/server_core_inner.h"
#include "protocol/wire/bundle.h"

#define PART_ROOM 160 /* of a frame, for the section that says what a part stands on */

/* ---- what a device sends ---- */

/* Later words of one incarnation take the place of earlier ones, whatever the order they come in. Who asks for everything may have been put
 * back from a copy: that is believed, and costs bytes at most. Of another incarnation that counts which the server heard of later. */
static enum status is_later(struct server_core *core, const struct id *device, const struct bundle_told *before,
	const struct bundle_told *told, bool *out_later)
{
	struct chain_state was = { 0 }, is = { 0 };
	bool was_here = id_equal(&before->cursor.epoch, &core->state.epoch), is_here = id_equal(&told->cursor.epoch, &core->state.epoch);
	enum status status;

	*out_later = told->own_rows || (is_here != was_here ? is_here : told->cursor.gseq >= before->cursor.gseq);
	if (id_equal(&before->incarnation, &told->incarnation))
		return STATUS_OK;
	status = server_store_chain(core->options.store, device, &before->incarnation, &was);
	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		status = server_store_chain(core->options.store, device, &told->incarnation, &is);
	*out_later = is.number == 0 || is.number > was.number;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static bool is_same(const struct bundle_told *a, const struct bundle_told *b)
{
	return id_equal(&a->incarnation, &b->incarnation) && id_equal(&a->cursor.epoch, &b->cursor.epoch) &&
	       a->cursor.gseq == b->cursor.gseq && a->settled_seq == b->settled_seq && a->own_rows == b->own_rows;
}

/* Where the device stands goes into the open commit, when that is news. */
static enum status keep_told(struct server_core *core, const struct inquiry *waiting, bool *out_news)
{
	struct server_store *store = core->options.store;
	const struct bundle_told told = { .incarnation = waiting->incarnation,
		.cursor = waiting->pull.cursor,
		.settled_seq = waiting->pull.settled_seq,
		.own_rows = waiting->pull.own_rows };
	struct bundle_told before;
	bool later = true;
	enum status status = server_store_bundle_told(store, &waiting->device, &before);

	if (status == STATUS_OK)
		status = is_later(core, &waiting->device, &before, &told, &later);
	else if (status == STATUS_NOT_FOUND)
		before = (struct bundle_told){ 0 };
	if ((status != STATUS_OK && status != STATUS_NOT_FOUND) || !later || is_same(&before, &told))
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	status = server_core_ensure_commit(core);
	if (status == STATUS_OK)
		status = server_store_put_bundle_told(store, &waiting->device, &told);
	core->changed = core->changed || status == STATUS_OK;
	*out_news = *out_news || status == STATUS_OK;
	return status;
}

/* A bundle can be taken in again at any time: what a device tells of itself counts only in one that brings something else that is new. */
static enum status take_incidents(struct server_core *core, const struct inquiry *waiting, struct bytes message)
{
	struct section *sections;
	size_t count = 0;
	enum status status = sections_read(message, &core->request_arena, &sections, &count);

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		if (sections[i].number == SECTION_INCIDENT)
			status = server_core_take_told(core, waiting, sections[i].body);
	return status;
}

static enum status open_request(struct server_core *core, struct bytes sealed, struct envelope *out_envelope)
{
	enum status status = envelope_open(&core->request_arena, &core->options.identity, &core->state.organisation, sealed, sender_find,
		core->options.store, out_envelope);

	if (status == STATUS_OK && out_envelope->type != ENVELOPE_BUNDLE)
		status = fail(STATUS_CORRUPT, "envelope: it belongs to a session, not into a bundle");
	return status;
}

enum status server_core_take_bundled(struct server_core *core, struct inquiry *waiting, struct bytes sealed)
{
	int64_t before = core->counts.operations;
	struct envelope envelope;
	bool pulls, news;
	enum status status = open_request(core, sealed, &envelope);

	if (status != STATUS_OK)
		return status;
	waiting->by_envelope = waiting->by_bundle = true;
	waiting->device = envelope.sender;
	waiting->incarnation = envelope.incarnation;
	status = server_core_take_sections(core, waiting, envelope.sections, 0);
	pulls = waiting->has_pull;
	waiting->has_pull = false; /* rows go into a file of their own */
	news = core->counts.operations > before;
	if (status == STATUS_OK && pulls)
		status = core->failed = keep_told(core, waiting, &news);
	return status == STATUS_OK && news ? take_incidents(core, waiting, envelope.sections) : status;
}

enum status server_on_bundle(struct server_core *core, uint64_t connection, struct bytes sealed)
{
	struct inquiry *waiting = inquiry_create(connection);
	enum status status;

	core->counts.frames++;
	core->failed = STATUS_OK;
	status = server_core_take_bundled(core, waiting, sealed);
	if (status == STATUS_OK) {
		server_core_wait_for_commit(core, waiting);
	} else {
		core->counts.frames_refused++;
		inquiry_free(waiting);
	}
	arena_reset(&core->request_arena);
	return status;
}

/* ---- what a device is sent ---- */

struct outgoing_bundle {
	struct server_core *core;
	struct device_entry device;
	struct chain_state chain; /* number 0: none */
	struct answer_pass *pass;
};

/* Of an incarnation that has sent nothing yet. */
static void begin_chain(struct outgoing_bundle *bundle, const struct id *incarnation)
{
	bundle->chain = (struct chain_state){ .device = bundle->device.id, .incarnation = *incarnation };
	bundle->chain.last_hash = chain_genesis(&bundle->device.id, incarnation);
}

/* The incarnation that the device told, unless it was heard of under a later one since. */
static enum status find_chain(struct outgoing_bundle *bundle, struct bundle_told *told, bool *has_told)
{
	struct server_store *store = bundle->core->options.store;
	static const struct id nobody = { 0 };
	struct chain_state latest = { 0 }, of_told = { 0 };
	enum status status = server_store_latest_chain(store, &bundle->device.id, &latest);

	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		status = server_store_bundle_told(store, &bundle->device.id, told);
	*has_told = status == STATUS_OK;
	if (*has_told)
		status = server_store_chain(store, &bundle->device.id, &told->incarnation, &of_told);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	if (*has_told && of_told.number != 0 && of_told.number < latest.number)
		*has_told = false;
	bundle->chain = *has_told ? of_told : latest;
	if (bundle->chain.number == 0)
		begin_chain(bundle, *has_told ? &told->incarnation : &nobody);
	return STATUS_OK;
}

/* What a device that never told has, as far as its network tells. */
static struct bundle_told guess_told(struct outgoing_bundle *bundle)
{
	struct server_core *core = bundle->core;

	sender_note_contact(session_table_of_device(core->sessions, &bundle->device.id), &bundle->device);
	return (struct bundle_told){ .incarnation = bundle->chain.incarnation,
		.cursor = { core->state.epoch, bundle->device.acknowledged_gseq },
		.own_rows = true };
}

/* From where on: from nothing when the cursor means nothing any more, or what left since is not known. */
static enum status begin_pull(struct outgoing_bundle *bundle)
{
	const struct server_state *state = &bundle->core->state;
	struct answer_pass *pass = bundle->pass;
	struct bundle_told told;
	const struct cursor nowhere = { .gseq = 0 };
	bool has_told = false, whole;
	enum status status = find_chain(bundle, &told, &has_told);

	if (status != STATUS_OK)
		return status;
	if (has_told)
		pass->part.told = told.cursor;
	if (!has_told)
		told = guess_told(bundle);
	whole = !id_equal(&told.cursor.epoch, &state->epoch) || told.cursor.gseq < state->horizon || told.cursor.gseq == 0 ||
		told.cursor.gseq > state->gseq;
	pass->pull = (struct pull){ .cursor = whole ? nowhere : told.cursor,
		.settled_seq = whole || told.settled_seq > bundle->chain.last_seq ? 0 : told.settled_seq,
		.class_max = 5,
		.own_rows = whole || told.own_rows };
	pass->part.incarnation = bundle->chain.incarnation;
	pass->part.since = pass->pull.cursor;
	pass->part.settled_seq = pass->pull.settled_seq;
	pass->part.own_rows = pass->pull.own_rows;
	pass->part.until = (struct cursor){ state->epoch, state->gseq };
	return STATUS_OK;
}

static enum status look_up(struct outgoing_bundle *bundle)
{
	enum status status = server_store_device(bundle->core->options.store, &bundle->pass->device, &bundle->device);

	if (status == STATUS_OK && (bundle->device.state == DEVICE_STATE_STOLEN || bundle->device.state == DEVICE_STATE_PENDING))
		status = fail(STATUS_REFUSED, "this device is stolen, or not let in yet: nothing is sent to it");
	return status;
}

/* The same, and the chain of the incarnation that the bundle speaks of. */
static enum status look_up_with_chain(struct outgoing_bundle *bundle)
{
	const struct id *incarnation = &bundle->pass->part.incarnation;
	enum status status = look_up(bundle);

	if (status != STATUS_OK)
		return status;
	status = server_store_chain(bundle->core->options.store, &bundle->pass->device, incarnation, &bundle->chain);
	if (status == STATUS_NOT_FOUND)
		begin_chain(bundle, incarnation);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status server_core_begin_pass(struct server_core *core, const struct id *device, struct answer_pass *out_pass)
{
	struct outgoing_bundle bundle = { .core = core, .pass = out_pass };
	enum status status;

	*out_pass = (struct answer_pass){ .device = *device };
	random_fill(core->options.random, &out_pass->part.bundle, sizeof(out_pass->part.bundle));
	status = look_up(&bundle);
	return status == STATUS_OK ? begin_pull(&bundle) : status;
}

static void write_welcome(const struct outgoing_bundle *bundle, struct reply *reply)
{
	struct server_core *core = bundle->core;
	const struct device_entry *device = &bundle->device;
	int64_t now_ms = server_core_now_ms(core);
	int64_t lease_until_ms = device->state == DEVICE_STATE_ACTIVE ? now_ms + LEASE_MS : device->lease_until_ms;
	const struct hello hello = { .incarnation = bundle->chain.incarnation,
		.next_seq = bundle->chain.last_seq + 1,
		.chain_hash = bundle->chain.last_hash };
	struct welcome welcome = reply_make_welcome(&hello, &core->state, device, &bundle->chain, now_ms, lease_until_ms);

	reply_welcome(reply, &welcome);
}

static enum status seal_part(const struct outgoing_bundle *bundle, struct bytes what, struct bytes *out_sealed)
{
	struct server_core *core = bundle->core;
	struct arena *arena = &core->request_arena;
	const struct party party = { .id = bundle->device.id, .keys = bundle->device.keys };
	struct writer body = writer_in(arena, PART_ROOM), sections = writer_in(arena, FRAME_SIZE_MAX);
	struct envelope envelope = { .type = ENVELOPE_BUNDLE,
		.incarnation = core->options.incarnation,
		.server_epoch = core->state.epoch };

	bundle_part_encode(&body, &bundle->pass->part);
	section_write(&sections, SECTION_PART, writer_bytes(&body));
	write_raw(&sections, what.data, what.size);
	envelope.sections = writer_bytes(&sections);
	return envelope_seal(arena, &core->options.identity, &core->state.organisation, &party, &envelope, out_sealed);
}

/* The first one says who the server takes the device for. */
static void begin_part(struct outgoing_bundle *bundle, struct reply *reply)
{
	struct server_core *core = bundle->core;

	reply_init(reply, &core->request_arena, &core->page_raw_max, REPLY_IN_WELCOME_MAX - PART_ROOM);
	reply->bug = core->options.bug;
	reply->pages = core->pages;
	if (++bundle->pass->part.number > 1)
		return;
	write_welcome(bundle, reply);
	server_core_tell_known(core, &bundle->device.id, reply);
}

/* The next page, and with the last one the cut. */
static enum status write_part(struct outgoing_bundle *bundle, struct bytes *out_sealed)
{
	struct server_core *core = bundle->core;
	struct answer_pass *pass = bundle->pass;
	struct reply reply;
	enum status status;

	begin_part(bundle, &reply);
	status = reply_pull(&reply, core->options.store, NULL, &bundle->device, &bundle->chain, &pass->pull);
	pass->part.last = reply.resume.size == 0;
	if (reply.resume.size > 0)
		memcpy(pass->resume_bytes, reply.resume.data, reply.resume.size);
	pass->pull.resume = (struct bytes){ pass->resume_bytes, reply.resume.size };
	return status == STATUS_OK ? seal_part(bundle, reply_bytes(&reply), out_sealed) : status;
}

enum status server_core_next_part(struct server_core *core, struct answer_pass *pass, struct bytes *out_sealed)
{
	struct outgoing_bundle bundle = { .core = core, .pass = pass };
	enum status status = look_up_with_chain(&bundle);

	if (status == STATUS_OK)
		status = write_part(&bundle, out_sealed);
	server_store_reset_rows(core->options.store);
	return status;
}

struct parts_out {
	struct outgoing_bundle bundle;
	envelope_take take;
	void *context;
};

/* A part for each section about a file. They come before the rows, since the cut ends the bundle. */
static enum status write_file_section(void *context, bool is_list, struct bytes body)
{
	struct parts_out *parts = context;
	struct reply reply;
	struct bytes sealed;
	enum status status;

	begin_part(&parts->bundle, &reply);
	section_write(&reply.writer, is_list ? SECTION_BLOB_LIST : SECTION_CHUNK_REPLY, body);
	status = seal_part(&parts->bundle, reply_bytes(&reply), &sealed);
	if (status == STATUS_OK)
		status = parts->take(parts->context, sealed);
	arena_reset(&parts->bundle.core->request_arena);
	return status;
}

static enum status write_files(struct parts_out *parts, int64_t file_bytes_max, struct bundle_files *out_files)
{
	enum status status = look_up_with_chain(&parts->bundle);

	*out_files = (struct bundle_files){ .room = file_bytes_max, .take = write_file_section, .context = parts };
	return status == STATUS_OK ? server_core_files_for(parts->bundle.core, &parts->bundle.device, out_files) : status;
}

static enum status write_rows(struct parts_out *parts)
{
	struct server_core *core = parts->bundle.core;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && !parts->bundle.pass->part.last) {
		struct bytes sealed;
		status = server_core_next_part(core, parts->bundle.pass, &sealed);
		if (status == STATUS_OK)
			status = parts->take(parts->context, sealed);
		arena_reset(&core->request_arena);
	}
	return status;
}

/* All parts of one snapshot. */
enum status server_on_bundle_for(struct server_core *core, const struct id *device, int64_t file_bytes_max, envelope_take take,
	void *context, struct server_bundle *out_bundle)
{
	struct answer_pass pass;
	struct bundle_files files = { .room = file_bytes_max };
	struct parts_out parts = { .bundle = { .core = core, .pass = &pass }, .take = take, .context = context };
	enum status status = server_store_begin_read(core->options.store);

	if (status == STATUS_OK)
		status = server_store_state(core->options.store, &core->state);
	if (status == STATUS_OK)
		status = server_core_begin_pass(core, device, &pass);
	if (status == STATUS_OK)
		status = write_files(&parts, file_bytes_max, &files);
	if (status == STATUS_OK)
		status = write_rows(&parts);
	server_store_rollback(core->options.store);
	if (status == STATUS_OK)
		*out_bundle = (struct server_bundle){ files.count, files.left };
	return status;
}
