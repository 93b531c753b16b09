#include "server/import.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "server/csv.h"
#include "server/import_format.h"
#include "server/import_general.h"
#include "server/jsonl.h"
#include "shell/catalogue.h"

#define PROGRESS_ROWS 256

/* A file in one of its two readings. */
struct reading {
	struct import_pass pass;
	struct import_input *input;
	struct import_header header;
	struct text *names; /* CSV: of the columns */
	size_t name_count;
	bool json;
	int64_t done_before; /* bytes of earlier readings, for progress */
};

static void note_error(struct reading *reading, int64_t line, int64_t column, const char *reason)
{
	const struct import_place place = { reading->pass.options->path, line, column };

	import_report_error(reading->pass.report, reading->pass.arena, &place, "%s", reason);
}

static struct text add_title(struct arena *arena, struct text known, const char *title)
{
	struct text said = text_of(title);

	if (catalogue_spoken() != LANGUAGE_EN)
		said = catalogue_word(arena, catalogue_spoken(), IMPORT_FORM_PREFIX, said);
	return arena_print(arena, "%.*s%.*s; ", TEXT_ARGUMENTS(known), TEXT_ARGUMENTS(said));
}

static void refuse_unknown(struct reading *reading)
{
	struct text known = text_of("");

	for (const struct import_format *format = import_formats; format->title != NULL; format++)
		if (format->json == reading->json)
			known = add_title(reading->pass.row_arena, known, format->title);
	if (reading->json)
		known = catalogue_format(reading->pass.row_arena, catalogue_spoken(),
			"the keys fit no known form. Known: %.*sany CSV whose first cell is record=<kind>, such as record=site",
			TEXT_ARGUMENTS(known));
	else
		known = catalogue_format(reading->pass.row_arena, catalogue_spoken(),
			"the column names fit no known form. Known: %.*sany CSV whose first cell is record=<kind>, such as record=site",
			TEXT_ARGUMENTS(known));
	note_error(reading, 1, 1, known.data);
}

/* A file of a known form is about places that the organisation must have. */
static bool check_territory(struct reading *reading)
{
	const struct field *field = schema_field(schema_find(reading->pass.format->record), text_of("territory_id"));

	if (field == NULL || !field->required || !id_is_nil(&reading->pass.options->territory_id))
		return true;
	note_error(reading, 1, 1, "the file names no territory: say with --territory which one its records belong to");
	return false;
}

static void recognise(struct reading *reading, const struct text *names, size_t count)
{
	struct import_pass *pass = &reading->pass;

	pass->format = import_format_find(reading->json, names, count);
	if (pass->format == NULL)
		refuse_unknown(reading);
	else if (check_territory(reading))
		pass->report->format = text_of(pass->format->title);
}

/* Columns that nothing reads are listed with how often they had something to say. */
static void count_ignored(struct reading *reading, const struct import_row *row)
{
	struct import_pass *pass = &reading->pass;

	for (size_t i = 0; pass->checking && pass->format != NULL && i < row->count; i++)
		if (!import_format_reads(pass->format, row->values[i].name))
			import_notes_add(&pass->report->ignored, pass->arena, row->values[i].name, row->line,
				import_value_is_empty(&row->values[i]) ? 0 : 1);
}

static void take_row(struct reading *reading, const struct import_row *row)
{
	struct import_pass *pass = &reading->pass;

	count_ignored(reading, row);
	if (pass->format != NULL)
		import_format_row(pass, row);
	else
		import_general_row(pass, row);
}

/* True while reading may go on. */
static bool row_done(struct reading *reading)
{
	struct import_pass *pass = &reading->pass;
	const struct import_options *options = pass->options;

	arena_reset(pass->row_arena);
	if (options->progress != NULL && pass->report->rows % PROGRESS_ROWS == 0)
		options->progress(options->progress_context, reading->done_before + import_input_done(reading->input),
			import_input_size(reading->input) * (options->dry_run ? 1 : 2));
	return pass->status == STATUS_OK && pass->report->error_count < IMPORT_ERRORS_MAX;
}

