#include "device_agent/link.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_AGAIN_MS 1000 /* for the meter, which looks at the clock and at the ways that there are */

static void drop_transport(struct link *link)
{
	uint64_t sent = 0, received = 0;

	if (link->transport == NULL)
		return;
	transport_count(link->transport, &sent, &received);
	link->sent += sent;
	link->received += received;
	transport_close(link->transport);
	link->transport = NULL;
}

void link_finish(struct link *link)
{
	(void)(link_settle(link) == STATUS_OK); /* what was taken in is kept, or comes again */
	drop_transport(link);
	link_meter_close(&link->meter);
	arena_finish(&link->arena);
	arena_finish(&link->addresses);
	link->device->link = NULL;
}

static void read_route(struct link *link)
{
	drop_transport(link);
	arena_reset(&link->addresses);
	link->route_status = route_read(&link->addresses, link->device->keys.url, &link->route);
	if (link->route_status != STATUS_OK)
		(void)snprintf(link->failure, sizeof(link->failure), "%s", fail_reason());
}

void link_init(struct link *link, struct local_device *device, struct log *log, bool once)
{
	*link = (struct link){ .device = device,
		.store = device->store,
		.log = log,
		.incidents = device_core_state(device->core).incidents,
		.once = once };
	device->link = link;
	link_meter_open(&link->meter, device, log);
	read_route(link);
}

static void note_failure(struct link *link, const char *why)
{
	link->failures++;
	(void)snprintf(link->failure, sizeof(link->failure), "%s", why);
	log_info(link->log, "sync.link.lost", "why=\"%s\"", link->failure);
}

static int64_t now_ms(const struct link *link)
{
	return clock_monotonic_ms(link->device->clock);
}

/* One address failed. The try as a whole failed when there is no other. */
static bool turn_to_next(struct link *link, const char *why)
{
	log_info(link->log, "sync.address.failed", "address=%s why=\"%s\"", route_current(&link->route), why);
	drop_transport(link);
	return route_failed(&link->route, now_ms(link));
}

/* The carrier failed, or nobody who knows this device answered: at once on to another address, if there is one. */
static enum status carrier_lost(struct link *link, const char *why)
{
	bool another = turn_to_next(link, why);
	enum status status;

	if (!another)
		note_failure(link, why);
	status = device_core_lost(link->device->core);
	return status == STATUS_OK && another ? device_core_go(link->device->core, true) : status;
}

/* An answer came that leads no further. Where a program needs an update, another way leads to the same. */
static enum status session_lost(struct link *link, const struct device_core_state *now)
{
	if (!now->outdated)
		return carrier_lost(link, now->failure);
	drop_transport(link);
	note_failure(link, now->failure);
	return STATUS_OK;
}

/* Between two requests nothing is lost by taking another way. */
static enum status open_transport(struct link *link)
{
	enum status status;

	if (route_turn_back(&link->route, now_ms(link)))
		drop_transport(link);
	if (link->transport != NULL)
		return STATUS_OK;
	status = link_meter_look(&link->meter);
	return status == STATUS_OK ? route_open(route_current(&link->route), &link->transport) : status;
}

static int64_t bytes_of(const struct link *link)
{
	uint64_t sent, received;

	link_count(link, &sent, &received);
	return (int64_t)(sent + received);
}

static enum status send_frame(struct link *link, struct bytes frame)
{
	struct arena own = { 0 };
	enum status status;

	if (link->once && device_core_state(link->device->core).synced)
		return STATUS_OK;
	if (link->route_status != STATUS_OK)
		return fail(link->route_status, "%s", arena_print(&link->arena, "%s", link->failure).data);
	frame = arena_copy_bytes(&own, frame); /* a link that allows more now makes the core put another request in its place */
	status = open_transport(link);
	link_meter_ask(&link->meter, bytes_of(link));
	if (status == STATUS_OK)
		status = transport_send(link->transport, frame);
	log_debug(link->log, "frame.sent", "bytes=%zu status=%s", frame.size, status_to_text(status));
	arena_finish(&own);
	return status == STATUS_OK ? STATUS_OK : carrier_lost(link, fail_reason());
}

/* What the store cannot do now must not stop the core for good: it tries again later. */
static enum status store_failed(struct link *link, enum status status)
{
	log_unusual(link->log, "sync.store.failed", "status=%s why=\"%s\"", status_to_text(status), fail_reason());
	(void)snprintf(link->failure, sizeof(link->failure), "%s", fail_reason());
	link->failures++;
	if (device_core_lost(link->device->core) != STATUS_OK)
		log_unusual(link->log, "sync.store.failed", "why=\"%s\"", fail_reason());
	return fail(status, "%s", arena_print(&link->arena, "%s", link->failure).data);
}

bool link_busy(const struct link *link)
{
	return link->worker.running;
}

