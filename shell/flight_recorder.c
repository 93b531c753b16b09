#include "shell/flight_recorder.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell/chance_watch.h"
#include "shell/flight_folder.h"

#define PACKED_AT_MOST 6    /* times that a store may be larger than what of it fits: not worth a try beyond that */
#define PAGE_SIZE      4096 /* of a store */
#define READ_PIECE     ((size_t)128 * 1024)
#define ROOM_FACTOR    4    /* of the folder must be free on the disk before a leg begins */

/* ---- entries ---- */

static void stop(struct flight_recorder *recorder)
{
	recorder->recording = recorder->within = false;
	leg_finish(&recorder->leg);
}

void flight_recorder_break_off(struct flight_recorder *recorder)
{
	if (!recorder->recording)
		return;
	stop(recorder);
	recorder->full = true;
}

/* False: the leg has ended. */
static bool put_bytes(struct flight_recorder *recorder, struct bytes bytes)
{
	recorder->full = recorder->leg.size + (int64_t)(bytes.size + LEG_ENTRY_EXTRA) > recorder->leg_max;
	return !recorder->full && leg_write(&recorder->leg, bytes, false) == STATUS_OK;
}

/* Whoever asks next why something failed is to hear that, not this. */
void flight_recorder_put(struct flight_recorder *recorder, const struct flight_entry *entry)
{
	char reason[REASON_SIZE];
	struct writer writer = writer_in(&recorder->scratch, FLIGHT_ENTRY_MAX);

	if (!recorder->recording)
		return;
	(void)snprintf(reason, sizeof(reason), "%s", fail_reason());
	flight_encode(&writer, entry);
	if (writer.overflow || !put_bytes(recorder, writer_bytes(&writer))) {
		flight_recorder_break_off(recorder); /* another leg may have more luck, in its time */
		(void)(fail(STATUS_OK, "%s", reason) == STATUS_OK);
	}
	arena_reset(&recorder->scratch);
}

void flight_recorder_event(struct flight_recorder *recorder, struct flight_entry *entry)
{
	if (!recorder->recording)
		return;
	entry->event.now_ms = recorder->now_ms = clock_now_ms(recorder->real_clock);
	entry->event.monotonic_ms = recorder->monotonic_ms = clock_monotonic_ms(recorder->real_clock);
	recorder->within = true;
	flight_recorder_put(recorder, entry);
}

void flight_recorder_end(struct flight_recorder *recorder, enum status status)
{
	if (!recorder->within)
		return;
	flight_recorder_put(recorder, &(struct flight_entry){ .kind = FLIGHT_DONE, .status = status });
	recorder->within = false;
}

void flight_recorder_gift(struct flight_recorder *recorder, enum flight_gift gift, enum status status, int64_t number, struct bytes bytes)
{
	if (recorder->within)
		flight_recorder_put(recorder, &(struct flight_entry){ .kind = FLIGHT_GIVEN, .given = { gift, status, number, bytes } });
}

/* ---- what the core is given ---- */

static void see_chance(void *context, struct bytes drawn)
{
	flight_recorder_gift(context, GIFT_CHANCE, STATUS_OK, 0, drawn);
}

/* Time stands still while the core works, as it does in the simulation. */
static int64_t now_of(void *context)
{
	const struct flight_recorder *recorder = context;

	return recorder->within ? recorder->now_ms : clock_now_ms(recorder->real_clock);
}

static int64_t monotonic_of(void *context)
{
	const struct flight_recorder *recorder = context;

	return recorder->within ? recorder->monotonic_ms : clock_monotonic_ms(recorder->real_clock);
}

static void sign(void *context, const struct identity *identity, struct bytes message, uint8_t out_signature[static 64])
{
	key_holder_own.sign(NULL, identity, message, out_signature);
	flight_recorder_gift(context, GIFT_SIGNATURE, STATUS_OK, 0, (struct bytes){ out_signature, SIGNATURE_SIZE });
}

static bool open_box(void *context, const struct identity *identity, struct bytes sealed, uint8_t *out_plain)
{
	bool opened = key_holder_own.open(NULL, identity, sealed, out_plain);

	flight_recorder_gift(context, GIFT_OPENED, opened ? STATUS_OK : STATUS_CORRUPT, 0,
		opened ? (struct bytes){ out_plain, sealed.size - SEAL_SIZE } : (struct bytes){ 0 });
	return opened;
}

