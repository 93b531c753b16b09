#include "db/table_sql.h"

#include <string.h>

#include "protocol/base/buffer.h"

#define SQL_SIZE_MAX ((size_t)16 * 1024)

/* $T is the table, $I the indexed column, $W the time its window counts from, $O what else makes a row a fact, other letters are lists of
 * fields (write_fields). */
struct verb_row {
	const char *before;
	const char *after;
};

/* clang-format off */
static const struct verb_row verbs[] = {
	[TABLE_GET]          = { "SELECT id, home, gseq, author, hash, extra$F", " FROM $T WHERE id = ?1" },
	[TABLE_LOOK]         = { "SELECT row, home$X", " FROM $T WHERE id = ?1" },
	[TABLE_INSERT]       = { "INSERT INTO $T (id, home, gseq, author, hash, extra$F) VALUES (?1, ?2, ?3, ?4, ?5, ?6$V)",
				 " ON CONFLICT (id) DO NOTHING" },
	[TABLE_UPDATE]       = { "UPDATE $T SET home = ?2, gseq = ?3, author = ?4, hash = ?5, extra = ?6$S", " WHERE row = ?1" },
	[TABLE_UPDATE_PLAIN] = { "UPDATE $T SET gseq = ?3, author = ?4, hash = ?5, extra = ?6$P", " WHERE row = ?1" },
	[TABLE_REMOVE]       = { "DELETE FROM $T", " WHERE id = ?1" },
	[TABLE_FEED]         = { "SELECT id, home, gseq, author, hash, extra$F",
				 " FROM $T WHERE home = ?1 AND (gseq, id) > (?2, ?3) AND author IS NOT ?4 ORDER BY gseq, id" },
	[TABLE_SINCE]        = { "SELECT count(*), sum(id > ?3 AND id <= ?4)",
				 " FROM (SELECT id FROM $T WHERE home = ?1 AND gseq > ?2 ORDER BY gseq, id LIMIT ?5)" },
	[TABLE_BY_ID]        = { "SELECT id, home, gseq, author, hash, extra$F", " FROM $T WHERE home = ?1 AND id > ?2 ORDER BY id" },
	[TABLE_SCAN]         = { "SELECT id, home, gseq, author, hash, extra$F", " FROM $T WHERE id > ?1 ORDER BY id" },
	[TABLE_RESOLVE]      = { "SELECT id", " FROM $T WHERE id BETWEEN ?1 AND ?2 LIMIT 2" },
	[TABLE_NEIGHBOURS]   = { "SELECT id", " FROM $T WHERE id BETWEEN ?1 AND ?2" },
	[TABLE_AGED]         = { "SELECT id, home, gseq, author, hash, extra$F",
				 " FROM $T WHERE archived IS NULL$O AND ($W, id) > (?1, ?2) AND $W < ?3 ORDER BY $W, id LIMIT ?4" },
	[TABLE_EACH]         = { "SELECT id, home, gseq, author, hash, extra$F", " FROM $T WHERE $I IS ?1 ORDER BY id" },
};
/* clang-format on */

bool field_is_indexed(const struct schema *schema, const struct field *field)
{
	for (size_t i = 0; i < INDEXES_MAX && schema->indexes[i].field != NULL; i++)
		if (strcmp(schema->indexes[i].field, field->name) == 0)
			return true;
	return false;
}

static void write_string(struct writer *writer, const char *string)
{
	write_raw(writer, string, strlen(string));
}

static void write_parameter(struct writer *writer, size_t field)
{
	char digits[4] = { '?', (char)('0' + (field + TABLE_FIRST_FIELD) / 10), (char)('0' + (field + TABLE_FIRST_FIELD) % 10), 0 };

	write_string(writer, digits);
}

/* $F names, $V parameters, $S assignments, $P assignments of fields in no index, $X names of fields in an index. */
static void write_fields(struct writer *writer, const struct schema *schema, char form)
{
	for (size_t i = 1; i < schema->field_count; i++) {
		bool indexed = field_is_indexed(schema, &schema->fields[i]);

		if ((form == 'P' && indexed) || (form == 'X' && !indexed))
			continue;
		write_string(writer, ", ");
		if (form != 'V')
			write_string(writer, schema->fields[i].name);
		if (form == 'S' || form == 'P')
			write_string(writer, " = ");
		if (form == 'S' || form == 'P' || form == 'V')
			write_parameter(writer, i);
	}
}

static void write_form(struct writer *writer, const struct schema *schema, size_t index, const char *form)
{
	for (const char *at = form; *at != '\0'; at++) {
		if (*at != '$') {
			write_u8(writer, (uint8_t)*at);
			continue;
		}
		at++;
		if (*at == 'T')
			write_string(writer, schema->name);
		else if (*at == 'I')
			write_string(writer, schema->indexes[index].field);
		else if (*at == 'W')
			write_string(writer, schema->window.field);
		else if (*at == 'O')
			write_string(writer, schema->window.of_orders ? " AND work_order_id IS NOT NULL" : "");
		else
			write_fields(writer, schema, *at);
	}
}

const char *table_sql(struct arena *arena, const struct schema *schema, enum table_verb verb)
{
	struct writer writer = writer_in(arena, SQL_SIZE_MAX);
	const struct verb_row *row = &verbs[verb < TABLE_EACH ? verb : TABLE_EACH];
	size_t index = verb < TABLE_EACH ? 0 : (size_t)(verb - TABLE_EACH);

	write_form(&writer, schema, index, row->before);
	write_form(&writer, schema, index, row->after);
	write_u8(&writer, 0);
	return (const char *)writer_bytes(&writer).data;
}
