/* Records of every kind: list, show, create, edit; issues; knowledge. */
#include "protocol/domain/issue.h"
#include "protocol/sync/closure.h"
#include "server/commands.h"
#include "server/office.h"
#include "shell/assignment.h"
#include "shell/listing.h"
#include "shell/lookup.h"

static struct storage *storage_of(const struct context *context)
{
	return server_store_storage(office_of(context)->store);
}

static enum status schema_named(struct context *context, const struct schema **out_schema)
{
	return lookup_kind(arguments_text(context->arguments, "KIND"), out_schema);
}

/* What is worth a column for people; JSON has everything anyway. */
static const struct {
	enum record_kind kind;
	const char *const *fields;
} list_fields[] = {
	{ RECORD_WORK_ORDER, (const char *const[]){ "number", "state", "priority", "title", "promised_to_at_ms", NULL } },
	{ RECORD_VISIT, (const char *const[]){ "work_order_id", "technician_id", "state", "planned_start_at_ms", "outcome", NULL } },
	{ RECORD_ASSET, (const char *const[]){ "name", "model", "serial", "status", NULL } },
	{ RECORD_SITE, (const char *const[]){ "name", "address", NULL } },
	{ RECORD_PART, (const char *const[]){ "number", "description", "unit", NULL } },
	{ RECORD_KB_ARTICLE, (const char *const[]){ "number", "language", "title", "product", NULL } },
	{ RECORD_TASK, (const char *const[]){ "work_order_id", "title", "kind", "mandatory", "answered", "failed", NULL } },
	{ RECORD_SITE_ACCESS, (const char *const[]){ "site_id", "name", "code", "hazards", NULL } },
	{ RECORD_WORK_ORDER_COST, (const char *const[]){ "work_order_id", "cost_cents", NULL } },
	{ RECORD_CONTACT, (const char *const[]){ "account_id", "name", "role", "phone", "email", NULL } },
	{ RECORD_METER, (const char *const[]){ "asset_id", "name", "unit", "kind", "last_at_ms", NULL } },
	{ RECORD_TIME_ENTRY, (const char *const[]){ "technician_id", "kind", "start_at_ms", "end_at_ms", "source", "late", NULL } },
	{ RECORD_ATTACHMENT, (const char *const[]){ "kind", "caption", "media_type", "size", "taken_at_ms", NULL } },
	{ RECORD_TERRITORY_GRANT, (const char *const[]){ "technician_id", "territory_id", "ended", NULL } },
	{ RECORD_MOVEMENT, (const char *const[]){ "type", "part_id", "quantity", "from_location_id", "to_location_id", "at_ms", NULL } },
};

enum status command_list(struct context *context)
{
	const struct schema *schema;
	struct listing listing = { .name = "records", .limit = arguments_integer(context->arguments, "limit", 50) };
	enum status status = schema_named(context, &schema);

	if (status != STATUS_OK)
		return status;
	listing.kind = schema->kind;
	for (size_t i = 0; i < LENGTH(list_fields); i++)
		if (list_fields[i].kind == schema->kind)
			listing.fields = list_fields[i].fields;
	return listing_rows(context, storage_of(context), &listing);
}

/* Says so when the job of an order is cut short on the devices that have it. */
static enum status note_overfull(struct context *context, struct text which)
{
	struct scope job = { .kind = SCOPE_JOB };
	struct scope_state state;
	enum status status = office_find(context, RECORD_WORK_ORDER, which, &job.id);

