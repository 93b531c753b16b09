/* What the device's core does for bundles: requests go into a file, and answers come out of one. No session: what an envelope stands on is
 * said in it, and judged here. */
#include "protocol/sync/bundle_files.h"
#include "protocol/sync/device_inner.h"
#include "protocol/sync/reply.h"
#include "protocol/sync/request.h"
#include "protocol/wire/bundle.h"

/* ---- what the server is to know ---- */

struct writing {
	struct device_core *core;
	struct outbox_state outbox;
	struct replica_state replica;
	bool anew; /* all rows are wanted: comparing them by ranges takes a session */
	int64_t first_seq; /* what is before it is not kept any more */
	struct cursor stands;
	device_envelope_take take;
	void *context;
};

static enum status look(struct writing *writing)
{
	struct device_store *store = writing->core->options.store;
	struct repair repair;
	struct kept_state kept;
	enum status status = device_store_outbox(store, &writing->outbox);

	if (status == STATUS_OK)
		status = device_store_replica(store, &writing->replica);
	if (status == STATUS_OK)
		status = repair_load(store, &writing->core->arena, &repair);
	if (status == STATUS_OK)
		status = device_store_kept(store, &kept);
	if (status != STATUS_OK)
		return status;
	writing->anew = repair.under_way;
	writing->first_seq = kept.first_seq;
	return STATUS_OK;
}

/* The server said once that it is decided. Should it have forgotten, it says so, and is sent it again. */
static int64_t acknowledged_seq(const struct writing *writing)
{
	const struct replica_state *replica = &writing->replica;
	int64_t seq = replica->decided_seq > replica->settled_seq ? replica->decided_seq : replica->settled_seq;

	if (writing->core->acknowledged_seq > seq)
		seq = writing->core->acknowledged_seq;
	if (!id_equal(&replica->incarnation, &writing->outbox.incarnation) || seq > writing->outbox.last_seq)
		seq = 0;
	return seq < writing->first_seq - 1 ? writing->first_seq - 1 : seq;
}

static enum status seal(struct writing *writing, struct request *request)
{
	const struct device_core_options *options = &writing->core->options;
	const struct envelope envelope = { .type = ENVELOPE_BUNDLE,
		.incarnation = writing->outbox.incarnation,
		.server_epoch = writing->replica.cursor.epoch,
		.sections = request_bytes(request) };
	struct bytes sealed;
	enum status status = envelope_seal(
		&writing->core->arena, &options->identity, &options->organisation, &options->server, &envelope, &sealed);

	if (status == STATUS_OK)
		status = writing->take(writing->context, sealed);
	arena_reset(&writing->core->arena);
	return status;
}

/* One envelope: where the device stands, and the operations after `after`, as many as it takes. Ids are whole: nobody can ask back. */
static enum status write_one(struct writing *writing, int64_t after, int64_t *out_last_seq)
{
	struct device_core *core = writing->core;
	const struct device_core_options *options = &core->options;
	const struct outgoing outgoing = { .store = options->store,
		.identity = &options->identity,
		.organisation = &options->organisation,
		.outbox = &writing->outbox,
		.acknowledged_seq = after,
		.batch_max = FRAME_SIZE_MAX,
		.whole_ids = true };
	const struct cursor nowhere = { .gseq = 0 };
	const struct pull pull = { .cursor = writing->anew ? nowhere : writing->replica.cursor,
		.settled_seq = writing->replica.settled_seq,
		.class_max = 5,
		.own_rows = writing->anew || core->own_rows };
	struct request request;
	enum status status = STATUS_OK;

	request_init(&request, &core->arena, REPLY_IN_WELCOME_MAX);
	request_hello(&request, &writing->outbox, &writing->replica, clock_now_ms(options->clock), device_room(writing->core),
		CARRIER_BUNDLE);
	if (untold_is(&core->untold))
		request_incident(&request, &core->untold.told);
	writing->stands = pull.cursor;
	*out_last_seq = after;
	if (after < writing->outbox.last_seq)
		status = request_batch(&request, &outgoing, &core->batch_raw_max, out_last_seq);
	if (status != STATUS_OK)
		return status;
	request_pull(&request, &pull);
	return seal(writing, &request);
}

/* ---- files ---- */

/* An envelope with one section about files. */
static enum status write_section(struct writing *writing, enum section_number number, struct bytes body)
{
	struct device_core *core = writing->core;
	struct request request;

	request_init(&request, &core->arena, REPLY_IN_WELCOME_MAX);
	request_hello(&request, &writing->outbox, &writing->replica, clock_now_ms(core->options.clock),
		device_room(core), CARRIER_BUNDLE);
	section_write(&request.writer, number, body);
	return seal(writing, &request);
}

