/* Parked operations: a person lets them go on, puts them right, or puts them away. */
#include "protocol/domain/operation_outcome.h"
#include "protocol/wire/operation_codec.h"
#include "server/commands.h"
#include "server/office.h"
#include "server/traced.h"
#include "shell/assignment.h"
#include "shell/lookup.h"
#include "shell/outcome_words.h"

struct carrying_out {
	struct context *context;
	struct storage *storage;
	struct table *table;
	struct parked_order order;
};

static struct carrying_out begin(struct context *context, enum parked_decision decision)
{
	static const struct column columns[] = { { "operation", NULL, false }, { "kind", NULL, false }, { "outcome", NULL, false },
		{ "words", NULL, false } };

	return (struct carrying_out){ .context = context,
		.storage = server_store_storage(office_of(context)->store),
		.table = output_table(context->output, "operations", columns, LENGTH(columns)),
		.order = { .decision = decision, .reason = arguments_text(context->arguments, "reason") } };
}

static enum status carry_out(struct carrying_out *carrying, const struct traced *traced)
{
	struct context *context = carrying->context;
	struct verdict verdict;
	struct text words;
	enum status status;

	carrying->order.operation = traced->id;
	status = server_core_parked(office_of(context)->core, &carrying->order, &verdict);
	if (status != STATUS_OK)
		return status;
	words = outcome_words(context, carrying->storage, verdict.rule, verdict.field, verdict.detail);
	table_row(carrying->table, (const struct cell[]){
					   cell_id(&traced->id),
					   cell_name("operation", text_of(operation_find(traced->operation.head.kind)->name)),
					   cell_name("result", text_of(outcome_name(verdict.outcome))),
					   cell_text(words),
				   });
	return STATUS_OK;
}

/* All of it is durable, or nothing happened. */
static enum status end(struct context *context, enum status status)
{
	if (status == STATUS_OK)
		return office_settle(office_of(context));
	office_abandon(office_of(context));
	return status;
}

static enum status find(struct carrying_out *carrying, struct text digits, struct traced *out_traced)
{
	return traced_find(carrying->context, carrying->storage, text_trim(digits), out_traced);
}

static enum status carry_out_named(struct carrying_out *carrying, struct text digits)
{
	struct traced traced;
	enum status status = find(carrying, digits, &traced);

	return status == STATUS_OK ? carry_out(carrying, &traced) : status;
}

/* Everything that is parked of a device, in the order it was made; its second history is one with the first from now on. */
static enum status release_all(struct carrying_out *carrying, struct text name)
{
	struct context *context = carrying->context;
	struct office *office = office_of(context);
	struct id device, *operations;
	size_t count = 0;
	enum status status = office_find(context, RECORD_DEVICE, name, &device);

	if (status == STATUS_OK)
		status = server_store_parked_of(office->store, &device, context->arena, &operations, &count);
	if (status == STATUS_OK)
		status = server_core_open_commit(office->core);
	if (status == STATUS_OK)
		status = server_store_end_forks(office->store, &device);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct text digits = arena_print(context->arena, "%s", id_to_text(&operations[i]).characters);
		status = carry_out_named(carrying, digits);
		if (status == STATUS_REFUSED) /* those that must not go on stay, and those that another has just woken are done */
			status = STATUS_OK;
	}
	if (status == STATUS_OK && count == 0)
		output_line(context->output, "Nothing of this device is parked.");
	return status;
}

enum status command_parked_release(struct context *context)
{
	struct carrying_out carrying = begin(context, PARKED_RELEASED);
	size_t count = arguments_count(context->arguments, "OPERATION");
	bool all = arguments_has(context->arguments, "device");
	enum status status = STATUS_OK;

	if ((count == 0) != all)
		return fail(STATUS_INVALID, "name the operations, or with --device all of a device");
	if (all)
		status = release_all(&carrying, arguments_text(context->arguments, "device"));
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = carry_out_named(&carrying, arguments_text_at(context->arguments, "OPERATION", i));
	return end(context, status);
}

enum status command_parked_discard(struct context *context)
{
	struct carrying_out carrying = begin(context, PARKED_DISCARDED);
	enum status status = STATUS_OK;

	for (size_t i = 0; i < arguments_count(context->arguments, "OPERATION") && status == STATUS_OK; i++)
		status = carry_out_named(&carrying, arguments_text_at(context->arguments, "OPERATION", i));
	return end(context, status);
}

/* The operation as it was made, with the given fields as they should be. */
static enum status correct(struct carrying_out *carrying, const struct traced *traced, struct operation *out_corrected)
{
	struct context *context = carrying->context;
	const struct operation *was = &traced->operation;
	const struct schema *schema = arguments_schema(was->head.kind, (enum record_kind)was->head.record);
	uint64_t mask;
	void *row;
	enum status status;

	if (schema == NULL || was->arguments == NULL || (was->head.kind != OPERATION_CREATE && was->head.kind != OPERATION_EDIT))
		return fail(STATUS_REFUSED, "only what makes or edits a record can be corrected: release it or discard it");
	row = row_copy(context->arena, schema, was->arguments);
	status = assignments_apply(context, carrying->storage, "FIELD=VALUE", schema, row, &mask);
	if (status == STATUS_OK && was->head.kind == OPERATION_EDIT && (mask & ~was->mask) != 0)
		status = fail(STATUS_REFUSED, "the operation did not set all of these fields: edit the record for the others");
	*out_corrected = *was;
	out_corrected->arguments = row;
	return status;
}

enum status command_parked_correct(struct context *context)
{
	struct carrying_out carrying = begin(context, PARKED_CORRECTED);
	struct operation corrected;
	struct traced traced;
	enum status status = find(&carrying, arguments_text(context->arguments, "OPERATION"), &traced);

	if (status == STATUS_OK)
		status = correct(&carrying, &traced, &corrected);
	carrying.order.corrected = &corrected;
	if (status == STATUS_OK)
		status = carry_out(&carrying, &traced);
	return end(context, status);
}
