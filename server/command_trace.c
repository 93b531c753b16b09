/* Operations and what became of them. */
#include "protocol/domain/operation_outcome.h"
#include "server/commands.h"
#include "server/office.h"
#include "server/traced.h"
#include "shell/listing.h"
#include "shell/lookup.h"
#include "shell/outcome_words.h"

/* The outcome row, which a plainly applied operation does not have: NULL. */
static const struct operation_outcome *outcome_row(struct context *context, struct storage *storage, const struct id *operation)
{
	void *row;

	return table_get(storage, schema_find(RECORD_OPERATION), operation, context->arena, &row, NULL) == STATUS_OK ? row : NULL;
}

/* A list says nothing of what is plainly applied. */
static struct text words_of(struct context *context, struct storage *storage, const struct operation_outcome *outcome)
{
	return outcome == NULL ? text_of("") : outcome_words(context, storage, outcome->rule, outcome->field, outcome->detail);
}

static const char *advice_of(struct context *context, struct storage *storage, const struct operation_outcome *outcome)
{
	bool parked = outcome != NULL && outcome->outcome == OUTCOME_PARKED;

	return parked ? listing_parked_advice(context, storage, outcome) : "";
}

/* Who made it: nobody in particular is the office. */
static struct text actor_name(struct context *context, struct storage *storage, const struct id *actor)
{
	return id_is_nil(actor) ? catalogue_print(context->arena, context->language, "word.office", NULL, 0)
				: lookup_name(storage, context->arena, actor);
}

static void list_traced(struct context *context, struct storage *storage, struct table *table, const struct traced *traced)
{
	const struct operation_head *head = &traced->operation.head;
	const struct operation_outcome *outcome = outcome_row(context, storage, &traced->id);
	struct cell cells[] = {
		cell_id(&traced->id),
		cell_text(actor_name(context, storage, &head->actor)),
		cell_name("operation", text_of(operation_find(head->kind)->name)),
		cell_text(outcome_subject(context, storage, head)),
		cell_time(head->at_ms),
		cell_name("result", text_of(outcome_name(traced->outcome))),
		cell_text(words_of(context, storage, outcome)),
		cell_id(&traced->device),
		cell_integer(traced->seq),
		cell_integer(traced->gseq),
		cell_string(advice_of(context, storage, outcome)),
	};

	table_row(table, cells);
}

static enum status list_operations(struct context *context, bool parked)
{
	static const struct column columns[] = { { "id", NULL, false }, { "actor", NULL, false }, { "kind", NULL, false },
		{ "subject", NULL, false }, { "at", NULL, false }, { "outcome", NULL, false }, { "words", NULL, false },
		{ "device", NULL, true }, { "seq", NULL, true }, { "gseq", NULL, true }, { "advice", "what to do", false } };
	struct storage *storage = server_store_storage(office_of(context)->store);
	struct table *table = output_table(context->output, "operations", columns, LENGTH(columns) - !parked);
	struct statement *statement;
	struct id device;
	enum status status = STATUS_OK;

	if (arguments_has(context->arguments, "device"))
		status = office_find(context, RECORD_DEVICE, arguments_text(context->arguments, "device"), &device);
	if (status == STATUS_OK)
		status = statement_get(storage, parked ? STATEMENT_LOG_PARKED : STATEMENT_LOG_LATEST, &statement);
	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, arguments_integer(context->arguments, "limit", 50));
	if (arguments_has(context->arguments, "device"))
		statement_bind_id(statement, 2, &device);
	while (statement_next(statement, &status)) {
		struct traced traced;
		status = traced_read(context->arena, statement, &traced);
		if (status == STATUS_OK)
			list_traced(context, storage, table, &traced);
	}
	statement_reset(statement);
	if (status == STATUS_OK && table_row_count(table) == 0)
		output_line(context->output, parked ? "Nothing is parked: no operation waits for a record or for a person."
						    : "No operation has arrived yet.");
	return status;
}

enum status command_outcomes(struct context *context)
{
	return list_operations(context, arguments_flag(context->arguments, "parked"));
}

enum status command_parked_list(struct context *context)
{
	return list_operations(context, true);
}

static enum status tell_decision(struct context *context, const struct id *operation)
{
	static const char *const words[] = { "", "released", "corrected", "discarded" };
	struct decided_by_person decided;
	enum status status = server_store_decided_by_person(office_of(context)->store, operation, context->arena, &decided);

	if (status != STATUS_OK || decided.decision == 0 || decided.decision >= LENGTH(words))
		return status;
	output_value(context->output, "person", "the office decided",
		cell_string(catalogue_translate(context->language, words[decided.decision])));
	output_value(context->output, "person_at", "decided at", cell_time(decided.at_ms));
	if (decided.reason.size > 0)
		output_value(context->output, "reason", NULL, cell_text(decided.reason));
	return STATUS_OK;
}

enum status command_trace(struct context *context)
{
	struct storage *storage = server_store_storage(office_of(context)->store);
	const struct operation_outcome *outcome;
	struct traced traced;
	struct text words, which = text_trim(arguments_text(context->arguments, "OPERATION"));
	enum status status = text_equals(which, "last") ? traced_last(context, storage, &traced)
							: traced_find(context, storage, which, &traced);

	if (status != STATUS_OK)
		return status;
	output_value(context->output, "operation", NULL, cell_id(&traced.id));
	output_value(context->output, "kind", NULL, cell_name("operation", text_of(operation_find(traced.operation.head.kind)->name)));
	output_value(context->output, "actor", NULL, cell_text(actor_name(context, storage, &traced.operation.head.actor)));
	output_value(context->output, "device", NULL, cell_text(lookup_name(storage, context->arena, &traced.device)));
	output_value(context->output, "seq", NULL, cell_integer(traced.seq));
	output_value(context->output, "subject", "about", cell_text(outcome_subject(context, storage, &traced.operation.head)));
	output_value(context->output, "at", NULL, cell_time(traced.operation.head.at_ms));
	output_value(context->output, "received_at", NULL, cell_time(traced.received_at_ms));
	output_value(context->output, "commit", NULL, cell_integer(traced.gseq));
	output_value(context->output, "outcome", NULL, cell_name("result", text_of(outcome_name(traced.outcome))));
	outcome = outcome_row(context, storage, &traced.id);
	words = words_of(context, storage, outcome);
	if (words.size == 0 && traced.outcome == OUTCOME_APPLIED)
		words = outcome_words(context, storage, text_of(""), text_of(""), text_of(""));
	output_value(context->output, "words", NULL, cell_text(words));
	if (traced.outcome == OUTCOME_PARKED)
		output_value(context->output, "advice", "what to do", cell_string(advice_of(context, storage, outcome)));
	status = tell_decision(context, &traced.id);
	if (status != STATUS_OK)
		return status;
	listing_operation(context, storage, &traced.operation);
	return STATUS_OK;
}
