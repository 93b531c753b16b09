/* What can be said against an operation without looking at any record. */

#include "protocol/domain/attachment.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/operation.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/visit.h"

#define OFFICE   (ROLE_DISPATCHER | ROLE_SUPERVISOR | ROLE_IMPORT | ROLE_SYSTEM)
#define EVERYONE (ROLE_TECHNICIAN | OFFICE)

/* clang-format off */
static const struct {
	enum record_kind record;
	uint32_t roles;
} create_rights[] = {
	{ RECORD_TERRITORY,       OFFICE },
	{ RECORD_TECHNICIAN,      OFFICE },
	{ RECORD_PART,            OFFICE },
	{ RECORD_STOCK_LOCATION,  OFFICE },
	{ RECORD_ACCOUNT,         OFFICE },
	{ RECORD_SITE,            OFFICE },
	{ RECORD_ASSET,           OFFICE },
	{ RECORD_SERVICE_REQUEST, EVERYONE },
	{ RECORD_WORK_ORDER,      EVERYONE },
	{ RECORD_NOTE,            ROLE_IMPORT | ROLE_SYSTEM },
	{ RECORD_MOVEMENT,        OFFICE },
	{ RECORD_KB_ARTICLE,      EVERYONE },
	{ RECORD_DEVICE,          ROLE_SYSTEM },
	{ RECORD_CONTACT,         EVERYONE },
	{ RECORD_TASK,            OFFICE },
	{ RECORD_METER,           OFFICE },
	{ RECORD_READING,         OFFICE },
	{ RECORD_TERRITORY_GRANT, OFFICE },
	{ RECORD_SITE_ACCESS,     OFFICE },
	{ RECORD_WORK_ORDER_COST, OFFICE },
	{ RECORD_ATTACHMENT,      ROLE_DISPATCHER | ROLE_SUPERVISOR },
	{ RECORD_BENCH_ORDER,     EVERYONE },
};

/* The office may edit every field that can be edited; technicians these, NULL meaning all of them. */
static const struct {
	enum record_kind record;
	const char *field;
} technician_edits[] = {
	{ RECORD_ASSET, "name" },
	{ RECORD_ASSET, "model" },
	{ RECORD_ASSET, "serial" },
	{ RECORD_ASSET, "status" },
	{ RECORD_SITE, "access_notes" },
	{ RECORD_WORK_ORDER, "description" },
	{ RECORD_WORK_ORDER, "problem_code" },
	{ RECORD_WORK_ORDER, "cause_code" },
	{ RECORD_WORK_ORDER, "action_code" },
	{ RECORD_KB_ARTICLE, NULL },
	{ RECORD_CONTACT, "name" },
	{ RECORD_CONTACT, "role" },
	{ RECORD_CONTACT, "phone" },
	{ RECORD_CONTACT, "email" },
	{ RECORD_CONTACT, "preferred_channel" },
	{ RECORD_CONTACT, "language" },
	{ RECORD_CONTACT, "inactive" },
	{ RECORD_METER, "name" },
	{ RECORD_BENCH_ORDER, NULL },
};
/* clang-format on */

bool create_allowed(uint32_t role, enum record_kind record)
{
	for (size_t i = 0; i < LENGTH(create_rights); i++)
		if (create_rights[i].record == record)
			return (create_rights[i].roles & role) != 0;
	return false;
}

static bool field_editable(const struct field *field)
{
	return field->merge != MERGE_NEVER && !field->derived;
}

bool edit_allowed(uint32_t role, enum record_kind record, const struct field *field)
{
	if (!field_editable(field))
		return false;
	if ((role & OFFICE) != 0)
		return true;
	for (size_t i = 0; i < LENGTH(technician_edits); i++) {
		const char *name = technician_edits[i].field;
		if (technician_edits[i].record == record && (name == NULL || text_equals(text_of(name), field->name)))
			return role == ROLE_TECHNICIAN;
	}
	return false;
}

