/* A suspect: what the server was at when it stopped without a word. While it is at something, a mark outside of the process says so; who
 * comes after an unclean stop finds it there. The mark need not outlive a power cut: what is looked for is a fault of the program. */
#ifndef TRUCKROLL_SYNC_SUSPECT_H
#define TRUCKROLL_SYNC_SUSPECT_H

#include "protocol/base/id.h"
#include "protocol/wire/chain.h"

/* In the mark: never reuse a number. */
enum suspect_work {
	SUSPECT_NONE = 0,
	SUSPECT_READING = 1,   /* a batch of the chain: what is in it is not known yet */
	SUSPECT_DECIDING = 2,  /* the operations first_seq..last_seq, whose commit was not carried out */
	SUSPECT_ANSWERING = 3, /* the device */
	SUSPECT_CLEARED = 4,   /* no suspect: try number first_seq of last_seq is counted, and did not end the server */
	SUSPECT_TRYING = 5,    /* that try has begun, cleared or not; last_seq 0: of reading */
	SUSPECT_WORK_COUNT,
};

struct suspect {
	enum suspect_work work;
	struct id device;
	struct id incarnation; /* nil: the office's own operation */
	int64_t first_seq;
	int64_t last_seq;
	struct hash hash; /* of the chain at last_seq */
	int64_t since_ms; /* UTC */
};

/* A stable word such as "deciding"; NULL: of none. */
const char *suspect_word(const struct suspect *suspect);

/* Where the mark is. Called often: a write without waiting for the disk. */
struct suspect_sink {
	/* Puts the suspects in the places from `place` (from 0) on, and nothing behind them, all at once. False: it cannot. */
	bool (*put)(void *context, size_t place, const struct suspect *suspects, size_t count);
	void *context;
};

#define SUSPECTS_MAX      1024 /* places of a mark */
#define SUSPECTS_KEPT_MAX 512  /* of those from before this start; the oldest are dropped */

/* The mark as the core has it: those kept, from before this start or cleared, then what is in the open commit, then what it is at. */
struct suspect_mark {
	struct suspect_sink sink; /* put NULL: there is no mark, and everything counts as put */
	struct suspect entries[SUSPECTS_MAX];
	size_t kept_count;
	size_t group_count;
};

/* Adds one to the open commit's. False: it cannot be put. */
bool suspect_mark_add(struct suspect_mark *mark, const struct suspect *suspect);
/* The latest of the open commit's, of which there is one, becomes this; is none. */
bool suspect_mark_change(struct suspect_mark *mark, const struct suspect *suspect);
void suspect_mark_drop(struct suspect_mark *mark);
/* The open commit is carried out, or never was. */
void suspect_mark_clear(struct suspect_mark *mark);
/* What it is at, beside any commit; NULL: nothing. */
void suspect_mark_at(struct suspect_mark *mark, const struct suspect *suspect);

typedef bool (*suspect_test)(void *context, const struct suspect *suspect);
/* Keeps one more, in the place of the oldest when there are too many; suspect_mark_write() puts it. */
void suspect_mark_keep(struct suspect_mark *mark, const struct suspect *suspect);
/* Forgets those kept that `test` is true of; suspect_mark_write() puts the others. Whether there were any. O(all). */
bool suspect_mark_forget(struct suspect_mark *mark, suspect_test test, void *context);
/* Puts all of them anew. False: it cannot. */
bool suspect_mark_write(struct suspect_mark *mark);

#endif
