/* The dispatcher's day: orders and visits. One command is one operation. */

#include "protocol/domain/visit.h"
#include "server/commands.h"
#include "server/office.h"
#include "shell/listing.h"

static struct text argument(const struct context *context, const char *name)
{
	return arguments_text(context->arguments, name);
}

/* Runs an operation on a visit named on the command line. */
static enum status run_as(struct context *context, enum operation_kind kind, enum role role, const void *arguments)
{
	struct operation operation = { .head = { .kind = kind, .role = role }, .arguments = arguments };
	struct id id;
	enum status status = office_find(context, RECORD_VISIT, argument(context, "VISIT"), &operation.head.subject);

	return status == STATUS_OK ? office_run(context, &operation, &id) : status;
}

static enum status run_on_visit(struct context *context, enum operation_kind kind, const void *arguments)
{
	return run_as(context, kind, ROLE_DISPATCHER, arguments);
}

static enum status book(struct context *context, bool propose)
{
	struct book_arguments arguments = {
		.propose = propose,
		.planned_start_at_ms = arguments_time(context->arguments, "start", 0),
		.planned_end_at_ms = arguments_time(context->arguments, "end", 0),
		.dispatch = !propose && arguments_flag(context->arguments, "dispatch"),
	};
	struct operation operation = { .head = { .kind = OPERATION_BOOK }, .arguments = &arguments };
	struct id id;
	enum status status = office_find(context, RECORD_WORK_ORDER, argument(context, "ORDER"), &operation.head.subject);

	if (status == STATUS_OK)
		status = office_find(context, RECORD_TECHNICIAN, argument(context, "TECHNICIAN"), &arguments.technician_id);
	if (status == STATUS_OK)
		status = office_run(context, &operation, &id);
	if (status == STATUS_OK)
		output_value(context->output, "visit", NULL, cell_id(&id)); /* the first record an operation makes has its id */
	return status;
}

enum status command_visit_book(struct context *context)
{
	return book(context, false);
}

enum status command_visit_propose(struct context *context)
{
	return book(context, true);
}

enum status command_visit_reschedule(struct context *context)
{
	struct reschedule_arguments arguments = {
		.planned_start_at_ms = arguments_time(context->arguments, "start", 0),
		.planned_end_at_ms = arguments_time(context->arguments, "end", 0),
		.reason = argument(context, "reason"),
	};

	return run_on_visit(context, OPERATION_RESCHEDULE, &arguments);
}

enum status command_visit_delay(struct context *context)
{
	struct delay_arguments arguments = { .expected_at_ms = arguments_time(context->arguments, "TIME", 0) };

	return run_on_visit(context, OPERATION_DELAY, &arguments);
}

enum status command_visit_reopen(struct context *context)
{
	struct reason_arguments arguments = { .reason = argument(context, "reason") };

	return run_as(context, OPERATION_REOPEN_VISIT, ROLE_SUPERVISOR, &arguments);
}

enum status command_visit_dispatch(struct context *context)
{
	return run_on_visit(context, OPERATION_DISPATCH, NULL);
}

enum status command_visit_assign(struct context *context)
{
	struct reassign_arguments arguments = {
		.planned_start_at_ms = arguments_time(context->arguments, "start", 0),
		.planned_end_at_ms = arguments_time(context->arguments, "end", 0),
		.reason = argument(context, "reason"),
	};
	enum status status = office_find(context, RECORD_TECHNICIAN, argument(context, "TECHNICIAN"), &arguments.technician_id);

	return status == STATUS_OK ? run_on_visit(context, OPERATION_REASSIGN, &arguments) : status;
}

enum status command_visit_cancel(struct context *context)
{
	struct reason_arguments arguments = { .reason = argument(context, "reason") };

	return run_on_visit(context, OPERATION_CANCEL, &arguments);
}

struct visit_filter {
	struct id technician;
	struct id order;
};

static bool visit_wanted(const void *context, const void *row)
{
	const struct visit_filter *filter = context;
	const struct visit *visit = row;

	return (id_is_nil(&filter->technician) || id_equal(&visit->technician_id, &filter->technician)) &&
	       (id_is_nil(&filter->order) || id_equal(&visit->work_order_id, &filter->order));
}

enum status command_visit_list(struct context *context)
{
	static const char *const fields[] = { "id", "work_order_id", "technician_id", "state", "planned_start_at_ms", "outcome",
		"cancel_cause", NULL };
	struct visit_filter filter = { 0 };
	const struct listing listing = { .kind = RECORD_VISIT,
		.name = "visits",
		.fields = fields,
		.time_field = "planned_start_at_ms",
		.filter = visit_wanted,
		.filter_context = &filter,
		.limit = arguments_integer(context->arguments, "limit", 50) };
	enum status status = STATUS_OK;

	if (arguments_has(context->arguments, "technician"))
		status = office_find(context, RECORD_TECHNICIAN, argument(context, "technician"), &filter.technician);
	if (status == STATUS_OK && arguments_has(context->arguments, "order"))
		status = office_find(context, RECORD_WORK_ORDER, argument(context, "order"), &filter.order);
	if (status != STATUS_OK)
		return status;
	return listing_rows(context, server_store_storage(office_of(context)->store), &listing);
}

enum status command_note(struct context *context)
{
	struct note_arguments arguments = { .text = arguments_joined(context->arguments, context->arena, "TEXT") };
	struct operation operation = { .head = { .kind = OPERATION_ADD_NOTE }, .arguments = &arguments };
	struct id id;
	enum status status = office_find(context, RECORD_WORK_ORDER, argument(context, "ORDER"), &operation.head.subject);

	return status == STATUS_OK ? office_run(context, &operation, &id) : status;
}
