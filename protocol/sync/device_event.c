#include "protocol/sync/device_event.h"

#include <assert.h>
#include <stddef.h>

#include "protocol/sync/device_inner.h"

static enum status feed_operation(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	return device_on_operation(core, answer->arena, event->operation, answer->verdict, answer->operation_id);
}

static enum status feed_go(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	(void)answer;
	return device_on_go(core, event->now);
}

static enum status feed_allow(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	(void)answer;
	return device_on_allow(core, event->carrier, event->class_max);
}

static enum status feed_check(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	(void)event;
	(void)answer;
	return device_on_check(core);
}

static enum status feed_leisure(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	return device_on_leisure(core, (size_t)event->most, answer->done);
}

static enum status feed_reply(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	(void)answer;
	return device_on_reply(core, event->frame);
}

static enum status feed_lost(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	(void)event;
	(void)answer;
	return device_on_lost(core);
}

static enum status feed_incident(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	(void)answer;
	return device_on_incident(core, event->what.data, event->detail.data);
}

static enum status feed_files(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	(void)event;
	(void)answer;
	device_on_files(core);
	return STATUS_OK;
}

static enum status feed_tick(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	(void)event;
	(void)answer;
	return device_on_tick(core);
}

static enum status feed_committed(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	(void)answer;
	return device_on_committed(core, event->result);
}

static enum status feed_write_bundle(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	return device_on_write_bundle(core, event->most, answer->take, answer->context, answer->bundle);
}

static enum status feed_bundle_kept(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	(void)answer;
	device_on_bundle_kept(core, event->told_at_ms, &event->stands);
	return STATUS_OK;
}

static enum status feed_read_bundle(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	return device_on_read_bundle(core, event->frame, answer->finding);
}

static enum status feed_cut(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	(void)event;
	(void)answer;
	return device_on_cut(core);
}

static enum status (*const feeds[DEVICE_EVENT_KIND_COUNT])(
	struct device_core *core, const struct device_event *event, const struct device_answer *answer) = {
	[DEVICE_EVENT_OPERATION] = feed_operation,
	[DEVICE_EVENT_GO] = feed_go,
	[DEVICE_EVENT_ALLOW] = feed_allow,
	[DEVICE_EVENT_CHECK] = feed_check,
	[DEVICE_EVENT_LEISURE] = feed_leisure,
	[DEVICE_EVENT_REPLY] = feed_reply,
	[DEVICE_EVENT_LOST] = feed_lost,
	[DEVICE_EVENT_INCIDENT] = feed_incident,
	[DEVICE_EVENT_FILES] = feed_files,
	[DEVICE_EVENT_TICK] = feed_tick,
	[DEVICE_EVENT_COMMITTED] = feed_committed,
	[DEVICE_EVENT_WRITE_BUNDLE] = feed_write_bundle,
	[DEVICE_EVENT_READ_BUNDLE] = feed_read_bundle,
	[DEVICE_EVENT_CUT] = feed_cut,
	[DEVICE_EVENT_BUNDLE_KEPT] = feed_bundle_kept,
};

enum status device_core_feed(struct device_core *core, const struct device_event *event, const struct device_answer *answer)
{
	const struct device_tap *tap = core->options.tap;
	enum status status;

	assert((unsigned int)event->kind < LENGTH(feeds) && feeds[event->kind] != NULL);
	if (tap != NULL)
		tap->begin(tap->context, event);
	status = feeds[event->kind](core, event, answer);
	if (tap != NULL)
		tap->end(tap->context, status);
	return status;
}

int64_t device_room(const struct device_core *core)
{
	int64_t measured = device_store_free_bytes(core->options.store);
	const struct device_tap *tap = core->options.tap;

	return tap == NULL ? measured : tap->room(tap->context, measured);
}

/* ---- the calls of device_core.h ---- */

enum status device_core_operation(struct device_core *core, struct arena *arena, const struct operation *operation,
	struct verdict *out_verdict, struct id *out_operation_id)
{
	return device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_OPERATION, .operation = operation },
		&(struct device_answer){ .arena = arena, .verdict = out_verdict, .operation_id = out_operation_id });
}

enum status device_core_go(struct device_core *core, bool now)
{
	return device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_GO, .now = now }, NULL);
}

enum status device_core_allow(struct device_core *core, enum carrier_class carrier, enum delivery_class class_max)
{
	if (device_is_allowed(core, carrier, class_max)) /* said again with every request: no event */
		return STATUS_OK;
	return device_core_feed(
		core, &(struct device_event){ .kind = DEVICE_EVENT_ALLOW, .carrier = carrier, .class_max = class_max }, NULL);
}

enum status device_core_check(struct device_core *core)
{
	return device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_CHECK }, NULL);
}

enum status device_core_leisure(struct device_core *core, size_t rows_max, bool *out_done)
{
	*out_done = true;
	if (device_is_looked_after(core)) /* asked every second: no event */
		return STATUS_OK;
	return device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_LEISURE, .most = (int64_t)rows_max },
		&(struct device_answer){ .done = out_done });
}

enum status device_core_reply(struct device_core *core, struct bytes reply)
{
	return device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_REPLY, .frame = reply }, NULL);
}

enum status device_core_lost(struct device_core *core)
{
	return device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_LOST }, NULL);
}

enum status device_core_incident(struct device_core *core, const char *what, const char *detail)
{
	return device_core_feed(
		core, &(struct device_event){ .kind = DEVICE_EVENT_INCIDENT, .what = text_of(what), .detail = text_of(detail) }, NULL);
}

void device_core_files(struct device_core *core)
{
	(void)(device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_FILES }, NULL) == STATUS_OK);
}

enum status device_core_tick(struct device_core *core)
{
	return device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_TICK }, NULL);
}

enum status device_core_cut(struct device_core *core)
{
	return device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_CUT }, NULL);
}

enum status device_core_committed(struct device_core *core, enum status result)
{
	return device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_COMMITTED, .result = result }, NULL);
}

enum status device_core_write_bundle(
	struct device_core *core, int64_t file_bytes_max, device_envelope_take take, void *context, struct device_bundle *out_bundle)
{
	return device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_WRITE_BUNDLE, .most = file_bytes_max },
		&(struct device_answer){ .take = take, .context = context, .bundle = out_bundle });
}

void device_core_bundle_kept(struct device_core *core, int64_t told_at_ms, const struct cursor *stands)
{
	const struct device_event event = { .kind = DEVICE_EVENT_BUNDLE_KEPT, .told_at_ms = told_at_ms, .stands = *stands };

	(void)(device_core_feed(core, &event, NULL) == STATUS_OK);
}

enum status device_core_read_bundle(struct device_core *core, struct bytes sealed, enum bundle_finding *out_finding)
{
	return device_core_feed(core, &(struct device_event){ .kind = DEVICE_EVENT_READ_BUNDLE, .frame = sealed },
		&(struct device_answer){ .finding = out_finding });
}
