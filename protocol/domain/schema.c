#include "protocol/domain/schema.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "protocol/domain/account.h"
#include "protocol/domain/asset.h"
#include "protocol/domain/attachment.h"
#include "protocol/domain/balance.h"
#include "protocol/domain/contact.h"
#include "protocol/domain/device.h"
#include "protocol/domain/issue.h"
#include "protocol/domain/kb_article.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/note.h"
#include "protocol/domain/operation.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/domain/part.h"
#include "protocol/domain/reading.h"
#include "protocol/domain/revision.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/site.h"
#include "protocol/domain/site_access.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/task.h"
#include "protocol/domain/task_answer.h"
#include "protocol/domain/technician.h"
#include "protocol/domain/territory.h"
#include "protocol/domain/territory_grant.h"
#include "protocol/domain/time_entry.h"
#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"
#include "protocol/domain/work_order_cost.h"

/* By record kind; filled up by schema_register() only, before any thread starts. */
static const struct schema *schemas[RECORD_KIND_MAX + 1] = {
	[RECORD_TERRITORY] = &territory_schema,
	[RECORD_TECHNICIAN] = &technician_schema,
	[RECORD_PART] = &part_schema,
	[RECORD_STOCK_LOCATION] = &stock_location_schema,
	[RECORD_ACCOUNT] = &account_schema,
	[RECORD_SITE] = &site_schema,
	[RECORD_ASSET] = &asset_schema,
	[RECORD_SERVICE_REQUEST] = &service_request_schema,
	[RECORD_WORK_ORDER] = &work_order_schema,
	[RECORD_VISIT] = &visit_schema,
	[RECORD_NOTE] = &note_schema,
	[RECORD_MOVEMENT] = &movement_schema,
	[RECORD_BALANCE] = &balance_schema,
	[RECORD_KB_ARTICLE] = &kb_article_schema,
	[RECORD_DEVICE] = &device_schema,
	[RECORD_OPERATION] = &operation_outcome_schema,
	[RECORD_ISSUE] = &issue_schema,
	[RECORD_CONTACT] = &contact_schema,
	[RECORD_TASK] = &task_schema,
	[RECORD_TASK_ANSWER] = &task_answer_schema,
	[RECORD_TIME_ENTRY] = &time_entry_schema,
	[RECORD_ATTACHMENT] = &attachment_schema,
	[RECORD_METER] = &meter_schema,
	[RECORD_READING] = &reading_schema,
	[RECORD_TERRITORY_GRANT] = &territory_grant_schema,
	[RECORD_SITE_ACCESS] = &site_access_schema,
	[RECORD_WORK_ORDER_COST] = &work_order_cost_schema,
};

const struct choice record_kind_names[] = {
	{ RECORD_NONE, "none" },
	{ RECORD_TERRITORY, "territory" },
	{ RECORD_TECHNICIAN, "technician" },
	{ RECORD_PART, "part" },
	{ RECORD_STOCK_LOCATION, "stock_location" },
	{ RECORD_ACCOUNT, "account" },
	{ RECORD_SITE, "site" },
	{ RECORD_ASSET, "asset" },
	{ RECORD_SERVICE_REQUEST, "service_request" },
	{ RECORD_WORK_ORDER, "work_order" },
	{ RECORD_VISIT, "visit" },
	{ RECORD_NOTE, "note" },
	{ RECORD_MOVEMENT, "movement" },
	{ RECORD_BALANCE, "balance" },
	{ RECORD_KB_ARTICLE, "kb_article" },
	{ RECORD_DEVICE, "device" },
	{ RECORD_OPERATION, "operation" },
	{ RECORD_ISSUE, "issue" },
	{ RECORD_CONTACT, "contact" },
	{ RECORD_TASK, "task" },
	{ RECORD_TASK_ANSWER, "task_answer" },
	{ RECORD_TIME_ENTRY, "time_entry" },
	{ RECORD_ATTACHMENT, "attachment" },
	{ RECORD_METER, "meter" },
	{ RECORD_READING, "reading" },
	{ RECORD_TERRITORY_GRANT, "territory_grant" },
	{ RECORD_SITE_ACCESS, "site_access" },
	{ RECORD_WORK_ORDER_COST, "work_order_cost" },
	{ RECORD_BENCH_ORDER, "bench_order" },
	{ 0, NULL },
};

static const struct schema *as_spoken(const struct schema *schema)
{
	return schema_at_revision(schema, schema_revision());
}

const struct schema *schema_find(enum record_kind kind)
{
	const struct operation_row *operation;

	if (kind <= RECORD_KIND_MAX)
		return schemas[kind] == NULL ? NULL : as_spoken(schemas[kind]);
	if (kind == RECORD_OPERATION_HEAD)
		return &operation_head_schema;
	if (kind < RECORD_ARGUMENTS)
		return NULL;
	operation = operation_find((enum operation_kind)(kind - RECORD_ARGUMENTS));
	return operation == NULL ? NULL : operation->arguments;
}

enum status schema_of_record(enum record_kind kind, const struct schema **out_schema)
{
	const struct schema *schema = kind <= RECORD_KIND_MAX ? schema_find(kind) : NULL;

