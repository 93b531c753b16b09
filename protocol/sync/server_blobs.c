/* Files at the server: what devices offer is taken piece by piece, and what they want is served to those who may see a row of it. */
#include "protocol/domain/device.h"
#include "protocol/sync/blob_store.h"
#include "protocol/sync/sender.h"
#include "protocol/sync/server_core_inner.h"

#define PARTS_MAX 8 /* of one device: it sends one file at a time, and may begin another before an end */

struct asking {
	struct server_core *core;
	const struct blob_files *files;
	const struct device_entry *device;
	bool by_bundle; /* nobody reads the answer: the next bundle for the device says what is whole */
	struct reply *reply;
	struct grant_entry *grants;
	size_t grant_count;
};

/* ---- who may know ---- */

struct sight_of_row {
	const struct asking *asking;
	bool seen;
};

static bool holds(const struct asking *asking, int64_t scope)
{
	for (size_t i = 0; i < asking->grant_count; i++)
		if (asking->grants[i].scope == scope && asking->grants[i].until_gseq == 0)
			return true;
	return false;
}

static enum status see_link(void *context, const struct member *member)
{
	struct sight_of_row *sight = context;

	sight->seen = sight->seen || holds(sight->asking, member->scope);
	return STATUS_OK;
}

static enum status see_row(void *context, const struct id *id, int64_t home)
{
	struct sight_of_row *sight = context;

	if (sight->seen)
		return STATUS_OK;
	sight->seen = holds(sight->asking, home);
	return sight->seen ? STATUS_OK
			   : server_store_links_of_row(sight->asking->core->options.store, RECORD_ATTACHMENT, id, see_link, sight);
}

/* A row that speaks of the file lies in a scope that the device holds now. */
static enum status may_know(const struct asking *asking, const struct hash *id, bool *out_may)
{
	struct sight_of_row sight = { .asking = asking };
	struct blob_text text = blob_to_text(id);
	enum status status = server_store_attachments_of(asking->core->options.store, text_of(text.characters), see_row, &sight);

	*out_may = sight.seen;
	return status;
}

/* ---- what a device offers ---- */

static void tell_standings(struct asking *asking, const struct blob_standing *standings, size_t count)
{
	struct writer body = writer_in(asking->reply->arena, FRAME_SIZE_MAX);

	if (count == 0)
		return;
	blob_standings_encode(&body, standings, count);
	section_write(&asking->reply->writer, SECTION_HAVE_REPLY, writer_bytes(&body));
}

struct known_list {
	const struct blob_files *files;
	struct blob_list_name name;
	struct blob_standing standings[BLOB_NAMES_MAX];
	size_t count;
};

static enum status take_known(void *user, const struct hash *id)
{
	struct known_list *known = user;

	if (known->count < BLOB_NAMES_MAX)
		known->standings[known->count++] = (struct blob_standing){ .id = *id, .state = BLOB_KNOWN };
	return STATUS_OK;
}

/* As many as one section names; then it begins anew, and what was not told yet is asked for once more. */
static void note_known(struct asking *asking, const struct hash *id)
{
	struct known_list *known = arena_allocate(asking->reply->arena, sizeof(*known));

	*known = (struct known_list){ .files = asking->files, .name = blob_list_of_device(&asking->device->id) };
	if (blob_list_each(known->files, known->name.characters, take_known, known) != STATUS_OK)
		return;
	for (size_t i = 0; known->count == BLOB_NAMES_MAX && i < known->count; i++)
		(void)(blob_list_remove(known->files, known->name.characters, &known->standings[i].id) == STATUS_OK);
	(void)(blob_list_add(known->files, known->name.characters, id) == STATUS_OK);
}

static void tell(struct asking *asking, const struct hash *id, enum blob_state state, int64_t have, int64_t size)
{
	struct blob_standing standing = { .id = *id, .state = (uint8_t)state };

	if (have < size)
		standing.ranges[standing.range_count++] = (struct blob_range){ have, size - have };
	tell_standings(asking, &standing, 1);
	if (state == BLOB_KNOWN && asking->by_bundle)
		note_known(asking, id);
}

/* What came may have been swept since: no row spoke of it. Its name goes, and the device offers it once more. */
static void leave_out_swept(struct known_list *known)
{
	size_t count = 0;
	int64_t size;

	for (size_t i = 0; i < known->count; i++) {
		const struct blob_standing *standing = &known->standings[i];
		enum status status = blob_whole(known->files, &standing->id, &size);
		if (status == STATUS_OK)
			known->standings[count++] = *standing;
		else if (status == STATUS_NOT_FOUND)
			(void)(blob_list_remove(known->files, known->name.characters, &standing->id) == STATUS_OK);
	}
	known->count = count;
}

void server_core_tell_known(struct server_core *core, const struct id *device, struct reply *reply)
{
	struct known_list *known = arena_allocate(reply->arena, sizeof(*known));
	struct asking asking = { .core = core, .files = core->options.blobs, .reply = reply };

	if (asking.files == NULL)
		return;
	*known = (struct known_list){ .files = asking.files, .name = blob_list_of_device(device) };
	if (blob_list_each(known->files, known->name.characters, take_known, known) != STATUS_OK)
		return;
	leave_out_swept(known);
	tell_standings(&asking, known->standings, known->count);
}