static void read_csv_header(struct reading *reading, const struct csv_row *row)
{
	struct import_pass *pass = &reading->pass;

	if (row->problem.reason != NULL) {
		note_error(reading, row->problem.line, row->problem.column, row->problem.reason);
		return;
	}
	reading->names = arena_allocate_array(pass->arena, row->count, sizeof(*reading->names));
	reading->name_count = row->count;
	for (size_t i = 0; i < row->count; i++)
		reading->names[i] = arena_copy_text(pass->arena, text_trim(row->cells[i].text));
	if (!import_general_is(row)) {
		recognise(reading, reading->names, reading->name_count);
	} else if (import_general_header(pass, row, &reading->header)) {
		pass->header = &reading->header;
		pass->report->format = arena_print(pass->arena, "general form, record %s (CSV)", reading->header.schema->name);
	}
}

static void take_csv_row(struct reading *reading, const struct csv_row *csv_row)
{
	struct import_pass *pass = &reading->pass;
	struct import_row row = { .line = csv_row->line, .count = csv_row->count };

	pass->report->rows++;
	if (csv_row->problem.reason != NULL) {
		note_error(reading, csv_row->problem.line, csv_row->problem.column, csv_row->problem.reason);
		return;
	}
	if (csv_row->count != reading->name_count) {
		note_error(reading, csv_row->line, (int64_t)csv_row->count,
			arena_print(pass->row_arena, "the row has %zu cells, the header has %zu", csv_row->count, reading->name_count)
				.data);
		return;
	}
	row.values = arena_allocate_array(pass->row_arena, row.count, sizeof(*row.values));
	for (size_t i = 0; i < row.count; i++)
		row.values[i] = (struct import_value){ .name = reading->names[i],
			.text = text_trim(csv_row->cells[i].text),
			.line = csv_row->cells[i].line,
			.column = (int64_t)i + 1 };
	take_row(reading, &row);
}

static void read_csv(struct reading *reading)
{
	struct csv *csv = csv_create(reading->pass.arena, reading->input);
	struct csv_row row;

	if (!csv_next(csv, &row))
		return;
	read_csv_header(reading, &row);
	if (reading->pass.report->error_count > 0)
		return;
	while (row_done(reading) && csv_next(csv, &row))
		take_csv_row(reading, &row);
}

static void take_json_row(struct reading *reading, const struct jsonl_row *json_row)
{
	struct import_pass *pass = &reading->pass;
	struct import_row row;

	pass->report->rows++;
	if (json_row->object == NULL) {
		note_error(reading, json_row->line, json_row->column,
			arena_print(pass->row_arena, "%.*s", TEXT_ARGUMENTS(json_row->problem)).data);
		return;
	}
	row = import_row_of_object(pass->row_arena, json_row->object, json_row->text, json_row->line);
	if (pass->format == NULL) {
		struct text *names = arena_allocate_array(pass->row_arena, row.count + 1, sizeof(*names));
		for (size_t i = 0; i < row.count; i++)
			names[i] = row.values[i].name;
		recognise(reading, names, row.count);
	}
	if (pass->report->format.size > 0)
		take_row(reading, &row);
}

static void read_json(struct reading *reading)
{
	struct jsonl *jsonl = jsonl_create(reading->pass.arena, reading->input);
	struct jsonl_row row;

	while (row_done(reading) && jsonl_next(jsonl, &row)) {
		take_json_row(reading, &row);
		/* Without a form there is nothing that later lines could be checked against. */
		if (reading->pass.report->format.size == 0)
			break;
	}
	jsonl_finish(jsonl);
}

/* JSON lines begin with a brace, behind blanks and marks; text in two bytes a character is told what to do. */
static bool sniff(struct reading *reading)
{
	struct bytes start = import_input_ahead(reading->input, 64);
	size_t at = 0;

	if (start.size >= 2 && ((start.data[0] == 0xff && start.data[1] == 0xfe) || (start.data[0] == 0xfe && start.data[1] == 0xff))) {
		note_error(reading, 1, 1, "the file is UTF-16 text: save it as UTF-8");
		return false;
	}
	if (start.size >= 3 && start.data[0] == 0xef && start.data[1] == 0xbb && start.data[2] == 0xbf)
		at = 3;
	while (at < start.size && (start.data[at] == ' ' || start.data[at] == '\n' || start.data[at] == '\r' || start.data[at] == '\t'))
		at++;
	reading->json = at < start.size && start.data[at] == '{';
	return true;
}

