/* Taking records in from files. */
#include <unistd.h>

#include "protocol/domain/rule.h"
#include "server/commands.h"
#include "server/import.h"
#include "server/office.h"
#include "shell/file.h"
#include "shell/outcome_words.h"
#include "shell/progress.h"

/* Records after which rows that were read or written are no longer kept in memory: a file is one commit, and would keep them all. */
#define RECORDS_KEPT 1024

struct import_run {
	struct context *context;
	struct progress progress;
	int64_t created;
	int64_t unchanged; /* were there already */
	int64_t kept;      /* were there with other content */
	int64_t kept_in_all;
	int64_t taken; /* of all files */
	bool apply;
};

static void show_progress(void *context, int64_t done, int64_t total)
{
	struct import_run *run = context;

	progress_total(&run->progress, 0, total);
	progress_step(&run->progress, 0, done);
}

/* Equal in everything that a file can say; derived fields are the rules' business. */
static bool same_content(const struct schema *schema, const void *left, const void *right)
{
	for (size_t i = 0; i < schema->field_count; i++)
		if (!schema->fields[i].derived && !field_equal(&schema->fields[i], left, right))
			return false;
	return true;
}

/* A record that is there already is left alone, without an operation: so importing twice changes nothing at all. */
static enum status take_record(void *context, const struct operation *operation)
{
	struct import_run *run = context;
	struct office *office = office_of(run->context);
	const struct schema *schema = schema_find(operation->head.record);
	struct operation create = *operation;
	struct verdict verdict;
	struct id id;
	const void *there;
	enum status status;

	if (++run->taken % RECORDS_KEPT == 0)
		server_store_reset_rows(office->store);
	status = records_look(server_store_records(office->store), operation->head.record, &operation->head.subject, &there);
	if (status != STATUS_OK)
		return status;
	if (there != NULL) {
		*(same_content(schema, there, operation->arguments) ? &run->unchanged : &run->kept) += 1;
		return STATUS_OK;
	}
	create.head.role = ROLE_IMPORT;
	status = office_operation(run->context, &create, &verdict, &id);
	if (status == STATUS_OK && verdict.outcome == OUTCOME_PARKED && text_equals(verdict.rule, rule_find(RULE_MISSING_RECORD)->word))
		return fail(STATUS_NOT_FOUND, "%.*s", TEXT_ARGUMENTS(verdict.field)); /* the import knows its line and key */
	if (status == STATUS_OK && verdict.outcome == OUTCOME_PARKED) {
		struct text words =
			outcome_words(run->context, server_store_storage(office->store), verdict.rule, verdict.field, verdict.detail);
		return fail(STATUS_INVALID, "%s %s: %.*s", schema->name, id_to_text(&operation->head.subject).characters,
			TEXT_ARGUMENTS(words));
	}
	run->created++;
	return status;
}

static void report_notes(struct context *context, struct text path, const char *heading, const struct import_notes *notes)
{
	const char *told = catalogue_translate(context->language, heading);

	for (size_t i = 0; i < notes->count; i++)
		output_line(context->output, "  %.*s: %s: %.*s (%lld times, first in line %lld)", TEXT_ARGUMENTS(path), told,
			TEXT_ARGUMENTS(notes->items[i].text),
			(long long)notes->items[i].count, (long long)notes->items[i].line);
}

static void report(struct import_run *run, struct table *table, struct text path, const struct import_report *report, bool applied)
{
	struct context *context = run->context;
	struct cell cells[] = { cell_text(path), cell_text(report->format), cell_integer(report->rows), cell_integer(report->operations),
		cell_integer(run->created), cell_integer(run->unchanged), cell_integer(run->kept), cell_integer(report->error_count),
		cell_boolean(applied) };

	table_row(table, cells);
	if (report->error_count == 1)
		return; /* it is the reason of the refusal */
	for (size_t i = 0; i < LENGTH(report->errors) && (int64_t)i < report->error_count; i++)
		output_warning(context->output, "%.*s", TEXT_ARGUMENTS(report->errors[i]));
}

