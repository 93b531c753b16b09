#include "tests/simulation/flight_replay.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device_agent/store.h"
#include "protocol/domain/revision.h"
#include "protocol/sync/flight.h"
#include "shell/file.h"
#include "shell/leg_file.h"
#include "tests/bench/record/bench_order.h"

struct gifts {
	struct flight_given *given;
	size_t count, capacity, taken;
};

struct replay {
	const struct flight_replay_options *options;
	struct flight_outcome outcome;
	struct arena leg_arena;   /* life of a leg */
	struct arena event_arena; /* of an event with what was given */
	struct flight_head head;
	char dir[256];
	int descriptor; /* of the file that is being copied; -1 */
	struct device_store *store;
	struct device_core *core;
	struct flight_entry event; /* the one whose gifts are being collected */
	bool open;                 /* there is one */
	bool within;               /* the core works on it */
	struct gifts gifts;
	enum status committed; /* how the latest commit went here */
	struct clock clock;
	struct random random;
	struct blob_files files;
	struct key_holder holder;
	struct device_tap tap;
};

/* ---- differences ---- */

static const char *where(const struct replay *replay)
{
	static char words[128];

	(void)snprintf(words, sizeof(words), "leg %lld, event %lld (%s)", (long long)replay->outcome.legs,
		(long long)replay->outcome.events, device_event_to_text(replay->event.event.event.kind));
	return words;
}

/* Only the first counts: what comes behind it stands on it. */
static void __attribute__((format(printf, 2, 3))) differ(struct replay *replay, const char *format, ...)
{
	char what[512];
	va_list arguments;

	if (replay->outcome.difference[0] != '\0')
		return;
	va_start(arguments, format);
	(void)vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	(void)snprintf(replay->outcome.difference, sizeof(replay->outcome.difference), "%s: %s", where(replay), what);
}

static bool differs(const struct replay *replay)
{
	return replay->outcome.difference[0] != '\0';
}

/* ---- what the core is given ---- */

static const char *const gift_words[FLIGHT_GIFT_COUNT] = {
	[GIFT_CHANCE] = "chance",
	[GIFT_SIGNATURE] = "a signature",
	[GIFT_OPENED] = "a box that was opened",
	[GIFT_ROOM] = "the room on the disk",
	[GIFT_FILE_SIZE] = "the size of a file",
	[GIFT_FILE_READ] = "what is in a file",
	[GIFT_FILE_WRITE] = "a file that was written",
	[GIFT_FILE_KEEP] = "a file that was kept",
	[GIFT_FILE_REMOVE] = "a file that was removed",
	[GIFT_FILE_NAME] = "the name of a file",
	[GIFT_FILE_END] = "the end of a folder",
	[GIFT_FILE_ROOM] = "the room for files",
};

static const struct flight_given nothing = { .status = STATUS_NOT_FOUND };

static bool is_next(const struct replay *replay, enum flight_gift gift)
{
	return replay->gifts.taken < replay->gifts.count && replay->gifts.given[replay->gifts.taken].gift == gift;
}

static const struct flight_given *take(struct replay *replay, enum flight_gift gift)
{
	if (is_next(replay, gift))
		return &replay->gifts.given[replay->gifts.taken++];
	if (!replay->outcome.within) /* else the recorder did not come to write it down */
		differ(replay, "the core asks for %s here, and was given %s there", gift_words[gift],
			replay->gifts.taken < replay->gifts.count ? gift_words[replay->gifts.given[replay->gifts.taken].gift]
								  : "nothing more");
	return &nothing;
}

/* Exactly so many bytes, or zeros. */
static void take_bytes(struct replay *replay, enum flight_gift gift, uint8_t *out, size_t size)
{
	const struct flight_given *given = take(replay, gift);

	memset(out, 0, size);
	if (given->bytes.size == size && size > 0)
		memcpy(out, given->bytes.data, size);
	else if (given != &nothing && size > 0)
		differ(replay, "the core asks for %zu bytes of %s here, and was given %zu there", size, gift_words[gift],
			given->bytes.size);
}

