/* Operations and what became of them. */
#include <string.h>

#include "protocol/domain/operation_outcome.h"
#include "protocol/wire/operation_codec.h"
#include "server/commands.h"
#include "server/office.h"
#include "shell/listing.h"
#include "shell/lookup.h"
#include "shell/outcome_words.h"

/* A row of the log with its operation. */
struct traced {
	struct id id;
	int64_t seq;
	struct operation operation;
	int64_t gseq;
	int64_t received_at_ms;
	enum outcome outcome;
	struct id device;
};

static enum status read_traced(struct arena *arena, struct statement *statement, struct traced *out_traced)
{
	struct bytes canonical = arena_copy_bytes(arena, statement_bytes(statement, 2));
	struct traced traced = { .id = statement_id_column(statement, 0),
		.seq = statement_integer(statement, 1),
		.gseq = statement_integer(statement, 3),
		.received_at_ms = statement_integer(statement, 4),
		.outcome = (enum outcome)statement_integer(statement, 5),
		.device = statement_id_column(statement, 6) };
	enum status status = operation_decode(arena, canonical, &traced.operation);

	if (status == STATUS_OK)
		*out_traced = traced;
	return status;
}

/* The outcome's words: from the outcome row, which a plainly applied operation does not have; a list says nothing of it then. */
static struct text words_of(struct context *context, struct storage *storage, const struct traced *traced)
{
	void *row;
	const struct operation_outcome *outcome;

	if (table_get(storage, schema_find(RECORD_OPERATION), &traced->id, context->arena, &row, NULL) != STATUS_OK)
		return text_of("");
	outcome = row;
	return outcome_words(context, storage, outcome->rule, outcome->field, outcome->detail);
}

static struct text name_of(struct context *context, struct storage *storage, const struct id *id)
{
	return id_is_nil(id) ? text_of("") : lookup_name(storage, context->arena, id);
}

/* Who made it: nobody in particular is the office. */
static struct text actor_name(struct context *context, struct storage *storage, const struct id *actor)
{
	return id_is_nil(actor) ? catalogue_print(context->arena, context->language, "word.office", NULL, 0)
				: name_of(context, storage, actor);
}

static void list_traced(struct context *context, struct storage *storage, struct table *table, const struct traced *traced)
{
	const struct operation_head *head = &traced->operation.head;
	struct cell cells[] = {
		cell_id(&traced->id),
		cell_text(actor_name(context, storage, &head->actor)),
		cell_name("operation", text_of(operation_find(head->kind)->name)),
		cell_text(outcome_subject(context, storage, head)),
		cell_time(head->at_ms),
		cell_name("result", text_of(outcome_name(traced->outcome))),
		cell_text(words_of(context, storage, traced)),
		cell_id(&traced->device),
		cell_integer(traced->seq),
		cell_integer(traced->gseq),
	};

	table_row(table, cells);
}

enum status command_outcomes(struct context *context)
{
	static const struct column columns[] = { { "id", NULL, false }, { "actor", NULL, false }, { "kind", NULL, false },
		{ "subject", NULL, false }, { "at", NULL, false }, { "outcome", NULL, false }, { "words", NULL, false },
		{ "device", NULL, true }, { "seq", NULL, true }, { "gseq", NULL, true } };
	struct storage *storage = server_store_storage(office_of(context)->store);
	struct table *table = output_table(context->output, "operations", columns, LENGTH(columns));
	struct statement *statement;
	struct id device;
	enum status status = STATUS_OK;

	if (arguments_has(context->arguments, "device"))
		status = office_find(context, RECORD_DEVICE, arguments_text(context->arguments, "device"), &device);
	if (status == STATUS_OK)
		status = statement_get(storage, STATEMENT_LOG_LATEST, &statement);
	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, arguments_integer(context->arguments, "limit", 50));
	if (arguments_has(context->arguments, "device"))
		statement_bind_id(statement, 2, &device);
	if (arguments_flag(context->arguments, "parked"))
		statement_bind_integer(statement, 3, OUTCOME_PARKED);
	while (statement_next(statement, &status)) {
		struct traced traced;
		status = read_traced(context->arena, statement, &traced);
		if (status == STATUS_OK)
			list_traced(context, storage, table, &traced);
	}
	statement_reset(statement);
	if (status == STATUS_OK && table_row_count(table) == 0)
		output_line(context->output, arguments_flag(context->arguments, "parked")
			? "Nothing is parked: no operation waits for a record or for a person."
			: "No operation has arrived yet.");
	return status;
}

