#include "server/intake.h"

#include "protocol/domain/handler.h"
#include "protocol/domain/revision.h"
#include "protocol/domain/rule.h"
#include "protocol/wire/record_codec.h"
#include "shell/outcome_words.h"

/* Records created in one commit: each costs about 3 KiB of memory until then, and a commit one fsync. */
#define GROUP_RECORDS 512
/* Records after which rows that were read or written are no longer kept in memory. */
#define RECORDS_KEPT 1024

void intake_begin(struct intake *intake, bool with_earlier)
{
	if (!with_earlier)
		import_keys_finish(&intake->expected);
	intake->checked = intake->taken = (struct intake_counts){ 0 };
}

void intake_finish(struct intake *intake)
{
	import_keys_finish(&intake->expected);
}

/* Equal in everything that a file can say; derived fields are the rules' business. */
static bool same_content(const struct schema *schema, const void *left, const void *right)
{
	for (size_t i = 0; i < schema->field_count; i++)
		if (!schema->fields[i].derived && !field_is_retired(&schema->fields[i]) && !field_equal(&schema->fields[i], left, right))
			return false;
	return true;
}

/* The record that is here already, or NULL; counted. */
static enum status look(struct intake *intake, const struct operation *operation, struct intake_counts *counts, bool *out_here)
{
	struct office *office = office_of(intake->context);
	const struct operation_head *head = &operation->head;
	const void *there;
	enum status status;

	if (++intake->looked % RECORDS_KEPT == 0)
		server_store_reset_rows(office->store);
	status = records_look(server_store_records(office->store), (enum record_kind)head->record, &head->subject, &there);
	*out_here = status == STATUS_OK && there != NULL;
	if (*out_here && same_content(schema_find((enum record_kind)head->record), there, operation->arguments))
		counts->unchanged++;
	else if (*out_here)
		counts->kept++;
	return status;
}

/* What the record refers to is here, or comes before it. STATUS_NOT_FOUND with the field's name. */
static enum status check_references(struct intake *intake, const struct schema *schema, const void *row)
{
	struct records *records = server_store_records(office_of(intake->context)->store);

	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		const struct id *id = field_at(field, row);
		bool holds;
		enum status status;
		if (field->kind != FIELD_ID || field->refers == RECORD_NONE || import_keys_has(&intake->expected, id))
			continue;
		status = reference_holds(records, field->refers, id, &holds);
		if (status != STATUS_OK)
			return status;
		if (!holds)
			return fail(STATUS_NOT_FOUND, "%s", field->name);
	}
	return STATUS_OK;
}

enum status intake_check(void *context, const struct operation *operation)
{
	struct intake *intake = context;
	const struct schema *schema = schema_find((enum record_kind)operation->head.record);
	enum import_key_use use;
	int64_t line;
	bool here;
	enum status status = look(intake, operation, &intake->checked, &here);

	if (status != STATUS_OK || here)
		return status;
	/* Known from now on, even with a fault: what refers to it shall not be told as faults of their own. */
	status = import_keys_add(
		&intake->expected, &operation->head.subject, row_hash(schema, operation->arguments).low, intake->looked, &use, &line);
	if (status != STATUS_OK)
		return status;
	if (use == IMPORT_KEY_REPEATED)
		intake->checked.unchanged++;
	else if (use == IMPORT_KEY_TAKEN)
		intake->checked.kept++;
	else
		intake->checked.created++;
	return check_references(intake, schema, operation->arguments);
}

/* The rules have the last word. */
static enum status decide_one(struct intake *intake, struct operation *create)
{
	struct context *context = intake->context;
	struct storage *storage = server_store_storage(office_of(context)->store);
	struct verdict verdict;
	struct id id;
	enum status status;

	create->head.role = ROLE_IMPORT;
	status = office_operation(context, create, &verdict, &id);
	if (status != STATUS_OK || verdict.outcome != OUTCOME_PARKED)
		return status;
	if (text_equals(verdict.rule, rule_find(RULE_MISSING_RECORD)->word))
		return fail(STATUS_NOT_FOUND, "%.*s", TEXT_ARGUMENTS(verdict.field)); /* the import knows its line and key */
	return fail(STATUS_INVALID, "%s %s: %.*s", schema_find((enum record_kind)create->head.record)->name,
		id_to_text(&create->head.subject).characters,
		TEXT_ARGUMENTS(outcome_words(context, storage, verdict.rule, verdict.field, verdict.detail)));
}

enum status intake_take(void *context, const struct operation *operation)
{
	struct intake *intake = context;
	struct operation create = *operation;
	bool here;
	enum status status = look(intake, operation, &intake->taken, &here);

	if (status != STATUS_OK || here)
		return status;
	if (intake->open == 0)
		status = server_core_open_commit(office_of(intake->context)->core);
	if (status == STATUS_OK)
		status = decide_one(intake, &create);
	if (status != STATUS_OK)
		return status;
	intake->taken.created++;
	return ++intake->open == GROUP_RECORDS ? intake_settle(intake) : STATUS_OK;
}

enum status intake_settle(struct intake *intake)
{
	enum status status;

	if (intake->open == 0)
		return STATUS_OK;
	status = office_settle(office_of(intake->context));
	if (status != STATUS_OK)
		intake->taken.created -= intake->open;
	intake->open = 0;
	return status;
}

void intake_abandon(struct intake *intake)
{
	office_abandon(office_of(intake->context));
	intake->taken.created -= intake->open;
	intake->open = 0;
}
