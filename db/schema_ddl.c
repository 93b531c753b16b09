#include "db/schema_ddl.h"

#include "protocol/base/buffer.h"

#define DDL_SIZE_MAX ((size_t)64 * 1024)

static const char *const column_types[] = {
	[FIELD_ID] = "BLOB",
	[FIELD_TEXT] = "TEXT",
	[FIELD_INTEGER] = "INTEGER",
	[FIELD_TIME] = "INTEGER",
	[FIELD_CHOICE] = "INTEGER",
	[FIELD_BOOLEAN] = "INTEGER",
};

/* Indexes that every table of records has, by kind of store. The server pages by commit and by id, a device only
 * finds what a scope holds. */
struct home_index {
	const char *suffix;
	const char *columns;
};

static const struct home_index server_indexes[] = { { "feed", "home, gseq, id" }, { "home", "home, id" } };
static const struct home_index replica_indexes[] = { { "home", "home" } };

static size_t home_indexes(enum storage_kind kind, const struct home_index **out_indexes)
{
	*out_indexes = kind == STORAGE_SERVER ? server_indexes : replica_indexes;
	return kind == STORAGE_SERVER ? LENGTH(server_indexes) : LENGTH(replica_indexes);
}

static void write_string(struct writer *writer, const char *string)
{
	struct text text = text_of(string);

	write_raw(writer, text.data, text.size);
}

static struct text finish(struct writer *writer)
{
	struct bytes bytes = writer_bytes(writer);

	return arena_copy_text(writer->arena, (struct text){ .data = (const char *)bytes.data, .size = bytes.size });
}

static void write_column(struct writer *writer, const char *before, const struct field *field, const char *after)
{
	write_string(writer, before);
	write_string(writer, field->name);
	write_string(writer, " ");
	write_string(writer, column_types[field->kind]);
	write_string(writer, after);
}

struct text schema_table_ddl(struct arena *arena, const struct schema *schema)
{
	struct writer writer = writer_in(arena, DDL_SIZE_MAX);

	write_string(&writer, "CREATE TABLE ");
	write_string(&writer, schema->name);
	write_string(&writer, " (\n\trow INTEGER PRIMARY KEY,\n\tid BLOB NOT NULL UNIQUE,\n\thome INTEGER NOT NULL,\n"
			      "\tgseq INTEGER NOT NULL,\n\tauthor INTEGER NOT NULL,\n\thash BLOB NOT NULL,\n");
	for (size_t i = 1; i < schema->field_count; i++)
		if (schema->fields[i].since == 0)
			write_column(&writer, "\t", &schema->fields[i], ",\n");
	write_string(&writer, "\textra BLOB");
	for (size_t i = 1; i < schema->field_count; i++) /* as ALTER TABLE adds them */
		if (schema->fields[i].since != 0)
			write_column(&writer, ",\n\t", &schema->fields[i], "");
	write_string(&writer, "\n) STRICT");
	return finish(&writer);
}

struct text schema_column_ddl(struct arena *arena, const struct schema *schema, const struct field *field)
{
	return arena_print(arena, "ALTER TABLE %s ADD COLUMN %s %s", schema->name, field->name, column_types[field->kind]);
}

static size_t declared_index_count(const struct schema *schema)
{
	size_t count = 0;

	while (count < INDEXES_MAX && schema->indexes[count].field != NULL)
		count++;
	return count;
}

size_t schema_index_count(const struct schema *schema, enum storage_kind kind)
{
	const struct home_index *indexes;

	return home_indexes(kind, &indexes) + declared_index_count(schema);
}

struct text schema_index_name(struct arena *arena, const struct schema *schema, enum storage_kind kind, size_t position)
{
	const struct home_index *indexes;
	size_t home_count = home_indexes(kind, &indexes);
	const char *suffix = position < home_count ? indexes[position].suffix : schema->indexes[position - home_count].field;

	return arena_print(arena, "%s_by_%s", schema->name, suffix);
}

struct text schema_index_ddl(struct arena *arena, const struct schema *schema, enum storage_kind kind, size_t position)
{
	const struct home_index *indexes;
	size_t home_count = home_indexes(kind, &indexes);
	const char *columns = position < home_count ? indexes[position].columns : schema->indexes[position - home_count].field;
	struct text name = schema_index_name(arena, schema, kind, position);

	return arena_print(arena, "CREATE INDEX IF NOT EXISTS %.*s ON %s (%s)", TEXT_ARGUMENTS(name), schema->name, columns);
}

struct text schema_ddl(struct arena *arena, const struct schema *schema, enum storage_kind kind)
{
	struct writer writer = writer_in(arena, DDL_SIZE_MAX);
	struct text text = schema_table_ddl(arena, schema);

	write_raw(&writer, text.data, text.size);
	write_string(&writer, ";\n");
	for (size_t i = 0; i < schema_index_count(schema, kind); i++) {
		text = schema_index_ddl(arena, schema, kind, i);
		write_raw(&writer, text.data, text.size);
		write_string(&writer, ";\n");
	}
	return finish(&writer);
}
