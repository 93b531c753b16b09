/* Counts and times what goes over the link, and says to the core what may. One a link. */
#ifndef TRUCKROLL_DEVICE_AGENT_LINK_METER_H
#define TRUCKROLL_DEVICE_AGENT_LINK_METER_H

#include "device_agent/device.h"
#include "device_agent/link_terms.h"
#include "protocol/base/log.h"
#include "shell/zone.h"

struct link_meter {
	struct local_device *device;
	struct log *log; /* NULL: silent */
	struct zone zone;
	struct link_terms terms;
	struct arena arena;   /* of the terms */
	struct arena scratch;
	enum delivery_class class_max; /* what the core was told */
	int64_t counted;      /* bytes of the link that are in the traffic */
	int64_t unsaved;      /* bytes that the file does not know of */
	int64_t looked_at_ms; /* monotonic */
	int64_t asked_at_ms;  /* monotonic */
	int64_t asked_bytes;  /* as counted before that request */
};

void link_meter_open(struct link_meter *meter, struct local_device *device, struct log *log);
/* Writes down what was counted. */
void link_meter_close(struct link_meter *meter);
/* The settings changed, or a carrier is to be opened: reads them, and looks which interface leads out. Settings that cannot be read are
 * told in the log, and the defaults taken. Adds the statuses of device_core_allow(). */
enum status link_meter_look(struct link_meter *meter);
/* Time passed: another day may have begun, or another interface may lead out, and what was held may go. Adds the statuses of
 * device_core_allow(). */
enum status link_meter_tick(struct link_meter *meter);
/* A request goes out; `bytes` went over the link before. */
void link_meter_ask(struct link_meter *meter, int64_t bytes);
/* `bytes` went over the link up to now. `answered`: the server answered; `timed`: at once. Adds the statuses of device_core_allow(). */
enum status link_meter_count(struct link_meter *meter, int64_t bytes, bool answered, bool timed);
/* Today, by the calendar here. */
int64_t link_meter_today(const struct link_meter *meter);

#endif
