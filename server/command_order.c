/* What the office asks of a whole work order. One command is one operation. */
#include "server/commands.h"
#include "server/office.h"

static enum status run_on_order(struct context *context, enum operation_kind kind, enum role role, const void *arguments)
{
	struct operation operation = { .head = { .kind = kind, .role = role }, .arguments = arguments };
	struct id id;
	enum status status = office_find(context, RECORD_WORK_ORDER, arguments_text(context->arguments, "ORDER"), &operation.head.subject);

	return status == STATUS_OK ? office_run(context, &operation, &id) : status;
}

static enum status run_with_reason(struct context *context, enum operation_kind kind, enum role role)
{
	struct reason_arguments arguments = { .reason = arguments_text(context->arguments, "reason") };

	return run_on_order(context, kind, role, &arguments);
}

enum status command_order_release(struct context *context)
{
	return run_on_order(context, OPERATION_RELEASE, ROLE_DISPATCHER, NULL);
}

enum status command_order_hold(struct context *context)
{
	struct hold_arguments arguments = { .text = arguments_text(context->arguments, "text") };
	enum status status =
		choice_from_text(hold_reason_names + 1, arguments_text(context->arguments, "WHY"), &arguments.reason); /* not "none" */

	if (status != STATUS_OK)
		return fail(status, "WHY: %s", arena_print(context->arena, "%s", fail_reason()).data);
	return run_on_order(context, OPERATION_HOLD, ROLE_DISPATCHER, &arguments);
}

enum status command_order_close(struct context *context)
{
	return run_with_reason(context, OPERATION_CLOSE, ROLE_SUPERVISOR);
}

enum status command_order_reopen(struct context *context)
{
	return run_with_reason(context, OPERATION_REOPEN_ORDER, ROLE_SUPERVISOR);
}

enum status command_order_cancel(struct context *context)
{
	return run_with_reason(context, OPERATION_CANCEL_ORDER, ROLE_DISPATCHER);
}
