/* What was done here before is part of a job: which jobs are to look again when something was done. */
#ifndef TRUCKROLL_SYNC_JOB_HISTORY_H
#define TRUCKROLL_SYNC_JOB_HISTORY_H

#include "protocol/domain/overlay.h"
#include "protocol/sync/commit.h"

/* Remembers the jobs on the same asset (at the same site, for orders that name none) when the change completes an order, takes that back,
 * moves a completed one, or adds a visit that was done to one. O(jobs that link the place) then, else O(1). */
enum status job_history_note(struct commit *commit, const struct change *change);

#endif
