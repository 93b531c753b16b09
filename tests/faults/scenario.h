/* What a node is in the middle of when its store fails: twelve situations, each on real cores and stores over a disk in memory. */
#ifndef TRUCKROLL_TESTS_FAULTS_SCENARIO_H
#define TRUCKROLL_TESTS_FAULTS_SCENARIO_H

#include "protocol/wire/enrolment.h"
#include "tests/simulation/simulation.h"

/* State of one trial that the nodes do not hold. */
struct trial {
	struct simulation *simulation;
	const struct template *template;
	struct crash_disk *disk; /* NULL: the node's */
	struct id subject;       /* what it is about */
	struct ticket ticket;    /* of the newcomer at the desk */
	bool told;               /* whoever gave the command was told that it is done */
	size_t count;            /* of what it is to bring */
};

struct scenario {
	const char *name;
	bool at_server; /* whose store fails; else that of device 1 */
	/* Before anything fails; on the way all comes to rest. */
	void (*prepare)(struct trial *trial);
	/* The next thing to do, over and over until it returns true; the node may have gone down meanwhile. */
	bool (*act)(struct trial *trial);
	/* Once all is quiet: is what was told true? NULL: the checks of every run say it all. */
	bool (*holds)(struct trial *trial);
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

#endif
