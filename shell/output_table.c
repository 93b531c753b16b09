#include "shell/output_table.h"

#include <inttypes.h>
#include <string.h>

#include "shell/terminal.h"
#include "shell/time_text.h"

#define GAP 2
#define COLUMN_MIN 8   /* still of use */
#define COLUMN_LEAST 4 /* what a small terminal leaves of words */
#define SENTENCE_MIN 36 /* readable on several lines */
#define SHORT_ID 8

struct text column_title(struct arena *arena, enum language language, const char *name, const char *title)
{
	const char *known = catalogue_find(language, arena_print(arena, "column.%s", name).data);
	static const char *const endings[] = { "_at_ms", "_ms", "_id" };
	struct text text = text_of(name);
	char *copy;

	if (title != NULL || known != NULL)
		return text_of(title != NULL ? catalogue_translate(language, title) : known);
	for (size_t i = 0; i < LENGTH(endings); i++) {
		size_t size = strlen(endings[i]);
		if (text.size > size && memcmp(text.data + text.size - size, endings[i], size) == 0) {
			text.size -= size;
			break;
		}
	}
	copy = arena_copy(arena, text.data, text.size);
	for (size_t i = 0; i < text.size; i++)
		if (copy[i] == '_')
			copy[i] = ' ';
	return (struct text){ .data = copy, .size = text.size };
}

static struct text short_id(struct arena *arena, const struct id *id)
{
	return id_is_nil(id) ? text_of("") : arena_print(arena, "%.*s", SHORT_ID, id_to_text(id).characters);
}

struct text cell_print(struct arena *arena, const struct output_style *style, const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_NONE:
		break;
	case CELL_TEXT:
		return text_one_line(arena, cell->text);
	case CELL_INTEGER:
		return arena_print(arena, "%" PRId64, cell->integer);
	case CELL_TIME:
		return time_print(arena, cell->integer, style->zone);
	case CELL_DURATION:
		return duration_print(arena, cell->integer);
	case CELL_SIZE:
		return size_print(arena, cell->integer);
	case CELL_ID:
		return short_id(arena, &cell->id);
	case CELL_NAME:
		return style->language == LANGUAGE_EN ? text_one_line(arena, cell->text) :
							catalogue_word(arena, style->language, cell->prefix, cell->text);
	case CELL_BOOLEAN:
		return catalogue_print(arena, style->language, cell->integer != 0 ? "word.yes" : "word.no", NULL, 0);
	}
	return text_of("");
}

json_t *cell_to_json(struct arena *arena, const struct cell *cell)
{
	struct text text;

	switch (cell->kind) {
	case CELL_NONE:
		break;
	case CELL_TEXT:
	case CELL_NAME:
		text = text_valid(cell->text) ? cell->text : text_printable(arena, cell->text);
		return json_stringn(text.data == NULL ? "" : text.data, text.size);
	case CELL_TIME:
		return cell->integer == 0 ? json_null() : json_string(time_print_exact(arena, cell->integer, NULL).data);
	case CELL_INTEGER:
	case CELL_DURATION:
	case CELL_SIZE:
		return json_integer((json_int_t)cell->integer);
	case CELL_ID:
		return id_is_nil(&cell->id) ? json_null() : json_string(id_to_text(&cell->id).characters);
	case CELL_BOOLEAN:
		return json_boolean(cell->integer != 0);
	}
	return json_null();
}

/* Kinds of records are called the same wherever they are named. */
static const char *field_word_prefix(struct arena *arena, const struct schema *schema, const struct field *field)
{
	return field->choices == record_kind_names ? "word" : arena_print(arena, "%s.%s", field->name, schema->name).data;
}

struct text field_print(struct arena *arena, const struct output_style *style, const struct schema *schema,
	const struct field *field, const void *row)
{
	struct cell cell;

	switch (field->kind) {
	case FIELD_ID:
		return short_id(arena, field_at(field, row));
	case FIELD_TEXT:
		return text_one_line(arena, *(const struct text *)field_at(field, row));
	case FIELD_INTEGER:
		return arena_print(arena, "%" PRId64, field_integer(field, row));
	case FIELD_TIME:
		return time_print(arena, field_integer(field, row), style->zone);
	case FIELD_CHOICE:
		return catalogue_word(
			arena, style->language, field_word_prefix(arena, schema, field), field_to_text(arena, field, row));
	case FIELD_BOOLEAN:
		cell = cell_boolean(field_integer(field, row) != 0);
		return cell_print(arena, style, &cell);
	}
	return text_of("");
}

/* Whether a column holds sentences. What to do stands at their end, so they go on in another line and are never cut. */
static bool is_sentence(const struct table *table, size_t column)
{
	static const char *const names[] = { "words", "advice", "found" };

	for (size_t i = 0; i < LENGTH(names); i++)
		if (strcmp(table->columns[column].name, names[i]) == 0)
			return true;
	return false;
}

enum shrinking {
	SHRINK_SENTENCES,
	SHRINK_WORDS, /* sentences too */
	SHRINK_ALL,   /* also times and ids */
};

static bool may_shrink(const struct table *table, size_t column, enum shrinking what)
{
	switch (what) {
	case SHRINK_SENTENCES:
		return is_sentence(table, column);
	case SHRINK_WORDS:
		return !table->firm[column];
	case SHRINK_ALL:
		break;
	}
	return true;
}