/* The running server reads the file, not who gave the command: they need not see the same files. */
static enum status unreadable(const struct context *context)
{
	struct text reason = arena_print(context->arena, "%s", fail_reason());

	return fail(STATUS_NOT_FOUND,
		"%.*s; the running server reads it as user number %u, and as a service may see neither /home nor /tmp: "
		"put the file where it can read it, such as in %.*s",
		TEXT_ARGUMENTS(reason), (unsigned int)geteuid(), TEXT_ARGUMENTS(office_of(context)->dir));
}

static enum status import_one(struct import_run *run, struct text path, struct table *table, struct import_report *out_report)
{
	struct context *context = run->context;
	struct office *office = office_of(context);
	struct import_options options = { .path = path_join(context->arena, context->working_dir, path).data,
		.source = arguments_text(context->arguments, "source"),
		.at_ms = context->at_ms,
		.progress = show_progress,
		.progress_context = run };
	enum status status = STATUS_OK;

	if (arguments_has(context->arguments, "territory"))
		status = office_find(context, RECORD_TERRITORY, arguments_text(context->arguments, "territory"), &options.territory_id);
	if (status == STATUS_OK)
		status = server_core_open_commit(office->core);
	if (status != STATUS_OK)
		return status;
	progress_start(
		&run->progress, context->clock, context->language, path.data, context->forwarded || output_style_of(context->output)->json);
	run->created = run->unchanged = run->kept = 0;
	status = import_file(&options, context->arena, take_record, run, out_report);
	if (status == STATUS_NOT_FOUND && context->forwarded)
		status = unreadable(context);
	progress_finish(&run->progress);
	run->kept_in_all += run->kept;
	if (status == STATUS_OK && run->apply && run->created > 0)
		status = office_settle(office);
	else if (status != STATUS_OK || run->apply)
		office_abandon(office); /* also when nothing was new: not even an empty commit */
	report(run, table, path, out_report, run->apply && status == STATUS_OK);
	return status;
}

static void tell_kept(struct context *context, int64_t count)
{
	if (count == 1)
		output_line(context->output, "1 record is here with other values and was kept; change it with \"truckrolld edit\".");
	else
		output_line(context->output, "%lld records are here with other values and were kept; change them with \"truckrolld edit\".",
			(long long)count);
}

/* Without --apply all files are decided in one commit, which is dropped: a later file may refer to what an earlier one brings. */
enum status command_import(struct context *context)
{
	static const struct column columns[] = { { "file", NULL, false }, { "format", NULL, false }, { "rows", NULL, false },
		{ "records", NULL, false }, { "created", NULL, false }, { "unchanged", NULL, false }, { "kept", NULL, false },
		{ "errors", NULL, false }, { "applied", NULL, false } };
	struct import_run run = { .context = context, .apply = arguments_flag(context->arguments, "apply") };
	struct table *table = output_table(context->output, "files", columns, LENGTH(columns));
	size_t count = arguments_count(context->arguments, "FILE");
	struct import_report *reports = arena_allocate_array(context->arena, count, sizeof(*reports));
	size_t done = 0;
	enum status status = STATUS_OK;

	for (; done < count && status == STATUS_OK; done++)
		status = import_one(&run, arguments_text_at(context->arguments, "FILE", done), table, &reports[done]);
	if (!run.apply)
		office_abandon(office_of(context));
	for (size_t i = 0; i < done; i++) {
		struct text path = arguments_text_at(context->arguments, "FILE", i);
		report_notes(context, path, "not mapped", &reports[i].ignored);
		report_notes(context, path, "left out", &reports[i].skipped);
		report_notes(context, path, "changed", &reports[i].warnings);
	}
	if (run.kept_in_all > 0)
		tell_kept(context, run.kept_in_all);
	if (status == STATUS_OK && !run.apply)
		output_line(context->output, "Checked only: nothing was taken in. Say --apply to import.");
	return status;
}