	if (schema == NULL)
		return fail(STATUS_NEWER, "record kind %d is not known to this program; upgrade it", (int)kind);
	*out_schema = schema;
	return STATUS_OK;
}

const struct schema *schema_by_name(struct text name)
{
	for (size_t i = 0; i < LENGTH(schemas); i++)
		if (schemas[i] != NULL && text_equals(name, schemas[i]->name))
			return as_spoken(schemas[i]);
	return NULL;
}

const struct schema *schema_at(size_t position)
{
	for (size_t i = 0; i < LENGTH(schemas); i++)
		if (schemas[i] != NULL && position-- == 0)
			return as_spoken(schemas[i]);
	return NULL;
}

void schema_register(const struct schema *schema)
{
	assert(schema->kind > RECORD_NONE && schema->kind <= RECORD_KIND_MAX);
	assert(schemas[schema->kind] == NULL || schemas[schema->kind] == schema);
	schemas[schema->kind] = schema;
}

const struct field *schema_field(const struct schema *schema, struct text name)
{
	for (size_t i = 0; i < schema->field_count; i++)
		if (text_equals(name, schema->fields[i].name))
			return &schema->fields[i];
	return NULL;
}

const struct field *schema_field_by_tag(const struct schema *schema, uint32_t tag)
{
	/* Tables are in tag order without gaps until a number is retired, so the guess is nearly always right. */
	if (tag >= 1 && tag <= schema->field_count && schema->fields[tag - 1].tag == tag)
		return &schema->fields[tag - 1];
	for (size_t i = 0; i < schema->field_count; i++)
		if (schema->fields[i].tag == tag)
			return &schema->fields[i];
	return NULL;
}

const struct id *row_id(const void *row)
{
	return row;
}

const void *field_at(const struct field *field, const void *row)
{
	return (const unsigned char *)row + field->offset;
}

void *field_at_mutable(const struct field *field, void *row)
{
	return (unsigned char *)row + field->offset;
}

int64_t field_integer(const struct field *field, const void *row)
{
	const void *at = field_at(field, row);
	uint32_t number;

	switch (field->kind) {
	case FIELD_INTEGER:
	case FIELD_TIME:
		return *(const int64_t *)at;
	case FIELD_CHOICE:
		memcpy(&number, at, sizeof(number)); /* any enum of four bytes */
		return number;
	case FIELD_BOOLEAN:
		return *(const bool *)at ? 1 : 0;
	case FIELD_ID:
	case FIELD_TEXT:
		break;
	}
	assert(false && "a field with an integer value");
	return 0;
}

void field_set_integer(const struct field *field, void *row, int64_t value)
{
	void *at = field_at_mutable(field, row);
	uint32_t number = (uint32_t)value;

	switch (field->kind) {
	case FIELD_INTEGER:
	case FIELD_TIME:
		*(int64_t *)at = value;
		return;
	case FIELD_CHOICE:
		memcpy(at, &number, sizeof(number));
		return;
	case FIELD_BOOLEAN:
		*(bool *)at = value != 0;
		return;
	case FIELD_ID:
	case FIELD_TEXT:
		break;
	}
	assert(false && "a field with an integer value");
}

static const struct id *id_at(const struct field *field, const void *row)
{
	return field_at(field, row);
}

static const struct text *text_at(const struct field *field, const void *row)
{
	return field_at(field, row);
}

bool field_is_default(const struct field *field, const void *row)
{
	switch (field->kind) {
	case FIELD_ID:
		return id_is_nil(id_at(field, row));
	case FIELD_TEXT:
		return text_at(field, row)->size == 0;
	case FIELD_INTEGER:
	case FIELD_TIME:
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		break;
	}
	return field_integer(field, row) == 0;
}

bool field_equal(const struct field *field, const void *left, const void *right)
{
	switch (field->kind) {
	case FIELD_ID:
		return id_equal(id_at(field, left), id_at(field, right));
	case FIELD_TEXT:
		return text_equal(*text_at(field, left), *text_at(field, right));
	case FIELD_INTEGER:
	case FIELD_TIME:
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		break;
	}
	return field_integer(field, left) == field_integer(field, right);
}

void field_copy(const struct field *field, void *to, const void *from)
{
	switch (field->kind) {
	case FIELD_ID:
		*(struct id *)field_at_mutable(field, to) = *id_at(field, from);
		return;
	case FIELD_TEXT:
		*(struct text *)field_at_mutable(field, to) = *text_at(field, from);
		return;
	case FIELD_INTEGER:
	case FIELD_TIME:
	case FIELD_CHOICE:
	case FIELD_BOOLEAN:
		break;
	}
	field_set_integer(field, to, field_integer(field, from));
}

struct bytes row_extra(const struct schema *schema, const void *row)
{
	if (schema->extra == 0)
		return (struct bytes){ 0 };
	return *(const struct bytes *)((const unsigned char *)row + schema->extra);
}