static enum status as_given(const struct flight_given *given)
{
	return given->status == STATUS_OK ? STATUS_OK : fail(given->status, "as it was there");
}

static struct replay *drawing; /* libsodium asks without saying for whom */

static const char *name_of_chance(void)
{
	return "replayed";
}

static void draw(void *const data, const size_t size)
{
	if (drawing != NULL && drawing->within)
		take_bytes(drawing, GIFT_CHANCE, data, size);
	else
		randombytes_sysrandom_implementation.buf(data, size);
}

static uint32_t draw_number(void)
{
	uint32_t number;

	draw(&number, sizeof(number));
	return number;
}

static void draw_for(struct replay *replay)
{
	static randombytes_implementation replayed = { .implementation_name = name_of_chance, .random = draw_number, .buf = draw };

	drawing = replay;
	(void)randombytes_set_implementation(replay != NULL ? &replayed : &randombytes_sysrandom_implementation);
}

static void fill(void *context, void *out, size_t size)
{
	(void)context;
	draw(out, size);
}

static int64_t now_of(void *context)
{
	return ((const struct replay *)context)->event.event.now_ms;
}

static int64_t monotonic_of(void *context)
{
	return ((const struct replay *)context)->event.event.monotonic_ms;
}

static void sign(void *context, const struct identity *identity, struct bytes message, uint8_t out_signature[static 64])
{
	(void)identity;
	(void)message; /* a changed one shows in what is sent, or in what is drawn for it */
	take_bytes(context, GIFT_SIGNATURE, out_signature, SIGNATURE_SIZE);
}

static bool open_box(void *context, const struct identity *identity, struct bytes sealed, uint8_t *out_plain)
{
	const struct flight_given *given = take(context, GIFT_OPENED);

	(void)identity;
	if (given->status != STATUS_OK || given->bytes.size != sealed.size - SEAL_SIZE)
		return false;
	memcpy(out_plain, given->bytes.data, given->bytes.size);
	return true;
}

static int64_t room_of(void *context, int64_t measured)
{
	(void)measured;
	return take(context, GIFT_ROOM)->number;
}

static enum status file_size(void *context, const char *name, int64_t *out_size)
{
	const struct flight_given *given = take(context, GIFT_FILE_SIZE);

	(void)name;
	*out_size = given->number;
	return as_given(given);
}

static enum status file_read_at(void *context, const char *name, int64_t offset, uint8_t *data, size_t size)
{
	struct replay *replay = context;
	const struct flight_given *given = take(replay, GIFT_FILE_READ);

	(void)name;
	(void)offset;
	if (given->status == STATUS_OK && given->bytes.size == size)
		memcpy(data, given->bytes.data, size);
	else if (given->status == STATUS_OK)
		differ(replay, "the core reads %zu bytes of a file here, and read %zu there", size, given->bytes.size);
	return as_given(given);
}

static enum status file_write_at(void *context, const char *name, int64_t offset, struct bytes bytes)
{
	(void)name;
	(void)offset;
	(void)bytes;
	return as_given(take(context, GIFT_FILE_WRITE));
}

static enum status file_keep_as(void *context, const char *name, const char *as)
{
	(void)name;
	(void)as;
	return as_given(take(context, GIFT_FILE_KEEP));
}

static enum status file_remove(void *context, const char *name)
{
	(void)name;
	return as_given(take(context, GIFT_FILE_REMOVE));
}

static enum status file_each(void *context, const char *folder, blob_file_visit visit, void *user)
{
	struct replay *replay = context;
	enum status status = STATUS_OK;

	(void)folder;
	while (status == STATUS_OK && is_next(replay, GIFT_FILE_NAME)) {
		const struct flight_given *given = take(replay, GIFT_FILE_NAME);
		struct text name =
			arena_copy_text(&replay->event_arena, (struct text){ (const char *)given->bytes.data, given->bytes.size });
		status = visit(user, name.data, given->number);
	}
	return status == STATUS_OK ? as_given(take(replay, GIFT_FILE_END)) : (take(replay, GIFT_FILE_END), status);
}

static int64_t file_room(void *context)
{
	return take(context, GIFT_FILE_ROOM)->number;
}

