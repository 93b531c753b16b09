/* What orders cost stood in the orders themselves, and went to whoever had them, before it was a record of its own (work_order_cost.h). A
 * server that was there before moves it. */
#ifndef TRUCKROLL_SYNC_OLD_COSTS_H
#define TRUCKROLL_SYNC_OLD_COSTS_H

#include "protocol/sync/commit.h"

/* Moves, in the open commit, the costs of COSTED_MAX orders at most; `*out_moved` counts them. Programs of earlier revisions move none.
 * Adds the store's statuses. */
enum status old_costs_move(struct commit *commit, size_t *out_moved);

#endif
