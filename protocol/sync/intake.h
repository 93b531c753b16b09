/* One operation on its way to a decision. What the files that take operations in share; nobody else includes this. */
#ifndef TRUCKROLL_SYNC_INTAKE_H
#define TRUCKROLL_SYNC_INTAKE_H

#include "protocol/domain/rule.h"
#include "protocol/sync/ingest.h"
#include "protocol/sync/witness.h"

struct intake {
	struct ingest *ingest;
	const struct operation *operation;
	struct logged_operation log;
	struct id device;
	struct records *records;       /* what the handler reads: the store, or a witness over it */
	bool first;                    /* it was never decided before */
	const char *fork;              /* it belongs to a second history: the detail of that; NULL: no */
	struct sight *sight;           /* what the author can name; NULL: everything */
	const struct witness *witness; /* NULL: nobody computed it beforehand */
};

/* Decides it on a fresh overlay. Statuses of decide(). */
enum status intake_decide(struct intake *intake, struct overlay *overlay, struct verdict *out_verdict);
/* An operation sent under a first id must not write over what has that id already. */
bool intake_is_overwriting(const struct intake *intake, const struct overlay *overlay);
/* Publishes the row that says what became of it, without a decision; its place in the log is the caller's. */
enum status intake_tell(struct intake *intake, enum outcome outcome, enum rule rule, const char *detail);

#endif
