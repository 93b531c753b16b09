#include "shell/words.h"

#include <stdlib.h>
#include <string.h>

#include "shell/number_text.h"
#include "shell/time_text.h"

#define VALUES_MAX 24
#define SHORT_ID   8

/* How the values of a detail are told, by their names; others stand as they are. Ids are known by their looks. */
static const struct {
	const char *name;
	const char *prefix; /* in the catalogue */
} prefixes[] = {
	{ "state", "state" },   { "order_state", "state" }, { "operation", "operation" },          { "record", "word" },
	{ "role", "word" },     { "kind", "issue" },        { "resolution", "resolution.issue" }, { "outcome", "outcome.visit" },
	{ "field", "column" },  { "winner", "winner" },
};

/* The record's name, or its id shortened. */
static struct text tell_id(const struct words *words, const struct id *id)
{
	struct text name = { 0 };

	if (id_is_nil(id))
		return catalogue_print(words->arena, words->language, "word.none", NULL, 0);
	if (words->name_of != NULL)
		name = words->name_of(words->context, words->arena, id);
	return name.size > 0 ? name : arena_print(words->arena, "%.*s", SHORT_ID, id_to_text(id).characters);
}

static bool ends_with(const char *name, const char *ending)
{
	size_t size = strlen(name), ending_size = strlen(ending);

	return size >= ending_size && strcmp(name + size - ending_size, ending) == 0;
}

/* Numbers in the scale that stands beside them. */
static bool is_measured(const char *name)
{
	return strcmp(name, "value") == 0 || strcmp(name, "last") == 0 || strcmp(name, "limit") == 0;
}

/* `scale` < 0: none is given. */
static struct text tell(const struct words *words, const char *name, struct text value, int64_t scale)
{
	struct id id;

	if (value.size == 2 * ID_SIZE && id_from_text(value, &id) == STATUS_OK) {
		if (id_is_nil(&id) && (strcmp(name, "technician") == 0 || strcmp(name, "holder") == 0 || strcmp(name, "other") == 0))
			return catalogue_print(words->arena, words->language, "word.office", NULL, 0);
		return tell_id(words, &id);
	}
	if (ends_with(name, "at_ms"))
		return time_print(words->arena, strtoll(arena_copy_text(words->arena, value).data, NULL, 10), words->zone);
	if (is_measured(name) && scale >= 0)
		return number_to_text(words->arena, strtoll(arena_copy_text(words->arena, value).data, NULL, 10), scale);
	for (size_t i = 0; i < LENGTH(prefixes); i++)
		if (strcmp(prefixes[i].name, name) == 0)
			return catalogue_word(words->arena, words->language, prefixes[i].prefix, value);
	return value;
}

/* Why, as a word with a sentence of its own, which may name the other values; a version before this one stored the English sentence. */
static struct text tell_reason(const struct words *words, struct text reason, const struct message_value *values, size_t count)
{
	struct text key = arena_print(words->arena, "reason.%.*s", TEXT_ARGUMENTS(reason));

	if (catalogue_find(words->language, key.data) == NULL)
		return reason;
	return catalogue_print(words->arena, words->language, key.data, values, count);
}

/* The sentence of `key` with the values of `detail`: ids become names, and numbers ending in "at_ms" times. */
static struct text print_with_field(const struct words *words, const char *key, struct text field, struct text detail)
{
	struct message_value values[VALUES_MAX + 1];
	size_t count = detail_values(words->arena, detail, values, VALUES_MAX);

	struct text given = detail_value(detail, "scale");
	int64_t scale = given.size == 0 ? -1 : strtoll(arena_copy_text(words->arena, given).data, NULL, 10);

	if (field.size > 0 && detail_value(detail, "field").size == 0)
		values[count++] = (struct message_value){ .name = "field", .text = field };
	for (size_t i = 0; i < count; i++)
		values[i].text = tell(words, values[i].name, values[i].text, scale);
	for (size_t i = 0; i < count; i++)
		if (strcmp(values[i].name, "reason") == 0)
			values[i].text = tell_reason(words, values[i].text, values, count);
	return catalogue_print(words->arena, words->language, key, values, count);
}

static const char *key_of(const struct words *words, const char *prefix, struct text name)
{
	return arena_print(words->arena, "%s.%.*s", prefix, TEXT_ARGUMENTS(name)).data;
}

struct text words_of_rule(const struct words *words, struct text rule, struct text field, struct text detail)
{
	return print_with_field(words, key_of(words, "rule", rule), field, detail);
}