static void tell_trouble(struct asking *asking, const struct hash *id, enum status status)
{
	if (status == STATUS_CANNOT_WRITE)
		asking->core->counts.files_without_room++;
	tell(asking, id, status == STATUS_CANNOT_WRITE ? BLOB_NO_ROOM : BLOB_REFUSED, 0, 0);
}

/* An empty file has no piece: it is whole with its offer. */
static enum status keep_empty(struct asking *asking, const struct blob_offer *offer)
{
	enum status status = blob_put(asking->files, &offer->id, (struct bytes){ 0 });

	blob_part_drop(asking->files, &asking->device->id, &offer->id);
	if (status == STATUS_OK)
		tell(asking, &offer->id, BLOB_KNOWN, 0, 0);
	return status;
}

static enum status take_offer(struct asking *asking, const struct blob_offer *offer)
{
	struct id owner = asking->device->id;
	struct blob_part part;
	enum status status = blob_part_find(asking->files, asking->reply->arena, &owner, &offer->id, &part);

	if (status == STATUS_OK) {
		tell(asking, &offer->id, BLOB_LACKS, part.have, part.size);
		return STATUS_OK;
	}
	if (status == STATUS_NOT_FOUND)
		status = blob_parts_bound(asking->files, &owner, PARTS_MAX);
	if (status == STATUS_OK)
		status = blob_part_begin(asking->files, &owner, offer);
	if (status == STATUS_OK && offer->size == 0)
		return keep_empty(asking, offer);
	if (status == STATUS_OK)
		tell(asking, &offer->id, BLOB_LACKS, 0, offer->size);
	return status;
}

static enum status answer_have(struct asking *asking, struct bytes body)
{
	struct blob_offer offer;
	int64_t size;
	bool may = false;
	enum status status = blob_offer_decode(body, &offer);

	if (status == STATUS_OK)
		status = may_know(asking, &offer.id, &may);
	if (status != STATUS_OK)
		return status;
	if (!sender_may_deliver(asking->core->options.store, asking->device)) {
		tell(asking, &offer.id, BLOB_REFUSED, 0, 0);
		return STATUS_OK;
	}
	if (may && blob_whole(asking->files, &offer.id, &size) == STATUS_OK) {
		blob_part_drop(asking->files, &asking->device->id, &offer.id); /* another one was faster */
		tell(asking, &offer.id, BLOB_KNOWN, 0, 0);
		return STATUS_OK;
	}
	status = take_offer(asking, &offer);
	if (status != STATUS_OK)
		tell_trouble(asking, &offer.id, status);
	return STATUS_OK;
}

static enum status answer_chunk(struct asking *asking, struct bytes body)
{
	struct arena *arena = asking->reply->arena;
	struct blob_piece piece;
	struct blob_part part;
	bool whole = false;
	enum status status = blob_piece_decode(body, &piece);

	if (status != STATUS_OK)
		return status;
	if (!sender_may_deliver(asking->core->options.store, asking->device) ||
		blob_part_find(asking->files, arena, &asking->device->id, &piece.id, &part) != STATUS_OK) {
		tell(asking, &piece.id, BLOB_NO_OFFER, 0, 0);
		return STATUS_OK;
	}
	status = blob_part_add(asking->files, arena, &part, &piece, &whole);
	if (status == STATUS_OK || status == STATUS_CORRUPT)
		tell(asking, &piece.id, whole ? BLOB_KNOWN : status == STATUS_OK ? BLOB_LACKS : BLOB_BAD_CHUNK, part.have, part.size);
	else
		tell_trouble(asking, &piece.id, status);
	asking->core->counts.files_received += whole;
	return STATUS_OK;
}

/* What cannot be noted is sent once more. */
static enum status take_held(struct asking *asking, struct bytes body)
{
	struct bytes beginnings;
	enum status status = blob_held_decode(body, &beginnings);

	if (status == STATUS_OK && sender_may_deliver(asking->core->options.store, asking->device))
		(void)(blob_held_put(asking->files, &asking->device->id, beginnings) == STATUS_OK);
	return status;
}

/* ---- what a device wants ---- */

static bool tell_list(struct asking *asking, const struct blob_wish *wish, int64_t *out_size)
{
	struct writer body = writer_in(asking->reply->arena, FRAME_SIZE_MAX);
	struct blob_offer offer = { .id = wish->id };
	struct bytes content;

	if (blob_read_whole(asking->files, asking->reply->arena, &wish->id, &content) != STATUS_OK)
		return false;
	offer.size = (int64_t)content.size;
	offer.list = blob_list_of(asking->reply->arena, content);
	blob_offer_encode(&body, &offer);
	section_write(&asking->reply->writer, SECTION_BLOB_LIST, writer_bytes(&body));
	*out_size = offer.size;
	return true;
}

