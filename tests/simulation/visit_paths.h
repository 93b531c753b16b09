/* I8: no visit goes where the moves of its table do not lead, by however many of them, and what is done is opened again by word of a
 * technician alone. Watched at every commit of the server. */
#ifndef TRUCKROLL_TESTS_SIMULATION_VISIT_PATHS_H
#define TRUCKROLL_TESTS_SIMULATION_VISIT_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/id.h"

struct simulation;

struct visit_place {
	struct id id;
	uint32_t state; /* as of the latest commit that changed it */
};

struct visit_paths {
	struct visit_place *places;
	size_t count;
	size_t capacity;
};

/* After a commit was carried out. */
void visit_paths_follow(struct simulation *simulation);
/* A technician said so, and the server has heard it. */
bool visit_was_opened_again(struct simulation *simulation, const struct id *visit);
/* The server was put back: what it is now is where paths begin. */
void visit_paths_forget(struct visit_paths *paths);

#endif
