#include "tests/simulation/flight_replay_inner.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/domain/revision.h"
#include "shell/file.h"
#include "shell/leg_file.h"
#include "tests/bench/record/bench_order.h"

/* ---- differences ---- */

static const char *where(const struct replay *replay)
{
	static char words[128];

	(void)snprintf(words, sizeof(words), "leg %lld, event %lld (%s)", (long long)replay->outcome.legs,
		(long long)replay->outcome.events, replay->side->word(&replay->event));
	return words;
}

void replay_differ(struct replay *replay, const char *format, ...)
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
		replay_differ(replay, "the core asks for %s here, and was given %s there", gift_words[gift],
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
		replay_differ(replay, "the core asks for %zu bytes of %s here, and was given %zu there", size, gift_words[gift],
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
	const struct flight_given *given;

	(void)name;
	(void)offset;
	do { /* each piece says how many bytes are still to come */
		given = take(replay, GIFT_FILE_READ);
		if (given->status != STATUS_OK)
			return as_given(given);
		if (given->bytes.size + (size_t)given->number != size) {
			replay_differ(replay, "the core reads %zu bytes of a file here, and read %zu there", size,
				given->bytes.size + (size_t)given->number);
			return fail(STATUS_INVALID, "it was another read there");
		}
		memcpy(data, given->bytes.data, given->bytes.size);
		data += given->bytes.size;
		size -= given->bytes.size;
	} while (size > 0 && given->bytes.size > 0);
	return STATUS_OK;
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
	if (replay->side != NULL)
		replay->side->close(replay);
	if (replay->descriptor >= 0)
		(void)close(replay->descriptor);
	replay->side = NULL;
	replay->descriptor = -1;
	replay->beside = false;
	arena_reset(&replay->leg_arena);
}

static enum status begin_leg(struct replay *replay, const struct flight_head *head)
{
	end_leg(replay);
	replay->outcome.legs++;
	replay->outcome.not_copied += !head->copied;
	replay->outcome.events = 0;
	replay->head = *head;
	replay->side = head->of_server ? &replay_server : &replay_device;
	replay->head.suspects = arena_copy(&replay->leg_arena, head->suspects, head->suspect_count * sizeof(*head->suspects));
	replay->head.program = arena_copy_text(&replay->leg_arena, head->program);
	if (head->schema_revision < SCHEMA_REVISION_PLAIN || head->schema_revision > SCHEMA_REVISION)
		return fail(STATUS_NEWER, "it was recorded by %.*s, whose revision of the schema (%lld) this program does not speak",
			TEXT_ARGUMENTS(replay->head.program), (long long)head->schema_revision);
	(void)snprintf(replay->dir, sizeof(replay->dir), "%s/leg-%lld", replay->options->scratch, (long long)replay->outcome.legs);
	return directory_make(replay->dir);
}

static bool is_of_store(const struct replay *replay, struct text name)
{
	for (size_t i = 0; replay->side != NULL && replay->side->files[i] != NULL; i++)
		if (text_equals(name, replay->side->files[i]))
			return true;
	return false;
}

/* Names come from outside. */
static enum status copy_file(struct replay *replay, const struct flight_entry *entry)
{
	char path[512];
	enum status status = STATUS_OK;

	if (!is_of_store(replay, entry->file.name))
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
	schema_speak((uint32_t)replay->head.schema_revision);
	if (replay->head.bench)
		bench_order_register();
	draw_for(replay);
	return replay->side->open(replay);
}

/* ---- an event ---- */

static const char *about_disks(enum status there)
{
	return there == STATUS_CANNOT_WRITE ? ": what a disk refused is not replayed" : "";
}

static void check_commit(struct replay *replay)
{
	enum status there;

	if (!replay->side->tells_commit(&replay->event, &there) || there == replay->committed)
		return;
	replay_differ(replay, "the commit went otherwise there (%s) than here (%s)%s", status_to_text(there),
		status_to_text(replay->committed), about_disks(there));
}

static void tell(const struct replay *replay, enum status status)
{
	if (replay->options->tell)
		printf("%s: %s\n", where(replay), status_to_text(status));
}

/* There it ended with `there`; `known`: that was written down. */
static void run_event(struct replay *replay, enum status there, bool known)
{
	enum status here;

	check_commit(replay);
	replay->open = false;
	if (replay->event.event.beside && !replay->side->touch(replay)) {
		replay->beside = true; /* from here on the store is another one */
		replay->outcome.beside++;
		return;
	}
	here = !replay->side->is_open(replay) ? open_core(replay) : replay->side->feed(replay);
	tell(replay, here);
	if (known && here != there)
		replay_differ(replay, "it ended with \"%s\" there, and with \"%s\" here (%s)%s", status_to_text(there),
			status_to_text(here), here == STATUS_OK ? "" : fail_reason(), about_disks(there));
	else if (known && replay->gifts.taken < replay->gifts.count)
		replay_differ(replay, "the core was given %s there, and does not ask for it here",
			gift_words[replay->gifts.given[replay->gifts.taken].gift]);
}

/* The first event of a leg creates the core. */
static bool is_in_order(const struct replay *replay)
{
	bool creates = strcmp(replay->side->word(&replay->event), "create") == 0;

	return creates != replay->side->is_open(replay);
}

static enum status keep_event(struct replay *replay, struct bytes bytes)
{
	enum status status;

	if (replay->open)
		return fail(STATUS_CORRUPT, "its events are not in their order");
	arena_reset(&replay->event_arena);
	replay->gifts = (struct gifts){ 0 };
	replay->outcome.events++;
	status = flight_decode(arena_copy_bytes(&replay->event_arena, bytes), &replay->event_arena, &replay->event);
	replay->open = status == STATUS_OK;
	return status == STATUS_OK && !is_in_order(replay) ? fail(STATUS_CORRUPT, "its events are not in their order") : status;
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

void replay_compare(struct replay *replay, const char *there, struct bytes there_bytes, const char *here, struct bytes here_bytes)
{
	replay->outcome.frames += strcmp(there, "frame") == 0;
	if (strcmp(here, there) != 0)
		replay_differ(replay, "a %s came out there, and %s%s here", there, strcmp(here, "nothing") == 0 ? "" : "a ", here);
	else if (!bytes_equal(here_bytes, there_bytes))
		replay_differ(replay, "the %s that comes out is another one from byte %zu on: %zu bytes there, %zu here", there,
			first_difference(here_bytes, there_bytes), there_bytes.size, here_bytes.size);
}

static enum status take_entry(struct replay *replay, struct bytes bytes, const struct flight_entry *entry)
{
	bool of_server = entry->kind == FLIGHT_SERVER_EVENT || entry->kind == FLIGHT_SERVER_EFFECT;

	if (entry->kind == FLIGHT_HEAD)
		return begin_leg(replay, &entry->head);
	if (replay->side == NULL || (of_server && !replay->head.of_server))
		return fail(STATUS_CORRUPT, "its entries are not in their order");
	if (!replay->head.copied || replay->beside)
		return STATUS_OK;
	switch (entry->kind) {
	case FLIGHT_FILE:
		return copy_file(replay, entry);
	case FLIGHT_EVENT:
	case FLIGHT_SERVER_EVENT:
		return keep_event(replay, bytes);
	case FLIGHT_GIVEN:
		if (replay->open)
			keep_gift(replay, &entry->given);
		break;
	case FLIGHT_DONE:
		if (replay->open)
			run_event(replay, entry->status, true);
		break;
	case FLIGHT_EFFECT:
	case FLIGHT_SERVER_EFFECT:
		if (replay->side->is_open(replay))
			replay->side->compare(replay, entry);
		break;
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
		struct flight_entry entry = { 0 };
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
