/* What can go wrong in a run. Swarm: each seed switches about half of the faults fully off, so that none hides what another would show. */
#ifndef TRUCKROLL_TESTS_SIMULATION_FAULTS_H
#define TRUCKROLL_TESTS_SIMULATION_FAULTS_H

#include "tests/simulation/stream.h"

enum fault_kind {
	FAULT_DROP,
	FAULT_DELAY, /* beyond what a request waits for */
	FAULT_DUPLICATE,
	FAULT_DAMAGE,       /* bits flipped or the end cut off */
	FAULT_CUT,          /* a link goes down for minutes */
	FAULT_CLOG,         /* all links go down one after the other, and come back in another order */
	FAULT_KILL_DEVICE,  /* at once, or in the middle of a later call */
	FAULT_KILL_SERVER,  /* likewise */
	FAULT_RESTORE,      /* a device is put back from an older copy */
	FAULT_CLONE,        /* a device is copied, and both run until all is healed */
	FAULT_REVOKE,       /* a device is revoked or stolen, whatever it is doing */
	FAULT_FULL_DEVICE,  /* its disk has no room for minutes */
	FAULT_FULL_SERVER,  /* likewise */
	FAULT_CLOCK,        /* a device's clock jumps: by an hour or days, to 1970, ten years on */
	FAULT_SMALL_PAGES,  /* a few rows a page, so that pulls are resumed in every place */
	FAULT_SMALL_BATCHES,
	FAULT_ROT,         /* rows of a replica change, vanish or come up behind its back */
	FAULT_FORGETTING,  /* the server forgets after minutes what left scopes: whoever was away longer compares */
	FAULT_POISON,      /* a remark that ends the server in the middle of its decision, as often as it is tried */
	FAULT_CHAOS_AGAIN, /* after all was healed and checked */
	FAULT_RESTORE_SERVER, /* from an older copy, under another epoch; drawn apart, so that seeds mean what they did */
	FAULT_HERD, /* whoever comes with operations is told to come again later; drawn apart */
	FAULT_BUNDLES, /* files with requests and answers are carried by hand: late, twice, cut, put together anew, to the wrong device */
	FAULT_FILES,   /* photos have a content, which is sent and fetched */
	FAULT_REVISIONS,      /* devices with programs of earlier revisions, and what the newer one has is used; drawn apart, too */
	FAULT_METERED, /* for a while only operations, or no files, may go over a device's link */
	FAULT_DESK, /* the office changes what orders are for, retires machines, grants territories, and settles issues; drawn apart */
	FAULT_WINDOW, /* facts leave the devices after minutes; drawn apart */
	FAULT_COUNT,
};

/* How often, in percent; 0: off in this run. */
struct faults {
	unsigned percent[FAULT_COUNT];
};

/* How often each happened. */
struct fault_counts {
	uint64_t happened[FAULT_COUNT];
};

/* Draws from the streams the same number of times, whatever is left out: of each fault from its own, where there is one `apart`, else from
 * `chance`. Faults in the set `without` (bit FAULT_…) are off. */
void faults_choose(struct faults *faults, struct stream *chance, struct stream *const apart[static FAULT_COUNT], uint32_t without);

/* A word for the command line, such as "kill-device"; NULL beyond the end. */
const char *fault_to_text(enum fault_kind fault);

#endif
