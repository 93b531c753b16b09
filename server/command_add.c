/* Records that are made by the few words a person says: tasks, contacts, meters, further territories, the way into a site. */
#include "protocol/domain/contact.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/site_access.h"
#include "protocol/domain/task.h"
#include "protocol/domain/territory_grant.h"
#include "server/commands.h"
#include "server/office.h"
#include "shell/listing.h"
#include "shell/lookup.h"
#include "shell/number_text.h"

static struct text argument(const struct context *context, const char *name)
{
	return arguments_text(context->arguments, name);
}

static enum status create(struct context *context, enum record_kind kind, const void *row)
{
	struct operation operation = { .head = { .kind = OPERATION_CREATE, .record = kind }, .arguments = row };
	struct id id;
	enum status status = office_run(context, &operation, &id);

	if (status == STATUS_OK)
		output_value(context->output, "id", NULL, cell_id(&id));
	return status;
}

/* The choice that an option names; without the option nothing changes. */
static enum status take_choice(struct context *context, const char *name, const struct choice *choices, uint32_t *number)
{
	enum status status = STATUS_OK;

	if (arguments_has(context->arguments, name))
		status = choice_from_text(choices, argument(context, name), number);
	return status == STATUS_OK ? status : fail(status, "--%s: %s", name, arena_print(context->arena, "%s", fail_reason()).data);
}

static enum status take_number(struct context *context, const char *name, int64_t scale, int64_t *number)
{
	enum status status = STATUS_OK;

	if (arguments_has(context->arguments, name))
		status = number_from_text(argument(context, name), scale, number);
	return status == STATUS_OK ? status : fail(status, "--%s: %s", name, arena_print(context->arena, "%s", fail_reason()).data);
}

/* Limits are kept with as many decimals as the finer one was typed with, or as were asked for. */
static enum status take_limits(struct context *context, struct task *task)
{
	bool minimum = arguments_has(context->arguments, "min"), maximum = arguments_has(context->arguments, "max");
	int64_t finer = number_decimals(argument(context, "min")), other = number_decimals(argument(context, "max"));
	enum status status;

	task->scale = arguments_integer(context->arguments, "decimals", finer > other ? finer : other);
	task->limits = (enum task_limits)((minimum ? TASK_LIMITS_MINIMUM : 0) | (maximum ? TASK_LIMITS_MAXIMUM : 0));
	status = take_number(context, "min", task->scale, &task->minimum);
	return status == STATUS_OK ? take_number(context, "max", task->scale, &task->maximum) : status;
}

/* A reading has the decimals of its meter. */
static enum status take_meter(struct context *context, struct task *task)
{
	void *row;
	enum status status;

	if (!arguments_has(context->arguments, "meter"))
		return STATUS_OK;
	status = office_get(context, RECORD_METER, argument(context, "meter"), &row);
	if (status != STATUS_OK)
		return status;
	task->meter_id = *row_id(row);
	task->kind = TASK_KIND_READING;
	task->unit = ((const struct meter *)row)->unit;
	task->scale = ((const struct meter *)row)->scale;
	task->limits = TASK_LIMITS_NONE;
	if (arguments_has(context->arguments, "min"))
		task->limits = TASK_LIMITS_MINIMUM;
	if (arguments_has(context->arguments, "max"))
		task->limits = (enum task_limits)((uint32_t)task->limits | TASK_LIMITS_MAXIMUM);
	status = take_number(context, "min", task->scale, &task->minimum);
	return status == STATUS_OK ? take_number(context, "max", task->scale, &task->maximum) : status;
}

/* A task that nobody could answer would be open for ever. */
static enum status check_answerable(const struct task *task)
{
	if (task->kind == TASK_KIND_READING && id_is_nil(&task->meter_id))
		return fail(STATUS_INVALID, "a reading needs a meter: say which one with --meter");
	if (task->kind == TASK_KIND_CHOICE && task->options.size == 0)
		return fail(STATUS_INVALID, "a choice needs something to choose from: give --options \"good;worn;!torn\"");
	if (task->limits == TASK_LIMITS_BOTH && task->minimum > task->maximum)
		return fail(STATUS_INVALID, "--min is above --max: no answer would be good");
	return STATUS_OK;
}

/* Behind what the list has already, unless a place is asked for: people say tasks in the order in which they are worked off. */
static enum status take_position(struct context *context, struct task *task)
{
	struct storage *storage = server_store_storage(office_of(context)->store);
	struct task_list list;
	enum status status;

	task->position = arguments_integer(context->arguments, "position", 0);
	if (task->position > 0)
		return STATUS_OK;
	status = listing_load_tasks(context, storage, &task->work_order_id, &list);
	if (status != STATUS_OK)
		return status;
	task->position = list.count == 0 ? 1 : list.tasks[list.count - 1]->position + 1;
	return task->position <= TASK_POSITION_MAX
		? STATUS_OK
		: fail(STATUS_INVALID, "the list ends at place %d: give --position", TASK_POSITION_MAX);
}