/* Sets the objection and passes on the status that fail() returned. */
static enum status object(struct objection *objection, enum rule rule, const char *field, enum reason reason, enum status status)
{
	*objection = (struct objection){ .rule = rule, .field = field, .reason = reason };
	return status;
}

/* The same about a kind of record. */
static enum status object_of(
	struct objection *objection, enum rule rule, const char *field, enum reason reason, const struct schema *schema, enum status status)
{
	*objection = (struct objection){ .rule = rule, .field = field, .reason = reason, .record = schema->name };
	return status;
}

static enum reason reason_of_kind(enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
		return REASON_TEXT_FORM;
	case FIELD_TIME:
		return REASON_TIME_RANGE;
	case FIELD_INTEGER:
		return REASON_NUMBER_RANGE;
	case FIELD_CHOICE:
		return REASON_CHOICE_UNKNOWN;
	case FIELD_ID:
	case FIELD_BOOLEAN:
		break;
	}
	return REASON_FIELD_MISSING;
}

/* What field_validate() found. */
static enum status object_form(struct objection *objection, const struct field *field, const void *row, enum status status)
{
	enum reason reason = field_is_default(field, row) ? REASON_FIELD_MISSING : reason_of_kind(field->kind);

	return object(objection, RULE_BAD_FORM, field->name, reason, status);
}

static enum status check_row(const struct schema *schema, const void *row, struct objection *objection)
{
	const struct field *field;
	enum status status = row_validate(schema, row, &field);

	return status == STATUS_OK ? STATUS_OK : object_form(objection, field, row, status);
}

static enum status check_finish(const struct finish_arguments *finish, struct objection *objection)
{
	const char *field = NULL;

	if (finish->outcome == VISIT_OUTCOME_FIXED && finish->cause_code.size == 0)
		field = "cause_code";
	else if (finish->outcome == VISIT_OUTCOME_FIXED && finish->action_code.size == 0)
		field = "action_code";
	if (field != NULL)
		return object(objection, RULE_BAD_FORM, field, REASON_FIXED_NEEDS,
			fail(STATUS_INVALID, "finish: the outcome \"fixed\" needs %s; give it", field));
	if (finish->signer_name.size == 0 && finish->signature_refused_reason.size == 0)
		return object(objection, RULE_BAD_FORM, "signer_name", REASON_NO_SIGNER,
			fail(STATUS_INVALID, "finish: give signer_name (who signed) or signature_refused_reason (why nobody did)"));
	return STATUS_OK;
}

static enum status check_plan(int64_t start_at_ms, int64_t end_at_ms, struct objection *objection)
{
	if (end_at_ms == 0 || end_at_ms >= start_at_ms)
		return STATUS_OK;
	return object(objection, RULE_BAD_FORM, "planned_end_at_ms", REASON_ENDS_EARLY,
		fail(STATUS_INVALID, "the plan ends before it starts; give a later planned_end_at_ms"));
}

static enum status check_part(const struct part_arguments *part, struct objection *objection)
{
	if (!location_is_virtual(&part->location_id))
		return STATUS_OK;
	return object(objection, RULE_BAD_FORM, "location_id", REASON_NO_PLACE,
		fail(STATUS_INVALID, "a part is used from and returned to a van or a depot; name one"));
}

static enum status check_book(const struct book_arguments *book, struct objection *objection)
{
	if (book->dispatch && book->propose)
		return object(objection, RULE_BAD_FORM, "propose", REASON_PROPOSED_SENT,
			fail(STATUS_INVALID, "a visit that is only proposed is not dispatched; leave one of the two out"));
	return check_plan(book->planned_start_at_ms, book->planned_end_at_ms, objection);
}

static enum status check_time(const struct time_arguments *time, struct objection *objection)
{
	if (time->end_at_ms > time->start_at_ms)
		return STATUS_OK;
	return object(objection, RULE_BAD_FORM, "end_at_ms", REASON_ENDS_EARLY,
		fail(STATUS_INVALID, "the time ends before it starts; give a later end_at_ms"));
}

