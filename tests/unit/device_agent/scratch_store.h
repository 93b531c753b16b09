/* A device store in a folder of its own that goes with the test. */
#ifndef TRUCKROLL_TESTS_UNIT_DEVICE_AGENT_SCRATCH_STORE_H
#define TRUCKROLL_TESTS_UNIT_DEVICE_AGENT_SCRATCH_STORE_H

#include "device_agent/store.h"

struct scratch {
	char dir[64];
	struct device_store *store;
	struct arena arena;
};

/* cmocka's set-up and tear-down: *state is a struct scratch with an open, new store. */
int scratch_set_up(void **state);
int scratch_tear_down(void **state);

/* Closes and opens it again, as another process would. */
void scratch_reopen(struct scratch *scratch);
struct device_store_options scratch_options(void);

/* An id that is told by a kind and a number; all bytes differ between numbers. */
struct id scratch_id(int kind, uint64_t number);
/* Appends operation last + 1 with these bytes. */
void scratch_append(struct scratch *scratch, const char *canonical);

#endif