static void ignore_begin(void *context, const struct device_event *event)
{
	(void)context;
	(void)event;
}

static void ignore_end(void *context, enum status status)
{
	(void)context;
	(void)status;
}

static void ignore_effect(void *context, const struct device_effect *effect)
{
	(void)context;
	(void)effect;
}

/* ---- a leg ---- */

static void end_leg(struct replay *replay)
{
	draw_for(NULL);
	device_core_destroy(replay->core);
	device_store_close(replay->store);
	if (replay->descriptor >= 0)
		(void)close(replay->descriptor);
	replay->core = NULL;
	replay->store = NULL;
	replay->descriptor = -1;
	arena_reset(&replay->leg_arena);
}

static enum status begin_leg(struct replay *replay, const struct flight_head *head)
{
	end_leg(replay);
	replay->outcome.legs++;
	replay->outcome.not_copied += !head->copied;
	replay->outcome.events = 0;
	replay->head = *head;
	replay->head.program = arena_copy_text(&replay->leg_arena, head->program);
	if (head->schema_revision < SCHEMA_REVISION_PLAIN || head->schema_revision > SCHEMA_REVISION)
		return fail(STATUS_NEWER, "it was recorded by %.*s, whose revision of the schema (%lld) this program does not speak",
			TEXT_ARGUMENTS(replay->head.program), (long long)head->schema_revision);
	(void)snprintf(replay->dir, sizeof(replay->dir), "%s/leg-%lld", replay->options->scratch, (long long)replay->outcome.legs);
	return directory_make(replay->dir);
}

/* Names come from outside: there are two. */
static enum status copy_file(struct replay *replay, const struct flight_entry *entry)
{
	char path[512];
	enum status status = STATUS_OK;

	if (replay->outcome.legs == 0 || (!text_equals(entry->file.name, "outbox.db") && !text_equals(entry->file.name, "replica.db")))
		return fail(STATUS_CORRUPT, "it holds a file that does not belong there");
	(void)snprintf(path, sizeof(path), "%s/%.*s", replay->dir, TEXT_ARGUMENTS(entry->file.name));
	if (replay->descriptor < 0)
		replay->descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (replay->descriptor < 0)
		return fail(STATUS_CANNOT_WRITE, "%s cannot be made", path);
	if (entry->file.piece.size > 0)
		status = file_put(replay->descriptor, path, entry->file.piece);
	if (status == STATUS_OK && entry->file.piece.size == 0) {
		(void)close(replay->descriptor);
		replay->descriptor = -1;
	}
	return status;
}

static enum status open_core(struct replay *replay)
{
	const struct flight_head *head = &replay->head;
	const struct device_store_options store = { .bench = head->bench };
	struct device_core_options core = { .clock = &replay->clock,
		.random = &replay->random,
		.identity = { .id = head->device, .key_number = head->key_number, .keys = head->keys, .holder = &replay->holder },
		.server = head->server,
		.organisation = head->organisation,
		.technician = head->technician,
		.standing = head->standing,
		.moved = head->moved,
		.poll_wait_ms = head->poll_wait_ms,
		.bug = replay->options->mended ? BUG_NONE : (enum seeded_bug)head->bug,
		.check_every_ms = head->check_every_ms,
		.blobs = head->files ? &replay->files : NULL,
		.batch_raw_max = (size_t)head->batch_raw_max,
		.tap = &replay->tap };
	enum status status;

	schema_speak((uint32_t)head->schema_revision);
	if (head->bench)
		bench_order_register();
	status = device_store_open(replay->dir, &store, &replay->store);
	if (status != STATUS_OK)
		return status;
	core.store = replay->store;
	draw_for(replay);
	replay->within = true;
	status = device_core_create(&core, &replay->core);
	replay->within = false;
	return status;
}

/* ---- an event ---- */

static enum status keep_envelope(void *context, struct bytes sealed)
{
	(void)context;
	(void)sealed;
	return STATUS_OK;
}

