/* Seeded bugs: run-time switches with which the simulation proves that its invariants bite. Never set outside tests. */
#ifndef TRUCKROLL_SYNC_BUGS_H
#define TRUCKROLL_SYNC_BUGS_H

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
	BUG_COUNT,
};

/* A name for the command line, such as "shadow-not-restored"; NULL beyond the end. */
const char *bug_to_text(enum seeded_bug bug);

#endif
