/* A time zone, for showing and reading times of day. Nothing below the shell knows zones. */
#ifndef TRUCKROLL_SHELL_ZONE_H
#define TRUCKROLL_SHELL_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

struct zone_change {
	int64_t at_s;     /* from this second on, since 1970 UTC */
	int32_t offset_s; /* east of UTC is positive */
};

/* Zero-initialised is UTC. */
struct zone {
	const struct zone_change *changes; /* in order of time */
	size_t change_count;
	int32_t first_offset_s; /* before the first change */
};

/* "UTC", "+08:00", "CST-8", or a name such as "Europe/Berlin", read from the system's zone files; everything lives in `arena`.
 * STATUS_NOT_FOUND for an unknown name, STATUS_CORRUPT for an unreadable file. */
enum status zone_open(struct arena *arena, struct text name, struct zone *out_zone);

/* The machine's own: $TZ, else /etc/localtime, else UTC. */
struct zone zone_of_machine(struct arena *arena);

/* Seconds east of UTC at that time; `zone` may be NULL for UTC. */
int32_t zone_offset_s(const struct zone *zone, int64_t at_ms);

#endif
