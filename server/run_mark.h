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

#define RUN_MARK_BOOT_SIZE 36

struct run_mark {
	const char *path; /* borrowed */
	int descriptor;   /* -1: not open */
	bool begun;       /* it says that this owner runs */
};

/* What the mark in `dir` says, with up to SUSPECTS_MAX suspects in `arena`, which scratch comes from too, here and below. What cannot be
 * understood ends the list. What is cleared is left out when the machine went down since: more may have happened than it says. */
enum run_mark_state run_mark_read(struct arena *arena, struct text dir, struct suspect **out_suspects, size_t *out_count);
/* What the one before left stays until something is put. `arena` lives as long as the mark. */
void run_mark_init(struct run_mark *mark, struct arena *arena, struct text dir);
/* For struct suspect_sink; `context` is the mark. The first one, from place 0 on, says that an owner runs, and waits for the disk when
 * it has suspects. Tries again to open what could not be opened: a disk that is full keeps nobody from starting. */
bool run_mark_put(void *context, size_t place, const struct suspect *suspects, size_t count);
/* It stops as it should; `careful`: the suspects put are for the next one. One that put nothing leaves what there was. */
void run_mark_end(struct run_mark *mark, bool careful);

#endif
