#include "protocol/sync/old_costs.h"

#include "protocol/domain/revision.h"
#include "protocol/domain/work_order.h"
#include "protocol/domain/work_order_cost.h"
#include "protocol/sync/row_change.h"

/* An order of the excavators' form is its source's word: its cost is what another import of the form makes, and is there once. Any other
 * order may share its source's word with others. */
static struct work_order_cost cost_of(struct arena *arena, const struct work_order *order)
{
	struct id imported = id_imported(order->source, order->source_id);
	struct work_order_cost cost = { .work_order_id = order->id, .cost_cents = order->cost_cents };

	if (!id_equal(&imported, &order->id)) {
		cost.id = id_imported(text_of("work_order_cost"), text_of(id_to_text(&order->id).characters));
		return cost;
	}
	cost.source = order->source;
	cost.source_id = arena_print(arena, "%.*s|cost", TEXT_ARGUMENTS(order->source_id));
	cost.id = id_imported(cost.source, cost.source_id);
	return cost;
}

static enum status keep_cost(struct commit *commit, const struct work_order *order)
{
	struct work_order_cost cost = cost_of(commit->arena, order);
	const struct change change = { .kind = RECORD_WORK_ORDER_COST, .after = &cost };
	const void *there;
	enum status status = records_look(server_store_records(commit->store), RECORD_WORK_ORDER_COST, &cost.id, &there);

	return status == STATUS_OK && there == NULL ? row_change_store(commit, &change, 0) : status;
}

static enum status move_cost(struct commit *commit, const struct id *work_order)
{
	struct work_order *before, *after;
	struct change change = { .kind = RECORD_WORK_ORDER };
	const void *row;
	enum status status = records_get(server_store_records(commit->store), RECORD_WORK_ORDER, work_order, &row);

	if (status != STATUS_OK)
		return status;
	change.before = before = row_copy(commit->arena, &work_order_schema, row);
	change.after = after = arena_copy(commit->arena, before, sizeof(*before));
	after->cost_cents = 0;
	status = keep_cost(commit, before);
	return status == STATUS_OK ? row_change_store(commit, &change, 0) : status;
}

enum status old_costs_move(struct commit *commit, size_t *out_moved)
{
	struct id orders[COSTED_MAX];
	size_t count = 0;
	enum status status = STATUS_OK;

	*out_moved = 0;
	if (schema_revision() < COSTS_APART_SINCE)
		return STATUS_OK;
	status = server_store_costed(commit->store, orders, &count);
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = move_cost(commit, &orders[i]);
	*out_moved = count;
	return status;
}
