/* For tests of stores: a folder that goes away again, random rows, and a VFS that counts, fails or kills on purpose. */
#ifndef TRUCKROLL_TESTS_UNIT_DB_SCRATCH_H
#define TRUCKROLL_TESTS_UNIT_DB_SCRATCH_H

#include "db/storage.h"

#define SCRATCH_PATH_MAX 256

/* A fresh folder; ends the process when it cannot be made. */
void scratch_init(void);
/* Removes the folder and the files in it. */
void scratch_finish(void);
/* The path of a file in it; valid for long, there is room for 96 names. */
const char *scratch_path(const char *name);
/* Size in bytes, -1 when it is not there. */
int64_t scratch_size(const char *path);
void scratch_copy(const char *from, const char *to);

/* Numbers from a seed. */
struct numbers {
	uint64_t state;
};
uint64_t numbers_next(struct numbers *numbers);
struct id numbers_id(struct numbers *numbers);
/* A row within the limits of its schema, about half of its fields set. */
void *numbers_row(struct numbers *numbers, struct arena *arena, const struct schema *schema);
struct row_meta numbers_meta(struct numbers *numbers);

/* What the VFS "fault" does. Everything is counted; a write beyond `writes_left` fails as told. */
enum fault_kind {
	FAULT_NONE,
	FAULT_FULL,
	FAULT_IO,
	FAULT_KILL
};

struct fault {
	enum fault_kind kind;
	int64_t writes_left;
	int64_t writes;
	int64_t syncs;
};
extern struct fault fault;
/* Registers the VFS; its name is "fault". */
void fault_init(void);

#endif