/* Something wrote there, of which only that it did matters: the core looks whether anything was written. */
static void touch(struct replay *replay)
{
	int64_t at_ms = 0;

	if (device_store_checked_at(replay->store, &at_ms) != STATUS_OK || device_store_put_checked_at(replay->store, at_ms) != STATUS_OK)
		differ(replay, "the replica cannot be written here: %s", fail_reason());
}

static enum status feed(struct replay *replay)
{
	struct arena arena = { 0 };
	struct verdict verdict = { 0 };
	struct device_bundle bundle = { 0 };
	enum bundle_finding finding = BUNDLE_TAKEN;
	struct id id = { 0 };
	bool done = false;
	const struct device_answer answer = { .arena = &arena,
		.verdict = &verdict,
		.operation_id = &id,
		.done = &done,
		.take = keep_envelope,
		.bundle = &bundle,
		.finding = &finding };
	enum status status;

	if (replay->event.event.beside)
		touch(replay);
	replay->within = true;
	status = device_core_feed(replay->core, &replay->event.event.event, &answer);
	replay->within = false;
	arena_finish(&arena);
	return status;
}

static void check_commit(struct replay *replay)
{
	enum status there = replay->event.event.event.result;

	if (replay->event.event.event.kind != DEVICE_EVENT_COMMITTED || there == replay->committed)
		return;
	differ(replay, "the commit went otherwise there (%s) than here (%s)%s", status_to_text(there), status_to_text(replay->committed),
		there == STATUS_CANNOT_WRITE ? ": what a disk refused is not replayed" : "");
}

static void tell(const struct replay *replay, enum status status)
{
	if (replay->options->tell)
		printf("%s, %zu bytes: %s\n", where(replay), replay->event.event.event.frame.size, status_to_text(status));
}

/* There it ended with `there`; `known`: that was written down. */
static void run_event(struct replay *replay, enum status there, bool known)
{
	enum status here;

	check_commit(replay);
	if (replay->event.event.event.kind == DEVICE_EVENT_CREATE)
		here = replay->core == NULL ? open_core(replay) : STATUS_INVALID;
	else
		here = replay->core != NULL ? feed(replay) : STATUS_INVALID;
	replay->open = false;
	tell(replay, here);
	if (known && here != there)
		differ(replay, "it ended with \"%s\" there, and with \"%s\" here (%s)", status_to_text(there), status_to_text(here),
			here == STATUS_OK ? "" : fail_reason());
	else if (known && replay->gifts.taken < replay->gifts.count)
		differ(replay, "the core was given %s there, and does not ask for it here",
			gift_words[replay->gifts.given[replay->gifts.taken].gift]);
}

static enum status keep_event(struct replay *replay, struct bytes bytes)
{
	if (replay->open || replay->outcome.legs == 0)
		return fail(STATUS_CORRUPT, "its events are not in their order");
	arena_reset(&replay->event_arena);
	replay->gifts = (struct gifts){ 0 };
	replay->open = true;
	replay->outcome.events++;
	return flight_decode(arena_copy_bytes(&replay->event_arena, bytes), &replay->event_arena, &replay->event);
}

static void keep_gift(struct replay *replay, const struct flight_given *given)
{
	struct gifts *gifts = &replay->gifts;

	gifts->given = arena_grow(&replay->event_arena, gifts->given, gifts->count, &gifts->capacity, sizeof(*gifts->given));
	gifts->given[gifts->count] = *given;
	gifts->given[gifts->count++].bytes = arena_copy_bytes(&replay->event_arena, given->bytes);
}

static size_t first_difference(struct bytes left, struct bytes right)
{
	size_t at = 0;

	while (at < left.size && at < right.size && left.data[at] == right.data[at])
		at++;
	return at;
}

