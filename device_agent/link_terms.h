/* On what terms a device is on line: what its settings say, which interface leads out, and what went over it today. */
#ifndef TRUCKROLL_DEVICE_AGENT_LINK_TERMS_H
#define TRUCKROLL_DEVICE_AGENT_LINK_TERMS_H

#include "device_agent/budget.h"
#include "device_agent/settings.h"
#include "device_agent/traffic.h"

struct link_terms {
	struct device_settings settings;
	struct traffic traffic;
	struct text interface; /* that leads out; empty: none is known */
	bool metered;
};

/* As files and routes are now; texts are in `arena`. Adds the statuses of device_settings_load(). */
enum status link_terms_read(struct arena *arena, struct text dir, struct link_terms *out_terms);
/* Looks again at what leads out. */
void link_terms_look(struct link_terms *terms, struct arena *arena);
/* On this day of the calendar (time_day()). */
struct budget link_terms_budget(const struct link_terms *terms, int64_t day);
enum link_class link_terms_class(const struct link_terms *terms);

#endif
