/* Putting an organisation back from a backup, into a directory of its own, as another life of its store: devices see by the new epoch that
 * the server's commits are counted anew, send again what the backup lacks, and compare what they hold. */
#ifndef TRUCKROLL_SERVER_RESTORE_H
#define TRUCKROLL_SERVER_RESTORE_H

#include "server/backup.h"
#include "server/verify.h"

struct restore {
	const struct backup *backup;
	struct text dir;  /* where to; made when it is not there. Holds no database */
	struct text keys; /* the folder with server.keys and, maybe, root.key; empty: they are in `dir` already */
	int64_t now_ms;
	struct progress *progress;
};

/* What restore_run() would find wrong before it writes anything: reads the whole backup. STATUS_REFUSED (an organisation is there, or keys
 * that are not the same; keys that do not belong to the backup), STATUS_NOT_FOUND (no keys), STATUS_CORRUPT (the backup, server.keys),
 * STATUS_BUSY. */
enum status restore_check(const struct restore *restore);

/* Puts everything back; the database gets its name last, so that what did not come to its end is no organisation, and is begun anew by the
 * next. Checks the organisation at its end. Statuses of restore_check(); STATUS_CANNOT_WRITE. `out_epoch` is the new one. */
enum status restore_run(const struct restore *restore, struct id *out_epoch, struct verify_report *out_report);

#endif