static enum status write_file_section(void *context, bool is_list, struct bytes body)
{
	return write_section(context, is_list ? SECTION_HAVE : SECTION_CHUNK, body);
}

struct naming {
	struct arena arena; /* the core's is reset with each envelope */
	struct hash *ids;
	size_t count, capacity;
};

static enum status add_id(void *user, const struct hash *id)
{
	struct naming *naming = user;

	naming->ids = arena_grow(&naming->arena, naming->ids, naming->count, &naming->capacity, sizeof(*naming->ids));
	naming->ids[naming->count++] = *id;
	return STATUS_OK;
}

/* What waits to be sent. */
static enum status pack_files(struct writing *writing, int64_t file_bytes_max, struct device_bundle *bundle)
{
	struct bundle_files files = {
		.files = writing->core->blobs.files, .room = file_bytes_max, .take = write_file_section, .context = writing
	};
	struct naming naming = { .count = 0 };
	enum status status = files.files == NULL ? STATUS_OK : blob_list_each(files.files, BLOB_OUT, add_id, &naming);

	for (size_t i = 0; i < naming.count && status == STATUS_OK; i++)
		status = bundle_files_add(&files, &naming.ids[i]);
	arena_finish(&naming.arena);
	bundle->file_count = files.count;
	bundle->files_left = files.left;
	return status;
}

static enum status add_held(void *user, const struct hash *id)
{
	const struct naming *naming = user;

	return naming->count < BLOB_HELD_MAX ? add_id(user, id) : STATUS_OK;
}

/* What need not be sent here: what is not named may come once more. */
static enum status tell_held(struct writing *writing)
{
	struct device_core *core = writing->core;
	struct naming naming = { .count = 0 };
	struct writer body = writer_in(&naming.arena, BLOB_HELD_MAX * BLOB_BEGINNING + 16);
	enum status status = device_blobs_each_held(&core->blobs, core->options.store, &core->arena, add_held, &naming);

	blob_held_encode(&body, naming.ids, naming.count);
	if (status == STATUS_OK && core->blobs.files != NULL)
		status = write_section(writing, SECTION_HELD, writer_bytes(&body));
	arena_reset(&core->arena);
	arena_finish(&naming.arena);
	return status;
}

enum status device_on_write_bundle(
	struct device_core *core, int64_t file_bytes_max, device_envelope_take take, void *context, struct device_bundle *out_bundle)
{
	struct device_bundle bundle = { .first_seq = 0 };
	struct writing writing = { .core = core, .take = take, .context = context };
	int64_t after = 0, from;
	enum status status = look(&writing);

	arena_reset(&core->arena);
	from = after = acknowledged_seq(&writing);
	do {
		if (status == STATUS_OK)
			status = write_one(&writing, after, &after);
	} while (status == STATUS_OK && after < writing.outbox.last_seq);
	if (status == STATUS_OK)
		status = tell_held(&writing);
	if (status == STATUS_OK)
		status = pack_files(&writing, file_bytes_max, &bundle);
	arena_reset(&core->arena);
	bundle.first_seq = after > from ? from + 1 : 0;
	bundle.operation_count = after - from;
	bundle.told_at_ms = untold_is(&core->untold) ? core->untold.told.at_ms : 0;
	bundle.stands = writing.stands;
	if (status == STATUS_OK)
		*out_bundle = bundle;
	return status;
}

void device_on_bundle_kept(struct device_core *core, int64_t told_at_ms, const struct cursor *stands)
{
	if (untold_is(&core->untold) && core->untold.told.at_ms == told_at_ms)
		untold_said(&core->untold, core->options.carried, stands);
}

/* ---- what the server answers ---- */

/* Whatever came over the link so far is asked for again: the file may bring the replica further than that. */
static enum status leave_link(struct device_core *core)
{
	if (core->link == LINK_COMMITTING)
		return fail(STATUS_BUSY, "a cut is being committed: take the bundle in again");
	if (core->link != LINK_DOWN)
		device_link_down(core);
	core->pull_of_repair = false;
	core->batch_out = false;
	core->poll_again = false;
	return STATUS_OK;
}

static enum status open_part(struct device_core *core, struct bytes sealed, struct bytes *out_sections, struct bundle_part *out_part)
{
	struct envelope envelope;
	struct section *sections = NULL;
	size_t count = 0;
	enum status status = envelope_open(
		&core->arena, &core->options.identity, &core->options.organisation, sealed, device_find_server, core, &envelope);

