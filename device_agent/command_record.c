/* Records: change fields, make new ones. */
#include "device_agent/commands.h"
#include "device_agent/device.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/technician.h"
#include "shell/assignment.h"
#include "shell/lookup.h"

static enum status schema_named(struct context *context, const struct schema **out_schema)
{
	return lookup_kind(arguments_text(context->arguments, "KIND"), out_schema);
}

enum status command_edit(struct context *context)
{
	struct operation operation = { .head = { .kind = OPERATION_EDIT } };
	struct storage *storage = local_device_records(context);
	struct text which = arguments_text(context->arguments, "WHICH");
	const struct schema *schema;
	struct id id;
	void *current, *edited;
	enum status status = schema_named(context, &schema);

	if (status == STATUS_OK)
		status = schema->kind == RECORD_WORK_ORDER ? find_order(context, which, &id)
							   : lookup_record(storage, schema->kind, which, &id);
	if (status == STATUS_OK)
		status = table_get(storage, schema, &id, context->arena, &current, NULL);
	if (status != STATUS_OK)
		return status;
	edited = row_copy(context->arena, schema, current);
	status = assignments_apply(context, storage, "FIELD=VALUE", schema, edited, &operation.mask);
	if (status != STATUS_OK)
		return status;
	operation.head.record = schema->kind;
	operation.head.subject = *row_id(current);
	operation.arguments = edited;
	operation.old_values = current;
	return local_device_run(context, &operation, &id);
}

/* What a request made on the road is when the command line says nothing else. */
static void complete_request(struct context *context, struct service_request *request, uint64_t mask)
{
	const struct id *own = &local_device_of(context)->keys.technician;
	void *row;

	if ((mask >> schema_field(&service_request_schema, text_of("channel"))->tag & 1) == 0)
		request->channel = SERVICE_REQUEST_CHANNEL_TECHNICIAN;
	if (request->opened_at_ms == 0)
		request->opened_at_ms = context->at_ms;
	if (id_is_nil(&request->territory_id) &&
		table_get(local_device_records(context), &technician_schema, own, context->arena, &row, NULL) == STATUS_OK)
		request->territory_id = ((const struct technician *)row)->territory_id;
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
	status = assignments_apply(context, local_device_records(context), "FIELD=VALUE", schema, row, &mask);
	if (status != STATUS_OK)
		return status;
	if (schema->kind == RECORD_SERVICE_REQUEST)
		complete_request(context, row, mask);
	operation.head.record = schema->kind;
	operation.arguments = row;
	status = local_device_run(context, &operation, &id);
	if (status == STATUS_OK)
		output_value(context->output, "id", NULL, cell_id(&id));
	return status;
}
