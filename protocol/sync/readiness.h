/* Is everything that a job needs on this device? A proof, not a guess: the confirmed rows that its scope links are hashed as they lie here,
 * and must sum up to what the server said of the scope; files must hash to their names. Reads only. */
#ifndef TRUCKROLL_SYNC_READINESS_H
#define TRUCKROLL_SYNC_READINESS_H

#include "protocol/sync/blob_files.h"
#include "protocol/sync/shadow_set.h"

/* Opened once for many jobs; the store must not be changed meanwhile. */
struct readiness {
	struct device_store *store;
	const struct blob_files *files;
	struct shadow_set shadows;
	struct arena arena;
};

struct job_readiness {
	bool granted;  /* the job's scope is held: the server has given it to this device */
	bool proven;   /* the rows here are those that the server said */
	int64_t rows;  /* that the server said */
	int64_t rows_here;
	struct digest digest; /* as the server said */
	int64_t files;        /* that rows of the job speak of and that travel */
	int64_t files_here;   /* whole, and as their names say */
	int64_t files_damaged; /* of these not here: whole, but of other content */
	int64_t file_bytes, file_bytes_here; /* also of those that are under way */
};

/* Adds the store's statuses. Give it back with readiness_close(), also after a failure. */
enum status readiness_open(struct readiness *readiness, struct device_store *store, const struct blob_files *files);
void readiness_close(struct readiness *readiness);

/* Adds the store's statuses. O(rows of the job + bytes of its files). */
enum status readiness_of_job(struct readiness *readiness, const struct id *work_order, struct job_readiness *out_job);

/* Nothing is missing for work off line. */
bool job_is_ready(const struct job_readiness *job);

#endif
