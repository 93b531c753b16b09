/* Why what was done here is not settled with the office yet, and what moves it on. */
#ifndef TRUCKROLL_DEVICE_AGENT_WAITING_H
#define TRUCKROLL_DEVICE_AGENT_WAITING_H

#include "device_agent/link_report.h"

/* What the device's agent says of itself, and the traffic file of when the office was reached. */
struct agent_view {
	bool runs;
	bool answered; /* false: none runs, or it is too busy to: the report says nothing then */
	struct link_report report;
	int64_t last_contact_at_ms; /* always: by an agent or not; 0: never */
};
/* For a command beside an agent; waits for it a moment, not long. */
struct agent_view agent_view_of(struct context *context);

/* Says why operations wait (with --json by a word, "waits_because": held, decided, refused, no_agent, busy, outdated, connected, unanswered
 * or offline), what failed last, and when the office was reached last. `decided`: the office has decided them, as far as is known here. */
void waiting_tell(struct context *context, const struct local_device *device, bool decided);

#endif
