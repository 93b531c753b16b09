/* Thousands of devices in one thread: each has the product's core on the product's store (in memory), and a connection of its own to a
 * server that runs. What their agents would do around the cores is done here by one loop. */
#ifndef TRUCKROLL_TESTS_BENCH_LOAD_FLEET_H
#define TRUCKROLL_TESTS_BENCH_LOAD_FLEET_H

#include "protocol/sync/device_core.h"
#include "tests/bench/load/fleet_file.h"
#include "tests/bench/load/line.h"

struct fleet;

struct fleet_options {
	const char *file; /* see fleet_file.h */
	uint16_t port;
	size_t most;           /* devices; 0: all of the file */
	int64_t poll_wait_ms;  /* how long the server may hold a poll */
};

/* The devices, off line, with empty stores. `STATUS_CANNOT_WRITE`: there are not enough descriptors for so many; the reason says how many
 * there are. */
enum status fleet_open(const struct fleet_options *options, struct fleet **out_fleet);
/* Accepts NULL. */
void fleet_close(struct fleet *fleet);

/* Where the server is from now on. */
void fleet_set_port(struct fleet *fleet, uint16_t port);
/* Every device wants to be on line, now; its time begins. `window` > 0: only so many at a time that did not reach the goal of
 * fleet_run(), so that what is measured is not this one process. */
void fleet_go(struct fleet *fleet, size_t window);
/* Every device hangs up, and does nothing on the line until fleet_go(). */
void fleet_leave(struct fleet *fleet);
/* Every device changes three fields of `count` of its assets, as a technician's commands. Adds the store's statuses. */
enum status fleet_edit(struct fleet *fleet, size_t count);
/* A new round: the time of each device begins, and what it had before counts no more. */
void fleet_begin(struct fleet *fleet);

enum fleet_goal {
	FLEET_SYNCED, /* nothing is pending or missing at any device */
	FLEET_TOLD,   /* a cut came to each since the round began */
	FLEET_NEVER,
};
/* Serves the devices until the goal is reached (true), or the time is over. */
bool fleet_run(struct fleet *fleet, enum fleet_goal goal, int64_t limit_ms);

struct fleet_counts {
	size_t devices;
	size_t reached;         /* the goal, in this round */
	double p50_ms, p99_ms, max_ms; /* of those, from when each began */
	double applied_ms;      /* the longest, until it was in the device's store */
	uint64_t bytes;         /* of this round, both ways */
	int64_t connections;    /* made in this round */
	int64_t lost;           /* connections that broke, or requests without an answer in time */
	int64_t operations;     /* saved in this round */
	int64_t failures;       /* of stores and cores; 0 */
	char failure[REASON_SIZE];
};
void fleet_count(const struct fleet *fleet, struct fleet_counts *out_counts);

#endif
