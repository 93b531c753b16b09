/* Field by field against what the author saw: untouched since, it is set; equal, nothing is to do; moved on, the field's policy
 * says what stands meanwhile and an issue keeps all three values. */
#include "protocol/domain/asset.h"
#include "protocol/domain/handler.h"
#include "protocol/domain/task.h"

#define VALUE_MAX 2000

static struct text shown_value(struct handling *handling, const struct field *field, const void *row, bool *cut)
{
	struct text value = field_to_text(handling->arena, field, row);
	struct text kept = text_cut(value, VALUE_MAX);

	*cut = *cut || kept.size < value.size;
	return kept;
}

static void place_issue(struct issue *issue, const struct schema *schema, const void *row)
{
	const struct field *territory = schema_field(schema, text_of("territory_id"));
	const struct field *order = schema_field(schema, text_of("work_order_id"));

	if (territory != NULL)
		issue->territory_id = *(const struct id *)field_at(territory, row);
	if (schema->kind == RECORD_WORK_ORDER)
		issue->work_order_id = *row_id(row);
	else if (order != NULL)
		issue->work_order_id = *(const struct id *)field_at(order, row);
	if (schema->kind == RECORD_VISIT)
		issue->visit_id = *row_id(row);
}

static enum status open_conflict(struct handling *handling, const struct schema *schema, const struct field *field, const void *current)
{
	const struct operation *operation = handling->operation;
	bool cut = false;
	struct issue issue = {
		.kind = ISSUE_KIND_EDIT_CONFLICT,
		.record = schema->kind,
		.record_id = *row_id(current),
		.field = text_of(field->name),
		.base_value = shown_value(handling, field, operation->old_values, &cut),
		.mine_value = shown_value(handling, field, operation->arguments, &cut),
		.theirs_value = shown_value(handling, field, current, &cut),
	};

	place_issue(&issue, schema, current);
	issue.detail = arena_print(handling->arena, "record=%s;field=%s;winner=%s%s", schema->name, field->name,
		field->merge == MERGE_LAST_COMMITTED ? "mine" : "theirs", cut ? ";cut=1" : "");
	return handling_open_issue(handling, &issue);
}

static enum status merge_field(
	struct handling *handling, const struct schema *schema, const struct field *field, void *row, const void *current, bool *changed)
{
	const struct operation *operation = handling->operation;
	enum status status = STATUS_OK;

	if (field_equal(field, current, operation->arguments))
		return STATUS_OK;
	if (!field_equal(field, current, operation->old_values)) {
		status = open_conflict(handling, schema, field, current);
		if (field->merge != MERGE_LAST_COMMITTED)
			return status;
	}
	field_copy(field, row, operation->arguments);
	*changed = true;
	return status;
}

/* Whether any field but those of where it is kept and listed changed. */
static bool asks_otherwise(const struct task *task, const struct task *before)
{
	for (size_t i = 0; i < task_schema.field_count; i++) {
		const struct field *field = &task_schema.fields[i];
		if (!text_equals(text_of(field->name), "position") && !text_equals(text_of(field->name), "territory_id") &&
			!field_equal(field, task, before))
			return true;
	}
	return false;
}

/* An order for another machine or place asks its tasks anew; so does a task that says something else. A plan that is edited has
 * moved. */
static void mark_change(struct handling *handling, enum record_kind kind, void *row, const void *current)
{
	if (kind == RECORD_WORK_ORDER) {
		struct work_order *order = row;
		const struct work_order *before = current;
		order->scope_version += !id_equal(&order->asset_id, &before->asset_id) || !id_equal(&order->site_id, &before->site_id);
	} else if (kind == RECORD_TASK) {
		((struct task *)row)->version += asks_otherwise(row, current);
	} else if (kind == RECORD_VISIT) {
		struct visit *visit = row;
		const struct visit *before = current;
		if (visit->planned_start_at_ms != before->planned_start_at_ms || visit->planned_end_at_ms != before->planned_end_at_ms)
			visit->moved_gseq = handling->decision->gseq;
	}
}

/* True when following its merges an asset would come back to itself, or never to an end. As the asset is to be: what is stored of it counts
 * no more. */
static enum status merges_in_circle(struct handling *handling, const struct asset *asset, bool *out_circle)
{
	struct id at = asset->merged_into_id;
	enum status status = STATUS_OK;

	*out_circle = false;
	for (int merges = 0; status == STATUS_OK && !id_is_nil(&at) && !*out_circle; merges++) {
		const void *row = NULL;
		*out_circle = id_equal(&at, &asset->id) || merges == ASSET_MERGES_MAX;
		status = records_look(handling->records, RECORD_ASSET, &at, &row);
		if (row == NULL)
			break;
		at = ((const struct asset *)row)->merged_into_id;
	}
	return status;
}

static enum status store_edited(struct handling *handling, const struct schema *schema, void *row, const void *current)
{
	bool circle = false;
	enum status status = STATUS_OK;

	mark_change(handling, schema->kind, row, current);
	if (schema->kind == RECORD_WORK_ORDER)
		status = work_order_derive(handling->records, row);
	if (schema->kind == RECORD_ASSET)
		status = merges_in_circle(handling, row, &circle);
	if (status != STATUS_OK)
		return status;
	if (circle)
		return handling_park(handling, RULE_BAD_FORM, "merged_into_id",
			arena_print(handling->arena, "reason=%s", reason_find(REASON_MERGED_ROUND)->word), NULL);
	return records_put(handling->records, schema->kind, row);
}

enum status handle_edit(struct handling *handling)
{
	const struct operation *operation = handling->operation;
	const struct schema *schema = arguments_schema(OPERATION_EDIT, operation->head.record);
	const void *current;
	void *row;
	bool complete, changed = false;
	enum status status = handling_subject(handling, schema->kind, &current);

	if (status != STATUS_OK || current == NULL)
		return status;
	status = handling_check_references(handling, schema, operation->arguments, operation->mask, &complete);
	if (status != STATUS_OK || !complete)
		return status;
	row = arena_copy(handling->arena, current, schema->size);
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		if ((operation->mask >> field->tag & 1) == 0)
			continue;
		status = merge_field(handling, schema, field, row, current, &changed);
		if (status != STATUS_OK)
			return status;
	}
	if (!changed)
		return handling_note(handling, RULE_NO_OP, "", text_of(""));
	return store_edited(handling, schema, row, current);
}
