#include "device_agent/flight.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/base/memory.h"
#include "protocol/domain/revision.h"
#include "protocol/sync/flight.h"
#include "shell/chance_watch.h"
#include "shell/flight_folder.h"
#include "shell/leg_file.h"

#define PACKED_AT_MOST 20                    /* times that a store may be larger than what of it fits: not worth a try beyond that */
#define ROOM_FACTOR    4                     /* of the folder must be free on the disk before a leg begins */
#define LEG_MS         ((int64_t)600 * 1000) /* a core is not made anew before for the recorder's sake */

struct flight {
	struct flight_options options;
	struct arena arena;   /* life of the flight */
	struct arena scratch; /* of one entry */
	struct leg_writer leg;
	int64_t leg_max;
	int64_t begun_at_ms; /* monotonic */
	bool recording, full;
	bool within;                  /* the core works on an event that is recorded */
	int64_t now_ms, monotonic_ms; /* when it came */
	int64_t changes;              /* device_store_changes() after the one before */
	struct id technician;
	/* What stood around the core. */
	struct device_store *store;
	const struct clock *real_clock;
	const struct blob_files *real_files;
	/* What stands there now. */
	struct clock clock;
	struct blob_files files;
	struct key_holder holder;
	struct device_tap tap;
};

/* ---- entries ---- */

static void stop(struct flight *flight)
{
	flight->recording = flight->within = false;
	leg_finish(&flight->leg);
}

/* False: the leg has ended. */
static bool put_bytes(struct flight *flight, struct bytes bytes)
{
	flight->full = flight->leg.size + (int64_t)(bytes.size + LEG_ENTRY_EXTRA) > flight->leg_max;
	return !flight->full && leg_write(&flight->leg, bytes, false) == STATUS_OK;
}

/* Whoever asks next why something failed is to hear that, not this. */
static void put(struct flight *flight, const struct flight_entry *entry)
{
	char reason[REASON_SIZE];
	struct writer writer = writer_in(&flight->scratch, FLIGHT_ENTRY_MAX);

	if (!flight->recording)
		return;
	(void)snprintf(reason, sizeof(reason), "%s", fail_reason());
	flight_encode(&writer, entry);
	if (writer.overflow || !put_bytes(flight, writer_bytes(&writer))) {
		stop(flight);
		(void)(fail(STATUS_OK, "%s", reason) == STATUS_OK);
	}
	arena_reset(&flight->scratch);
}

static void note_gift(struct flight *flight, enum flight_gift gift, enum status status, int64_t number, struct bytes bytes)
{
	if (flight->within)
		put(flight, &(struct flight_entry){ .kind = FLIGHT_GIVEN, .given = { gift, status, number, bytes } });
}

/* ---- what the core is given ---- */

static void see_chance(void *context, struct bytes drawn)
{
	note_gift(context, GIFT_CHANCE, STATUS_OK, 0, drawn);
}

/* Time stands still while the core works, as it does in the simulation. */
static int64_t now_of(void *context)
{
	const struct flight *flight = context;

	return flight->within ? flight->now_ms : clock_now_ms(flight->real_clock);
}

static int64_t monotonic_of(void *context)
{
	const struct flight *flight = context;

	return flight->within ? flight->monotonic_ms : clock_monotonic_ms(flight->real_clock);
}

static void sign(void *context, const struct identity *identity, struct bytes message, uint8_t out_signature[static 64])
{
	key_holder_own.sign(NULL, identity, message, out_signature);
	note_gift(context, GIFT_SIGNATURE, STATUS_OK, 0, (struct bytes){ out_signature, SIGNATURE_SIZE });
}

static bool open_box(void *context, const struct identity *identity, struct bytes sealed, uint8_t *out_plain)
{
	bool opened = key_holder_own.open(NULL, identity, sealed, out_plain);

	note_gift(context, GIFT_OPENED, opened ? STATUS_OK : STATUS_CORRUPT, 0,
		opened ? (struct bytes){ out_plain, sealed.size - SEAL_SIZE } : (struct bytes){ 0 });
	return opened;
}

static int64_t room_of(void *context, int64_t measured)
{
	note_gift(context, GIFT_ROOM, STATUS_OK, measured, (struct bytes){ 0 });
	return measured;
}

static enum status file_size(void *context, const char *name, int64_t *out_size)
{
	struct flight *flight = context;
	int64_t size = 0;
	enum status status = flight->real_files->size(flight->real_files->context, name, &size);

	note_gift(flight, GIFT_FILE_SIZE, status, size, (struct bytes){ 0 });
	if (status == STATUS_OK)
		*out_size = size;
	return status;
}

static enum status file_read_at(void *context, const char *name, int64_t offset, uint8_t *data, size_t size)
{
	struct flight *flight = context;
	enum status status = flight->real_files->read(flight->real_files->context, name, offset, data, size);

	note_gift(flight, GIFT_FILE_READ, status, 0, status == STATUS_OK ? (struct bytes){ data, size } : (struct bytes){ 0 });
	return status;
}

