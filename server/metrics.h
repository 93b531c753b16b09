/* What a monitoring system reads of the server: numbers under stable names, in Prometheus' text format 0.0.4. */
#ifndef TRUCKROLL_SERVER_METRICS_H
#define TRUCKROLL_SERVER_METRICS_H

#include "server/office.h"

struct metrics {
	/* Since the server's start; 0 when a command asks the store by itself. */
	int64_t serving; /* 1 or 0 */
	int64_t front;   /* 1 or 0; -1: it is not asked for */
	int64_t frames, frames_refused, commits, operations_decided;
	int64_t received_bytes, sent_bytes, turned_away, closed_unproved;
	int64_t connections, sessions, polls, told_to_wait, pages_given, pages_kept, pages_spoiled;
	/* Of the store. */
	int64_t commit, operations, with_issue, rejected, parked, incidents;
	int64_t backup_commit, backup_age_s; /* of the newest backup; 0 and -1: there is none */
	int64_t careful; /* 1 or 0 */
	int64_t free_bytes, store_bytes, log_bytes;
	int64_t descriptors; /* of this process */
};

/* `scratch` is for the call. Statuses of the store. */
enum status metrics_gather(struct office *office, struct arena *scratch, struct metrics *out_metrics);

/* All of them as the format has them; in `arena`. */
struct text metrics_print(struct arena *arena, const struct metrics *metrics);

/* Calls `visit` with each name, without "truckroll_", and its number. */
void metrics_each(const struct metrics *metrics, void (*visit)(void *context, const char *name, int64_t value), void *context);

#endif