/* The ids that begin with the given digits lie between these two. */
static enum status id_range(struct text digits, struct id *out_from, struct id *out_to)
{
	char from[2 * ID_SIZE], to[2 * ID_SIZE];
	enum status status;

	if (digits.size < LOOKUP_DIGITS_MIN || digits.size > sizeof(from))
		return fail(STATUS_INVALID, "give at least %d digits of the operation's id", LOOKUP_DIGITS_MIN);
	memset(from, '0', sizeof(from));
	memset(to, 'f', sizeof(to));
	memcpy(from, digits.data, digits.size);
	memcpy(to, digits.data, digits.size);
	status = id_from_text((struct text){ from, sizeof(from) }, out_from);
	return status == STATUS_OK ? id_from_text((struct text){ to, sizeof(to) }, out_to) : status;
}

static enum status find_traced(struct context *context, struct storage *storage, struct text digits, struct traced *out_traced)
{
	struct statement *statement;
	struct id from, to;
	enum status status = id_range(digits, &from, &to);

	if (status == STATUS_INVALID && digits.size >= LOOKUP_DIGITS_MIN)
		return fail(STATUS_NOT_FOUND, "no operation begins with \"%.*s\": an id has the digits 0 to 9 and a to f",
			TEXT_ARGUMENTS(text_cut(digits, 60)));
	if (status == STATUS_OK)
		status = statement_get(storage, STATEMENT_LOG_BETWEEN, &statement);
	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, &from);
	statement_bind_id(statement, 2, &to);
	status = statement_step(statement);
	if (status == STATUS_OK)
		status = read_traced(context->arena, statement, out_traced);
	if (status == STATUS_NOT_FOUND)
		status = fail(STATUS_NOT_FOUND, "no operation %.*s has arrived here; if a device saved it, see \"truckroll outbox\" there",
			TEXT_ARGUMENTS(digits));
	else if (status == STATUS_OK && statement_step(statement) == STATUS_OK)
		status = fail(STATUS_AMBIGUOUS, "several operations begin with %.*s: give more digits", TEXT_ARGUMENTS(digits));
	statement_reset(statement);
	return status;
}

enum status command_trace(struct context *context)
{
	struct storage *storage = server_store_storage(office_of(context)->store);
	struct traced traced;
	struct text words;
	enum status status = find_traced(context, storage, arguments_text(context->arguments, "OPERATION"), &traced);

	if (status != STATUS_OK)
		return status;
	output_value(context->output, "operation", NULL, cell_id(&traced.id));
	output_value(context->output, "kind", NULL, cell_name("operation", text_of(operation_find(traced.operation.head.kind)->name)));
	output_value(context->output, "actor", NULL, cell_text(actor_name(context, storage, &traced.operation.head.actor)));
	output_value(context->output, "device", NULL, cell_text(name_of(context, storage, &traced.device)));
	output_value(context->output, "seq", NULL, cell_integer(traced.seq));
	output_value(context->output, "subject", "about", cell_text(outcome_subject(context, storage, &traced.operation.head)));
	output_value(context->output, "at", NULL, cell_time(traced.operation.head.at_ms));
	output_value(context->output, "received_at", NULL, cell_time(traced.received_at_ms));
	output_value(context->output, "commit", NULL, cell_integer(traced.gseq));
	output_value(context->output, "outcome", NULL, cell_name("result", text_of(outcome_name(traced.outcome))));
	words = words_of(context, storage, &traced);
	if (words.size == 0 && traced.outcome == OUTCOME_APPLIED)
		words = outcome_words(context, storage, text_of(""), text_of(""), text_of(""));
	output_value(context->output, "words", NULL, cell_text(words));
	listing_operation(context, storage, &traced.operation);
	return STATUS_OK;
}