static bool is_blob(struct text blob)
{
	for (size_t i = 0; i < blob.size; i++)
		if (!(blob.data[i] >= '0' && blob.data[i] <= '9') && !(blob.data[i] >= 'a' && blob.data[i] <= 'f'))
			return false;
	return blob.size == 0 || blob.size == BLOB_DIGITS;
}

static enum status check_blobs(struct text blob, struct text thumbnail, struct objection *objection)
{
	if (is_blob(blob) && is_blob(thumbnail))
		return STATUS_OK;
	return object(objection, RULE_BAD_FORM, is_blob(blob) ? "thumbnail" : "blob", REASON_BLOB_NAME,
		fail(STATUS_INVALID, "a blob is named by %d digits 0-9 and a-f", BLOB_DIGITS));
}

static enum status check_no_signature(uint32_t kind, struct objection *objection)
{
	if (kind != ATTACHMENT_KIND_SIGNATURE)
		return STATUS_OK;
	return object(objection, RULE_BAD_FORM, "kind", REASON_SIGNATURE_AS_PHOTO,
		fail(STATUS_INVALID, "a signature comes with who signed: sign"));
}

static enum status check_photo(const struct photo_arguments *photo, struct objection *objection)
{
	enum status status;

	if ((photo->record == RECORD_NONE) != id_is_nil(&photo->record_id) || photo->record > RECORD_KIND_MAX)
		return object(objection, RULE_BAD_FORM, "record_id", REASON_HALF_OWNER,
			fail(STATUS_INVALID, "name the owner by its kind and its id, or leave both out for the visit"));
	status = check_no_signature(photo->kind, objection);
	return status == STATUS_OK ? check_blobs(photo->blob, photo->thumbnail, objection) : status;
}

/* Rules over several arguments. */
static enum status check_together(const struct operation *operation, struct objection *objection)
{
	const struct reassign_arguments *reassign = operation->arguments;
	const struct reschedule_arguments *reschedule = operation->arguments;
	const struct sign_arguments *sign = operation->arguments;

	if (operation->head.kind == OPERATION_USE_PART || operation->head.kind == OPERATION_RETURN_PART)
		return check_part(operation->arguments, objection);
	if (operation->head.kind == OPERATION_FINISH)
		return check_finish(operation->arguments, objection);
	if (operation->head.kind == OPERATION_BOOK)
		return check_book(operation->arguments, objection);
	if (operation->head.kind == OPERATION_REASSIGN)
		return check_plan(reassign->planned_start_at_ms, reassign->planned_end_at_ms, objection);
	if (operation->head.kind == OPERATION_RESCHEDULE)
		return check_plan(reschedule->planned_start_at_ms, reschedule->planned_end_at_ms, objection);
	if (operation->head.kind == OPERATION_LOG_TIME)
		return check_time(operation->arguments, objection);
	if (operation->head.kind == OPERATION_ADD_PHOTO)
		return check_photo(operation->arguments, objection);
	if (operation->head.kind == OPERATION_SIGN)
		return check_blobs(sign->blob, sign->thumbnail, objection);
	return STATUS_OK;
}

static enum status check_new_id(const struct operation *operation, const struct schema *schema, struct objection *objection)
{
	const struct id *id = row_id(operation->arguments);

	if (id_is_nil(id) || id_equal(id, &operation->head.subject))
		return STATUS_OK;
	return object_of(objection, RULE_BAD_FORM, schema->fields[0].name, REASON_OTHER_SUBJECT, schema,
		fail(STATUS_INVALID, "create: the new %s carries another id than the operation's subject; leave it out", schema->name));
}

static enum status check_movement(const struct movement *movement, struct objection *objection)
{
	if (!id_equal(&movement->from_location_id, &movement->to_location_id))
		return STATUS_OK;
	return object(objection, RULE_BAD_FORM, "to_location_id", REASON_SAME_PLACE,
		fail(STATUS_INVALID, "movement: it comes from where it goes to; name two places"));
}