	if (status == STATUS_OK && envelope.type != ENVELOPE_BUNDLE)
		status = fail(STATUS_CORRUPT, "envelope: it belongs to a session, not into a bundle");
	if (status == STATUS_OK)
		status = sections_read(envelope.sections, &core->arena, &sections, &count);
	if (status == STATUS_OK && (count == 0 || sections[0].number != SECTION_PART))
		status = fail(STATUS_CORRUPT, "bundle: a part does not say what it stands on");
	if (status == STATUS_OK)
		status = bundle_part_decode(sections[0].body, out_part);
	*out_sections = envelope.sections;
	return status;
}

static bool same_epoch(const struct cursor *a, const struct cursor *b)
{
	return id_equal(&a->epoch, &b->epoch);
}

/* Everything anew. Of another epoch than the rows here it is later only when the server knew where this device stands. */
static enum bundle_finding judge_whole(const struct bundle_part *part, const struct replica_state *state)
{
	bool fits = state->cursor.gseq == 0 || same_epoch(&part->until, &state->cursor) || same_epoch(&part->told, &state->cursor);

	return fits ? BUNDLE_TAKEN : BUNDLE_OTHER_EPOCH;
}

/* What changed since a cursor that this one has passed. */
static enum bundle_finding judge_changes(
	const struct device_core *core, const struct bundle_part *part, const struct replica_state *state, bool repairing)
{
	if (!same_epoch(&part->since, &state->cursor))
		return BUNDLE_OTHER_EPOCH;
	if (part->since.gseq > state->cursor.gseq || part->settled_seq > state->settled_seq)
		return BUNDLE_BEGINS_LATER;
	return repairing || (core->own_rows && !part->own_rows) ? BUNDLE_NEEDS_ALL : BUNDLE_TAKEN;
}

/* As far as it has come already, a replica that is compared can use everything anew. */
static bool is_older(const struct bundle_part *part, const struct replica_state *state, bool repairing)
{
	return same_epoch(&part->until, &state->cursor) &&
	       (part->until.gseq < state->cursor.gseq || (part->until.gseq == state->cursor.gseq && !repairing));
}

static enum status judge(struct device_core *core, const struct bundle_part *part, enum bundle_finding *out_finding)
{
	struct device_store *store = core->options.store;
	struct outbox_state outbox;
	struct replica_state state;
	struct repair repair;
	enum status status = device_store_outbox(store, &outbox);

	if (status == STATUS_OK)
		status = device_store_replica(store, &state);
	if (status == STATUS_OK)
		status = repair_load(store, &core->arena, &repair);
	if (status != STATUS_OK)
		return status;
	if (is_older(part, &state, repair.under_way))
		*out_finding = BUNDLE_OLDER;
	else if (!id_is_nil(&part->incarnation) && !id_equal(&part->incarnation, &outbox.incarnation))
		*out_finding = BUNDLE_OTHER_LIFE;
	else if (part->since.gseq == 0)
		*out_finding = judge_whole(part, &state);
	else
		*out_finding = judge_changes(core, part, &state, repair.under_way);
	return STATUS_OK;
}

/* What a pull over the link left half-done does not mix with the parts. */
static enum status begin_parts(struct device_core *core, const struct bundle_part *part)
{
	struct device_store *store = core->options.store;
	enum status status;

	if (part->since.gseq == 0)
		return device_store_seed_begin(store); /* drops what was loaded */
	status = device_store_begin(store, false);
	if (status != STATUS_OK)
		return status;
	status = device_store_clear_staged(store);
	if (status == STATUS_OK)
		status = device_store_put_resume(store, (struct bytes){ 0 });
	if (status == STATUS_OK)
		return device_store_commit(store);
	device_store_rollback(store);
	return status;
}

/* A server that was put back from a backup may lack what it had acknowledged. */
static enum status meet_server(struct device_core *core, struct bytes message, enum bundle_finding *out_finding)
{
	struct section *sections;
	struct welcome welcome;
	size_t count = 0;
	bool anew = false;
	enum status status = sections_read(message, &core->arena, &sections, &count);

	for (size_t i = 0; i < count && status == STATUS_OK && !anew; i++) {
		if (sections[i].number != SECTION_WELCOME)
			continue;
		status = welcome_decode(sections[i].body, &welcome);
		if (status == STATUS_OK)
			status = device_meet_by_bundle(core, &welcome, &anew);
	}
	if (anew)
		*out_finding = BUNDLE_OTHER_EPOCH;
	return status;
}

