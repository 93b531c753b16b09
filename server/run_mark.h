/* DIR/running: there while an owner has the organisation open, with what it is at (protocol/sync/suspect.h). Found when another opens it,
 * the one before stopped without a word. It need not outlive a power cut: only what the programs themselves did is to be found out. So
 * nothing waits for the disk here; what was written stays in the system's memory when the process ends, however it does. */
#ifndef TRUCKROLL_SERVER_RUN_MARK_H
#define TRUCKROLL_SERVER_RUN_MARK_H

#include "protocol/base/arena.h"
#include "protocol/sync/suspect.h"

enum run_mark_state {
	RUN_MARK_NONE,    /* the last owner stopped as it should */
	RUN_MARK_CAREFUL, /* it did, and left word of who is suspected */
	RUN_MARK_UNCLEAN, /* it stopped without a word */
};

struct run_mark {
	const char *path; /* borrowed */
	int descriptor;   /* -1: not open */
};

/* What the mark in `dir` says, with up to SUSPECTS_MAX suspects in `arena`, which scratch comes from too, here and below. What cannot be
 * understood ends the list. */
enum run_mark_state run_mark_read(struct arena *arena, struct text dir, struct suspect **out_suspects, size_t *out_count);
/* An owner runs; what the one before left stays until something is put. `arena` lives as long as the mark. A disk that is full keeps nobody
 * from starting. */
void run_mark_begin(struct run_mark *mark, struct arena *arena, struct text dir);
/* For struct suspect_sink; `context` is the mark. Tries again to open what could not be opened. */
bool run_mark_put(void *context, size_t place, const struct suspect *suspect);
/* It stops as it should; `careful`: the suspects put are for the next one. */
void run_mark_end(struct run_mark *mark, bool careful);

#endif