/* The widest column above `least`, the last of them. `column_count`: there is none. */
static size_t find_widest(const struct table *table, const size_t *widths, size_t least, enum shrinking what)
{
	size_t found = table->column_count;

	for (size_t i = 0; i < table->column_count; i++)
		if (widths[i] > least && may_shrink(table, i, what) && (found == table->column_count || widths[i] >= widths[found]))
			found = i;
	return found;
}

/* Takes from the widest columns until the whole fits, but leaves each enough to be of use: half a time or id is of none, so words are
 * cut first, and sentences, which lose nothing, before them. */
static void shrink(const struct table *table, size_t *widths, size_t width)
{
	static const struct {
		size_t least;
		enum shrinking what;
	} passes[] = { { SENTENCE_MIN, SHRINK_SENTENCES }, { COLUMN_MIN, SHRINK_WORDS }, { COLUMN_LEAST, SHRINK_WORDS },
		{ COLUMN_MIN, SHRINK_ALL } };
	size_t total = 0;

	for (size_t i = 0; i < table->column_count; i++)
		total += widths[i] + (widths[i] > 0 ? GAP : 0);
	for (size_t pass = 0; pass < LENGTH(passes); pass++) {
		size_t widest;
		while (total > width + GAP &&
			(widest = find_widest(table, widths, passes[pass].least, passes[pass].what)) < table->column_count) {
			widths[widest]--;
			total--;
		}
	}
}

static void put(struct writer *out, struct text text)
{
	write_raw(out, text.data, text.size);
}

static void put_blanks(struct writer *out, size_t count)
{
	while (count-- > 0)
		write_raw(out, " ", 1);
}

/* What tells one file from another stands at the end of its name. */
static bool is_file(const struct table *table, size_t column)
{
	return strcmp(table->columns[column].name, "file") == 0;
}

static struct text end_of(struct text text, size_t columns)
{
	while (text_columns(text) > columns) {
		text = (struct text){ text.data + 1, text.size - 1 };
		while (text.size > 0 && ((unsigned char)text.data[0] & 0xc0U) == 0x80U) /* the rest of a character */
			text = (struct text){ text.data + 1, text.size - 1 };
	}
	return text;
}

/* One cell, cut with an ellipsis when it is too wide: at its end, or of a file's name at its beginning. */
static void put_cell(struct writer *out, struct text text, size_t width, bool right, bool file)
{
	size_t columns = text_columns(text);
	bool cut = columns > width;

	if (cut) {
		text = file ? end_of(text, width - 1) : text_cut_columns(text, width - 1);
		columns = text_columns(text) + 1;
	}
	if (right)
		put_blanks(out, width - columns);
	if (cut && file)
		put(out, text_of("…"));
	put(out, text);
	if (cut && !file)
		put(out, text_of("…"));
	if (!right)
		put_blanks(out, width - columns);
}

static void put_line(const struct table *table, struct writer *out, const struct text *cells, const size_t *widths)
{
	size_t last = table->column_count;

	while (last > 0 && (widths[last - 1] == 0 || (cells[last - 1].size == 0 && !table->right[last - 1])))
		last--;
	for (size_t i = 0, shown = 0; i < last; i++) {
		bool fill = i + 1 < last || table->right[i];
		if (widths[i] == 0)
			continue;
		if (shown++ > 0)
			put_blanks(out, GAP);
		/* Nothing stands behind the last one, so it needs no blanks. */
		put_cell(out, cells[i], fill || text_columns(cells[i]) > widths[i] ? widths[i] : text_columns(cells[i]), table->right[i],
			is_file(table, i));
	}
	put(out, text_of("\n"));
}

static void put_row(const struct table *table, struct arena *arena, struct writer *out, const struct text *cells, const size_t *widths)
{
	struct text *rest = arena_allocate_array(arena, table->column_count + 1, sizeof(*rest));
	struct text *line = arena_allocate_array(arena, table->column_count + 1, sizeof(*line));
	bool more;

	for (size_t i = 0; i < table->column_count; i++)
		rest[i] = cells[i];
	do {
		more = false;
		for (size_t i = 0; i < table->column_count; i++) {
			bool wraps = widths[i] > 0 && text_columns(rest[i]) > widths[i] && is_sentence(table, i);
			line[i] = wraps ? text_first_line(&rest[i], widths[i]) : rest[i];
			if (!wraps)
				rest[i] = text_of("");
			more = more || rest[i].size > 0;
		}
		put_line(table, out, line, widths);
	} while (more);
}

void table_print(const struct table *table, struct arena *arena, const struct output_style *style, struct writer *out)
{
	size_t *widths = arena_allocate_array(arena, table->column_count + 1, sizeof(*widths));
	struct text *titles = arena_allocate_array(arena, table->column_count + 1, sizeof(*titles));

	for (size_t i = 0; i < table->column_count; i++) {
		if (table->columns[i].json_only)
			continue;
		titles[i] = column_title(arena, style->language, table->columns[i].name, table->columns[i].title);
		widths[i] = text_columns(titles[i]);
		for (const struct table_line *line = table->first; line != NULL; line = line->next) {
			size_t columns = text_columns(line->cells[i]);
			if (columns > widths[i])
				widths[i] = columns;
		}
	}
	if (style->width > 0)
		shrink(table, widths, style->width);
	put_line(table, out, titles, widths);
	for (const struct table_line *line = table->first; line != NULL; line = line->next)
		put_row(table, arena, out, line->cells, widths);
}