/* One reading of the whole file. The report tells what is wrong with it; the status, what stopped it. */
static enum status read_file(struct reading *reading)
{
	struct import_pass *pass = &reading->pass;

	if (sniff(reading)) {
		if (reading->json)
			read_json(reading);
		else
			read_csv(reading);
	}
	if (pass->format != NULL && pass->status == STATUS_OK)
		import_format_end(pass);
	import_keys_finish(&pass->keys);
	import_group_finish(&pass->group);
	if (pass->status != STATUS_OK)
		return pass->status;
	if (pass->report->error_count == 0 && import_input_status(reading->input) == STATUS_OK && pass->report->format.size == 0)
		note_error(reading, 1, 1, "the file is empty: it needs a header row, or JSON objects, one a line");
	return import_input_status(reading->input);
}

static enum status refuse_file(const struct import_report *report)
{
	int64_t others = report->error_count - 1;

	if (others == 0)
		return fail(STATUS_INVALID, "%.*s", TEXT_ARGUMENTS(report->errors[0]));
	return fail(STATUS_INVALID, "%.*s (and %s%lld more; nothing was imported)", TEXT_ARGUMENTS(report->errors[0]),
		report->error_count >= IMPORT_ERRORS_MAX ? catalogue_translate(catalogue_spoken(), "at least ") : "",
		(long long)others);
}

/* The second reading hands out; it must see what the first one checked. What the sink misses is added to the report. */
static enum status hand_out(struct reading *reading, const struct import_sinks *sinks, struct import_report *out_report)
{
	struct import_pass *pass = &reading->pass;
	uint64_t fingerprint = import_input_fingerprint(reading->input);
	struct import_report *again = arena_allocate(pass->arena, sizeof(*again));
	enum status status = import_input_rewind(reading->input);

	if (status != STATUS_OK)
		return status;
	*pass = (struct import_pass){
		.options = pass->options,
		.report = again,
		.arena = pass->arena,
		.row_arena = pass->row_arena,
		.sink = sinks->take,
		.sink_context = sinks->context,
	};
	reading->done_before = import_input_size(reading->input);
	status = read_file(reading);
	if (status != STATUS_OK)
		return status;
	if (pass->refused) {
		memcpy(out_report->errors, again->errors, sizeof(again->errors));
		out_report->error_count = again->error_count;
		return refuse_file(again);
	}
	if (again->error_count > 0 || again->operations != out_report->operations ||
		import_input_fingerprint(reading->input) != fingerprint)
		return fail(STATUS_INVALID, "%s changed while it was being read; import it again", pass->options->path);
	return STATUS_OK;
}

enum status import_file(
	const struct import_options *options, struct arena *arena, const struct import_sinks *sinks, struct import_report *out_report)
{
	struct arena row_arena = { .newest = NULL };
	struct reading reading = {
		.pass = {
			.options = options,
			.report = out_report,
			.arena = arena,
			.row_arena = &row_arena,
			.sink = sinks->check,
			.sink_context = sinks->context,
			.checking = true,
		},
	};
	enum status status;

	assert(options->at_ms > 0 && (options->dry_run || sinks->take != NULL));
	*out_report = (struct import_report){ .rows = 0 };
	status = import_input_open(arena, options->path, &reading.input);
	if (status != STATUS_OK)
		return status;
	status = read_file(&reading);
	if (status == STATUS_OK && out_report->error_count > 0)
		status = refuse_file(out_report);
	if (status == STATUS_OK && !options->dry_run)
		status = hand_out(&reading, sinks, out_report);
	import_input_close(reading.input);
	arena_finish(&row_arena);
	return status;
}
