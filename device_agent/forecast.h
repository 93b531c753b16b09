/* What is still to come before a device can be off line, in the order in which it comes: when each job will be complete, and what does not
 * fit into what a metered link may carry today. Pure. */
#ifndef TRUCKROLL_DEVICE_AGENT_FORECAST_H
#define TRUCKROLL_DEVICE_AGENT_FORECAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One job, in the order of the day. */
struct forecast_job {
	bool ready;          /* nothing is missing */
	bool rows_missing;   /* nobody knows how much: the office has to be asked */
	int64_t bytes_missing; /* of files */
	/* Filled in: */
	bool fits;             /* what is missing may come over this link today */
	int64_t ready_in_ms;   /* from now on; 0: it is; -1: not known, or not over this link today */
};

struct forecast_terms {
	int64_t bytes_per_s; /* of this link, as measured; 0: not known */
	int64_t file_bytes_allowed; /* that files may take today; -1: no limit */
};

struct forecast_totals {
	size_t ready, waiting;    /* jobs */
	size_t rows_missing;      /* of these waiting: rows are missing */
	size_t too_large;         /* and these do not fit */
	int64_t bytes_to_come;    /* of files, whether they fit or not */
	int64_t bytes_held_back;  /* of these: what does not fit */
	int64_t files_in_ms;      /* those that fit; -1: not known */
	int64_t ready_in_ms;      /* and all that fits; -1: not known */
};

void forecast_fill(const struct forecast_terms *terms, struct forecast_job *jobs, size_t count, struct forecast_totals *out_totals);

#endif
