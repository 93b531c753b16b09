/* Taking records in from files. */
#include "server/commands.h"
#include "server/import_format.h"
#include "server/intake.h"
#include "shell/file.h"
#include "shell/progress.h"

struct import_run {
	struct context *context;
	struct intake intake;
	struct progress progress;
	int64_t kept_in_all;
	bool apply;
};

static void show_progress(void *context, int64_t done, int64_t total)
{
	struct import_run *run = context;

	progress_total(&run->progress, 0, total);
	progress_step(&run->progress, 0, done);
}

static void report_notes(struct context *context, struct text path, const char *heading, const struct import_notes *notes)
{
	const char *told = catalogue_translate(context->language, heading);

	for (size_t i = 0; i < notes->count; i++)
		output_line(context->output, "  %.*s: %s: %.*s (how often: %lld, first in line %lld)", TEXT_ARGUMENTS(path), told,
			TEXT_ARGUMENTS(notes->items[i].text),
			(long long)notes->items[i].count, (long long)notes->items[i].line);
}

static void report(struct import_run *run, struct table *table, struct text path, const struct import_report *report, bool applied)
{
	struct context *context = run->context;
	/* What is here to stay, or, without --apply and of a refused file, what taking it in would do. */
	const struct intake_counts *counts = run->intake.taken.created > 0 || applied ? &run->intake.taken : &run->intake.checked;
	struct cell cells[] = { cell_text(path), cell_name(IMPORT_FORM_PREFIX, report->format), cell_integer(report->rows),
		cell_integer(report->operations), cell_integer(counts->created), cell_integer(counts->unchanged),
		cell_integer(counts->kept), cell_integer(report->error_count), cell_boolean(applied) };

	table_row(table, cells);
	if (report->error_count == 1)
		return; /* it is the reason of the refusal */
	for (size_t i = 0; i < LENGTH(report->errors) && (int64_t)i < report->error_count; i++)
		output_warning(context->output, "%.*s", TEXT_ARGUMENTS(report->errors[i]));
}

/* The file was found in order, and then something stopped it: what was committed is here to stay. */
static enum status stopped(const struct context *context, enum status status, struct text path, const struct intake *intake)
{
	struct text reason = arena_print(context->arena, "%s", fail_reason());

	return fail(status,
		"%.*s; %lld of the %lld new records of %.*s are taken in and stay: once the cause is gone, import the file again, and it "
		"goes on with what is missing",
		TEXT_ARGUMENTS(reason), (long long)intake->taken.created, (long long)intake->checked.created, TEXT_ARGUMENTS(path));
}

static enum status take_file(
	struct import_run *run, struct text path, const struct import_options *options, struct import_report *out_report)
{
	struct context *context = run->context;
	struct import_sinks sinks = { .check = intake_check, .take = intake_take, .context = &run->intake };
	enum status status;

	progress_start(
		&run->progress, context->clock, context->language, path.data, context->forwarded || output_style_of(context->output)->json);
	intake_begin(&run->intake, !run->apply);
	status = import_file(options, context->arena, &sinks, out_report);
	if (status == STATUS_NOT_FOUND && context->forwarded)
		status = office_cannot_see(context);
	if (status == STATUS_OK)
		status = intake_settle(&run->intake);
	else
		intake_abandon(&run->intake);
	progress_finish(&run->progress);
	if (status != STATUS_OK && run->intake.taken.created > 0)
		status = stopped(context, status, path, &run->intake);
	return status;
}

static enum status import_one(struct import_run *run, struct text path, struct table *table, struct import_report *out_report)
{
	struct context *context = run->context;
	struct import_options options = { .path = path_join(context->arena, context->working_dir, path).data,
		.source = arguments_text(context->arguments, "source"),
		.at_ms = context->at_ms,
		.dry_run = !run->apply,
		.progress = show_progress,
		.progress_context = run };
	enum status status = STATUS_OK;

	if (arguments_has(context->arguments, "territory"))
		status = office_find(context, RECORD_TERRITORY, arguments_text(context->arguments, "territory"), &options.territory_id);
	if (status != STATUS_OK)
		return status;
	status = take_file(run, path, &options, out_report);
	run->kept_in_all += run->intake.checked.kept;
	report(run, table, path, out_report, run->apply && status == STATUS_OK);
	return status;
}

/* Without --apply a later file may refer to what an earlier one would bring; with it, an earlier one is in by then. */
enum status command_import(struct context *context)
{
	static const struct column columns[] = { { "file", NULL, false }, { "format", NULL, false }, { "rows", NULL, false },
		{ "records", NULL, false }, { "created", NULL, false }, { "unchanged", NULL, false }, { "kept", NULL, false },
		{ "errors", NULL, false }, { "applied", NULL, false } };
	struct import_run run = {
		.context = context, .intake = { .context = context }, .apply = arguments_flag(context->arguments, "apply")
	};
	struct table *table = output_table(context->output, "files", columns, LENGTH(columns));
	size_t count = arguments_count(context->arguments, "FILE");
	struct import_report *reports = arena_allocate_array(context->arena, count, sizeof(*reports));
	size_t done = 0;
	enum status status = STATUS_OK;

	for (; done < count && status == STATUS_OK; done++)
		status = import_one(&run, arguments_text_at(context->arguments, "FILE", done), table, &reports[done]);
	intake_finish(&run.intake);
	for (size_t i = 0; i < done; i++) {
		struct text path = arguments_text_at(context->arguments, "FILE", i);
		report_notes(context, path, "not mapped", &reports[i].ignored);
		report_notes(context, path, "left out", &reports[i].skipped);
		report_notes(context, path, "changed", &reports[i].warnings);
	}
	if (run.kept_in_all > 0)
		output_line(context->output,
			"Records that are here with other values and were kept: %lld. Change them with \"truckrolld edit\".",
			(long long)run.kept_in_all);
	if (status == STATUS_OK && !run.apply)
		output_line(context->output, "Checked only: nothing was taken in. Say --apply to import.");
	return status;
}
