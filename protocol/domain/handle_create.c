/* New records of any kind. */
#include "protocol/domain/handler.h"
#include "protocol/domain/note.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/technician.h"

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

static enum status answer_existing(struct handling *handling, const struct schema *schema, const void *stored, const void *new_row)
{
	const struct field *difference = find_difference(schema, stored, new_row);
	struct text detail = arena_print(handling->arena, "record=%s;id=%s", schema->name, id_to_text(row_id(new_row)).characters);

	if (difference == NULL)
		return handling_note(handling, RULE_NO_OP, "", detail);
	return handling_note(handling, RULE_EXISTS, difference->name, detail);
}

/* Technicians open requests and orders in their own territory only. Parks otherwise. */
static enum status check_territory(struct handling *handling, const struct schema *schema, const void *row)
{
	const struct operation_head *head = &handling->operation->head;
	const struct field *field = schema_field(schema, text_of("territory_id"));
	const void *author;
	enum status status;

	if (head->role != ROLE_TECHNICIAN || field == NULL)
		return STATUS_OK;
	status = records_look(handling->records, RECORD_TECHNICIAN, &head->actor, &author);
	if (status != STATUS_OK)
		return status;
	if (author == NULL)
		return handling_missing(handling, RECORD_TECHNICIAN, &head->actor, "actor");
	if (id_equal(&((const struct technician *)author)->territory_id, field_at(field, row)))
		return STATUS_OK;
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

static enum status store_new(struct handling *handling, const struct schema *schema, void *row)
{
	int64_t at_ms = handling->operation->head.at_ms;

	if (schema->kind == RECORD_WORK_ORDER)
		return create_order(handling, row);
	if (schema->kind == RECORD_MOVEMENT) {
		set_if_open(&((struct movement *)row)->at_ms, at_ms);
		return handling_post_movement(handling, row);
	}
	if (schema->kind == RECORD_NOTE)
		set_if_open(&((struct note *)row)->at_ms, at_ms);
	else if (schema->kind == RECORD_SERVICE_REQUEST)
		set_if_open(&((struct service_request *)row)->opened_at_ms, at_ms);
	return records_put(handling->records, schema->kind, row);
}

enum status handle_create(struct handling *handling)
{
	const struct operation *operation = handling->operation;
	const struct schema *schema = arguments_schema(OPERATION_CREATE, operation->head.record);
	void *row = arena_copy(handling->arena, operation->arguments, schema->size);
	struct id id = handling_next_id(handling);
	const void *stored;
	bool complete;
	enum status status;

	if (!id_is_nil(&operation->head.subject))
		id = operation->head.subject;
	*(struct id *)row = id; /* every record begins with its id */
	status = records_look(handling->records, schema->kind, &id, &stored);
	if (status != STATUS_OK)
		return status;
	if (stored != NULL)
		return answer_existing(handling, schema, stored, row);
	status = handling_check_references(handling, schema, row, UINT64_MAX, &complete);
	if (status != STATUS_OK || !complete)
		return status;
	status = check_territory(handling, schema, row);
	if (status != STATUS_OK || handling->verdict->outcome == OUTCOME_PARKED)
		return status;
	return store_new(handling, schema, row);
}
