/* An operation of the log as people look at it. */
#ifndef TRUCKROLL_SERVER_TRACED_H
#define TRUCKROLL_SERVER_TRACED_H

#include "db/storage.h"
#include "protocol/domain/decide.h"
#include "shell/command.h"

struct traced {
	struct id id;
	int64_t seq;
	struct operation operation; /* in the arena it was read to */
	int64_t gseq;
	int64_t received_at_ms;
	enum outcome outcome;
	struct id device;
};

/* The columns of log_latest and log_between. STATUS_CORRUPT, STATUS_NEWER. */
enum status traced_read(struct arena *arena, struct statement *statement, struct traced *out_traced);

/* The operation whose id begins with `digits`, in the context's arena. STATUS_INVALID, STATUS_NOT_FOUND, STATUS_AMBIGUOUS. */
enum status traced_find(struct context *context, struct storage *storage, struct text digits, struct traced *out_traced);

/* The one that was decided last. STATUS_NOT_FOUND. */
enum status traced_last(struct context *context, struct storage *storage, struct traced *out_traced);

#endif