static enum status file_size(void *context, const char *name, int64_t *out_size)
{
	struct flight_recorder *recorder = context;
	int64_t size = 0;
	enum status status = recorder->real_files->size(recorder->real_files->context, name, &size);

	flight_recorder_gift(recorder, GIFT_FILE_SIZE, status, size, (struct bytes){ 0 });
	if (status == STATUS_OK)
		*out_size = size;
	return status;
}

/* A whole photo is too much for an entry: it comes in pieces, each of which says how many bytes are still to come. */
static void give_read(struct flight_recorder *recorder, struct bytes bytes)
{
	size_t size;

	do {
		size = bytes.size < READ_PIECE ? bytes.size : READ_PIECE;
		bytes.size -= size;
		flight_recorder_gift(recorder, GIFT_FILE_READ, STATUS_OK, (int64_t)bytes.size, (struct bytes){ bytes.data, size });
		bytes.data += size;
	} while (bytes.size > 0);
}

static enum status file_read_at(void *context, const char *name, int64_t offset, uint8_t *data, size_t size)
{
	struct flight_recorder *recorder = context;
	enum status status = recorder->real_files->read(recorder->real_files->context, name, offset, data, size);

	if (status == STATUS_OK)
		give_read(recorder, (struct bytes){ data, size });
	else
		flight_recorder_gift(recorder, GIFT_FILE_READ, status, 0, (struct bytes){ 0 });
	return status;
}

static enum status file_write_at(void *context, const char *name, int64_t offset, struct bytes bytes)
{
	struct flight_recorder *recorder = context;
	enum status status = recorder->real_files->write(recorder->real_files->context, name, offset, bytes);

	flight_recorder_gift(recorder, GIFT_FILE_WRITE, status, 0, (struct bytes){ 0 });
	return status;
}

static enum status file_keep_as(void *context, const char *name, const char *as)
{
	struct flight_recorder *recorder = context;
	enum status status = recorder->real_files->keep(recorder->real_files->context, name, as);

	flight_recorder_gift(recorder, GIFT_FILE_KEEP, status, 0, (struct bytes){ 0 });
	return status;
}

static enum status file_remove(void *context, const char *name)
{
	struct flight_recorder *recorder = context;
	enum status status = recorder->real_files->remove(recorder->real_files->context, name);

	flight_recorder_gift(recorder, GIFT_FILE_REMOVE, status, 0, (struct bytes){ 0 });
	return status;
}

struct listing {
	struct flight_recorder *recorder;
	blob_file_visit visit;
	void *user;
};

static enum status see_file(void *user, const char *name, int64_t age_ms)
{
	const struct listing *listing = user;

	flight_recorder_gift(listing->recorder, GIFT_FILE_NAME, STATUS_OK, age_ms, (struct bytes){ (const uint8_t *)name, strlen(name) });
	return listing->visit(listing->user, name, age_ms);
}

static enum status file_each(void *context, const char *folder, blob_file_visit visit, void *user)
{
	struct listing listing = { .recorder = context, .visit = visit, .user = user };
	const struct blob_files *files = listing.recorder->real_files;
	enum status status = files->each(files->context, folder, see_file, &listing);

	flight_recorder_gift(listing.recorder, GIFT_FILE_END, status, 0, (struct bytes){ 0 });
	return status;
}

static int64_t file_room(void *context)
{
	struct flight_recorder *recorder = context;
	int64_t room = recorder->real_files->free_bytes(recorder->real_files->context);

	flight_recorder_gift(recorder, GIFT_FILE_ROOM, STATUS_OK, room, (struct bytes){ 0 });
	return room;
}

/* ---- a leg begins ---- */

/* Piece by piece, and an empty one behind them. */
static void put_file(struct flight_recorder *recorder, const char *name, int descriptor)
{
	uint8_t piece[FLIGHT_PIECE_MAX];
	ssize_t size;

	do {
		size = read(descriptor, piece, sizeof(piece));
		if (size < 0)
			stop(recorder);
		else
			flight_recorder_put(recorder,
				&(struct flight_entry){ .kind = FLIGHT_FILE, .file = { text_of(name), { piece, (size_t)size } } });
	} while (size > 0 && recorder->recording);
}

