/* A job: the scope of one work order that is out with a technician, with everything it needs from elsewhere. */
#ifndef TRUCKROLL_SYNC_JOB_H
#define TRUCKROLL_SYNC_JOB_H

#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"
#include "protocol/sync/commit.h"

/* How long the scope of a job lives after its order is closed or cancelled. */
#define JOB_LIFE_MS ((int64_t)14 * 24 * 3600 * 1000)

/* Is the order over for longer than that? */
bool job_is_history(const struct work_order *order, int64_t now_ms);

/* True while a visit in that state gives its technician the job: from dispatch until it is taken away; after it is done until
 * the grant ends. */
bool job_needed_in(enum visit_state state);

/* Walks the closure of a work order again, links what is new and lets go of what is not part of it any more: everything, when it is with
 * nobody. Does nothing for an order that was never sent, or that is history. `scratch` may be reset afterwards. O(rows of the job). */
enum status job_walk(struct commit *commit, const struct id *work_order, struct arena *scratch);

/* Lets go of every row of a job that nobody has any more. */
enum status job_end(struct commit *commit, const struct id *work_order, struct arena *scratch);

#endif
