/* Rows of a CSV file beside each other that are one record together, such as the causes of one trouble. */
#ifndef TRUCKROLL_SERVER_IMPORT_GROUP_H
#define TRUCKROLL_SERVER_IMPORT_GROUP_H

#include "server/import_row.h"

#define IMPORT_GROUP_MAX 100 /* rows; together they are no longer than one row may be */

/* Zero-initialised is empty; import_group_finish() gives the memory back. */
struct import_group {
	struct arena arena; /* of the rows' values */
	struct import_row rows[IMPORT_GROUP_MAX];
	size_t count;
	size_t size; /* bytes of all texts */
};

enum import_group_answer {
	IMPORT_GROUP_ADDED,
	IMPORT_GROUP_REPEATED, /* it is there word for word; not added */
	IMPORT_GROUP_FULL,     /* not added */
};

/* Does the row belong to the rows that are gathered: has it their text in that column? */
bool import_group_takes(const struct import_group *group, const char *column, const struct import_row *row);

/* Copies the row. */
enum import_group_answer import_group_add(struct import_group *group, const struct import_row *row);

/* The one row that all stand for, in `arena`: the first one's place, its text in that column, and in each other one the texts of all
 * rows, as numbered lines when there are several rows. There must be one. */
struct import_row import_group_row(const struct import_group *group, const char *column, struct arena *arena);

void import_group_clear(struct import_group *group);
void import_group_finish(struct import_group *group);

#endif
