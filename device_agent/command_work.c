/* The technician's work: one command is one operation. */
#include "device_agent/commands.h"
#include "device_agent/visits.h"
#include "protocol/domain/technician.h"
#include "shell/lookup.h"

static struct text argument(const struct context *context, const char *name)
{
	return arguments_text(context->arguments, name);
}

static enum status run_on_visit(struct context *context, enum operation_kind kind, struct text which, const void *arguments)
{
	struct operation operation = { .head = { .kind = kind }, .arguments = arguments };
	const struct visit *visit;
	struct text words;
	struct id id;
	enum status status = visit_choose(context, kind, which, &visit);

	if (status != STATUS_OK)
		return status;
	words = visit_words(context, visit);
	operation.head.subject = visit->id;
	status = local_device_run(context, &operation, &id);
	if (status != STATUS_OK)
		return status;
	output_json(context->output, "visit", json_string(id_to_text(&visit->id).characters));
	output_line(context->output, "Visit %.8s: %.*s", id_to_text(&visit->id).characters, TEXT_ARGUMENTS(words));
	return STATUS_OK;
}

enum status command_accept(struct context *context)
{
	return run_on_visit(context, OPERATION_ACCEPT, argument(context, "VISIT"), NULL);
}

enum status command_delay(struct context *context)
{
	struct delay_arguments arguments = { .expected_at_ms = arguments_time(context->arguments, "TIME", 0) };

	return run_on_visit(context, OPERATION_DELAY, argument(context, "visit"), &arguments);
}

enum status command_travel(struct context *context)
{
	return run_on_visit(context, OPERATION_TRAVEL, argument(context, "VISIT"), NULL);
}

enum status command_arrive(struct context *context)
{
	return run_on_visit(context, OPERATION_ARRIVE, argument(context, "VISIT"), NULL);
}

enum status command_resume(struct context *context)
{
	return run_on_visit(context, OPERATION_RESUME, argument(context, "VISIT"), NULL);
}

static enum status run_with_reason(struct context *context, enum operation_kind kind)
{
	struct reason_arguments arguments = { .reason = argument(context, "reason") };

	return run_on_visit(context, kind, argument(context, "VISIT"), &arguments);
}

enum status command_decline(struct context *context)
{
	return run_with_reason(context, OPERATION_DECLINE);
}

enum status command_pause(struct context *context)
{
	return run_with_reason(context, OPERATION_PAUSE);
}

enum status command_abort(struct context *context)
{
	return run_with_reason(context, OPERATION_ABORT);
}

enum status command_finish(struct context *context)
{
	struct finish_arguments arguments = {
		.outcome = VISIT_OUTCOME_FIXED,
		.cause_code = argument(context, "cause"),
		.action_code = argument(context, "action"),
		.text = argument(context, "text"),
		.signer_name = argument(context, "signer"),
		.signature_refused_reason = argument(context, "refused"),
	};
	const struct visit *visit;
	enum status status = STATUS_OK;

	if (arguments.signer_name.size > 0 && arguments.signature_refused_reason.size > 0)
		return fail(STATUS_INVALID, "somebody signed (--signer), or nobody did and why (--refused): not both");
	if (arguments_has(context->arguments, "outcome"))
		status = choice_from_text(visit_outcome_names + 1, argument(context, "outcome"), &arguments.outcome); /* not "none" */
	if (status != STATUS_OK)
		return fail(status, "--outcome: %s", arena_print(context->arena, "%s", fail_reason()).data);
	status = visit_choose(context, OPERATION_FINISH, argument(context, "VISIT"), &visit);
	if (status == STATUS_OK && arguments.outcome == VISIT_OUTCOME_FIXED)
		status = finish_is_ready(context, visit);
	if (status != STATUS_OK)
		return status;
	if (arguments.signer_name.size == 0 && arguments.signature_refused_reason.size == 0)
		arguments.signer_name = visit->signer_name; /* signed already: truckroll sign */
	return run_on_visit(context, OPERATION_FINISH, text_of(id_to_text(&visit->id).characters), &arguments);
}

enum status own_van(struct context *context, struct id *out_location)
{
	const struct id *own = &local_device_of(context)->keys.technician;
	const struct technician *technician;
	void *row;
	enum status status = table_get(local_device_records(context), &technician_schema, own, context->arena, &row, NULL);