static enum status is_small(void *context, int64_t done, int64_t all)
{
	const struct flight_recorder *recorder = context;

	(void)done;
	return all > recorder->copy_max / PAGE_SIZE ? fail(STATUS_INVALID, "the store is too large to be recorded") : STATUS_OK;
}

static void put_copy(struct flight_recorder *recorder, const struct flight_source *source)
{
	char path[sizeof(recorder->leg.path)];
	int descriptor = -1;
	enum status status;

	if (!recorder->recording)
		return;
	(void)snprintf(path, sizeof(path), "%s", flight_folder_draft(&recorder->scratch, recorder->dir));
	status = storage_begin_read(source->storage);
	if (status == STATUS_OK)
		status = storage_copy(source->storage, path, is_small, recorder);
	storage_rollback(source->storage);
	if (status == STATUS_OK)
		descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (descriptor < 0)
		stop(recorder);
	else {
		put_file(recorder, source->name, descriptor);
		(void)close(descriptor);
	}
	(void)unlink(path);
}

static void open_leg(struct flight_recorder *recorder, const struct identity *identity, const struct flight_head *head, bool copied)
{
	struct flight_entry entry = { .kind = FLIGHT_HEAD, .head = *head };
	const char *path;

	leg_finish(&recorder->leg);
	recorder->within = recorder->full = false;
	recorder->recording = flight_folder_next(&recorder->scratch, recorder->dir, &path) == STATUS_OK &&
			      leg_create_for(&recorder->leg, path, identity->keys.box) == STATUS_OK;
	arena_reset(&recorder->scratch);
	entry.head.begins_at_ms = clock_now_ms(recorder->real_clock);
	entry.head.copied = copied;
	recorder->begun_at_ms = clock_monotonic_ms(recorder->real_clock);
	flight_recorder_put(recorder, &entry);
}

void flight_recorder_go_on(struct flight_recorder *recorder, const struct identity *identity, const struct flight_head *head)
{
	flight_folder_bound(&recorder->scratch, recorder->dir, recorder->size_max - recorder->leg_max);
	open_leg(recorder, identity, head, false);
}

void flight_recorder_begin(struct flight_recorder *recorder, const struct identity *identity, const struct flight_head *head,
	const struct flight_store *store, const struct blob_files *files)
{
	int64_t leg_max = recorder->leg_max;

	recorder->real_files = files;
	leg_finish(&recorder->leg);
	recorder->recording = recorder->within = recorder->full = false;
	flight_folder_bound(&recorder->scratch, recorder->dir, recorder->size_max - leg_max);
	arena_reset(&recorder->scratch);
	if (recorder->size_max == 0 || store->room <= ROOM_FACTOR * recorder->size_max)
		return;
	recorder->leg_max = leg_max / 4 * 3;
	recorder->copy_max = store->copy_max > 0 ? store->copy_max : recorder->leg_max * PACKED_AT_MOST;
	open_leg(recorder, identity, head, true);
	for (size_t i = 0; i < store->source_count; i++)
		put_copy(recorder, &store->sources[i]);
	recorder->leg_max = leg_max;
	if (recorder->recording)
		return;
	(void)unlink(recorder->leg.path);
	open_leg(recorder, identity, head, false);
}

void flight_recorder_init(struct flight_recorder *recorder, struct text dir, int64_t size_max, const struct clock *clock)
{
	*recorder =
		(struct flight_recorder){ .size_max = size_max, .leg_max = size_max / 2, .leg = { .descriptor = -1 }, .real_clock = clock };
	recorder->dir = arena_copy_text(&recorder->arena, dir);
	recorder->clock = (struct clock){ .now_ms = now_of, .monotonic_ms = monotonic_of, .context = recorder };
	recorder->holder = (struct key_holder){ .context = recorder, .sign = sign, .open = open_box };
	recorder->files = (struct blob_files){ .context = recorder,
		.size = file_size,
		.read = file_read_at,
		.write = file_write_at,
		.keep = file_keep_as,
		.remove = file_remove,
		.each = file_each,
		.free_bytes = file_room };
	chance_watch(see_chance, recorder);
}

void flight_recorder_finish(struct flight_recorder *recorder)
{
	chance_watch(NULL, NULL);
	leg_finish(&recorder->leg);
	arena_finish(&recorder->scratch);
	arena_finish(&recorder->arena);
}
