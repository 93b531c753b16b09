#include "shell/output.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/domain/revision.h"
#include "shell/exit_code.h"
#include "shell/output_table.h"
#include "shell/record_json.h"
#include "shell/terminal.h"

#define OUTPUT_MAX ((size_t)1024 * 1024 * 1024)

struct output {
	struct output_reader reader; /* name_of NULL: ids are shown */
	struct arena *arena;
	struct output_style style;
	struct writer out, err; /* for people */
	json_t *result;         /* with --json, else NULL */
	struct table *table;    /* begun, not laid out yet; NULL: none */
	size_t table_end;       /* where the last table for people ended */
};

struct cell cell_none(void)
{
	return (struct cell){ .kind = CELL_NONE };
}

struct cell cell_text(struct text text)
{
	return (struct cell){ .kind = CELL_TEXT, .text = text };
}

struct cell cell_string(const char *string)
{
	return cell_text(text_of(string));
}

struct cell cell_integer(int64_t integer)
{
	return (struct cell){ .kind = CELL_INTEGER, .integer = integer };
}

struct cell cell_time(int64_t at_ms)
{
	return (struct cell){ .kind = CELL_TIME, .integer = at_ms };
}

struct cell cell_duration(int64_t duration_ms)
{
	return (struct cell){ .kind = CELL_DURATION, .integer = duration_ms };
}

struct cell cell_size(int64_t bytes)
{
	return (struct cell){ .kind = CELL_SIZE, .integer = bytes };
}

struct cell cell_id(const struct id *id)
{
	return (struct cell){ .kind = CELL_ID, .id = *id };
}

struct cell cell_name(const char *prefix, struct text name)
{
	return (struct cell){ .kind = CELL_NAME, .text = name, .prefix = prefix };
}

struct cell cell_boolean(bool boolean)
{
	return (struct cell){ .kind = CELL_BOOLEAN, .integer = boolean };
}

struct output *output_create(struct arena *arena, const struct output_style *style)
{
	struct output *output = arena_allocate(arena, sizeof(*output));

	*output = (struct output){ .arena = arena,
		.style = *style,
		.out = writer_in(arena, OUTPUT_MAX),
		.err = writer_in(arena, OUTPUT_MAX),
		.result = style->json ? json_object() : NULL };
	return output;
}

void output_finish(struct output *output)
{
	if (output == NULL)
		return;
	json_decref(output->result);
	output->result = NULL;
}

const struct output_style *output_style_of(const struct output *output)
{
	return &output->style;
}

static void put(struct output *output, struct text text)
{
	write_raw(&output->out, text.data, text.size);
}

/* Whatever comes next stands below the table. */
static void end_table(struct output *output)
{
	struct table *table = output->table;

	output->table = NULL;
	if (table == NULL || table->row_count == 0 || output->style.json)
		return;
	if (output->table_end > 0 && output->table_end == output->out.size)
		put(output, text_of("\n"));
	table_print(table, output->arena, &output->style, &output->out);
	output->table_end = output->out.size;
}

void output_json(struct output *output, const char *name, json_t *value)
{
	end_table(output);
	if (output->style.json)
		(void)json_object_set_new(output->result, name, value);
	else
		json_decref(value);
}

static void put_labelled(struct output *output, struct text title, struct text value)
{
	put(output, title);
	put(output, text_of(catalogue_translate(output->style.language, ": ")));
	put(output, value);
	put(output, text_of("\n"));
}

void output_value(struct output *output, const char *name, const char *title, struct cell cell)
{
	end_table(output);
	if (output->style.json)
		(void)json_object_set_new(output->result, name, cell_to_json(output->arena, &cell));
	else
		put_labelled(output, column_title(output->arena, output->style.language, name, title),
			cell_print(output->arena, &output->style, &cell));
}

struct table *output_table(struct output *output, const char *name, const struct column *columns, size_t column_count)
{
	struct table *table = arena_allocate(output->arena, sizeof(*table));

	end_table(output);
	*table = (struct table){ .output = output, .columns = columns, .column_count = column_count };
	table->right = arena_allocate_array(output->arena, column_count + 1, sizeof(*table->right));
	table->firm = arena_allocate_array(output->arena, column_count + 1, sizeof(*table->firm));
	if (output->style.json) {
		table->list = json_array();
		(void)json_object_set_new(output->result, name, table->list);
	}
	output->table = table;
	return table;
}

static struct table_line *add_line(struct table *table)
{
	struct table_line *line = arena_allocate(table->output->arena, sizeof(*line) + table->column_count * sizeof(line->cells[0]));

