/* DIR/committed: the number of the latest durable commit, kept outside the database. A store that ends before it has lost commits that
 * devices were told of: SQLite drops the damaged end of a log without a word. The note lags behind, and can be lost without harm. */
#ifndef TRUCKROLL_SERVER_COMMIT_NOTE_H
#define TRUCKROLL_SERVER_COMMIT_NOTE_H

#include "protocol/base/arena.h"
#include "protocol/base/id.h"

struct commit_note {
	struct id epoch; /* nil: there is no note */
	int64_t gseq;
};

/* What the note in `dir` says. No note, or one that is damaged, is no note. Scratch comes from `arena`. */
struct commit_note commit_note_read(struct arena *arena, struct text dir);

/* Writes the note over the last one; what fails is tried again with the next. At an owner's end it is written `durable`: whole, and on the
 * disk on return; otherwise without waiting for the disk. */
void commit_note_write(struct arena *arena, struct text dir, const struct commit_note *note, bool durable);

/* True when a store at commit `gseq` of `epoch` lacks what the note knows of. */
bool commit_note_proves_loss(const struct commit_note *note, const struct id *epoch, int64_t gseq);

#endif
