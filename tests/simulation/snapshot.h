/* All rows of a store in memory, for questions that the code under test does not answer. */
#ifndef TRUCKROLL_TESTS_SIMULATION_SNAPSHOT_H
#define TRUCKROLL_TESTS_SIMULATION_SNAPSHOT_H

#include "db/storage.h"
#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"

struct snapshot_row {
	const void *row;
	struct row_meta meta;
};

/* Rows of one kind, in id order. */
struct snapshot_table {
	struct snapshot_row *rows;
	size_t count;
	size_t capacity;
};

struct snapshot {
	struct arena arena;
	struct snapshot_table tables[RECORD_KIND_MAX + 1];
};

enum status snapshot_load(struct snapshot *snapshot, struct storage *storage);
void snapshot_finish(struct snapshot *snapshot);
/* NULL when it is not there. */
const struct snapshot_row *snapshot_find(const struct snapshot *snapshot, enum record_kind kind, const struct id *id);

/* Prints the rows in which two stores differ to standard error, for whoever replays a seed. */
void snapshot_print_differences(const struct snapshot *left, const char *left_name, const struct snapshot *right, const char *right_name);

/* The state that an order's visits in the snapshot give it: written anew from the specification, not by work_order_derive(). */
enum work_order_state snapshot_order_state(const struct snapshot *snapshot, const struct work_order *order);

#endif
