#include "device_agent/flight.h"

#include <stdlib.h>

#include "protocol/base/memory.h"
#include "protocol/domain/revision.h"
#include "shell/flight_recorder.h"

#define LEG_MS   ((int64_t)600 * 1000)
#define LEG_ROOM ((int64_t)16 << 20) /* of the disk: a fresh core writes when it begins, and the old one is gone by then */

struct flight {
	struct flight_recorder recorder;
	struct text program;
	int64_t copy_max;
	int64_t leg_ms;
	bool bench;
	struct device_store *store;
	int64_t changes; /* device_store_changes() after the event before */
	struct id technician;
	struct device_tap tap;
};

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

	if (!flight->recorder.recording || !is_written(flight, event)) /* then the store may be another thread's */
		return;
	entry.event.beside = device_store_changes(flight->store) != flight->changes;
	entry.event.event = *event;
	flight_recorder_event(&flight->recorder, &entry);
}

static void end_event(void *context, enum status status)
{
	struct flight *flight = context;

	if (!flight->recorder.recording)
		return;
	flight_recorder_end(&flight->recorder, status);
	flight->changes = device_store_changes(flight->store);
}

static void see_effect(void *context, const struct device_effect *effect)
{
	struct flight *flight = context;

	flight_recorder_put(&flight->recorder, &(struct flight_entry){ .kind = FLIGHT_EFFECT, .effect = *effect });
}

static int64_t room_of(void *context, int64_t measured)
{
	struct flight *flight = context;

	flight_recorder_gift(&flight->recorder, GIFT_ROOM, STATUS_OK, measured, (struct bytes){ 0 });
	return measured;
}

static struct flight_head head_of(const struct flight *flight, const struct device_core_options *options)
{
	return (struct flight_head){ .program = flight->program,
		.schema_revision = schema_revision(),
		.bench = flight->bench,
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
}

void flight_begin_leg(struct flight *flight, struct device_core_options *options)
{
	const struct flight_head head = head_of(flight, options);
	const struct flight_source sources[] = { { "outbox.db", device_store_outbox_storage(options->store) },
		{ "replica.db", device_store_replica_storage(options->store) } };
	const struct flight_store store = { sources, LENGTH(sources), device_store_free_bytes(options->store), flight->copy_max };

	flight_recorder_begin(&flight->recorder, &options->identity, &head, &store, options->blobs);
	flight->store = options->store;
	flight->technician = options->technician;
	flight->changes = device_store_changes(options->store);
	options->clock = &flight->recorder.clock;
	if (options->blobs != NULL)
		options->blobs = options->carried = &flight->recorder.files; /* they lie in one folder */
	options->identity.holder = &flight->recorder.holder;
	options->tap = &flight->tap;
}

void flight_break_off(struct flight *flight)
{
	flight_recorder_break_off(&flight->recorder);
}

/* Asks the disk: after what can be told without. */
static bool may_begin(const struct flight *flight)
{
	return clock_monotonic_ms(flight->recorder.real_clock) - flight->recorder.begun_at_ms >= flight->leg_ms &&
	       device_store_free_bytes(flight->store) >= LEG_ROOM;
}

bool flight_is_long(const struct flight *flight)
{
	const struct flight_recorder *recorder = &flight->recorder;

	return (recorder->full || (recorder->recording && recorder->leg.size > recorder->leg_max / 8 * 7)) && may_begin(flight);
}

bool flight_is_full(const struct flight *flight)
{
	return flight->recorder.full && may_begin(flight);
}

struct flight *flight_create(const struct flight_options *options)
{
	struct flight *flight = memory_zeroed(1, sizeof(*flight));

	flight_recorder_init(&flight->recorder, options->dir, options->size_max, options->clock);
	flight->program = arena_copy_text(&flight->recorder.arena, options->program);
	flight->copy_max = options->copy_max;
	flight->leg_ms = options->leg_ms > 0 ? options->leg_ms : LEG_MS;
	flight->bench = options->bench;
	flight->tap =
		(struct device_tap){ .context = flight, .begin = begin_event, .end = end_event, .effect = see_effect, .room = room_of };
	return flight;
}

void flight_destroy(struct flight *flight)
{
	if (flight == NULL)
		return;
	flight_recorder_finish(&flight->recorder);
	free(flight);
}
