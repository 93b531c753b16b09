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

/* Most rows one job may link; more are left out and the job is marked in the log. */
#define JOB_ROWS_MAX 2000

/* What a row is a child of in the closure table: it comes to a job with its parent. False for other rows. */
bool job_parent_of_row(enum record_kind kind, const void *row, struct member *out_parent);

/* The work order a row belongs to by itself (the order, its visits, its tasks, ...); false for other rows. */
bool job_of_row(enum record_kind kind, const void *row, struct id *out_work_order);

/* True while a visit in that state gives its technician the job: from dispatch until it is taken away; after it is done until
 * the grant ends. */
bool job_needed_in(enum visit_state state);

/* True when the change altered a reference that closures follow. */
bool job_references_changed(const struct change *change);

/* Walks the closure of a work order again, links what is new and lets go of what is not part of it any more. Does nothing for an order that
 * was never sent to anyone, or that is over and with nobody any more (what was linked stays until its grants end). `scratch` may be reset
 * afterwards. O(rows of the job). */
enum status job_walk(struct commit *commit, const struct id *work_order, struct arena *scratch);

#endif
