#include "shell/outcome_words.h"

#include "protocol/domain/operation_outcome.h"
#include "shell/lookup.h"

#define VALUES_MAX 16

/* Where the words for a detail's value are. */
static const struct {
	const char *name;
	const char *prefix;
} word_prefixes[] = {
	{ "state", "state.visit" },
	{ "order_state", "state.work_order" },
	{ "operation", "operation" },
};

static struct text readable(struct context *context, struct storage *storage, const struct message_value *value)
{
	struct id id;

	if (value->text.size == 2 * ID_SIZE && id_from_text(value->text, &id) == STATUS_OK)
		return lookup_name(storage, context->arena, &id);
	for (size_t i = 0; i < LENGTH(word_prefixes); i++)
		if (text_equals(text_of(word_prefixes[i].name), value->name))
			return catalogue_word(context->arena, context->language, word_prefixes[i].prefix, value->text);
	return value->text;
}

struct text outcome_words(struct context *context, struct storage *storage, struct text rule, struct text field, struct text detail)
{
	struct message_value values[VALUES_MAX];
	size_t count = detail_values(context->arena, detail, values, VALUES_MAX - 1);

	for (size_t i = 0; i < count; i++)
		values[i].text = readable(context, storage, &values[i]);
	values[count++] = (struct message_value){ "field", field };
	return catalogue_print(
		context->arena, context->language, arena_print(context->arena, "rule.%.*s", TEXT_ARGUMENTS(rule)).data, values, count);
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

	return fail(STATUS_REFUSED, "%.*s", TEXT_ARGUMENTS(words));
}

void outcome_tell(struct context *context, struct storage *storage, enum operation_kind kind, const struct id *operation_id,
	const struct verdict *verdict)
{
	const struct operation_row *row = operation_find(kind);
	struct text operation = catalogue_word(context->arena, context->language, "operation", text_of(row->name));
	struct message_value words = { "words", outcome_words(context, storage, verdict->rule, verdict->field, verdict->detail) };
	struct text told = catalogue_print(context->arena, context->language,
		arena_print(context->arena, "outcome.%s", outcome_name(verdict->outcome)).data, &words, 1);

	output_value(context->output, "operation", NULL, cell_id(operation_id));
	output_value(context->output, "kind", NULL, cell_string(row->name));
	output_value(context->output, "outcome", NULL, cell_string(outcome_name(verdict->outcome)));
	if (verdict->rule.size > 0)
		output_value(context->output, "rule", NULL, cell_text(verdict->rule));
	if (!id_is_nil(&verdict->issue_id))
		output_value(context->output, "issue", NULL, cell_id(&verdict->issue_id));
	output_line(context->output, "%.*s: %.*s", TEXT_ARGUMENTS(operation), TEXT_ARGUMENTS(told));
}