enum status command_task_add(struct context *context)
{
	struct task task = {
		.title = arguments_joined(context->arguments, context->arena, "TITLE"),
		.instruction = argument(context, "instruction"),
		.unit = argument(context, "unit"),
		.options = argument(context, "options"),
		.mandatory = arguments_flag(context->arguments, "mandatory"),
	};
	uint32_t kind = task.options.size > 0 ? TASK_KIND_CHOICE : TASK_KIND_CONFIRM;
	enum status status = office_find(context, RECORD_WORK_ORDER, argument(context, "ORDER"), &task.work_order_id);

	if (status == STATUS_OK)
		status = take_position(context, &task);
	if (status == STATUS_OK)
		status = take_choice(context, "kind", task_kind_names, &kind);
	task.kind = (enum task_kind)kind;
	if (status == STATUS_OK)
		status = take_limits(context, &task);
	if (status == STATUS_OK && task.limits != TASK_LIMITS_NONE && !arguments_has(context->arguments, "kind"))
		task.kind = TASK_KIND_NUMBER;
	if (status == STATUS_OK)
		status = take_meter(context, &task);
	if (status == STATUS_OK && arguments_has(context->arguments, "asset"))
		status = office_find(context, RECORD_ASSET, argument(context, "asset"), &task.asset_id);
	if (status == STATUS_OK)
		status = check_answerable(&task);
	return status == STATUS_OK ? create(context, RECORD_TASK, &task) : status;
}

enum status command_contact_add(struct context *context)
{
	struct contact contact = {
		.name = arguments_joined(context->arguments, context->arena, "NAME"),
		.role = argument(context, "role"),
		.phone = argument(context, "phone"),
		.email = argument(context, "email"),
	};
	uint32_t channel = CONTACT_CHANNEL_NONE;
	enum status status = office_find(context, RECORD_ACCOUNT, argument(context, "ACCOUNT"), &contact.account_id);

	if (status == STATUS_OK)
		status = take_choice(context, "prefers", contact_channel_names, &channel);
	contact.preferred_channel = (enum contact_channel)channel;
	return status == STATUS_OK ? create(context, RECORD_CONTACT, &contact) : status;
}

enum status command_meter_add(struct context *context)
{
	struct meter meter = {
		.name = arguments_joined(context->arguments, context->arena, "NAME"),
		.unit = argument(context, "unit"),
		.scale = arguments_integer(context->arguments, "decimals", 0),
	};
	uint32_t kind = METER_KIND_COUNTER;
	enum status status = office_find(context, RECORD_ASSET, argument(context, "ASSET"), &meter.asset_id);

	if (status == STATUS_OK)
		status = take_choice(context, "kind", meter_kind_names, &kind);
	meter.kind = (enum meter_kind)kind;
	if (status == STATUS_OK)
		status = take_number(context, "rollover", meter.scale, &meter.rollover);
	return status == STATUS_OK ? create(context, RECORD_METER, &meter) : status;
}

enum status command_territory_grant(struct context *context)
{
	struct territory_grant grant = { 0 };
	enum status status = office_find(context, RECORD_TECHNICIAN, argument(context, "TECHNICIAN"), &grant.technician_id);

	if (status == STATUS_OK)
		status = office_find(context, RECORD_TERRITORY, argument(context, "TERRITORY"), &grant.territory_id);
	return status == STATUS_OK ? create(context, RECORD_TERRITORY_GRANT, &grant) : status;
}

/* The access to the site that has this name; NULL: not yet. */
struct access_search {
	struct context *context;
	struct text name;
	const struct site_access *found;
};

static enum status look_at_access(void *user, const void *row, const struct row_meta *meta)
{
	struct access_search *search = user;

	(void)meta;
	if (search->found == NULL && lookup_alike(((const struct site_access *)row)->name, search->name))
		search->found = row_copy(search->context->arena, &site_access_schema, row);
	return STATUS_OK;
}

/* Gives the option's value to a field of `row` and marks it in the mask; without the option nothing changes. */
static void take_text(struct context *context, const char *name, struct site_access *row, uint64_t *mask)
{
	const struct field *field = schema_field(&site_access_schema, text_of(name));

	if (!arguments_has(context->arguments, name))
		return;
	*(struct text *)field_at_mutable(field, row) = argument(context, name);
	*mask |= UINT64_C(1) << field->tag;
}

enum status command_site_access(struct context *context)
{
	struct operation operation = { .head = { .kind = OPERATION_EDIT, .record = RECORD_SITE_ACCESS } };
	struct access_search search = { .context = context, .name = arguments_joined(context->arguments, context->arena, "NAME") };
	struct site_access wanted = { .name = search.name };
	struct id id;
	enum status status = office_find(context, RECORD_SITE, argument(context, "SITE"), &wanted.site_id);

	if (status == STATUS_OK)
		status = table_each(server_store_storage(office_of(context)->store), &site_access_schema, "site_id", &wanted.site_id,
			look_at_access, &search);
	if (status != STATUS_OK)
		return status;
	if (search.found != NULL)
		wanted = *search.found;
	take_text(context, "code", &wanted, &operation.mask);
	take_text(context, "hazards", &wanted, &operation.mask);
	if (operation.mask == 0)
		return fail(STATUS_INVALID, "say what is to be known of it: --code, --hazards or both");
	if (search.found == NULL)
		return create(context, RECORD_SITE_ACCESS, &wanted);
	operation.head.subject = wanted.id;
	operation.arguments = &wanted;
	operation.old_values = search.found;
	return office_run(context, &operation, &id);
}
