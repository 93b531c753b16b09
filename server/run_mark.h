/* DIR/running: there while an owner has the organisation open. Found when another opens it, the one before stopped without a word. It need
 * not outlive a power cut: only what the programs themselves did to each other is to be found out. */
#ifndef TRUCKROLL_SERVER_RUN_MARK_H
#define TRUCKROLL_SERVER_RUN_MARK_H

#include "protocol/base/arena.h"

enum run_mark {
	RUN_MARK_NONE,    /* the last owner stopped as it should */
	RUN_MARK_CAREFUL, /* it did, and was still careful */
	RUN_MARK_UNCLEAN, /* it stopped without a word */
};

/* What the mark in `dir` says. Scratch comes from `arena`, here and below. */
enum run_mark run_mark_read(struct arena *arena, struct text dir);
/* An owner runs. */
void run_mark_set(struct arena *arena, struct text dir);
/* It stops as it should: `careful` says how the next one is to begin. */
void run_mark_clear(struct arena *arena, struct text dir, bool careful);

#endif
