/* The command line of `simulate`, and the command that replays a run. */
#ifndef TRUCKROLL_TESTS_SIMULATION_ARGUMENTS_H
#define TRUCKROLL_TESTS_SIMULATION_ARGUMENTS_H

#include "tests/simulation/simulation.h"

enum simulate_mode {
	SIMULATE_SEEDS,
	SIMULATE_BUGS,   /* is each seeded bug caught? */
	SIMULATE_ORDERS, /* does the order of delivery, or a clock, change what comes out? */
};

struct arguments {
	enum simulate_mode mode;
	uint64_t count;
	bool search; /* bugs: from the first seed on, instead of the one that is known to catch it */
	struct run_options run; /* seed: the first */
};

/* False after telling what is wrong. */
bool arguments_read(int count, char **words, struct arguments *out_arguments);
/* "simulate --seed …" as it would be typed. */
void arguments_print_replay(const struct run_options *run);

#endif