static enum status take_first(
	struct device_core *core, const struct bundle_part *part, struct bytes sections, enum bundle_finding *out_finding)
{
	const struct cursor *said = &core->untold.said;
	enum status status = judge(core, part, out_finding);

	if (status == STATUS_OK && said->gseq > 0 && same_epoch(&part->told, said) && part->told.gseq == said->gseq)
		untold_clear(&core->untold, core->options.carried); /* the bundle that told it came there */
	if (status == STATUS_OK && *out_finding == BUNDLE_BEGINS_LATER)
		return device_on_check(core); /* this replica was put back from a copy: the next bundle asks for everything */
	if (status == STATUS_OK && *out_finding == BUNDLE_TAKEN)
		status = meet_server(core, sections, out_finding);
	if (status == STATUS_OK && *out_finding == BUNDLE_TAKEN)
		status = begin_parts(core, part);
	core->bundle = (struct bundle_pass){ .bundle = part->bundle, .next = 1, .older = *out_finding == BUNDLE_OLDER };
	return status;
}

enum status device_take_known(struct device_core *core, struct bytes body)
{
	const struct blob_files *files = core->blobs.files;
	struct blob_standing *standings;
	size_t count = 0;
	enum status status = blob_standings_decode(body, &core->arena, &standings, &count);

	for (size_t i = 0; status == STATUS_OK && files != NULL && i < count; i++)
		if (standings[i].state == BLOB_KNOWN)
			status = blob_list_remove(files, BLOB_OUT, &standings[i].id);
	device_on_files(core);
	return status;
}

static enum status take_watermark(struct device_core *core, struct bytes body)
{
	struct welcome welcome;
	enum status status = welcome_decode(body, &welcome);

	return status == STATUS_OK ? device_keep_by_bundle(core, &welcome) : status;
}

/* Of a part whose rows are all here: files may have come since, and a backup may have been made. */
static enum status take_files_alone(struct device_core *core, struct bytes message)
{
	struct section *sections;
	size_t count = 0;
	enum status status = sections_read(message, &core->arena, &sections, &count);

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (sections[i].number == SECTION_HAVE_REPLY)
			status = device_take_known(core, sections[i].body);
		else if (sections[i].number == SECTION_WELCOME)
			status = take_watermark(core, sections[i].body);
		else if (sections[i].number == SECTION_BLOB_LIST || sections[i].number == SECTION_CHUNK_REPLY)
			status = device_blobs_take_bundled(&core->blobs, &core->arena, &sections[i]);
	}
	return status;
}

/* Is it the one that is due? */
static enum status check_order(struct device_core *core, const struct bundle_part *part)
{
	if ((!id_equal(&part->bundle, &core->bundle.bundle) || part->number != core->bundle.next) &&
		core->options.bug != BUG_PART_LEFT_OUT)
		return fail(STATUS_CORRUPT, "bundle: part %lld is missing or out of its order", (long long)core->bundle.next);
	core->bundle.next++;
	return STATUS_OK;
}

static enum status take_part(struct device_core *core, struct bytes sections, const struct bundle_part *part)
{
	enum status status;

	core->by_bundle = true;
	status = device_take_sections(core, sections, NULL);
	if (status == STATUS_OK)
		device_keep_decided(core);
	if (status == STATUS_OK && part->last && core->link != LINK_COMMITTING && !device_store_seeding(core->options.store))
		core->nothing_missing = true;
	return status;
}

enum status device_on_read_bundle(struct device_core *core, struct bytes sealed, enum bundle_finding *out_finding)
{
	enum bundle_finding finding = BUNDLE_TAKEN;
	struct bundle_part part = { 0 };
	struct bytes sections = { 0 };
	enum status status = leave_link(core);

	if (status == STATUS_OK)
		status = open_part(core, sealed, &sections, &part);
	if (status == STATUS_OK && part.number == 1)
		status = take_first(core, &part, sections, &finding);
	else if (core->bundle.older)
		finding = BUNDLE_OLDER;
	if (status == STATUS_OK && (finding == BUNDLE_TAKEN || finding == BUNDLE_OLDER))
		status = check_order(core, &part);
	if (status == STATUS_OK && finding == BUNDLE_TAKEN)
		status = take_part(core, sections, &part);
	else if (status == STATUS_OK && finding == BUNDLE_OLDER)
		status = take_files_alone(core, sections);
	if (core->link != LINK_COMMITTING)
		core->by_bundle = false;
	arena_reset(&core->arena);
	if (status == STATUS_OK)
		*out_finding = finding;
	else
		core->bundle = (struct bundle_pass){ 0 };
	return status;
}
