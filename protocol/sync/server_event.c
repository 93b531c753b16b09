#include "protocol/sync/server_event.h"

#include <assert.h>
#include <stddef.h>

#include "protocol/sync/server_core_inner.h"

static enum status feed_frame(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	(void)answer;
	return server_on_frame(core, event->connection, event->frame);
}

static enum status feed_bundle(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	(void)answer;
	return server_on_bundle(core, event->connection, event->frame);
}

static enum status feed_bundle_for(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	return server_on_bundle_for(core, &event->device, event->file_bytes_max, answer->take, answer->context, answer->bundle);
}

static enum status feed_operation(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	return server_on_operation(core, event->operation, answer->verdict, answer->operation_id);
}

static enum status feed_abandon(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	(void)event;
	(void)answer;
	server_on_abandon(core);
	return STATUS_OK;
}

static enum status feed_open_commit(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	(void)event;
	(void)answer;
	return server_on_open_commit(core);
}

static enum status feed_parked(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	return server_on_parked(core, &event->order, answer->verdict);
}

static enum status feed_revoke(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	(void)answer;
	return server_on_revoke(core, &event->device, event->state);
}

static enum status feed_queue(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	(void)answer;
	server_on_queue(core, event->waiting);
	return STATUS_OK;
}

static enum status feed_flush(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	(void)event;
	(void)answer;
	return server_on_flush(core);
}

static enum status feed_committed(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	(void)answer;
	return server_on_committed(core, event->result);
}

static enum status feed_prepare(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	(void)event;
	(void)answer;
	return server_on_prepare(core);
}

static enum status feed_tick(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	(void)event;
	(void)answer;
	return server_on_tick(core);
}

static enum status feed_incident(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	(void)answer;
	server_on_incident(core, &event->incident);
	return STATUS_OK;
}

static enum status (*const feeds[SERVER_EVENT_KIND_COUNT])(
	struct server_core *core, const struct server_event *event, const struct server_answer *answer) = {
	[SERVER_EVENT_FRAME] = feed_frame,
	[SERVER_EVENT_BUNDLE] = feed_bundle,
	[SERVER_EVENT_BUNDLE_FOR] = feed_bundle_for,
	[SERVER_EVENT_OPERATION] = feed_operation,
	[SERVER_EVENT_ABANDON] = feed_abandon,
	[SERVER_EVENT_OPEN_COMMIT] = feed_open_commit,
	[SERVER_EVENT_PARKED] = feed_parked,
	[SERVER_EVENT_REVOKE] = feed_revoke,
	[SERVER_EVENT_QUEUE] = feed_queue,
	[SERVER_EVENT_FLUSH] = feed_flush,
	[SERVER_EVENT_COMMITTED] = feed_committed,
	[SERVER_EVENT_PREPARE] = feed_prepare,
	[SERVER_EVENT_TICK] = feed_tick,
	[SERVER_EVENT_INCIDENT] = feed_incident,
};

enum status server_core_feed(struct server_core *core, const struct server_event *event, const struct server_answer *answer)
{
	const struct server_tap *tap = core->options.tap;
	enum status status;

	assert((unsigned int)event->kind < LENGTH(feeds) && feeds[event->kind] != NULL);
	if (tap != NULL)
		tap->begin(tap->context, event);
	status = feeds[event->kind](core, event, answer);
	if (tap != NULL)
		tap->end(tap->context, status);
	return status;
}

/* ---- the calls of server_core.h ---- */

enum status server_core_frame(struct server_core *core, uint64_t connection, struct bytes frame)
{
	return server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_FRAME, .connection = connection, .frame = frame }, NULL);
}

enum status server_core_bundle(struct server_core *core, uint64_t connection, struct bytes sealed)
{
	return server_core_feed(
		core, &(struct server_event){ .kind = SERVER_EVENT_BUNDLE, .connection = connection, .frame = sealed }, NULL);
}

enum status server_core_bundle_for(struct server_core *core, const struct id *device, int64_t file_bytes_max, envelope_take take,
	void *context, struct server_bundle *out_bundle)
{
	return server_core_feed(core,
		&(struct server_event){ .kind = SERVER_EVENT_BUNDLE_FOR, .device = *device, .file_bytes_max = file_bytes_max },
		&(struct server_answer){ .take = take, .context = context, .bundle = out_bundle });
}

enum status server_core_operation(
	struct server_core *core, const struct operation *operation, struct verdict *out_verdict, struct id *out_operation_id)
{
	return server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_OPERATION, .operation = operation },
		&(struct server_answer){ .verdict = out_verdict, .operation_id = out_operation_id });
}

void server_core_abandon(struct server_core *core)
{
	(void)(server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_ABANDON }, NULL) == STATUS_OK);
}

enum status server_core_open_commit(struct server_core *core)
{
	return server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_OPEN_COMMIT }, NULL);
}

enum status server_core_parked(struct server_core *core, const struct parked_order *order, struct verdict *out_verdict)
{
	return server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_PARKED, .order = *order },
		&(struct server_answer){ .verdict = out_verdict });
}

enum status server_core_revoke(struct server_core *core, const struct id *device, uint32_t state)
{
	return server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_REVOKE, .device = *device, .state = state }, NULL);
}

void server_core_queue(struct server_core *core, bool waiting)
{
	(void)(server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_QUEUE, .waiting = waiting }, NULL) == STATUS_OK);
}

enum status server_core_flush(struct server_core *core)
{
	return server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_FLUSH }, NULL);
}

enum status server_core_committed(struct server_core *core, enum status result)
{
	return server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_COMMITTED, .result = result }, NULL);
}

enum status server_core_prepare(struct server_core *core)
{
	return server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_PREPARE }, NULL);
}

enum status server_core_tick(struct server_core *core)
{
	return server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_TICK }, NULL);
}

void server_core_incident(struct server_core *core, const struct incident *incident)
{
	(void)(server_core_feed(core, &(struct server_event){ .kind = SERVER_EVENT_INCIDENT, .incident = *incident }, NULL) == STATUS_OK);
}
