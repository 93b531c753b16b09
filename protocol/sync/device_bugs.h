/* Seeded bugs of the device that take more than a line: see bugs.h. */
#ifndef TRUCKROLL_SYNC_DEVICE_BUGS_H
#define TRUCKROLL_SYNC_DEVICE_BUGS_H

#include "protocol/sync/device_store.h"

/* The cursor says that a cut is here before it is. */
enum status bug_move_cursor(struct device_store *store, const struct cursor *cursor);
/* A restored device takes its numbers up where the server is, whatever these were. */
enum status bug_reuse_sequence(struct device_store *store, int64_t server_seq, int64_t *out_acknowledged_seq);

#endif