static bool tell_piece(struct asking *asking, const struct blob_wish *wish, size_t piece_max)
{
	struct writer body = writer_in(asking->reply->arena, FRAME_SIZE_MAX);
	size_t most = piece_max == 0 || piece_max > BLOB_ANSWER_MAX ? BLOB_ANSWER_MAX : piece_max;
	struct blob_piece piece;

	if (blob_read_piece(asking->files, asking->reply->arena, &wish->id, wish->offset, most, &piece) != STATUS_OK)
		return false;
	blob_piece_encode(&body, &piece);
	section_write(&asking->reply->writer, SECTION_CHUNK_REPLY, writer_bytes(&body));
	return true;
}

/* Of a small file the content goes with its list. */
static bool tell_beginning(struct asking *asking, const struct blob_wish *wish, size_t piece_max)
{
	int64_t size = 0;

	if (!tell_list(asking, wish, &size))
		return false;
	if (size > 0 && size <= (int64_t)BLOB_SMALL_MAX)
		(void)tell_piece(asking, &(struct blob_wish){ .id = wish->id, .form = wish->form }, piece_max);
	return true;
}

/* Nobody can tell a file that is not there from one that the asker may not see. */
static enum status serve(struct asking *asking, const struct blob_wish *wish, size_t piece_max, bool *out_served)
{
	bool may = false;
	enum status status = may_know(asking, &wish->id, &may);

	*out_served = false;
	if (status != STATUS_OK || !may || wish->form != BLOB_FORM_FILE)
		return status;
	*out_served = wish->list_known ? tell_piece(asking, wish, piece_max) : tell_beginning(asking, wish, piece_max);
	return STATUS_OK;
}

static enum status answer_want(struct asking *asking, struct bytes body)
{
	struct blob_standing *absent = arena_allocate_array(asking->reply->arena, BLOB_NAMES_MAX, sizeof(*absent));
	size_t count = 0;
	struct blob_wishes wishes;
	bool served = false;
	enum status status = blob_wishes_decode(body, asking->reply->arena, &wishes);

	for (size_t i = 0; status == STATUS_OK && i < wishes.count && !served; i++) {
		status = serve(asking, &wishes.wishes[i], wishes.piece_max, &served);
		if (status == STATUS_OK && !served)
			absent[count++] = (struct blob_standing){ .id = wishes.wishes[i].id, .state = BLOB_ABSENT };
	}
	if (status == STATUS_OK)
		tell_standings(asking, absent, count);
	return status;
}

enum status server_core_answer_blob(
	struct server_core *core, const struct inquiry *waiting, const struct device_entry *device, struct reply *reply)
{
	struct asking asking = { .core = core, .files = core->options.blobs, .device = device, .reply = reply };
	struct bytes body = { waiting->blob, waiting->blob_size };
	enum status status;

	asking.by_bundle = waiting->by_bundle;
	if (asking.files == NULL)
		return STATUS_OK; /* like a server that does not know of files */
	status = server_store_grants(core->options.store, &device->id, INT64_MAX, reply->arena, &asking.grants, &asking.grant_count);
	if (status != STATUS_OK)
		return status;
	if (waiting->blob_section == SECTION_HELD)
		return take_held(&asking, body);
	if (waiting->blob_section == SECTION_HAVE)
		return answer_have(&asking, body);
	return waiting->blob_section == SECTION_WANT ? answer_want(&asking, body) : answer_chunk(&asking, body);
}

/* ---- what nobody speaks of ---- */

#define SWEEP_MS      ((int64_t)3600 * 1000)
#define SWEEP_FOLDERS 16

static enum status has_attachment(void *context, const struct id *id, int64_t home)
{
	(void)id;
	(void)home;
	*(bool *)context = true;
	return STATUS_OK;
}

static enum status has_row(void *context, const struct hash *id)
{
	const struct server_core *core = context;
	struct blob_text text = blob_to_text(id);
	bool found = false;
	enum status status = server_store_attachments_of(core->options.store, text_of(text.characters), has_attachment, &found);

	if (core->options.bug == BUG_FILE_SWEPT)
		found = false;
	if (status != STATUS_OK || found)
		return status;
	return STATUS_NOT_FOUND;
}

/* Which folders it is time for needs no memory: a server that is started anew goes on where the hour is. */
void server_core_sweep_blobs(struct server_core *core)
{
	const struct blob_files *files = core->options.blobs;
	int64_t first = server_core_now_ms(core) / SWEEP_MS * SWEEP_FOLDERS;
	enum status status = files == NULL ? STATUS_NOT_FOUND : blob_sweep_parts(files);

	for (int64_t i = 0; status == STATUS_OK && i < SWEEP_FOLDERS; i++) {
		size_t removed = 0;
		status = blob_sweep_whole(files, (uint8_t)((first + i) % BLOB_FOLDERS), BLOB_SERVER_AGE_MS, has_row, core, &removed);
		core->counts.files_swept += (int64_t)removed;
	}
}
