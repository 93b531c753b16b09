#include "server/import_pass.h"

#include <inttypes.h>
#include <string.h>

#include "protocol/domain/revision.h"
#include "protocol/wire/message.h"
#include "protocol/wire/record_codec.h"

#define KEY_SHOWN    40 /* bytes of a key quoted in a reason */
#define DIGITS_SHOWN 8  /* of an id, where there is no key */

void import_draft_refuse(
	struct import_pass *pass, struct import_draft *draft, const struct import_value *value, const char *field, const char *reason)
{
	struct import_place place = { pass->options->path, draft->from->line, 1 };
	size_t size = field == NULL ? 0 : strlen(field);

	draft->broken = true;
	if (value == NULL) {
		import_report_error(pass->report, pass->arena, &place, "%s", reason);
		return;
	}
	if (value == draft->refused)
		return;
	draft->refused = value;
	if (size > 0 && strncmp(reason, field, size) == 0 && reason[size] == ':')
		reason += size + 2;
	place.line = value->line;
	place.column = import_value_column(draft->from, value);
	import_report_error(pass->report, pass->arena, &place, "%.*s: %s", TEXT_ARGUMENTS(value->name), reason);
}

void import_draft_warn(struct import_pass *pass, const struct import_draft *draft, const char *reason)
{
	import_notes_add(&pass->report->warnings, pass->arena, text_of(reason), draft->from->line, 1);
}

void import_draft_set(
	struct import_pass *pass, struct import_draft *draft, const struct field *field, struct text text, const struct import_value *value)
{
	draft->places[field->tag] = value;
	if (field_from_text(pass->row_arena, field, text, draft->row) != STATUS_OK)
		import_draft_refuse(pass, draft, value, field->name, fail_reason());
}

void import_draft_cut(
	struct import_pass *pass, struct import_draft *draft, const struct field *field, struct text text, const struct import_value *value)
{
	struct text cut = text_cut(text, (size_t)field->max);

	draft->places[field->tag] = value;
	*(struct text *)field_at_mutable(field, draft->row) = cut;
	if (cut.size < text.size)
		import_draft_warn(pass, draft,
			arena_print(pass->row_arena, "%.*s: cut to the %" PRId64 " bytes that %s.%s holds", TEXT_ARGUMENTS(value->name),
				field->max, draft->schema->name, field->name)
				.data);
}

static struct operation create_of(const struct import_pass *pass, enum record_kind kind, const struct id *id, const void *row)
{
	return (struct operation){
		.head = {
			.subject = *id,
			.kind = OPERATION_CREATE,
			.record = kind,
			.role = ROLE_IMPORT,
			.at_ms = pass->options->at_ms,
			.schema_revision = schema_revision(),
		},
		.arguments = row,
	};
}

/* What the sink missed, told at the value that refers to it and by the file's own key. */
static void refuse_reference(
	struct import_pass *pass, struct import_draft *draft, const struct operation *operation, const struct field *field)
{
	bool own = draft->schema->kind == operation->head.record;
	const struct import_value *value = own ? draft->places[field->tag] : NULL;
	struct id_text digits = id_to_text(field_at(field, operation->arguments));
	bool has_key = value != NULL && value->text.size > 0;
	struct text key = has_key ? text_cut(value->text, KEY_SHOWN) : text_cut(text_of(digits.characters), DIGITS_SHOWN);
	struct text kind = text_of(schema_find(field->refers)->name);
	bool ends_with_y = kind.data[kind.size - 1] == 'y';
	struct text several =
		arena_print(pass->row_arena, "%.*s%s", (int)(kind.size - (ends_with_y ? 1 : 0)), kind.data, ends_with_y ? "ies" : "s");

	pass->refused = true;
	import_draft_refuse(pass, draft, value, field->name,
		arena_print(pass->row_arena, "%s: there is no %s \"%.*s\" here; import %s first", field->name, kind.data,
			TEXT_ARGUMENTS(key), several.data)
			.data);
}

static void hand_out(struct import_pass *pass, struct import_draft *draft, const struct operation *operation)
{
	const struct field *field;

	pass->report->operations++;
	pass->report->records[operation->head.record]++;
	if (pass->sink != NULL)
		pass->status = pass->sink(pass->sink_context, operation);
	if (pass->status != STATUS_NOT_FOUND)
		return;
	field = schema_field(schema_find(operation->head.record), text_of(fail_reason()));
	if (field == NULL || field->kind != FIELD_ID || field->refers == RECORD_NONE)
		return;
	pass->status = STATUS_OK;
	refuse_reference(pass, draft, operation, field);
}

static bool draft_check(struct import_pass *pass, struct import_draft *draft, const struct operation *operation)
{
	struct objection objection = { .field = NULL };
	const struct field *field;

	if (operation_check(operation, &objection) == STATUS_OK)
		return true;
	field = objection.field == NULL ? NULL : schema_field(draft->schema, text_of(objection.field));
	import_draft_refuse(pass, draft, field == NULL ? NULL : draft->places[field->tag], NULL, fail_reason());
	return false;
}

/* What rows of one key must have alike: the record, and the amount beside it. */
static uint64_t fingerprint(const struct import_draft *draft)
{
	return row_hash(draft->schema, draft->row).low ^ ((uint64_t)draft->cents * UINT64_C(0x9e3779b97f4a7c15));
}

void import_draft_finish(struct import_pass *pass, struct import_draft *draft, const struct id *id, const struct import_value *key)
{
	struct operation operation = create_of(pass, draft->schema->kind, id, draft->row);
	enum import_key_use use = IMPORT_KEY_NEW;
	int64_t line = 0;

	if (draft->broken)
		return;
	*(struct id *)draft->row = *id;
	if (!draft_check(pass, draft, &operation))
		return;
	pass->status = import_keys_add(&pass->keys, id, fingerprint(draft), draft->from->line, &use, &line);
	if (pass->status != STATUS_OK)
		return;
	if (use == IMPORT_KEY_TAKEN) {
		struct text reason = arena_print(pass->row_arena, "line %" PRId64 " has the same key with other values", line);
		import_draft_refuse(pass, draft, key, NULL, reason.data);
	} else if (use == IMPORT_KEY_REPEATED) {
		import_notes_add(&pass->report->skipped, pass->arena, text_of(IMPORT_REPEATED), draft->from->line, 1);
	} else {
		hand_out(pass, draft, &operation);
	}
}

void import_implied(struct import_pass *pass, struct import_draft *draft, enum record_kind kind, const void *row)
{
	struct operation operation = create_of(pass, kind, row_id(row), row);
	struct objection objection = { .field = NULL };
	enum import_key_use use;
	int64_t line;

	if (pass->status != STATUS_OK || import_keys_has(&pass->keys, row_id(row)))
		return;
	if (operation_check(&operation, &objection) != STATUS_OK) {
		const struct import_place place = { pass->options->path, draft->from->line, 1 };
		import_report_error(pass->report, pass->arena, &place, "%s", fail_reason());
		return;
	}
	pass->status = import_keys_add(&pass->keys, row_id(row), 0, draft->from->line, &use, &line);
	if (pass->status == STATUS_OK)
		hand_out(pass, draft, &operation);
}