static enum status check_attachment(const struct attachment *attachment, struct objection *objection)
{
	enum status status;

	if (!attachment_fits((enum record_kind)attachment->record))
		return object(objection, RULE_BAD_FORM, "record", REASON_RECORD_UNKNOWN,
			fail(STATUS_INVALID, "create: unknown kind of record"));
	status = check_no_signature(attachment->kind, objection);
	return status == STATUS_OK ? check_blobs(attachment->blob, attachment->thumbnail, objection) : status;
}

static enum status check_create(const struct operation *operation, struct objection *objection)
{
	const struct schema *schema = arguments_schema(OPERATION_CREATE, operation->head.record);
	enum status status;

	if (schema == NULL)
		return object(
			objection, RULE_BAD_FORM, "record", REASON_RECORD_UNKNOWN, fail(STATUS_INVALID, "create: unknown kind of record"));
	if (schema->derived || !create_allowed(operation->head.role, operation->head.record))
		return object_of(objection, RULE_NOT_ALLOWED, "record", REASON_ROLE_CREATE, schema,
			fail(STATUS_REFUSED, "this role may not create a %s", schema->name));
	if (operation->arguments == NULL)
		return object(objection, RULE_BAD_FORM, "", REASON_ARGUMENTS_MISSING,
			fail(STATUS_INVALID, "create: the new %s is missing", schema->name));
	status = check_new_id(operation, schema, objection);
	for (size_t i = 1; status == STATUS_OK && i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		status = field_validate(schema, field, operation->arguments);
		if (status != STATUS_OK)
			return object_form(objection, field, operation->arguments, status);
		if (field->derived && !field_is_default(field, operation->arguments))
			return object(objection, RULE_BAD_FORM, field->name, REASON_FIELD_COMPUTED,
				fail(STATUS_INVALID, "%s.%s is computed; leave it out", schema->name, field->name));
	}
	if (status == STATUS_OK && schema->kind == RECORD_MOVEMENT)
		status = check_movement(operation->arguments, objection);
	if (status == STATUS_OK && schema->kind == RECORD_ATTACHMENT)
		status = check_attachment(operation->arguments, objection);
	return status;
}

static enum status check_edit_field(
	const struct operation *operation, const struct schema *schema, const struct field *field, struct objection *objection)
{
	enum status status;

	if (!field_editable(field))
		return object(objection, RULE_FIELD_NOT_EDITABLE, field->name, REASON_ONLY_OPERATIONS,
			fail(STATUS_REFUSED, "%s.%s cannot be edited; only operations change it", schema->name, field->name));
	if (!edit_allowed(operation->head.role, schema->kind, field))
		return object_of(objection, RULE_NOT_ALLOWED, field->name, REASON_ROLE_EDIT, schema,
			fail(STATUS_REFUSED, "this role may not edit %s.%s", schema->name, field->name));
	status = field_validate(schema, field, operation->arguments);
	if (status != STATUS_OK)
		return object_form(objection, field, operation->arguments, status);
	/* The old value is only compared and shown: a choice may be from a newer version, a text must still be text. */
	if (field->kind == FIELD_TEXT && !field_is_default(field, operation->old_values))
		status = field_validate(schema, field, operation->old_values);
	return status == STATUS_OK ? STATUS_OK : object(objection, RULE_BAD_FORM, field->name, REASON_TEXT_FORM, status);
}

static enum status check_edit(const struct operation *operation, struct objection *objection)
{
	const struct schema *schema = arguments_schema(OPERATION_EDIT, operation->head.record);
	uint64_t rest = operation->mask;