static enum status file_write_at(void *context, const char *name, int64_t offset, struct bytes bytes)
{
	struct flight *flight = context;
	enum status status = flight->real_files->write(flight->real_files->context, name, offset, bytes);

	note_gift(flight, GIFT_FILE_WRITE, status, 0, (struct bytes){ 0 });
	return status;
}

static enum status file_keep_as(void *context, const char *name, const char *as)
{
	struct flight *flight = context;
	enum status status = flight->real_files->keep(flight->real_files->context, name, as);

	note_gift(flight, GIFT_FILE_KEEP, status, 0, (struct bytes){ 0 });
	return status;
}

static enum status file_remove(void *context, const char *name)
{
	struct flight *flight = context;
	enum status status = flight->real_files->remove(flight->real_files->context, name);

	note_gift(flight, GIFT_FILE_REMOVE, status, 0, (struct bytes){ 0 });
	return status;
}

struct listing {
	struct flight *flight;
	blob_file_visit visit;
	void *user;
};

static enum status see_file(void *user, const char *name, int64_t age_ms)
{
	const struct listing *listing = user;

	note_gift(listing->flight, GIFT_FILE_NAME, STATUS_OK, age_ms, (struct bytes){ (const uint8_t *)name, strlen(name) });
	return listing->visit(listing->user, name, age_ms);
}

static enum status file_each(void *context, const char *folder, blob_file_visit visit, void *user)
{
	struct listing listing = { .flight = context, .visit = visit, .user = user };
	const struct blob_files *files = listing.flight->real_files;
	enum status status = files->each(files->context, folder, see_file, &listing);

	note_gift(listing.flight, GIFT_FILE_END, status, 0, (struct bytes){ 0 });
	return status;
}

static int64_t file_room(void *context)
{
	struct flight *flight = context;
	int64_t room = flight->real_files->free_bytes(flight->real_files->context);

	note_gift(flight, GIFT_FILE_ROOM, STATUS_OK, room, (struct bytes){ 0 });
	return room;
}

/* ---- what goes in and comes out ---- */

/* What breaks the rules of operations is refused before anything comes of it, and has no canonical form to be written in. */
static bool is_written(const struct flight *flight, const struct device_event *event)
{
	struct operation operation;

	if (event->kind != DEVICE_EVENT_OPERATION)
		return true;
	operation = *event->operation;
	operation.head.actor = flight->technician;
	operation.head.role = ROLE_TECHNICIAN;
	return operation_validate(&operation) == STATUS_OK;
}

static void begin_event(void *context, const struct device_event *event)
{
	struct flight *flight = context;
	struct flight_entry entry = { .kind = FLIGHT_EVENT };

	if (!flight->recording || !is_written(flight, event))
		return;
	entry.event.now_ms = flight->now_ms = clock_now_ms(flight->real_clock);
	entry.event.monotonic_ms = flight->monotonic_ms = clock_monotonic_ms(flight->real_clock);
	entry.event.beside = device_store_changes(flight->store) != flight->changes;
	entry.event.event = *event;
	flight->within = true;
	put(flight, &entry);
}

static void end_event(void *context, enum status status)
{
	struct flight *flight = context;

	if (!flight->within)
		return;
	put(flight, &(struct flight_entry){ .kind = FLIGHT_DONE, .status = status });
	flight->within = false;
	flight->changes = device_store_changes(flight->store);
}

static void see_effect(void *context, const struct device_effect *effect)
{
	put(context, &(struct flight_entry){ .kind = FLIGHT_EFFECT, .effect = *effect });
}

/* ---- a leg begins ---- */

static void put_head(struct flight *flight, const struct device_core_options *options, bool copied)
{
	const struct flight_head head = { .program = flight->options.program,
		.schema_revision = schema_revision(),
		.begins_at_ms = clock_now_ms(options->clock),
		.copied = copied,
		.bench = flight->options.bench,
		.files = options->blobs != NULL,
		.device = options->identity.id,
		.key_number = options->identity.key_number,
		.keys = options->identity.keys,
		.server = options->server,
		.organisation = options->organisation,
		.technician = options->technician,
		.standing = options->standing,
		.moved = options->moved,
		.poll_wait_ms = options->poll_wait_ms,
		.check_every_ms = options->check_every_ms,
		.batch_raw_max = (int64_t)options->batch_raw_max,
		.bug = (uint32_t)options->bug };

	put(flight, &(struct flight_entry){ .kind = FLIGHT_HEAD, .head = head });
}

/* Piece by piece, and an empty one behind them. */
static void put_file(struct flight *flight, const char *name, int descriptor)
{
	uint8_t piece[FLIGHT_PIECE_MAX];
	ssize_t size;

	do {
		size = read(descriptor, piece, sizeof(piece));
		if (size < 0)
			stop(flight);
		else
			put(flight, &(struct flight_entry){ .kind = FLIGHT_FILE, .file = { text_of(name), { piece, (size_t)size } } });
	} while (size > 0 && flight->recording);
}

