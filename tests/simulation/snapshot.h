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

/* Tables are read when they are first asked for: the store must not change meanwhile, unless all were loaded. */
struct snapshot {
	struct snapshot_tables *loaded;
};

void snapshot_open(struct snapshot *snapshot, struct storage *storage);
/* Reads all of it at once. snapshot_finish() also when it fails. */
enum status snapshot_load(struct snapshot *snapshot, struct storage *storage);
void snapshot_finish(struct snapshot *snapshot);
/* Never NULL; empty when it cannot be read, which snapshot_status() says. */
const struct snapshot_table *snapshot_table(const struct snapshot *snapshot, enum record_kind kind);
enum status snapshot_status(const struct snapshot *snapshot);
/* NULL when it is not there. */
const struct snapshot_row *snapshot_find(const struct snapshot *snapshot, enum record_kind kind, const struct id *id);

/* Prints the rows in which two stores differ to standard error, for whoever replays a seed. */
void snapshot_print_differences(const struct snapshot *left, const char *left_name, const struct snapshot *right, const char *right_name);

/* The state that an order's visits in the snapshot give it: written anew from the specification, not by work_order_derive(). */
enum work_order_state snapshot_order_state(const struct snapshot *snapshot, const struct work_order *order);

#endif
