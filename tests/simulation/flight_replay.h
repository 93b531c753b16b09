/* Replays a flight that a device or a server exported: each leg's events go to a fresh core over the copies of the store that the leg
 * begins with, with the time, the chance, the signatures and the files that the core was given there, and what comes out is compared
 * byte for byte. */
#ifndef TRUCKROLL_TESTS_SIMULATION_FLIGHT_REPLAY_H
#define TRUCKROLL_TESTS_SIMULATION_FLIGHT_REPLAY_H

#include "protocol/base/arena.h"
#include "protocol/sync/bugs.h"

struct flight_replay_options {
	struct text words;   /* that open the file */
	const char *scratch; /* a folder that is there: the stores are put into folders below it */
	bool mended;         /* without the seeded bug that was recorded with */
	bool tell;           /* a line for each event */
};

struct flight_outcome {
	int64_t legs, events, frames;
	int64_t beside;     /* legs that were left where something else wrote to the server's store */
	int64_t not_copied; /* legs without the store: passed over */
	bool within;        /* the last leg ends within an event: the process ended there */
	bool same;
	char difference[1024]; /* the first, in words; "" when all is the same */
};

/* STATUS_OK: it was replayed up to its end or to the first difference. Others: it cannot be (the reason is a sentence), those of
 * leg_file.h among them; STATUS_CORRUPT also when it is cut. */
enum status flight_replay(struct bytes file, const struct flight_replay_options *options, struct flight_outcome *out_outcome);

#endif
