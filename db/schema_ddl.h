/* The tables and indexes that records need, printed from their field tables. Migrations hold the same text; a test compares. */
#ifndef TRUCKROLL_DB_SCHEMA_DDL_H
#define TRUCKROLL_DB_SCHEMA_DDL_H

#include "db/storage.h"
#include "protocol/domain/schema.h"

/* CREATE TABLE of the record without the closing semicolon; the text has a NUL after its last byte and lives in `arena`. */
struct text schema_table_ddl(struct arena *arena, const struct schema *schema);

/* ALTER TABLE that adds the column of one field; as schema_table_ddl(). */
struct text schema_column_ddl(struct arena *arena, const struct schema *schema, const struct field *field);

/* Number of secondary indexes of the record's table. */
size_t schema_index_count(const struct schema *schema, enum storage_kind kind);
/* CREATE INDEX IF NOT EXISTS number `position`; as schema_table_ddl(). */
struct text schema_index_ddl(struct arena *arena, const struct schema *schema, enum storage_kind kind, size_t position);
/* Its name; as schema_table_ddl(). */
struct text schema_index_name(struct arena *arena, const struct schema *schema, enum storage_kind kind, size_t position);

/* Table and indexes as a migration writes them, each ended by a semicolon and a new line. */
struct text schema_ddl(struct arena *arena, const struct schema *schema, enum storage_kind kind);

#endif
