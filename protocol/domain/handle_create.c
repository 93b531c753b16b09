/* New records of any kind. */
#include "protocol/domain/handler.h"
#include "protocol/domain/meter.h"
#include "protocol/domain/note.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/task.h"

/* The first field in which the stored row differs from what the new one says; NULL when there is none. What the new one leaves
 * open, and what handlers compute, is not said by it. */
static const struct field *find_difference(const struct schema *schema, const void *stored, const void *new_row)
{
	for (size_t i = 0; i < schema->field_count; i++) {
		const struct field *field = &schema->fields[i];
		if (!field->derived && !field_is_default(field, new_row) && !field_equal(field, stored, new_row))
			return field;
	}
	return NULL;
}

/* `new_row` is what was said, `merged` the same after merges of assets: the stored row may be from before or after one. */
static enum status answer_existing(
	struct handling *handling, const struct schema *schema, const void *stored, const void *new_row, const void *merged)
{
	const struct field *difference = find_difference(schema, stored, new_row);
	struct text detail = arena_print(handling->arena, "record=%s;id=%s", schema->name, id_to_text(row_id(stored)).characters);

	if (difference == NULL || find_difference(schema, stored, merged) == NULL)
		return handling_note(handling, RULE_NO_OP, "", detail);
	return handling_note(handling, RULE_EXISTS, difference->name, detail);
}

/* Records that live where another one does, unless they say where. */
static const struct {
	enum record_kind kind;
	enum record_kind parent;
	const char *field;
} parents[] = {
	{ RECORD_CONTACT, RECORD_ACCOUNT, "account_id" },
	{ RECORD_TASK, RECORD_WORK_ORDER, "work_order_id" },
	{ RECORD_METER, RECORD_ASSET, "asset_id" },
	{ RECORD_READING, RECORD_METER, "meter_id" },
};

static enum status inherit_territory(struct handling *handling, const struct schema *schema, void *row)
{
	const struct field *own = schema_field(schema, text_of("territory_id"));

	for (size_t i = 0; i < LENGTH(parents); i++) {
		const struct schema *parent = schema_find(parents[i].parent);
		const void *parent_row;
		enum status status;
		if (parents[i].kind != schema->kind || !field_is_default(own, row))
			continue;
		status = records_look(
			handling->records, parent->kind, field_at(schema_field(schema, text_of(parents[i].field)), row), &parent_row);
		if (status != STATUS_OK)
			return status;
		if (parent_row != NULL)
			*(struct id *)field_at_mutable(own, row) =
				*(const struct id *)field_at(schema_field(parent, text_of("territory_id")), parent_row);
	}
	return STATUS_OK;
}

/* Technicians open requests and orders in territories they serve only. Parks otherwise. */
static enum status check_territory(struct handling *handling, const struct schema *schema, const void *row)
{
	const struct operation_head *head = &handling->operation->head;
	const struct field *field = schema_field(schema, text_of("territory_id"));
	const void *author;
	bool allowed;
	enum status status;

	if (head->role != ROLE_TECHNICIAN || field == NULL)
		return STATUS_OK;
	status = records_look(handling->records, RECORD_TECHNICIAN, &head->actor, &author);
	if (status != STATUS_OK)
		return status;
	if (author == NULL)
		return handling_missing(handling, RECORD_TECHNICIAN, &head->actor, "actor");
	status = handling_serves(handling, author, field_at(field, row), &allowed);
	if (status != STATUS_OK || allowed)
		return status;
	return handling_park(handling, RULE_NOT_YOUR_TERRITORY, field->name,
		arena_print(handling->arena, "territory=%s", id_to_text(field_at(field, row)).characters), NULL);
}

/* The request behind a new order is being worked on now. Imported orders are history and say nothing about it. */
static enum status start_request(struct handling *handling, const struct work_order *order)
{
	const void *row;
	struct service_request request;
	uint32_t state;
	enum status status;

	if (id_is_nil(&order->request_id) || work_order_is_over(order))
		return STATUS_OK;
	status = records_look(handling->records, RECORD_SERVICE_REQUEST, &order->request_id, &row);
	if (status != STATUS_OK || row == NULL)
		return status;
	request = *(const struct service_request *)row;
	if (!machine_next(&service_request_machine, request.state, SERVICE_REQUEST_EVENT_START, &state))
		return STATUS_OK;
	request.state = (enum service_request_state)state;
	return records_put(handling->records, RECORD_SERVICE_REQUEST, &request);
}

