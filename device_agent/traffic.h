/* DIR/traffic: what went over this device's links today, how fast they were, and when the office was reached last. Kept for people and for
 * budgets; it lags behind a little, and can be lost without harm. */
#ifndef TRUCKROLL_DEVICE_AGENT_TRAFFIC_H
#define TRUCKROLL_DEVICE_AGENT_TRAFFIC_H

#include <stdbool.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"

enum link_class { LINK_CLASS_UNMETERED, LINK_CLASS_METERED, LINK_CLASS_COUNT };

struct traffic {
	int64_t day;                         /* the bytes are of this day of the calendar here, since 1970 */
	int64_t bytes[LINK_CLASS_COUNT];     /* both ways */
	int64_t rate_bytes[LINK_CLASS_COUNT]; /* measured lately … */
	int64_t rate_ms[LINK_CLASS_COUNT];    /* … in so long */
	int64_t contact_at_ms;               /* wall time; 0: never */
};

/* Bytes went over a link. Another day begins at 0. */
void traffic_add(struct traffic *traffic, enum link_class class, int64_t day, int64_t bytes);
/* So many bytes went in so long while nothing else was waited for: what was measured before weighs less with each. Too few to tell, or a
 * time that cannot be, are left out. */
void traffic_measure(struct traffic *traffic, enum link_class class, int64_t bytes, int64_t took_ms);
/* Bytes a second; 0: not known. */
int64_t traffic_rate(const struct traffic *traffic, enum link_class class);
/* Of that day; 0 for another one. */
int64_t traffic_of_day(const struct traffic *traffic, enum link_class class, int64_t day);

/* No file, or one that cannot be read, is empty. */
struct traffic traffic_load(struct arena *arena, struct text dir);
/* Over the last one, whole, without waiting for the disk; what fails is written the next time. */
void traffic_save(struct arena *arena, struct text dir, const struct traffic *traffic);

#endif
