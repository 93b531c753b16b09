/* Which scopes a device holds. Grants are data: they follow from device, technician and visit records, in the same commit. */
#ifndef TRUCKROLL_SYNC_GRANTS_H
#define TRUCKROLL_SYNC_GRANTS_H

#include "protocol/sync/commit.h"

/* The grant of the scope among those in scope order (server_store_grants()); the first when there are several, NULL when there is none.
 * O(log count). */
const struct grant_entry *grants_find(const struct grant_entry *grants, size_t count, int64_t scope);

/* Opens and ends grants after one stored change: a device gets the organisation's, its technician's and its own scope, and
 * those of the home territory and the territories given beside it; a visit that is with its technician grants the job's scope
 * to that technician's devices, and takes it when no visit of theirs needs it. */
enum status grants_follow(struct commit *commit, const struct change *change);

/* Ends every grant of a device (revoked): its replica is purged at its next contact. */
enum status grants_end_all(struct commit *commit, const struct id *device);

/* Ends the grants of jobs whose orders have been over for JOB_LIFE_MS, and lets go of their rows: time does that, and no change of a
 * record. O(open jobs + rows of those that end). */
enum status grants_end_history(struct commit *commit, size_t *out_ended);

#endif