	if (table->last == NULL)
		table->first = line;
	else
		table->last->next = line;
	table->last = line;
	return line;
}

static bool is_number(enum cell_kind kind)
{
	return kind == CELL_INTEGER || kind == CELL_SIZE || kind == CELL_DURATION;
}

void table_row(struct table *table, const struct cell *cells)
{
	struct output *output = table->output;

	assert(output->table == table && table->schema == NULL);
	table->row_count++;
	if (output->style.json) {
		json_t *object = json_object();
		for (size_t i = 0; i < table->column_count; i++)
			(void)json_object_set_new(object, table->columns[i].name, cell_to_json(output->arena, &cells[i]));
		(void)json_array_append_new(table->list, object);
		return;
	}
	struct table_line *line = add_line(table);
	for (size_t i = 0; i < table->column_count; i++) {
		if (table->columns[i].json_only)
			continue;
		line->cells[i] = cell_print(output->arena, &output->style, &cells[i]);
		table->right[i] = table->right[i] || is_number(cells[i].kind);
		table->firm[i] = table->firm[i] || cells[i].kind == CELL_TIME || cells[i].kind == CELL_ID;
	}
}

size_t table_row_count(const struct table *table)
{
	return table->row_count;
}

static void add_field(struct table *table, struct column *columns, const struct field *field)
{
	size_t place = table->column_count++;

	table->fields[place] = field;
	columns[place].name = field->name;
	table->right[place] = field->kind == FIELD_INTEGER;
	table->firm[place] = field->kind == FIELD_TIME;
}

struct table *output_rows(struct output *output, const char *name, const struct schema *schema, const char *const *fields)
{
	size_t count = 0;
	struct column *columns;
	struct table *table;

	while (fields != NULL && fields[count] != NULL)
		count++;
	if (fields == NULL)
		count = schema->field_count;
	columns = arena_allocate_array(output->arena, count + 1, sizeof(*columns));
	table = output_table(output, name, columns, count);
	table->schema = schema;
	table->fields = arena_allocate_array(output->arena, count + 1, sizeof(struct field *));
	table->column_count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct field *field = fields == NULL ? &schema->fields[i] : schema_field(schema, text_of(fields[i]));
		assert(field != NULL || schema_revision() < SCHEMA_REVISION);
		if (field != NULL) /* NULL: it came later than what this program speaks */
			add_field(table, columns, field);
	}
	return table;
}

static void set_field(json_t *object, const struct field *field, const void *row)
{
	(void)json_object_setn_new(object, field->name, field_json_name_size(field), field_to_json(field, row));
}

void output_read_records(struct output *output, const struct output_reader *reader)
{
	output->reader = *reader;
}

struct text output_field(struct output *output, const struct schema *schema, const struct field *field, const void *row)
{
	const struct output_reader *reader = &output->reader;
	struct text measured = { 0 };

	if (field->kind == FIELD_ID && field->refers != RECORD_NONE && !field_is_default(field, row) && reader->name_of != NULL)
		return reader->name_of(reader->context, output->arena, field_at(field, row));
	if (reader->measure != NULL)
		measured = reader->measure(reader->context, output->arena, schema, field, row);
	return measured.size > 0 ? measured : field_print(output->arena, &output->style, schema, field, row);
}

void table_record(struct table *table, const void *row)
{
	struct output *output = table->output;

	assert(output->table == table && table->schema != NULL);
	table->row_count++;
	if (output->style.json) {
		json_t *object = json_object();
		set_field(object, &table->schema->fields[0], row);
		for (size_t i = 0; i < table->column_count; i++)
			set_field(object, table->fields[i], row);
		(void)json_array_append_new(table->list, object);
		return;
	}
	struct table_line *line = add_line(table);
	for (size_t i = 0; i < table->column_count; i++)
		line->cells[i] = output_field(output, table->schema, table->fields[i], row);
}

void output_record(struct output *output, const char *name, const struct schema *schema, const void *row)
{
	end_table(output);
	if (output->style.json) {
		(void)json_object_set_new(output->result, name, record_to_json(schema, row));
		return;
	}
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		struct text value;
		if (field_is_default(field, row) && (field->kind != FIELD_CHOICE || strcmp(field->choices[0].name, "none") == 0))
			continue;
		value = output_field(output, schema, field, row);
		if (i == 0) /* here is the place to copy it whole from */
			value = arena_print(output->arena, "%s", id_to_text(row_id(row)).characters);
		if (field->kind == FIELD_TEXT)
			value = text_printable(output->arena, *(const struct text *)field_at(field, row));
		put_labelled(output, column_title(output->arena, output->style.language, field->name, NULL), value);
	}
}