static enum status is_small(void *context, int64_t done, int64_t all)
{
	const struct flight *flight = context;

	(void)done;
	return all > flight->leg_max * PACKED_AT_MOST / 4096 ? fail(STATUS_INVALID, "the store is too large to be recorded") : STATUS_OK;
}

static void put_copy(struct flight *flight, const char *name, struct storage *storage)
{
	const char *draft = flight_folder_draft(&flight->scratch, flight->options.dir);
	char path[sizeof(flight->leg.path)];
	int descriptor = -1;
	enum status status;

	if (!flight->recording)
		return;
	(void)snprintf(path, sizeof(path), "%s", draft);
	status = storage_begin_read(storage);
	if (status == STATUS_OK)
		status = storage_copy(storage, path, is_small, flight);
	storage_rollback(storage);
	if (status == STATUS_OK)
		descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (descriptor < 0)
		stop(flight);
	else {
		put_file(flight, name, descriptor);
		(void)close(descriptor);
	}
	(void)unlink(path);
}

static void open_leg(struct flight *flight, const struct device_core_options *options)
{
	const char *path;

	leg_finish(&flight->leg);
	flight->recording = flight_folder_next(&flight->scratch, flight->options.dir, &path) == STATUS_OK &&
			    leg_create_for(&flight->leg, path, options->identity.keys.box) == STATUS_OK;
	flight->full = false;
	arena_reset(&flight->scratch);
}

/* A store that does not fit is not copied: then what is recorded can be looked at, and not be replayed. */
static void write_beginning(struct flight *flight, const struct device_core_options *options)
{
	int64_t leg_max = flight->leg_max;

	flight->leg_max = leg_max / 4 * 3;
	put_head(flight, options, true);
	put_copy(flight, "outbox.db", device_store_outbox_storage(options->store));
	put_copy(flight, "replica.db", device_store_replica_storage(options->store));
	flight->leg_max = leg_max;
	if (flight->recording)
		return;
	(void)unlink(flight->leg.path);
	open_leg(flight, options);
	put_head(flight, options, false);
}

static void stand_between(struct flight *flight, struct device_core_options *options)
{
	flight->real_clock = options->clock;
	flight->real_files = options->blobs;
	flight->store = options->store;
	flight->technician = options->technician;
	flight->changes = device_store_changes(options->store);
	flight->begun_at_ms = clock_monotonic_ms(options->clock);
	options->clock = &flight->clock;
	if (options->blobs != NULL)
		options->blobs = &flight->files;
	options->identity.holder = &flight->holder;
	options->tap = &flight->tap;
}

void flight_begin_leg(struct flight *flight, struct device_core_options *options)
{
	int64_t size_max = flight->options.size_max;

	flight->recording = flight->within = flight->full = false;
	flight_folder_bound(&flight->scratch, flight->options.dir, size_max - flight->leg_max);
	if (size_max > 0 && device_store_free_bytes(options->store) > ROOM_FACTOR * size_max && !device_store_seeding(options->store)) {
		open_leg(flight, options);
		write_beginning(flight, options);
	}
	arena_reset(&flight->scratch);
	stand_between(flight, options);
}

static bool is_old(const struct flight *flight)
{
	return clock_monotonic_ms(flight->real_clock) - flight->begun_at_ms >= LEG_MS;
}

bool flight_is_long(const struct flight *flight)
{
	return is_old(flight) && (flight->full || (flight->recording && flight->leg.size > flight->leg_max / 8 * 7));
}

bool flight_is_full(const struct flight *flight)
{
	return is_old(flight) && flight->full;
}

struct flight *flight_create(const struct flight_options *options)
{
	struct flight *flight = memory_zeroed(1, sizeof(*flight));

	flight->options = *options;
	flight->options.dir = arena_copy_text(&flight->arena, options->dir);
	flight->options.program = arena_copy_text(&flight->arena, options->program);
	flight->leg_max = options->size_max / 2;
	flight->leg.descriptor = -1;
	flight->clock = (struct clock){ .now_ms = now_of, .monotonic_ms = monotonic_of, .context = flight };
	flight->holder = (struct key_holder){ .context = flight, .sign = sign, .open = open_box };
	flight->tap =
		(struct device_tap){ .context = flight, .begin = begin_event, .end = end_event, .effect = see_effect, .room = room_of };
	flight->files = (struct blob_files){ .context = flight,
		.size = file_size,
		.read = file_read_at,
		.write = file_write_at,
		.keep = file_keep_as,
		.remove = file_remove,
		.each = file_each,
		.free_bytes = file_room };
	chance_watch(see_chance, flight);
	return flight;
}

void flight_destroy(struct flight *flight)
{
	if (flight == NULL)
		return;
	chance_watch(NULL, NULL);
	leg_finish(&flight->leg);
	arena_finish(&flight->scratch);
	arena_finish(&flight->arena);
	free(flight);
}
