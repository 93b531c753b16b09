#include "shell/outcome_words.h"

#include <string.h>

#include "protocol/domain/operation_outcome.h"
#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"
#include "shell/arguments.h"
#include "shell/lookup.h"

struct text outcome_name_of(void *context, struct arena *arena, const struct id *id)
{
	return lookup_name(context, arena, id);
}

static struct text order_words(struct context *context, struct storage *storage, const struct id *order_id)
{
	const struct work_order *order;
	void *row;

	if (table_get(storage, &work_order_schema, order_id, context->arena, &row, NULL) != STATUS_OK)
		return arena_print(context->arena, "%.8s", id_to_text(order_id).characters);
	order = row;
	return arena_print(context->arena, "%.*s%s%.*s", TEXT_ARGUMENTS(order->number), order->number.size > 0 ? " " : "",
		TEXT_ARGUMENTS(order->title));
}

struct text outcome_subject(struct context *context, struct storage *storage, const struct operation_head *head)
{
	const struct operation_row *kind = operation_find(head->kind);
	enum record_kind record = head->record != 0 ? (enum record_kind)head->record : kind->subject;
	struct arena *arena = context->arena;
	void *row;

	if (head->kind == OPERATION_CREATE)
		return catalogue_format(arena, context->language, "new %s", catalogue_kind(schema_find(record)->name));
	if (record == RECORD_WORK_ORDER)
		return order_words(context, storage, &head->subject);
	if (record == RECORD_VISIT && table_get(storage, &visit_schema, &head->subject, arena, &row, NULL) == STATUS_OK)
		return order_words(context, storage, &((const struct visit *)row)->work_order_id);
	return lookup_name(storage, arena, &head->subject);
}

struct words outcome_speaker(struct context *context, struct storage *storage)
{
	return (struct words){ .arena = context->arena,
		.language = context->language,
		.zone = context->zone,
		.name_of = outcome_name_of,
		.context = storage };
}

struct text outcome_words(struct context *context, struct storage *storage, struct text rule, struct text field, struct text detail)
{
	struct words words = outcome_speaker(context, storage);

	return words_of_rule(&words, rule, field, detail);
}

const char *outcome_name(uint32_t outcome)
{
	for (const struct choice *choice = outcome_names; choice->name != NULL; choice++)
		if (choice->number == outcome)
			return choice->name;
	return "unknown";
}

enum status outcome_refused(struct context *context, struct storage *storage, const struct verdict *verdict)
{
	struct text words = outcome_words(context, storage, verdict->rule, verdict->field, verdict->detail);

	(void)fail(STATUS_REFUSED, "%.*s", TEXT_ARGUMENTS(words));
	return outcome_in_options(context, STATUS_REFUSED);
}

/* The sentence with each `field` told as "--name VALUE", or by the name that help has for a positional argument. */
static struct text tell_option(struct arena *arena, struct text sentence, const struct option *option)
{
	struct text name = option->value == NULL ? text_of(option->name) : arena_print(arena, "--%s %s", option->name, option->value);
	struct text told = { .data = "" };
	const char *rest = sentence.data;

	for (const char *found; (found = strstr(rest, option->field)) != NULL; rest = found + strlen(option->field))
		told = arena_print(arena, "%.*s%.*s%.*s", TEXT_ARGUMENTS(told), (int)(found - rest), rest, TEXT_ARGUMENTS(name));
	return arena_print(arena, "%.*s%s", TEXT_ARGUMENTS(told), rest);
}

enum status outcome_in_options(struct context *context, enum status status)
{
	const struct option *const tables[] = { context->command->positionals, context->command->options };
	struct text sentence = arena_print(context->arena, "%s", fail_reason());

	for (size_t table = 0; table < LENGTH(tables); table++)
		for (size_t i = 0; i < option_count(tables[table]); i++)
			if (tables[table][i].field != NULL)
				sentence = tell_option(context->arena, sentence, &tables[table][i]);
	return fail(status, "%.*s", TEXT_ARGUMENTS(sentence));
}

void outcome_tell(struct context *context, struct storage *storage, enum operation_kind kind, const struct id *operation_id,
	const struct verdict *verdict)
{
	struct words words = outcome_speaker(context, storage);
	struct text operation = words_of_operation(&words, kind);
	struct text told = words_of_verdict(&words, verdict->outcome, verdict->rule, verdict->field, verdict->detail);

	output_value(context->output, "operation", NULL, cell_id(operation_id));
	output_value(context->output, "kind", NULL, cell_name("operation", text_of(operation_find(kind)->name)));
	output_value(context->output, "outcome", NULL, cell_name("result", text_of(outcome_name(verdict->outcome))));
	if (verdict->rule.size > 0)
		output_value(context->output, "rule", NULL, cell_text(verdict->rule));
	if (!id_is_nil(&verdict->issue_id))
		output_value(context->output, "issue", NULL, cell_id(&verdict->issue_id));
	output_line(context->output, "%.*s: %.*s", TEXT_ARGUMENTS(operation), TEXT_ARGUMENTS(told));
}
