#include "server/traced.h"

#include <string.h>

#include "protocol/wire/operation_codec.h"
#include "shell/lookup.h"

enum status traced_read(struct arena *arena, struct statement *statement, struct traced *out_traced)
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

/* No second operation begins so. */
static enum status check_alone(struct statement *statement, struct text digits)
{
	enum status status = statement_step(statement);

	if (status == STATUS_OK)
		return fail(STATUS_AMBIGUOUS, "several operations begin with %.*s: give more digits", TEXT_ARGUMENTS(digits));
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status traced_find(struct context *context, struct storage *storage, struct text digits, struct traced *out_traced)
{
	struct statement *statement;
	struct traced found;
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
		status = traced_read(context->arena, statement, &found);
	if (status == STATUS_NOT_FOUND)
		status = fail(STATUS_NOT_FOUND, "no operation %.*s has arrived here; if a device saved it, see \"truckroll outbox\" there",
			TEXT_ARGUMENTS(digits));
	else if (status == STATUS_OK)
		status = check_alone(statement, digits);
	statement_reset(statement);
	if (status == STATUS_OK)
		*out_traced = found;
	return status;
}

enum status traced_last(struct context *context, struct storage *storage, struct traced *out_traced)
{
	struct statement *statement;
	enum status status = statement_get(storage, STATEMENT_LOG_LATEST, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, 1);
	status = statement_step(statement);
	if (status == STATUS_OK)
		status = traced_read(context->arena, statement, out_traced);
	statement_reset(statement);
	return status == STATUS_NOT_FOUND ? fail(STATUS_NOT_FOUND, "no operation has arrived yet") : status;
}