static enum status create_order(struct handling *handling, struct work_order *order)
{
	enum status status = work_order_derive(handling->records, order);

	if (status != STATUS_OK)
		return status;
	status = records_put(handling->records, RECORD_WORK_ORDER, order);
	return status == STATUS_OK ? start_request(handling, order) : status;
}

static void set_if_open(int64_t *time_at_ms, int64_t at_ms)
{
	if (*time_at_ms == 0)
		*time_at_ms = at_ms;
}

/* What moves on a visit belongs to its order. */
static enum status create_movement(struct handling *handling, struct movement *movement)
{
	const void *visit = NULL;
	enum status status = STATUS_OK;

	set_if_open(&movement->at_ms, handling->operation->head.at_ms);
	if (id_is_nil(&movement->work_order_id) && !id_is_nil(&movement->visit_id))
		status = records_look(handling->records, RECORD_VISIT, &movement->visit_id, &visit);
	if (visit != NULL)
		movement->work_order_id = ((const struct visit *)visit)->work_order_id;
	return status == STATUS_OK ? handling_post_movement(handling, movement) : status;
}

static enum status store_new(struct handling *handling, const struct schema *schema, void *row)
{
	int64_t at_ms = handling->operation->head.at_ms;

	if (schema->kind == RECORD_WORK_ORDER)
		return create_order(handling, row);
	if (schema->kind == RECORD_MOVEMENT)
		return create_movement(handling, row);
	if (schema->kind == RECORD_READING) {
		set_if_open(&((struct reading *)row)->at_ms, at_ms);
		return handling_post_reading(handling, row);
	}
	if (schema->kind == RECORD_ATTACHMENT) {
		set_if_open(&((struct attachment *)row)->taken_at_ms, at_ms);
		return handling_post_attachment(handling, row);
	}
	if (schema->kind == RECORD_TASK)
		((struct task *)row)->version = 1;
	if (schema->kind == RECORD_NOTE)
		set_if_open(&((struct note *)row)->at_ms, at_ms);
	else if (schema->kind == RECORD_SERVICE_REQUEST)
		set_if_open(&((struct service_request *)row)->opened_at_ms, at_ms);
	return records_put(handling->records, schema->kind, row);
}

/* What is new about a merged asset is about the one that is left. */
static enum status redirect_asset(struct handling *handling, const struct schema *schema, void *row, struct used_asset *out_used)
{
	const struct field *field = schema_field(schema, text_of("asset_id"));
	enum status status;

	*out_used = (struct used_asset){ 0 };
	if (field == NULL || field->derived || field_is_default(field, row))
		return STATUS_OK;
	status = handling_use_asset(handling, field_at(field, row), out_used);
	out_used->gone = !id_equal(&out_used->named, &out_used->id); /* a retired one may be written about */
	*(struct id *)field_at_mutable(field, row) = out_used->id;
	return status;
}

enum status handle_create(struct handling *handling)
{
	const struct operation *operation = handling->operation;
	const struct schema *schema = arguments_schema(OPERATION_CREATE, operation->head.record);
	void *row = arena_copy(handling->arena, operation->arguments, schema->size);
	struct id id = handling_next_id(handling);
	struct used_asset used;
	const void *stored;
	bool complete;
	enum status status;

	if (!id_is_nil(&operation->head.subject))
		id = operation->head.subject;
	*(struct id *)row = id; /* every record begins with its id */
	status = redirect_asset(handling, schema, row, &used);
	if (status != STATUS_OK)
		return status;
	status = records_look(handling->records, schema->kind, &id, &stored);
	if (status != STATUS_OK)
		return status;
	if (stored != NULL)
		return answer_existing(handling, schema, stored, operation->arguments, row);
	/* As named: what an asset was merged into may live elsewhere. */
	status = handling_check_references(handling, schema, operation->arguments, UINT64_MAX, &complete);
	if (status != STATUS_OK || !complete)
		return status;
	status = inherit_territory(handling, schema, row);
	if (status == STATUS_OK)
		status = check_territory(handling, schema, row);
	if (status != STATUS_OK || handling->verdict->outcome == OUTCOME_PARKED)
		return status;
	status = store_new(handling, schema, row);
	return status == STATUS_OK ? handling_flag_asset(handling, &used, NULL) : status;
}