static json_t *values_to_json(struct arena *arena, const struct message_value *values, size_t count)
{
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++) {
		struct cell cell = cell_text(values[i].text);
		(void)json_object_set_new(object, values[i].name, cell_to_json(arena, &cell));
	}
	return object;
}

void output_message(struct output *output, const char *key, const struct message_value *values, size_t count)
{
	struct text text = catalogue_print(output->arena, output->style.language, key, values, count);
	struct cell cell = cell_text(text);
	json_t *list;

	end_table(output);
	if (!output->style.json) {
		put(output, text_printable(output->arena, text));
		put(output, text_of("\n"));
		return;
	}
	list = json_object_get(output->result, "messages");
	if (list == NULL) {
		list = json_array();
		(void)json_object_set_new(output->result, "messages", list);
	}
	(void)json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "key", key, "text", cell_to_json(output->arena, &cell), "values",
		values_to_json(output->arena, values, count)));
}

void output_line(struct output *output, const char *format, ...)
{
	va_list arguments;

	end_table(output);
	if (output->style.json)
		return;
	va_start(arguments, format);
	put(output, text_printable(output->arena, catalogue_format_list(output->arena, output->style.language, format, arguments)));
	va_end(arguments);
	put(output, text_of("\n"));
}

void output_heading(struct output *output, const char *title)
{
	end_table(output);
	if (output->style.json)
		return;
	if (output->out.size > 0)
		put(output, text_of("\n"));
	put(output, text_of(title));
	put(output, text_of("\n"));
}

void output_plain(struct output *output, struct text text)
{
	end_table(output);
	if (!output->style.json)
		put(output, text);
}

static void put_error(struct output *output, struct text text)
{
	struct text clean = text_printable(output->arena, text);

	write_raw(&output->err, clean.data, clean.size);
	write_raw(&output->err, "\n", 1);
}

void output_warning(struct output *output, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_error(output, catalogue_format_list(output->arena, output->style.language, format, arguments));
	va_end(arguments);
}

void output_error(struct output *output, enum status status)
{
	struct text reason = text_of(fail_reason());
	struct message_value value = { .name = "reason", .text = reason };
	struct cell cell;

	end_table(output);
	if (reason.size == 0)
		value.text = reason = text_of(status_to_text(status));
	put_error(output, catalogue_print(output->arena, output->style.language, exit_code_message(status), &value, 1));
	if (!output->style.json)
		return;
	cell = cell_text(arena_copy_text(output->arena, reason));
	(void)json_object_set_new(output->result, "error", json_pack("{s:s, s:o, s:i}", "status", status_to_text(status), "reason",
		cell_to_json(output->arena, &cell), "exit_code", (int)exit_code_of(status)));
}

/* What cannot be written now never can be: the terminal is gone. */
static void write_out(int descriptor, struct writer *writer)
{
	struct bytes bytes = writer_bytes(writer);

	while (bytes.size > 0) {
		ssize_t put_size = write(descriptor, bytes.data, bytes.size);
		if (put_size < 0 && errno != EINTR)
			break;
		if (put_size > 0) {
			bytes.data += put_size;
			bytes.size -= (size_t)put_size;
		}
	}
	writer->size = 0;
}

void output_flush(struct output *output)
{
	end_table(output);
	if (output->style.stdout_descriptor >= 0 && !output->style.json)
		write_out(output->style.stdout_descriptor, &output->out);
	if (output->style.stderr_descriptor >= 0)
		write_out(output->style.stderr_descriptor, &output->err);
}

static struct text text_of_writer(const struct writer *writer)
{
	struct bytes bytes = writer_bytes(writer);

	return (struct text){ .data = bytes.size == 0 ? "" : (const char *)bytes.data, .size = bytes.size };
}

struct text output_stdout(struct output *output)
{
	size_t size;
	char *data;

	end_table(output);
	if (!output->style.json)
		return text_of_writer(&output->out);
	size = json_dumpb(output->result, NULL, 0, JSON_INDENT(2));
	data = arena_allocate(output->arena, size + 2);
	(void)json_dumpb(output->result, data, size, JSON_INDENT(2));
	data[size] = '\n';
	return (struct text){ .data = data, .size = size + 1 };
}

struct text output_stderr(struct output *output)
{
	return text_of_writer(&output->err);
}
