/* Files written and imported by tests. */
#ifndef TRUCKROLL_TESTS_UNIT_SERVER_IMPORT_HELP_H
#define TRUCKROLL_TESTS_UNIT_SERVER_IMPORT_HELP_H

#include "server/import.h"

#define IMPORT_TEST_AT_MS INT64_C(1748692800000) /* 2025-05-31T12:00Z */

/* What an import handed out; grows in the arena. */
struct taken {
	struct arena arena;
	struct operation **operations;
	size_t count;
	size_t capacity;
	size_t refuse_from; /* the sink fails from this one on; 0: never */
};

struct import_run {
	struct import_options options;
	struct import_report report;
	struct taken taken;
	enum status status;
};

/* A territory to import into. */
extern const struct id import_test_territory;

/* A new file in the temporary folder; its name, in `arena`, ends in `name`. Ends the test when it cannot be written. */
const char *import_test_file(struct arena *arena, const char *name, struct text content);
void import_test_write(const char *path, struct text content);
void import_test_remove(const char *path);

/* Imports the path into `run`, which the caller zeroed or gave options; import_run_finish() frees it. */
void import_run(struct import_run *run, const char *path);
void import_run_finish(struct import_run *run);

/* The k-th record handed out. */
const void *import_run_row(const struct import_run *run, size_t k);

#endif