/* What came is on disk, or failed to get there. What follows from it, such as the next request, takes its time. */
static enum status committed(struct link *link, enum status result)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	link->cut_at_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	return device_core_committed(link->device->core, result);
}

/* In a thread of its own when it takes long and somebody may want to work meanwhile. */
static enum status cut(struct link *link)
{
	struct device_core *core = link->device->core;

	if (link->once || !device_core_cut_is_large(core))
		return committed(link, device_core_cut(core));
	if (link->device->flight != NULL) /* what is done at once has no order that could be replayed */
		flight_break_off(link->device->flight);
	return cut_worker_start(&link->worker, core) ? STATUS_OK : committed(link, device_core_cut(core));
}

static enum status carry_out(struct link *link)
{
	struct device_core *core = link->device->core;
	struct device_effect effect;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && !link_busy(link) && device_core_next(core, &effect)) {
		if (effect.kind == DEVICE_EFFECT_SEND)
			status = send_frame(link, effect.bytes);
		else
			status = cut(link);
	}
	return status == STATUS_OK ? STATUS_OK : store_failed(link, status);
}

/* After every event for the core: did the try that was under way just end badly? */
static enum status after_event(struct link *link, const struct device_core_state *before, enum status status)
{
	struct device_core_state now;

	if (status != STATUS_OK && status != STATUS_OFFLINE)
		return store_failed(link, status);
	status = carry_out(link);
	if (link_busy(link))
		return STATUS_OK;
	local_device_remember(link->device);
	now = device_core_state(link->device->core);
	if (status == STATUS_OK)
		status = link_meter_count(&link->meter, bytes_of(link));
	if (now.cuts != link->cuts) {
		link->cuts = now.cuts;
		link->fresh = true;
	}
	if (now.incidents != link->incidents) { /* the core begins again by itself: not a failed try */
		link->incidents = now.incidents;
		log_broken(link->log, "sync.incident", "why=\"%s\"", now.failure);
	} else if (status == STATUS_OK && before->waiting && !now.waiting && !now.connected && now.failure[0] != '\0' &&
		link->transport != NULL) {
		status = session_lost(link, &now);
		if (status == STATUS_OK)
			status = carry_out(link);
	}
	if (!before->connected && now.connected)
		log_info(link->log, "sync.link.up", "url=%s", route_current(&link->route));
	return status;
}

bool link_is_settled_within(const struct link *link, int timeout_ms)
{
	return !link_busy(link) || cut_worker_wait(&link->worker, timeout_ms);
}

bool link_unsynced(const struct link *link)
{
	return link->beside_unsynced || (!link_busy(link) && device_store_unsynced(link->store));
}

/* The command goes on with the device's own store. */
static void step_back(struct link *link)
{
	if (link->beside == NULL)
		return;
	device_core_beside(link->device->core, NULL);
	link->device->store = link->store;
	link->beside_unsynced = link->beside_unsynced || device_store_unsynced(link->beside);
	device_store_close(link->beside);
	link->beside = NULL;
}

enum status link_settle(struct link *link)
{
	struct device_core_state before;
	enum status status;

	if (!link_busy(link))
		return STATUS_OK;
	status = cut_worker_join(&link->worker);
	step_back(link);
	if (link->beside_unsynced)
		device_store_set_unsynced(link->store);
	before = device_core_state(link->device->core);
	return after_event(link, &before, committed(link, status));
}

static enum status step_aside(struct link *link)
{
	struct local_device *device = link->device;
	enum status status = device_store_open(device->dir.data, &(struct device_store_options){ .beside = true }, &link->beside);

	if (status != STATUS_OK)
		return status;
	device->store = link->beside;
	device_core_beside(device->core, link->beside);
	return STATUS_OK;
}

enum status link_enter(struct context *context)
{
	struct link *link = local_device_of(context)->link;

	if (link != NULL && link->beside_unsynced)
		return fail(STATUS_CANNOT_WRITE,
			"the disk of %s failed to keep what was written; the agent ends: check the disk, then start it again",
			link->device->dir.data);
	if (link == NULL || !link_busy(link) || (context->command->beside && step_aside(link) == STATUS_OK))
		return STATUS_OK;
	(void)(link_settle(link) == STATUS_OK); /* what failed is in the log, and tried again */
	return STATUS_OK;
}

void link_leave(struct context *context)
{
	struct link *link = local_device_of(context)->link;

	if (link != NULL)
		step_back(link);
}

enum status link_go(struct link *link, bool now)
{
	struct device_core_state before;
	enum status status = link_settle(link);

	before = device_core_state(link->device->core);
	if (status == STATUS_OK)
		status = link_meter_look(&link->meter); /* whether the core may ask at all */
	if (status != STATUS_OK)
		return store_failed(link, status);
	return after_event(link, &before, device_core_go(link->device->core, now));
}