	if (schema == NULL)
		return object(
			objection, RULE_BAD_FORM, "record", REASON_RECORD_UNKNOWN, fail(STATUS_INVALID, "edit: unknown kind of record"));
	if (schema->derived)
		return object(objection, RULE_FIELD_NOT_EDITABLE, "", REASON_ONLY_OPERATIONS,
			fail(STATUS_REFUSED, "a %s cannot be edited; only operations change it", schema->name));
	if (operation->arguments == NULL || operation->old_values == NULL || rest == 0)
		return object(objection, RULE_BAD_FORM, "", REASON_NO_FIELD,
			fail(STATUS_INVALID, "edit: name a field with its old and its new value"));
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		uint64_t bit = UINT64_C(1) << field->tag;
		if ((rest & bit) == 0)
			continue;
		rest &= ~bit;
		enum status status = check_edit_field(operation, schema, field, objection);
		if (status != STATUS_OK)
			return status;
	}
	if (rest != 0)
		return object_of(objection, RULE_BAD_FORM, "", REASON_NO_SUCH_FIELD, schema,
			fail(STATUS_INVALID, "edit: a %s has no such field", schema->name));
	return STATUS_OK;
}

static enum status check_head(const struct operation *operation, struct objection *objection)
{
	const struct operation_head *head = &operation->head;
	const struct operation_row *row = operation_find(head->kind);
	bool one_role = head->role != 0 && (head->role & (head->role - 1)) == 0;

	if (row == NULL)
		return object(objection, RULE_BAD_FORM, "kind", REASON_KIND_UNKNOWN,
			fail(STATUS_INVALID, "operation: unknown kind %u", (unsigned int)head->kind));
	if (!one_role || (row->roles & head->role) == 0)
		return object(objection, RULE_NOT_ALLOWED, "role", REASON_ROLE_OPERATION,
			fail(STATUS_REFUSED, "this role may not %s", row->name));
	if (head->role == ROLE_TECHNICIAN && id_is_nil(&head->actor))
		return object(objection, RULE_BAD_FORM, "actor", REASON_ACTOR_MISSING,
			fail(STATUS_INVALID, "%s: the technician is missing", row->name));
	if (head->at_ms < 0)
		return object(objection, RULE_BAD_FORM, "at_ms", REASON_BEFORE_1970,
			fail(STATUS_INVALID, "%s: the clock stands before 1970: set it", row->name));
	if (head->at_ms == 0)
		return object(objection, RULE_BAD_FORM, "at_ms", REASON_TIME_MISSING,
			fail(STATUS_INVALID, "%s: the time of the event is missing", row->name));
	if (head->at_ms > TIME_MAX_MS)
		return object(objection, RULE_BAD_FORM, "at_ms", REASON_AFTER_9999,
			fail(STATUS_INVALID, "%s: the time of the event is after the year 9999; set the clock", row->name));
	if (head->kind != OPERATION_CREATE && id_is_nil(&head->subject))
		return object(objection, RULE_BAD_FORM, "subject", REASON_SUBJECT_MISSING,
			fail(STATUS_INVALID, "%s: name what it is about", row->name));
	return STATUS_OK;
}

enum status operation_check(const struct operation *operation, struct objection *out_objection)
{
	const struct operation_row *row;
	enum status status = check_head(operation, out_objection);

	if (status != STATUS_OK)
		return status;
	if (operation->head.kind == OPERATION_CREATE)
		return check_create(operation, out_objection);
	if (operation->head.kind == OPERATION_EDIT)
		return check_edit(operation, out_objection);
	row = operation_find(operation->head.kind);
	if (row->arguments == NULL)
		return STATUS_OK;
	if (operation->arguments == NULL)
		return object(out_objection, RULE_BAD_FORM, "", REASON_ARGUMENTS_MISSING,
			fail(STATUS_INVALID, "%s: its arguments are missing", row->name));
	status = check_row(row->arguments, operation->arguments, out_objection);
	return status == STATUS_OK ? check_together(operation, out_objection) : status;
}

enum status operation_validate(const struct operation *operation)
{
	struct objection objection;

	return operation_check(operation, &objection);
}