	if (status == STATUS_NOT_FOUND)
		return fail(STATUS_NOT_FOUND, "your own record has not come yet: run \"truckroll sync\" first");
	if (status != STATUS_OK)
		return status;
	technician = row;
	if (id_is_nil(&technician->van_location_id))
		return fail(STATUS_NOT_FOUND, "no van is known for you: name the place, or ask the office to set your van");
	*out_location = technician->van_location_id;
	return STATUS_OK;
}

static void tell_part(struct context *context, enum operation_kind kind, const struct part_arguments *arguments)
{
	struct storage *storage = local_device_records(context);
	struct text part = lookup_name(storage, context->arena, &arguments->part_id);
	struct text place = lookup_name(storage, context->arena, &arguments->location_id);

	output_json(context->output, "part", json_stringn(part.data, part.size));
	output_json(context->output, "quantity", json_integer(arguments->quantity));
	output_json(context->output, "location", json_stringn(place.data, place.size));
	if (kind == OPERATION_USE_PART)
		output_line(context->output, "%lld of part %.*s from %.*s", (long long)arguments->quantity, TEXT_ARGUMENTS(part),
			TEXT_ARGUMENTS(place));
	else
		output_line(context->output, "%lld of part %.*s back to %.*s", (long long)arguments->quantity, TEXT_ARGUMENTS(part),
			TEXT_ARGUMENTS(place));
}

/* A part to or from a place: the own van unless another is named. */
static enum status move_part(struct context *context, enum operation_kind kind, const char *place)
{
	struct part_arguments arguments = { .quantity = arguments_integer(context->arguments, "quantity", 1) };
	struct storage *storage = local_device_records(context);
	enum status status;

	if (arguments_has(context->arguments, "visit") && text_trim(argument(context, "visit")).size == 0)
		return fail(STATUS_INVALID, "an empty word names no %s: give a number, a name or the first digits of an id",
			catalogue_kind("visit"));
	status = lookup_record(storage, RECORD_PART, argument(context, "PART"), &arguments.part_id);
	if (status == STATUS_OK && arguments_has(context->arguments, place))
		status = lookup_record(storage, RECORD_STOCK_LOCATION, argument(context, place), &arguments.location_id);
	else if (status == STATUS_OK)
		status = own_van(context, &arguments.location_id);
	if (status == STATUS_OK)
		status = run_on_visit(context, kind, argument(context, "visit"), &arguments);
	if (status == STATUS_OK)
		tell_part(context, kind, &arguments);
	return status;
}

enum status command_use(struct context *context)
{
	return move_part(context, OPERATION_USE_PART, "from");
}

enum status command_return(struct context *context)
{
	return move_part(context, OPERATION_RETURN_PART, "to");
}

/* The order a person means: of an own visit, else of all that are here. */
enum status find_order(struct context *context, struct text which, struct id *out_order)
{
	const struct visit *visit;
	struct own_visits own;
	enum status status = own_visits_load(context, &own);

	for (size_t i = 0; i < own.count && status == STATUS_OK; i++) {
		const struct work_order *order = visit_order(context, own.visits[i]);
		if (order != NULL && lookup_alike(order->number, which)) {
			*out_order = order->id;
			return STATUS_OK;
		}
	}
	if (status == STATUS_OK)
		status = lookup_record(local_device_records(context), RECORD_WORK_ORDER, which, out_order);
	if (status != STATUS_NOT_FOUND)
		return status;
	if (visit_choose(context, OPERATION_NONE, which, &visit) != STATUS_OK)
		return fail(STATUS_NOT_FOUND, "there is no work order or visit \"%.*s\" here; \"truckroll today\" lists yours",
			TEXT_ARGUMENTS(which));
	*out_order = visit->work_order_id;
	return STATUS_OK;
}

enum status command_note(struct context *context)
{
	struct note_arguments arguments = { .text = arguments_joined(context->arguments, context->arena, "TEXT") };
	struct operation operation = { .head = { .kind = OPERATION_ADD_NOTE }, .arguments = &arguments };
	struct id id;
	enum status status = find_order(context, argument(context, "ORDER"), &operation.head.subject);

	return status == STATUS_OK ? local_device_run(context, &operation, &id) : status;
}
