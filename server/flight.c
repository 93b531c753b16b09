#include "server/flight.h"

#include <stdlib.h>

#include "protocol/base/memory.h"
#include "protocol/domain/revision.h"
#include "server/store.h"
#include "shell/flight_recorder.h"

struct server_flight {
	struct flight_recorder recorder;
	struct flight_head head;
	struct identity identity; /* what is public of it */
	struct storage *storage;
	int64_t changes; /* storage_changes_total() after the event before */
	struct server_tap tap;
};

/* As of a device. */
static bool is_written(const struct server_event *event)
{
	if (event->kind == SERVER_EVENT_OPERATION)
		return operation_validate(event->operation) == STATUS_OK;
	return event->kind != SERVER_EVENT_PARKED || event->order.corrected == NULL ||
	       operation_validate(event->order.corrected) == STATUS_OK;
}

static void begin_event(void *context, const struct server_event *event)
{
	struct server_flight *flight = context;
	struct flight_entry entry = { .kind = FLIGHT_SERVER_EVENT };

	if (flight->recorder.full)
		flight_recorder_go_on(&flight->recorder, &flight->identity, &flight->head);
	if (!is_written(event))
		return;
	entry.event.beside = event->kind != SERVER_EVENT_COMMITTED && storage_changes_total(flight->storage) != flight->changes;
	entry.event.server = *event;
	flight_recorder_event(&flight->recorder, &entry);
}

static void end_event(void *context, enum status status)
{
	struct server_flight *flight = context;

	flight_recorder_end(&flight->recorder, status);
	flight->changes = storage_changes_total(flight->storage);
}

static void see_effect(void *context, const struct server_effect *effect)
{
	struct server_flight *flight = context;

	flight_recorder_put(&flight->recorder, &(struct flight_entry){ .kind = FLIGHT_SERVER_EFFECT, .server_effect = *effect });
}

static struct flight_head head_of(struct server_flight *flight, const struct server_core_options *options, bool bench)
{
	return (struct flight_head){ .of_server = true,
		.program = flight->head.program,
		.schema_revision = schema_revision(),
		.bench = bench,
		.files = options->blobs != NULL,
		.device = options->identity.id,
		.key_number = options->identity.key_number,
		.keys = options->identity.keys,
		.bug = (uint32_t)options->bug,
		.incarnation = options->incarnation,
		.retention_ms = options->retention_ms,
		.window_ms = options->window_ms,
		.held_max = (int64_t)options->held_max,
		.page_raw_max = (int64_t)options->page_raw_max,
		.suspects = options->suspects,
		.suspect_count = options->suspect_count };
}

void server_flight_begin(struct server_flight *flight, struct server_core_options *options, bool bench)
{
	const struct flight_head head = head_of(flight, options, bench);
	struct storage *storage = server_store_storage(options->store);
	const struct flight_source source = { "organisation.db", storage };
	const struct flight_store store = { &source, 1, storage_free_bytes(storage), 0 };

	flight->storage = storage;
	flight_recorder_begin(&flight->recorder, &options->identity, &head, &store, options->blobs);
	flight->head = head;
	flight->head.suspects = NULL;
	flight->head.suspect_count = 0;
	flight->identity.keys = options->identity.keys;
	flight->changes = storage_changes_total(flight->storage);
	options->clock = &flight->recorder.clock;
	if (options->blobs != NULL)
		options->blobs = &flight->recorder.files;
	options->identity.holder = &flight->recorder.holder;
	options->pages = NULL; /* a replay has none of those that lie there */
	options->tap = &flight->tap;
}

struct server_flight *server_flight_create(struct text dir, struct text program, int64_t size_max, const struct clock *clock)
{
	struct server_flight *flight = memory_zeroed(1, sizeof(*flight));

	flight_recorder_init(&flight->recorder, dir, size_max, clock);
	flight->head.program = arena_copy_text(&flight->recorder.arena, program);
	flight->tap = (struct server_tap){ .context = flight, .begin = begin_event, .end = end_event, .effect = see_effect };
	return flight;
}

void server_flight_destroy(struct server_flight *flight)
{
	if (flight == NULL)
		return;
	flight_recorder_finish(&flight->recorder);
	free(flight);
}