/* The same for a device at all times, and no two alike. */
static uint64_t chance_of(const struct link *link)
{
	uint64_t chance;

	memcpy(&chance, link->device->keys.identity.id.bytes, sizeof(chance));
	return chance;
}

enum status link_settings(struct link *link)
{
	struct device_core_state before = device_core_state(link->device->core);

	return after_event(link, &before, link_meter_look(&link->meter));
}

enum status link_reroute(struct link *link)
{
	struct device_core_state before = device_core_state(link->device->core);
	enum status status;

	read_route(link);
	status = device_core_lost(link->device->core);
	return status == STATUS_OK && before.waiting ? link_go(link, true) : status;
}

enum status link_begin_again(struct link *link)
{
	struct device_core_state state = device_core_state(link->device->core);

	drop_transport(link);
	link->cuts = state.cuts;
	link->incidents = state.incidents;
	return link_go(link, true);
}

static enum status take_reply(struct link *link)
{
	struct device_core_state before = device_core_state(link->device->core);
	struct bytes reply;
	enum status status;

	arena_reset(&link->arena);
	status = transport_receive(link->transport, 0, &link->arena, &reply);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	log_debug(link->log, "frame.received", "bytes=%zu status=%s", status == STATUS_OK ? reply.size : 0, status_to_text(status));
	if (status != STATUS_OK)
		return after_event(link, &before, carrier_lost(link, fail_reason()));
	status = link_meter_reply(&link->meter, bytes_of(link)); /* before the core asks for more */
	if (status == STATUS_OK)
		status = device_core_reply(link->device->core, reply);
	if (device_core_state(link->device->core).rounds > before.rounds) { /* whoever else answers is not this device's server */
		route_worked(&link->route, now_ms(link), device_core_state(link->device->core).synced, chance_of(link));
		link_meter_answered(&link->meter, !before.polling);
	}
	return after_event(link, &before, status);
}

enum status link_step(struct link *link)
{
	struct device_core_state before;
	enum status status;

	if (link_busy(link))
		return cut_worker_is_done(&link->worker) ? link_settle(link) : STATUS_OK;
	status = link_meter_tick(&link->meter);
	if (status == STATUS_OK)
		status = carry_out(link); /* what a command left, too */
	if (status == STATUS_OK && link->transport != NULL)
		status = take_reply(link);
	if (status != STATUS_OK || clock_monotonic_ms(link->device->clock) < device_core_deadline_ms(link->device->core))
		return status;
	before = device_core_state(link->device->core);
	return after_event(link, &before, device_core_tick(link->device->core));
}

enum status link_leisure(struct link *link, size_t rows_max, bool *out_done)
{
	struct device_core_state before = device_core_state(link->device->core), now;
	enum status status = device_core_leisure(link->device->core, rows_max, out_done);

	now = device_core_state(link->device->core);
	if (now.rots != before.rots) {
		log_broken(link->log, "replica.rot", "why=\"%s\"", now.rot);
		link->incidents = now.incidents;
	}
	if (status != STATUS_OK) {
		log_unusual(link->log, "replica.check.failed", "status=%s why=\"%s\"", status_to_text(status), fail_reason());
		return status;
	}
	return now.rots == before.rots ? STATUS_OK : after_event(link, &before, STATUS_OK);
}

int link_descriptor(const struct link *link)
{
	if (link_busy(link))
		return cut_worker_descriptor(&link->worker);
	return link->transport == NULL ? -1 : transport_descriptor(link->transport);
}

int link_timeout_ms(const struct link *link)
{
	int64_t left_ms = device_core_deadline_ms(link->device->core);

	if (left_ms == INT64_MAX)
		return LOOK_AGAIN_MS;
	left_ms -= clock_monotonic_ms(link->device->clock);
	return left_ms < 0 ? 0 : left_ms < LOOK_AGAIN_MS ? (int)left_ms : LOOK_AGAIN_MS;
}

void link_count(const struct link *link, uint64_t *out_sent, uint64_t *out_received)
{
	*out_sent = 0;
	*out_received = 0;
	if (link->transport != NULL)
		transport_count(link->transport, out_sent, out_received);
	*out_sent += link->sent;
	*out_received += link->received;
}

bool link_unanswered(const struct link *link)
{
	struct device_core_state state = device_core_state(link->device->core);
	uint64_t sent = 0, received = 0;

	if (link->transport != NULL)
		transport_count(link->transport, &sent, &received);
	return state.unanswered || (state.waiting && !state.connected && sent > 0);
}

const char *link_address(const struct link *link)
{
	return link->route_status == STATUS_OK ? route_current(&link->route) : "";
}

bool link_take_fresh(struct link *link, int64_t *out_at_ns)
{
	bool fresh = link->fresh;

	*out_at_ns = link->cut_at_ns;
	link->fresh = false;
	return fresh;
}
