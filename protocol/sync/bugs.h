/* Seeded bugs: run-time switches with which the simulation proves that its invariants bite. Never set outside tests. */
#ifndef TRUCKROLL_SYNC_BUGS_H
#define TRUCKROLL_SYNC_BUGS_H

#include "protocol/wire/ids.h"

enum seeded_bug {
	BUG_NONE = 0,
	BUG_ACKNOWLEDGE_BEFORE_COMMIT, /* server: the reply leaves before the commit is durable */
	BUG_NO_DEDUPLICATION,          /* server: an operation re-sent under its first id is decided again */
	BUG_DIGEST_AFTER_REPLAY,       /* device: digests are checked over rows that hold guesses */
	BUG_FACT_REFUSED_AFTER_CLAIM,  /* server: a FACT is rejected because the CLAIM before it was */
	BUG_CURSOR_BEFORE_COMMIT,      /* device: the cursor moves although the cut did not commit */
	BUG_SHADOW_NOT_RESTORED,       /* device: a cut leaves its guesses in the confirmed rows */
	BUG_FORGOTTEN_ABOVE_HORIZON,   /* server: forgets what left above the horizon that cursors are held against */
	BUG_RANGE_NOT_REPLACED,        /* device: a repair leaves rows that the server does not name */
	BUG_SCOPE_NOT_CHECKED,         /* server: pages also hold scopes whose grant has ended */
	BUG_AMBIGUOUS_REFERENCE,       /* server: a short reference that fits two records is taken for the first of them */
	BUG_LEDGER_LEG_DROPPED,        /* server: a movement changes one balance only */
	BUG_PURGE_SKIPPED,             /* device: rows of a scope that it left stay */
	BUG_STALE_GRANT,               /* server: what a revoked device sends counts as before */
	BUG_SEQUENCE_REUSED,           /* device: goes on in its old incarnation after it was restored */
	BUG_PARTLY_APPLIED,            /* server: the last row of an operation that writes several is not stored */
	BUG_PARKED_NOT_KEPT,           /* server: a parked operation is acknowledged and forgotten */
	BUG_EARLIER_EDIT_WINS,         /* server: of two edits of one field the one committed first stands */
	BUG_LEFT_NOT_WRITTEN,          /* server: a row that changes its home leaves nothing behind in the old one */
	BUG_CLOSURE_NOT_WALKED,        /* server: a row that changes gives its jobs no other rows */
	BUG_ROW_LOST_AT_RESUME,        /* server: the row at which a page was full is in neither page */
	BUG_PATCH_OF_LATER_BASE,       /* server: a patch leaves out the first commit after the device's cursor */
	BUG_SYNC_AT_CHECKPOINT,        /* disk: a commit is synced with the next checkpoint only (synchronous=NORMAL) */
	BUG_TRY_NOT_COUNTED,           /* server: a try is not on the disk before the operation is decided */
	BUG_PART_LEFT_OUT,             /* device: nobody looks whether a part of a bundle is missing before another */
	BUG_FILE_SWEPT,                /* server: what is old goes, whether a row speaks of it or not */
	BUG_FILE_THOUGHT_SENT,         /* device: a file counts as sent with its last piece, not with the server's word */
	BUG_EXTRA_DROPPED,             /* device: a patch takes what a row kept of fields that are not known */
	BUG_WATERMARK_TOO_FAR,         /* server: tells that a backup holds what was decided since it was made */
	BUG_KEPT_TOO_SHORT,            /* device: lets go of what no backup holds */
	BUG_FORMER_NOT_SENT,           /* device: what it keeps of former incarnations is not sent to a server that was restored */
	BUG_CARRIED_THOUGHT_TAKEN,     /* device: an envelope that it carries counts as taken when it was sent */
	BUG_ARCHIVED_IN_USE,           /* server: an old fact is archived, whoever still works on its order */
	BUG_COUNT,
};

/* References of which an ambiguous one is the first record that begins so; `whole` must outlive them. */
struct references bug_first_reference(const struct references *whole);

/* A name for the command line, such as "shadow-not-restored"; NULL beyond the end. */
const char *bug_to_text(enum seeded_bug bug);

#endif
