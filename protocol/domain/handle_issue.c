/* A person settles an issue. */
#include <string.h>

#include "protocol/domain/handler.h"

static bool chooses_value(uint32_t resolution)
{
	return resolution == ISSUE_RESOLUTION_TOOK_MINE || resolution == ISSUE_RESOLUTION_KEPT_THEIRS;
}

static bool is_cut(const struct issue *issue)
{
	static const char mark[] = ";cut=1";
	size_t size = sizeof(mark) - 1;

	return issue->detail.size >= size && memcmp(issue->detail.data + issue->detail.size - size, mark, size) == 0;
}

/* Reads a kept value back. A value this version cannot read is rejected with the reason. */
static enum status read_value(
	struct handling *handling, const struct schema *schema, const struct field *field, struct text value, void *row)
{
	if (field_from_text(handling->arena, field, value, row) == STATUS_OK && field_validate(schema, field, row) == STATUS_OK)
		return STATUS_OK;
	return handling_reject(
		handling, RULE_BAD_FORM, field->name, arena_print(handling->arena, "reason=%s cannot be set again", field->name));
}

/* Took mine: it stands from now on. Kept theirs: it stands again where mine had won meanwhile; what somebody wrote since, stays. */
static enum status write_choice(
	struct handling *handling, const struct issue *issue, const struct schema *schema, const struct field *field, const void *current)
{
	bool took_mine = ((const struct resolve_arguments *)handling->operation->arguments)->resolution == ISSUE_RESOLUTION_TOOK_MINE;
	void *mine = arena_copy(handling->arena, current, schema->size);
	void *theirs = arena_copy(handling->arena, current, schema->size);
	void *chosen = took_mine ? mine : theirs;
	enum status status = read_value(handling, schema, field, issue->mine_value, mine);

	if (status == STATUS_OK)
		status = read_value(handling, schema, field, issue->theirs_value, theirs);
	if (status != STATUS_OK || handling->verdict->outcome == OUTCOME_REJECTED)
		return status;
	if (!took_mine && !field_equal(field, current, mine))
		return STATUS_OK;
	if (schema->kind == RECORD_WORK_ORDER)
		status = work_order_derive(handling->records, chosen);
	return status == STATUS_OK ? records_put(handling->records, schema->kind, chosen) : status;
}

static enum status settle_conflict(struct handling *handling, const struct issue *issue)
{
	bool record = issue->record > RECORD_NONE && issue->record <= RECORD_KIND_MAX;
	const struct schema *schema = record ? schema_find((enum record_kind)issue->record) : NULL;
	const struct field *field = schema == NULL ? NULL : schema_field(schema, issue->field);
	struct text kind = choice_to_text(handling->arena, issue_kind_names, issue->kind);
	const void *current;
	enum status status;

	if (issue->kind != ISSUE_KIND_EDIT_CONFLICT || field == NULL)
		return handling_reject(
			handling, RULE_NOT_A_CONFLICT, "resolution", arena_print(handling->arena, "kind=%.*s", TEXT_ARGUMENTS(kind)));
	if (is_cut(issue))
		return handling_reject(handling, RULE_VALUE_CUT, field->name, text_of(""));
	status = records_look(handling->records, schema->kind, &issue->record_id, &current);
	if (status != STATUS_OK)
		return status;
	if (current == NULL)
		return handling_missing(handling, schema->kind, &issue->record_id, "record_id");
	return write_choice(handling, issue, schema, field, current);
}

enum status handle_issue(struct handling *handling)
{
	const struct resolve_arguments *arguments = handling->operation->arguments;
	const void *row;
	struct issue issue;
	struct text resolution;
	enum status status = handling_subject(handling, RECORD_ISSUE, &row);

	if (status != STATUS_OK || row == NULL)
		return status;
	issue = *(const struct issue *)row;
	resolution = choice_to_text(handling->arena, issue_resolution_names, issue.resolution);
	if (issue.state == ISSUE_STATE_RESOLVED)
		return handling_reject(
			handling, RULE_ISSUE_RESOLVED, "", arena_print(handling->arena, "resolution=%.*s", TEXT_ARGUMENTS(resolution)));
	if (chooses_value(arguments->resolution)) {
		status = settle_conflict(handling, &issue);
		if (status != STATUS_OK || handling->verdict->outcome == OUTCOME_REJECTED)
			return status;
	}
	issue.state = ISSUE_STATE_RESOLVED;
	issue.resolution = (enum issue_resolution)arguments->resolution;
	issue.resolution_text = arguments->text;
	issue.resolved_at_ms = handling->operation->head.at_ms;
	return records_put(handling->records, RECORD_ISSUE, &issue);
}
