/* Import of files: every row becomes CREATE operations of the author `import`. A file with a fault anywhere is refused whole: it is
 * read once to check every line, and once more to hand the operations out. Ids are made from what the source calls a record
 * (docs/import.md), so that importing twice changes nothing. Knows no store: the caller looks up, decides and commits. */
#ifndef TRUCKROLL_SERVER_IMPORT_H
#define TRUCKROLL_SERVER_IMPORT_H

#include "protocol/domain/operation.h"
#include "server/import_report.h"

/* The name of where records came from, when nothing else is said; real files always use it. */
#define IMPORT_SOURCE "imported"

struct import_options {
	const char *path;
	struct text source;     /* whose keys files of the general form use; empty: IMPORT_SOURCE */
	struct id territory_id; /* of records whose file names no territory; nil: such a file is refused */
	int64_t at_ms;          /* > 0: time of the operations; its UTC day is what files of the general form call `today` */
	bool dry_run;           /* only check and report */
	/* Called every few hundred rows with bytes done and to do over both readings; NULL: never. */
	void (*progress)(void *context, int64_t done, int64_t total);
	void *progress_context;
};

/* Sees one CREATE, parents before what refers to them; the operation is valid during the call only. STATUS_NOT_FOUND with the name of
 * a field as the reason: what that field refers to is not there; the import notes it as an error of the file, with line and key, and
 * goes on to find others. Anything else but STATUS_OK stops the import and is returned by it. */
typedef enum status (*import_sink)(void *context, const struct operation *operation);

struct import_sinks {
	import_sink check; /* of the first reading; NULL: nothing is looked up */
	import_sink take;  /* of the second, which comes only when the first found nothing wrong; NULL in a dry run */
	void *context;
};

/* Reads the file named in `options`. The report is filled in any case, its texts live in `arena`. STATUS_INVALID, with the first error
 * as the reason, when any line is wrong or refers to what `check` misses: then `take` was never called. STATUS_INVALID as well when
 * `take` misses something after all, or when the file changed between the two readings: what was taken and not committed yet is to be
 * dropped. STATUS_NOT_FOUND when the file cannot be read; else the sink's. */
enum status import_file(
	const struct import_options *options, struct arena *arena, const struct import_sinks *sinks, struct import_report *out_report);

/* The id of a record of the general form: 32 hexadecimal digits stand for themselves, anything else is the source's own key, which is
 * unique among records of that kind: BLAKE2b-128(source, "<kind>/<key>"). */
struct id import_id(struct text source, enum record_kind kind, struct text key);

#endif
