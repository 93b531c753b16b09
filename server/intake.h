/* The records of files on their way into the office: looked up before anything is taken, then decided in groups, a commit each, so
 * that memory does not grow with a file. A record that is here already is left alone, without an operation: importing twice
 * changes nothing, and a file that was taken in by half is completed by importing it again. */
#ifndef TRUCKROLL_SERVER_INTAKE_H
#define TRUCKROLL_SERVER_INTAKE_H

#include "server/import.h"
#include "server/import_keys.h"
#include "server/office.h"

struct intake_counts {
	int64_t created;
	int64_t unchanged; /* are here already */
	int64_t kept;      /* are here with other content */
};

/* Zero-initialised but for the context; intake_finish() gives memory back. */
struct intake {
	struct context *context;
	struct import_keys expected;  /* records that files of this call bring and that are not here yet */
	struct intake_counts checked; /* of the file in hand: what taking it in would do */
	struct intake_counts taken;   /* what it did; durable but for `open` */
	int64_t open;                 /* created since the last commit */
	int64_t looked;
};

/* The next file. `with_earlier`: it may refer to what earlier files would have brought, had they been taken in. */
void intake_begin(struct intake *intake, bool with_earlier);

/* Sinks of import_file(); `context` is the intake. */
enum status intake_check(void *context, const struct operation *operation);
enum status intake_take(void *context, const struct operation *operation);

/* Commits what is left of the last group. */
enum status intake_settle(struct intake *intake);
/* Drops the open group. Afterwards `taken` is what is here to stay. */
void intake_abandon(struct intake *intake);

void intake_finish(struct intake *intake);

#endif