static void compare_effect(struct replay *replay, const struct device_effect *there)
{
	struct device_effect here;

	replay->outcome.effects++;
	if (replay->core == NULL || !device_core_next(replay->core, &here))
		differ(replay, "a %s came out there, and nothing here", there->kind == DEVICE_EFFECT_SEND ? "frame" : "commit");
	else if (here.kind != there->kind)
		differ(replay, "a %s came out there, and a %s here", there->kind == DEVICE_EFFECT_SEND ? "frame" : "commit",
			here.kind == DEVICE_EFFECT_SEND ? "frame" : "commit");
	else if (!bytes_equal(here.bytes, there->bytes))
		differ(replay, "the frame that comes out is another one from byte %zu on: %zu bytes there, %zu here",
			first_difference(here.bytes, there->bytes), there->bytes.size, here.bytes.size);
	else if (here.kind == DEVICE_EFFECT_COMMIT)
		replay->committed = device_store_commit(replay->store);
	else
		replay->outcome.frames++;
}

static enum status take_entry(struct replay *replay, struct bytes bytes, const struct flight_entry *entry)
{
	if (entry->kind == FLIGHT_HEAD)
		return begin_leg(replay, &entry->head);
	if (!replay->head.copied)
		return STATUS_OK;
	switch (entry->kind) {
	case FLIGHT_FILE:
		return copy_file(replay, entry);
	case FLIGHT_EVENT:
		return keep_event(replay, bytes);
	case FLIGHT_GIVEN:
		if (replay->open)
			keep_gift(replay, &entry->given);
		return STATUS_OK;
	case FLIGHT_DONE:
		if (replay->open)
			run_event(replay, entry->status, true);
		return STATUS_OK;
	case FLIGHT_EFFECT:
		compare_effect(replay, &entry->effect);
		return STATUS_OK;
	case FLIGHT_HEAD:
		break;
	}
	return STATUS_OK;
}

/* The process ended within the last event there. */
static void run_last(struct replay *replay)
{
	replay->outcome.within = replay->open && replay->head.copied;
	if (replay->outcome.within && !differs(replay))
		run_event(replay, STATUS_OK, false);
}

static enum status replay_entries(struct replay *replay, struct leg_reader *reader)
{
	struct arena arena = { 0 };
	enum status status = STATUS_OK;

	while (status == STATUS_OK && !differs(replay)) {
		struct flight_entry entry;
		struct bytes bytes;
		arena_reset(&arena);
		status = leg_read(reader, &arena, &bytes);
		if (status == STATUS_OK)
			status = flight_decode(bytes, &arena, &entry);
		if (status == STATUS_OK && entry.kind == FLIGHT_HEAD)
			run_last(replay);
		if (status == STATUS_OK)
			status = take_entry(replay, bytes, &entry);
	}
	arena_finish(&arena);
	if (status == STATUS_NOT_FOUND && !reader->last)
		return fail(STATUS_CORRUPT, "this flight is cut: export it again, or carry it whole");
	if (status == STATUS_NOT_FOUND)
		run_last(replay);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void stand_around(struct replay *replay)
{
	replay->clock = (struct clock){ .now_ms = now_of, .monotonic_ms = monotonic_of, .context = replay };
	replay->random = (struct random){ .fill = fill, .context = replay };
	replay->holder = (struct key_holder){ .context = replay, .sign = sign, .open = open_box };
	replay->tap = (struct device_tap){
		.context = replay, .begin = ignore_begin, .end = ignore_end, .effect = ignore_effect, .room = room_of
	};
	replay->files = (struct blob_files){ .context = replay,
		.size = file_size,
		.read = file_read_at,
		.write = file_write_at,
		.keep = file_keep_as,
		.remove = file_remove,
		.each = file_each,
		.free_bytes = file_room };
}

enum status flight_replay(struct bytes file, const struct flight_replay_options *options, struct flight_outcome *out_outcome)
{
	struct replay replay = { .options = options, .descriptor = -1 };
	struct leg_reader reader = { 0 };
	enum status status = leg_open_with(&reader, file, options->words);

	stand_around(&replay);
	if (status == STATUS_OK)
		status = replay_entries(&replay, &reader);
	end_leg(&replay);
	schema_speak(SCHEMA_REVISION);
	replay.outcome.same = !differs(&replay);
	leg_reader_finish(&reader);
	arena_finish(&replay.leg_arena);
	arena_finish(&replay.event_arena);
	if (status == STATUS_OK)
		*out_outcome = replay.outcome;
	return status;
}
