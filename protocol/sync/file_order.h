/* Which files come to a device by themselves, and in which order: the same over a link and in a bundle. */
#ifndef TRUCKROLL_SYNC_FILE_ORDER_H
#define TRUCKROLL_SYNC_FILE_ORDER_H

#include "protocol/domain/records.h"

/* Whose turn it is over a link goes by these, too: the small ones first, then the others; among either, deficit round robin. */
enum blob_queue {
	BLOB_QUEUE_SMALL_IN,  /* fetched: thumbnails, and what is no larger */
	BLOB_QUEUE_SMALL_OUT, /* offered: the same */
	BLOB_QUEUE_SOON,      /* fetched: of jobs that are before the technician, or asked for by a person */
	BLOB_QUEUE_OUT,       /* offered: what was made here */
	BLOB_QUEUE_REST,      /* fetched: of other work that is not over */
	BLOB_QUEUE_COUNT,
};

/* Where a file of this work order belongs that is not small; COUNT: it does not come by itself, the work is over or not known. Adds
 * the statuses of the records. */
enum status file_queue_of(struct records *records, const struct id *technician, int64_t now_ms, const struct id *work_order,
	enum blob_queue *out_queue);

#endif
