/* The statements of a table of records, printed from its field table. Columns of a reading statement are id, home, gseq, author, hash,
 * extra, then the fields after the id in table order; parameters of a writing statement are the same, from ?1. */
#ifndef TRUCKROLL_DB_TABLE_SQL_H
#define TRUCKROLL_DB_TABLE_SQL_H

#include "db/connection.h"

#define TABLE_FIRST_FIELD 6 /* column of the first field after the id */

/* True when a declared index holds the field. */
bool field_is_indexed(const struct schema *schema, const struct field *field);

/* NUL-terminated, in `arena`. `verb` is TABLE_EACH + the index's number for the declared indexes. */
const char *table_sql(struct arena *arena, const struct schema *schema, enum table_verb verb);

#endif