struct text words_of_verdict(const struct words *words, enum outcome outcome, struct text rule, struct text field, struct text detail)
{
	static const char *const keys[] = {
		[OUTCOME_APPLIED] = "outcome.applied",   [OUTCOME_APPLIED_NOTE] = "outcome.applied_note",
		[OUTCOME_ISSUE] = "outcome.issue",       [OUTCOME_REJECTED] = "outcome.rejected",
		[OUTCOME_PARKED] = "outcome.parked",
	};
	struct message_value value = { .name = "words" };

	value.text = words_of_rule(words, rule, field, detail);
	return catalogue_print(words->arena, words->language, (size_t)outcome < LENGTH(keys) ? keys[outcome] : "outcome.unknown",
		&value, 1);
}

struct text words_of_operation(const struct words *words, enum operation_kind kind)
{
	const struct operation_row *row = operation_find(kind);

	if (row == NULL)
		return catalogue_print(words->arena, words->language, "word.unknown", NULL, 0);
	return catalogue_word(words->arena, words->language, "operation", text_of(row->name));
}

static struct text resolved_tail(const struct words *words, const struct issue *issue)
{
	struct text resolution = choice_to_text(words->arena, issue_resolution_names, issue->resolution);
	struct message_value values[] = {
		{ "resolution", catalogue_word(words->arena, words->language, "resolution.issue", resolution) },
		{ "text", issue->resolution_text },
	};

	return catalogue_print(words->arena, words->language, "advice.resolved", values, LENGTH(values));
}

static struct text late_tail(const struct words *words, const struct issue *issue)
{
	struct message_value operation = { "operation", arena_print(words->arena, "%.8s", id_to_text(&issue->operation_id).characters) };

	return catalogue_print(words->arena, words->language, "advice.late_fact", &operation, 1);
}

static struct text conflict_tail(const struct words *words, const struct issue *issue)
{
	struct text office = catalogue_print(words->arena, words->language, "word.office", NULL, 0);
	struct message_value values[] = {
		{ "base", issue->base_value },
		{ "mine", issue->mine_value },
		{ "theirs", issue->theirs_value },
		{ "author", id_is_nil(&issue->technician_id) ? office : tell_id(words, &issue->technician_id) },
	};

	return catalogue_print(words->arena, words->language, "advice.edit_conflict", values, LENGTH(values));
}

/* Issues about a finish, which say how it went. */
static bool tells_outcome(const struct issue *issue)
{
	static const uint32_t kinds = UINT32_C(1) << ISSUE_KIND_LATE_FACT | UINT32_C(1) << ISSUE_KIND_WORK_DONE_AFTER_CANCEL |
				      UINT32_C(1) << ISSUE_KIND_WORK_WITHOUT_CLAIM;

	return issue->mine_value.size > 0 && (uint32_t)issue->kind < ISSUE_KIND_COUNT && (kinds >> issue->kind & 1) != 0;
}

static struct text outcome_tail(const struct words *words, const struct issue *issue)
{
	struct message_value outcome = { "outcome", tell(words, "outcome", issue->mine_value, -1) };

	return catalogue_print(words->arena, words->language, "advice.outcome", &outcome, 1);
}

/* `text` and, behind a blank, what it does not say yet. */
static struct text with_tail(const struct words *words, struct text text, struct text tail)
{
	return tail.size == 0 ? text : arena_print(words->arena, "%.*s %.*s", TEXT_ARGUMENTS(text), TEXT_ARGUMENTS(tail));
}

/* The three values of an edit conflict, where a late fact is told whole, or what became of a resolved issue. */
static struct text issue_tail(const struct words *words, const struct issue *issue)
{
	if (issue->state == ISSUE_STATE_RESOLVED)
		return resolved_tail(words, issue);
	if (issue->kind == ISSUE_KIND_LATE_FACT)
		return late_tail(words, issue);
	if (issue->kind == ISSUE_KIND_EDIT_CONFLICT)
		return conflict_tail(words, issue);
	return (struct text){ 0 };
}

struct text words_of_issue(const struct words *words, const struct issue *issue)
{
	struct text kind = choice_to_text(words->arena, issue_kind_names, issue->kind);
	struct text title = catalogue_word(words->arena, words->language, "issue", kind);
	struct text sentence = print_with_field(words, key_of(words, "rule", kind), issue->field, issue->detail);

	if (tells_outcome(issue))
		sentence = with_tail(words, sentence, outcome_tail(words, issue));
	return catalogue_format(words->arena, words->language, "%.*s: %.*s", TEXT_ARGUMENTS(title),
		TEXT_ARGUMENTS(with_tail(words, sentence, issue_tail(words, issue))));
}
