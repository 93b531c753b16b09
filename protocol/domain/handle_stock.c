/* Parts that move, and the balances that follow from it. */
#include <inttypes.h>

#include "protocol/domain/balance.h"
#include "protocol/domain/handler.h"
#include "protocol/domain/stock_location.h"

static bool is_counted(const struct stock_location *location)
{
	return location != NULL && (location->kind == STOCK_LOCATION_KIND_VAN || location->kind == STOCK_LOCATION_KIND_DEPOT ||
					   location->kind == STOCK_LOCATION_KIND_QUARANTINE);
}

/* Adds `quantity` to the balance of the movement's part at a location, which may be virtual: every leg counts, so that each
 * part sums to zero over all places. */
static enum status add_leg(struct handling *handling, const struct movement *movement, const struct id *location_id, int64_t quantity,
	const struct stock_location **out_location, struct balance *out_balance)
{
	const void *location, *row;
	struct balance balance;
	struct id id = handling->decision->pair_id(location_id, &movement->part_id);
	enum status status = records_look(handling->records, RECORD_STOCK_LOCATION, location_id, &location);

	if (status != STATUS_OK)
		return status;
	status = records_look(handling->records, RECORD_BALANCE, &id, &row);
	if (status != STATUS_OK)
		return status;
	if (row != NULL) {
		balance = *(const struct balance *)row;
	} else {
		balance = (struct balance){ .id = id, .location_id = *location_id, .part_id = movement->part_id };
		if (location != NULL)
			balance.territory_id = ((const struct stock_location *)location)->territory_id;
	}
	balance.quantity += quantity;
	*out_location = location;
	*out_balance = balance;
	return records_put(handling->records, RECORD_BALANCE, &balance);
}

static enum status open_negative(struct handling *handling, const struct movement *movement, const struct balance *balance)
{
	struct issue issue = {
		.kind = ISSUE_KIND_NEGATIVE_STOCK,
		.territory_id = balance->territory_id,
		.work_order_id = movement->work_order_id,
		.visit_id = movement->visit_id,
		.part_id = balance->part_id,
		.location_id = balance->location_id,
		.record = RECORD_BALANCE,
		.record_id = balance->id,
		.detail = arena_print(handling->arena, "location=%s;part=%s;balance=%" PRId64 ";quantity=%" PRId64,
			id_to_text(&balance->location_id).characters, id_to_text(&balance->part_id).characters, balance->quantity,
			movement->quantity),
	};

	bool may;
	enum status status = handling_open_issue(handling, &issue);

	if (status == STATUS_OK)
		status = handling_may_tell(handling, &balance->territory_id, &movement->territory_id, &may);
	/* Whoever names a place elsewhere would learn what is there. */
	if (status == STATUS_OK && !may && id_equal(&handling->verdict->issue_id, &issue.id))
		handling->verdict->detail = arena_print(handling->arena, "location=%s;part=%s;balance=<0",
			id_to_text(&balance->location_id).characters, id_to_text(&balance->part_id).characters);
	return status;
}

enum status handling_post_movement(struct handling *handling, const struct movement *movement)
{
	const struct stock_location *from, *to;
	struct balance left, gained;
	const void *posted;
	enum status status = records_look(handling->records, RECORD_MOVEMENT, &movement->id, &posted);

	if (status == STATUS_OK)
		status = records_put(handling->records, RECORD_MOVEMENT, movement);
	/* A device that was put back from a copy guesses what the server has long decided: the balances it fetched hold it. */
	if (status != STATUS_OK || posted != NULL)
		return status;
	status = add_leg(handling, movement, &movement->from_location_id, -movement->quantity, &from, &left);
	if (status != STATUS_OK)
		return status;
	status = add_leg(handling, movement, &movement->to_location_id, movement->quantity, &to, &gained);
	if (status != STATUS_OK || left.quantity >= 0 || !is_counted(from))
		return status;
	return open_negative(handling, movement, &left);
}

static enum status move_part(struct handling *handling, const struct visit *visit, const struct part_arguments *arguments)
{
	const struct operation_head *head = &handling->operation->head;
	bool use = head->kind == OPERATION_USE_PART;
	struct movement movement = {
		.id = handling_next_id(handling),
		.type = use ? MOVEMENT_TYPE_ISSUE : MOVEMENT_TYPE_RETURN_UNUSED,
		.part_id = arguments->part_id,
		.quantity = arguments->quantity,
		.from_location_id = use ? arguments->location_id : location_customer,
		.to_location_id = use ? location_customer : arguments->location_id,
		.visit_id = visit->id,
		.work_order_id = visit->work_order_id,
		.technician_id = head->actor,
		.at_ms = head->at_ms,
		.territory_id = visit->territory_id,
	};

	return handling_post_movement(handling, &movement);
}

/* A true use is never refused, whatever the visit's state and whatever is thought to be in the van. */
enum status handle_part(struct handling *handling)
{
	struct occasion occasion;
	enum status status = handling_occasion(handling, &occasion);

	if (status != STATUS_OK || !occasion.complete)
		return status;
	status = move_part(handling, &occasion.visit, handling->operation->arguments);
	return status == STATUS_OK ? handling_flag_fact(handling, &occasion.visit, occasion.order) : status;
}