	if (status == STATUS_OK)
		status = server_store_look_scope(office_of(context)->store, &job, &state);
	if (status == STATUS_OK && state.digest.count >= CLOSURE_ROWS_MAX)
		listing_note_overfull(context);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status command_show(struct context *context)
{
	struct text kind = arguments_text(context->arguments, "KIND"), which = arguments_text(context->arguments, "WHICH");
	enum status status = listing_show(context, storage_of(context), kind, which);

	return status == STATUS_OK && text_equals(kind, "work_order") ? note_overfull(context, which) : status;
}

/* What a person calls these records by must be theirs alone, or no later command could name them. Articles share a number with their
 * translations, and a machine's name is only one within its site; devices and imports bring what is already so. */
static const struct {
	enum record_kind kind;
	const char *field;
} own_names[] = {
	{ RECORD_WORK_ORDER, "number" },
	{ RECORD_PART, "number" },
	{ RECORD_TECHNICIAN, "name" },
	{ RECORD_TERRITORY, "name" },
	{ RECORD_STOCK_LOCATION, "name" },
};

static enum status check_own_name(struct context *context, const struct schema *schema, const void *row, uint64_t mask)
{
	for (size_t i = 0; i < LENGTH(own_names); i++) {
		const struct field *field = own_names[i].kind == schema->kind ? schema_field(schema, text_of(own_names[i].field)) : NULL;
		struct id other;
		enum status status;
		if (field == NULL || (mask >> field->tag & 1) == 0)
			continue;
		status = lookup_twin(storage_of(context), schema, field, row, &other);
		if (status == STATUS_OK)
			return fail(STATUS_REFUSED, "there is a %s \"%.*s\" already (%.8s): choose another %s, or edit that one",
				catalogue_kind(schema->name),
				TEXT_ARGUMENTS(*(const struct text *)field_at(field, row)), id_to_text(&other).characters, field->name);
		if (status != STATUS_NOT_FOUND)
			return status;
	}
	return STATUS_OK;
}

enum status command_create(struct context *context)
{
	struct operation operation = { .head = { .kind = OPERATION_CREATE } };
	const struct schema *schema;
	uint64_t mask;
	struct id id;
	void *row;
	enum status status = schema_named(context, &schema);

	if (status != STATUS_OK)
		return status;
	row = arena_allocate(context->arena, schema->size);
	status = assignments_apply(context, storage_of(context), "FIELD=VALUE", schema, row, &mask);
	if (status == STATUS_OK)
		status = check_own_name(context, schema, row, mask);
	if (status != STATUS_OK)
		return status;
	operation.head.record = schema->kind;
	operation.arguments = row;
	status = office_run(context, &operation, &id);
	if (status == STATUS_OK)
		output_value(context->output, "id", NULL, cell_id(&id));
	return status;
}

enum status command_edit(struct context *context)
{
	struct operation operation = { .head = { .kind = OPERATION_EDIT } };
	const struct schema *schema;
	struct id id;
	void *current, *edited;
	enum status status = schema_named(context, &schema);

	if (status == STATUS_OK)
		status = office_get(context, schema->kind, arguments_text(context->arguments, "WHICH"), &current);
	if (status != STATUS_OK)
		return status;
	edited = row_copy(context->arena, schema, current);
	status = assignments_apply(context, storage_of(context), "FIELD=VALUE", schema, edited, &operation.mask);
	if (status == STATUS_OK)
		status = check_own_name(context, schema, edited, operation.mask);
	if (status != STATUS_OK)
		return status;
	operation.head.record = schema->kind;
	operation.head.subject = *row_id(current);
	operation.arguments = edited;
	operation.old_values = current;
	return office_run(context, &operation, &id);
}

enum status command_issues(struct context *context)
{
	return listing_issues(context, storage_of(context), arguments_flag(context->arguments, "all"));
}

enum status command_issue_resolve(struct context *context)
{
	struct resolve_arguments arguments = { .resolution = ISSUE_RESOLUTION_NOTED, .text = arguments_text(context->arguments, "text") };
	struct operation operation = { .head = { .kind = OPERATION_RESOLVE_ISSUE }, .arguments = &arguments };
	struct id id;
	enum status status = office_find(context, RECORD_ISSUE, arguments_text(context->arguments, "ISSUE"), &operation.head.subject);

	if (status == STATUS_OK && arguments_has(context->arguments, "how"))
		status = choice_from_text(issue_resolution_names, arguments_text(context->arguments, "how"), &arguments.resolution);
	return status == STATUS_OK ? office_run(context, &operation, &id) : status;
}

enum status command_kb_list(struct context *context)
{
	return listing_kb(context, storage_of(context), arguments_integer(context->arguments, "limit", 50));
}

enum status command_kb_show(struct context *context)
{
	return listing_kb_article(context, storage_of(context), arguments_text(context->arguments, "ARTICLE"));
}