void row_set_extra(const struct schema *schema, void *row, struct bytes extra)
{
	assert(schema->extra != 0);
	*(struct bytes *)((unsigned char *)row + schema->extra) = extra;
}

bool row_equal(const struct schema *schema, const void *left, const void *right)
{
	if (!bytes_equal(row_extra(schema, left), row_extra(schema, right)))
		return false;
	for (size_t i = 0; i < schema->field_count; i++)
		if (!field_equal(&schema->fields[i], left, right))
			return false;
	return true;
}

void *row_copy(struct arena *arena, const struct schema *schema, const void *row)
{
	void *copy = arena_copy(arena, row, schema->size);

	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		if (field->kind == FIELD_TEXT)
			*(struct text *)field_at_mutable(field, copy) = arena_copy_text(arena, *text_at(field, row));
	}
	if (row_extra(schema, row).size > 0)
		row_set_extra(schema, copy, arena_copy_bytes(arena, row_extra(schema, row)));
	return copy;
}

static enum status text_validate(const struct schema *schema, const struct field *field, struct text text)
{
	if (text.size > (uint64_t)field->max)
		return fail(STATUS_INVALID, "%s.%s has %zu bytes; shorten it to at most %" PRId64, schema->name, field->name, text.size,
			field->max);
	if (!text_valid(text))
		return fail(STATUS_INVALID, "%s.%s is not well-formed UTF-8 without NUL", schema->name, field->name);
	return STATUS_OK;
}

static enum status number_validate(const struct schema *schema, const struct field *field, int64_t value)
{
	/* 0 is "not set" where it is allowed; `required` speaks about it. */
	if (value == 0 || (value >= field->min && value <= field->max))
		return STATUS_OK;
	return fail(STATUS_INVALID, "%s.%s is %" PRId64 "; it must be %" PRId64 " to %" PRId64, schema->name, field->name, value,
		field->min, field->max);
}

int64_t time_within(int64_t at_ms)
{
	return at_ms < 0 ? 0 : at_ms > TIME_MAX_MS ? TIME_MAX_MS : at_ms;
}

static enum status time_validate(const struct schema *schema, const struct field *field, int64_t at_ms)
{
	if (at_ms >= field->min && at_ms <= field->max)
		return STATUS_OK;
	return fail(STATUS_INVALID, "%s.%s is %" PRId64 " ms after 1970: give a time from 1970 to 9999", schema->name, field->name, at_ms);
}

static bool choice_known(const struct choice *choices, uint32_t number)
{
	for (const struct choice *choice = choices; choice->name != NULL; choice++)
		if (choice->number == number)
			return choice_spoken(choices, number);
	return false;
}

enum status field_validate(const struct schema *schema, const struct field *field, const void *row)
{
	if (field_is_default(field, row)) {
		if (field->required)
			return fail(STATUS_INVALID, "%s.%s is required", schema->name, field->name);
		return STATUS_OK;
	}
	switch (field->kind) {
	case FIELD_TEXT:
		return text_validate(schema, field, *text_at(field, row));
	case FIELD_TIME:
		return time_validate(schema, field, field_integer(field, row));
	case FIELD_INTEGER:
		return number_validate(schema, field, field_integer(field, row));
	case FIELD_CHOICE:
		if (!choice_known(field->choices, (uint32_t)field_integer(field, row)))
			return fail(STATUS_INVALID, "%s.%s has no choice number %" PRId64, schema->name, field->name,
				field_integer(field, row));
		return STATUS_OK;
	case FIELD_ID:
	case FIELD_BOOLEAN:
		break;
	}
	return STATUS_OK;
}

enum status row_validate(const struct schema *schema, const void *row, const struct field **out_field)
{
	for (size_t i = 0; i < schema->field_count; i++) {
		enum status status = field_validate(schema, &schema->fields[i], row);
		if (status == STATUS_OK)
			continue;
		if (out_field != NULL)
			*out_field = &schema->fields[i];
		return status;
	}
	return STATUS_OK;
}

struct scope row_home(const struct schema *schema, const void *row)
{
	for (size_t i = 0; i < HOME_RULES_MAX && schema->homes[i].field != NULL; i++) {
		const struct field *field = schema_field(schema, text_of(schema->homes[i].field));
		struct scope home = { .kind = schema->homes[i].scope };
		if (field == NULL || field_is_default(field, row)) /* an earlier revision does not have it */
			continue;
		if (field->kind == FIELD_ID)
			home.id = *id_at(field, row);
		return home;
	}
	return (struct scope){ .kind = schema->home_otherwise };
}

static const struct field *archived_field(const struct schema *schema)
{
	const struct field *field = schema_field(schema, text_of("archived"));

	assert(schema->window.field != NULL && field != NULL);
	return field;
}

bool row_is_archived(const struct schema *schema, const void *row)
{
	return !field_is_default(archived_field(schema), row);
}

void row_set_archived(const struct schema *schema, void *row, bool archived)
{
	field_set_integer(archived_field(schema), row, archived);
}

bool scope_equal(const struct scope *left, const struct scope *right)
{
	return left->kind == right->kind && id_equal(&left->id, &right->id);
}
