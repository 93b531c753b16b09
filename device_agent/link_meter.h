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
	bool changed;         /* the file does not know of all … */
	int64_t unsaved;      /* … and not of so many bytes */
	int64_t saved_at_ms;  /* monotonic; when that was written */
	int64_t looked_at_ms; /* monotonic */
	int64_t asked_at_ms;  /* monotonic */
	int64_t asked_bytes;  /* as counted before that request */
	int64_t took_bytes;   /* the latest request and its reply, both ways … */
	int64_t took_ms;      /* … from the one to the other */
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
/* A reply is here, whosever it is, and nothing was asked since; `bytes` went over the link up to now. What it took ends here, not when the
 * core has taken it in. Adds the statuses of device_core_allow(). */
enum status link_meter_reply(struct link_meter *meter, int64_t bytes);
/* That reply was the server's; `at_once`: it had no leave to hold it, so that the time is the link's. */
void link_meter_answered(struct link_meter *meter, bool at_once);
/* `bytes` went over the link up to now. Adds the statuses of device_core_allow(). */
enum status link_meter_count(struct link_meter *meter, int64_t bytes);
/* Today, by the calendar here. */
int64_t link_meter_today(const struct link_meter *meter);

#endif
