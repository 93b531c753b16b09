#include "device_agent/link_meter.h"

#include "shell/time_text.h"

#define SAVE_EVERY_BYTES ((int64_t)64 * 1024)
#define SAVE_EVERY_MS    60000
#define LOOK_EVERY_MS    2000

int64_t link_meter_today(const struct link_meter *meter)
{
	return time_day(clock_now_ms(meter->device->clock), &meter->zone);
}

static void save(struct link_meter *meter)
{
	if (!meter->changed)
		return;
	traffic_save(&meter->scratch, meter->device->dir, &meter->terms.traffic);
	meter->changed = false;
	meter->unsaved = 0;
	meter->saved_at_ms = clock_monotonic_ms(meter->device->clock);
	arena_reset(&meter->scratch);
}

static enum status allow(struct link_meter *meter)
{
	const struct budget budget = link_terms_budget(&meter->terms, link_meter_today(meter));
	enum delivery_class class_max = budget_class(&budget);

	if (class_max != meter->class_max) {
		log_info(meter->log, "sync.link.carries", "metered=%d class_max=%d", meter->terms.metered, (int)class_max);
		save(meter); /* who asks why finds the count that led to it */
	}
	meter->class_max = class_max;
	return device_core_allow(meter->device->core, meter->terms.metered ? CARRIER_METERED : CARRIER_LIVE, class_max);
}

void link_meter_open(struct link_meter *meter, struct local_device *device, struct log *log)
{
	*meter = (struct link_meter){ .device = device,
		.log = log,
		.zone = zone_of_machine(&device->arena),
		.class_max = CLASS_FILES,
		.saved_at_ms = clock_monotonic_ms(device->clock) };
	meter->terms.traffic = traffic_load(&meter->scratch, device->dir);
}

void link_meter_close(struct link_meter *meter)
{
	save(meter);
	arena_finish(&meter->arena);
	arena_finish(&meter->scratch);
}

enum status link_meter_look(struct link_meter *meter)
{
	struct traffic traffic = meter->terms.traffic;
	enum status status;

	meter->looked_at_ms = clock_monotonic_ms(meter->device->clock);
	arena_reset(&meter->arena);
	status = device_settings_load(&meter->arena, meter->device->dir, &meter->terms.settings);
	if (status != STATUS_OK) {
		log_unusual(meter->log, "settings.unreadable", "why=\"%s\"", fail_reason());
		meter->terms.settings = (struct device_settings){ .metered_class_max = CLASS_FILES };
	}
	link_terms_look(&meter->terms, &meter->arena);
	meter->terms.traffic = traffic;
	return allow(meter);
}

enum status link_meter_tick(struct link_meter *meter)
{
	if (meter->class_max == CLASS_FILES || clock_monotonic_ms(meter->device->clock) - meter->looked_at_ms < LOOK_EVERY_MS)
		return STATUS_OK;
	return link_meter_look(meter);
}

void link_meter_ask(struct link_meter *meter, int64_t bytes)
{
	meter->asked_at_ms = clock_monotonic_ms(meter->device->clock);
	meter->asked_bytes = bytes;
}

static void add(struct link_meter *meter, int64_t bytes)
{
	if (bytes <= meter->counted)
		return;
	traffic_add(&meter->terms.traffic, link_terms_class(&meter->terms), link_meter_today(meter), bytes - meter->counted);
	meter->unsaved += bytes - meter->counted;
	meter->changed = true;
	meter->counted = bytes;
}

enum status link_meter_reply(struct link_meter *meter, int64_t bytes)
{
	add(meter, bytes);
	meter->took_bytes = bytes - meter->asked_bytes;
	meter->took_ms = clock_monotonic_ms(meter->device->clock) - meter->asked_at_ms;
	return allow(meter);
}

void link_meter_answered(struct link_meter *meter, bool at_once)
{
	meter->terms.traffic.contact_at_ms = clock_now_ms(meter->device->clock);
	meter->changed = true;
	if (at_once)
		traffic_measure(&meter->terms.traffic, link_terms_class(&meter->terms), meter->took_bytes, meter->took_ms);
}

enum status link_meter_count(struct link_meter *meter, int64_t bytes)
{
	add(meter, bytes);
	if (meter->unsaved >= SAVE_EVERY_BYTES || clock_monotonic_ms(meter->device->clock) - meter->saved_at_ms >= SAVE_EVERY_MS)
		save(meter);
	return allow(meter);
}
