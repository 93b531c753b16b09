/* What one device should hold, found from the server's rows alone: by a walk of its own, not by the grants and links of the code under
 * test. */
#ifndef TRUCKROLL_TESTS_SIMULATION_PROJECTION_H
#define TRUCKROLL_TESTS_SIMULATION_PROJECTION_H

#include "tests/simulation/snapshot.h"

#define MEMBERS_MAX     4096
#define MEMBER_SLOTS    8192 /* a power of two */
#define JOBS_MAX        256
#define TERRITORIES_MAX 16

struct projected_row {
	enum record_kind kind;
	struct id id;
};

struct projection {
	const struct snapshot *server;
	int64_t now_ms;
	bool active; /* else it is revoked, and should hold nothing */
	struct id device;
	struct id technician;
	struct id territories[TERRITORIES_MAX]; /* home first */
	size_t territory_count;
	struct id jobs[JOBS_MAX];
	size_t job_count;
	struct projected_row members[MEMBERS_MAX]; /* of its jobs, wherever they live */
	size_t member_count;
	uint16_t slots[MEMBER_SLOTS]; /* 1 + a place in `members`; 0: free */
};

/* Of the device of number `who`; `server` must outlive it. */
void projection_make(struct projection *projection, const struct snapshot *server, unsigned who, int64_t now_ms);
bool projection_has_row(const struct projection *projection, const struct schema *schema, const void *row);
bool projection_has_scope(const struct projection *projection, const struct scope *scope);
/* How many it should hold. */
size_t projection_scope_count(const struct projection *projection);

#endif
