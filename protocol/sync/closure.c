#include "protocol/sync/closure.h"

#include <assert.h>
#include <string.h>

/* What a job's scope holds, from its work order on. `from` refers to its parents: they come along however far away they are, for a row
 * means little without them. Rows that point back are children: each step to them counts. Only what the office says is followed: a
 * technician may name any meter or reading, and would get its machine with the site and the way in. */
static const struct edge {
	enum record_kind from;
	const char *field; /* of `from`; of `to` when those are children */
	enum record_kind to;
	bool children;
} edges[] = {
	/* clang-format off */
	{ RECORD_WORK_ORDER,      "site_id",        RECORD_SITE,            false },
	{ RECORD_WORK_ORDER,      "account_id",     RECORD_ACCOUNT,         false },
	{ RECORD_WORK_ORDER,      "asset_id",       RECORD_ASSET,           false },
	{ RECORD_WORK_ORDER,      "request_id",     RECORD_SERVICE_REQUEST, false },
	{ RECORD_WORK_ORDER,      "work_order_id",  RECORD_VISIT,           true  },
	{ RECORD_WORK_ORDER,      "work_order_id",  RECORD_NOTE,            true  },
	{ RECORD_WORK_ORDER,      "work_order_id",  RECORD_TASK,            true  },
	{ RECORD_WORK_ORDER,      "work_order_id",  RECORD_TASK_ANSWER,     true  },
	{ RECORD_WORK_ORDER,      "work_order_id",  RECORD_TIME_ENTRY,      true  },
	{ RECORD_WORK_ORDER,      "work_order_id",  RECORD_ATTACHMENT,      true  },
	{ RECORD_WORK_ORDER,      "work_order_id",  RECORD_READING,         true  },
	{ RECORD_TASK,            "asset_id",       RECORD_ASSET,           false },
	{ RECORD_TASK,            "meter_id",       RECORD_METER,           false },
	{ RECORD_TASK_ANSWER,     "asset_id",       RECORD_ASSET,           false },
	{ RECORD_METER,           "asset_id",       RECORD_ASSET,           false },
	{ RECORD_SERVICE_REQUEST, "account_id",     RECORD_ACCOUNT,         false },
	{ RECORD_SERVICE_REQUEST, "site_id",        RECORD_SITE,            false },
	{ RECORD_SERVICE_REQUEST, "asset_id",       RECORD_ASSET,           false },
	{ RECORD_SITE,            "account_id",     RECORD_ACCOUNT,         false },
	{ RECORD_SITE,            "site_id",        RECORD_SITE_ACCESS,     true  },
	{ RECORD_ACCOUNT,         "account_id",     RECORD_CONTACT,         true  },
	{ RECORD_ASSET,           "site_id",        RECORD_SITE,            false },
	{ RECORD_ASSET,           "merged_into_id", RECORD_ASSET,           false },
	{ RECORD_ASSET,           "asset_id",       RECORD_METER,           true  },
	/* clang-format on */
};

static const struct id *reference(enum record_kind kind, const char *name, const void *row)
{
	return field_at(schema_field(schema_find(kind), text_of(name)), row);
}

bool closure_parent(enum record_kind kind, const void *row, struct member *out_parent)
{
	for (size_t i = 0; i < LENGTH(edges); i++) {
		if (!edges[i].children || edges[i].to != kind)
			continue;
		*out_parent = (struct member){ .kind = edges[i].from, .id = *reference(kind, edges[i].field, row) };
		return !id_is_nil(&out_parent->id);
	}
	return false;
}

bool closure_references_changed(const struct change *change)
{
	for (size_t i = 0; i < LENGTH(edges); i++) {
		if (edges[i].from != change->kind || edges[i].children)
			continue;
		if (!id_equal(reference(change->kind, edges[i].field, change->before),
			    reference(change->kind, edges[i].field, change->after)))
			return true;
	}
	return false;
}

bool closure_history_key(const struct work_order *order, enum record_kind *out_kind, struct id *out_id)
{
	*out_kind = id_is_nil(&order->asset_id) ? RECORD_SITE : RECORD_ASSET;
	*out_id = *out_kind == RECORD_SITE ? order->site_id : order->asset_id;
	return !id_is_nil(out_id);
}

/* ---- the walk ---- */

struct walk {
	struct server_store *store;
	struct closure *closure;
	enum record_kind visiting; /* kind of the children being visited */
	int64_t depth;             /* at which they are */
	size_t visits;             /* of earlier orders */
};

/* The depth of a member stands in its gseq until the walk is over. */
static void walk_add(struct walk *walk, enum record_kind kind, const struct id *id, int64_t depth)
{
	struct closure *closure = walk->closure;

	if (id_is_nil(id) || depth > CLOSURE_DEPTH_MAX)
		return;
	if (closure->rows.count >= CLOSURE_ROWS_MAX)
		closure->overfull = closure->overfull || member_set_find(&closure->rows, kind, id) == NULL;
	else
		(void)member_set_add(&closure->rows, &(struct member){ .kind = kind, .id = *id, .gseq = depth });
}

static enum status walk_child(void *context, const void *row)
{
	struct walk *walk = context;

	walk_add(walk, walk->visiting, row_id(row), walk->depth);
	return walk->closure->overfull ? STATUS_BUSY : STATUS_OK; /* enough was seen */
}

static enum status follow(struct walk *walk, const struct edge *edge, const struct member *from, const void *row)
{
	enum status status;

	if (!edge->children) {
		walk_add(walk, edge->to, reference(from->kind, edge->field, row), from->gseq);
		return STATUS_OK;
	}
	walk->visiting = edge->to;
	walk->depth = from->gseq + 1;
	status = records_each(server_store_records(walk->store), edge->to, edge->field, &from->id, walk_child, walk);
	return status == STATUS_BUSY ? STATUS_OK : status;
}

static bool leads_on(enum record_kind kind)
{
	for (size_t i = 0; i < LENGTH(edges); i++)
		if (edges[i].from == kind)
			return true;
	return false;
}

/* What the row at `position` leads to. */
static enum status walk_from(struct walk *walk, size_t position)
{
	const struct member from = walk->closure->rows.members[position];
	const void *row;
	enum status status;

	if (!leads_on(from.kind))
		return STATUS_OK;
	status = records_look(server_store_records(walk->store), from.kind, &from.id, &row);
	if (status == STATUS_OK && row == NULL)
		walk->closure->rows.members[position].kind = RECORD_NONE;
	if (row == NULL)
		return status;
	for (size_t i = 0; i < LENGTH(edges) && status == STATUS_OK; i++)
		if (edges[i].from == from.kind)
			status = follow(walk, &edges[i], &from, row);
	return status;
}

static enum status walk_earlier_visit(void *context, const void *row)
{
	struct walk *walk = context;

	if (((const struct visit *)row)->state != VISIT_STATE_DONE || walk->visits == HISTORY_VISITS_MAX)
		return STATUS_OK;
	walk->visits++;
	walk_add(walk, RECORD_VISIT, row_id(row), 2);
	return STATUS_OK;
}

static_assert(DONE_HERE_MAX > HISTORY_ORDERS_MAX, "one more than are taken: the order itself may be among them");

/* Orders that were done here before, without what belongs to them beside their visits: that may be another customer's by now. */
static enum status walk_history(struct walk *walk, const struct work_order *order, int64_t now_ms)
{
	struct id earlier[DONE_HERE_MAX], place;
	enum record_kind kind;
	size_t count = 0;
	enum status status = STATUS_OK;

	if (closure_history_key(order, &kind, &place))
		status = server_store_done_here(
			walk->store, kind, &place, now_ms > HISTORY_MS ? now_ms - HISTORY_MS : 0, earlier, &count);
	for (size_t i = 0, taken = 0; i < count && taken < HISTORY_ORDERS_MAX && status == STATUS_OK; i++) {
		if (id_equal(&earlier[i], &order->id))
			continue;
		taken++;
		walk_add(walk, RECORD_WORK_ORDER, &earlier[i], 1);
		status = records_each(
			server_store_records(walk->store), RECORD_VISIT, "work_order_id", &earlier[i], walk_earlier_visit, walk);
	}
	return status;
}

/* What is named and not there is no member: it could not be sent. */
static void leave_out_missing(struct member_set *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (rows->members[i].kind != RECORD_NONE)
			rows->members[kept++] = rows->members[i];
	if (kept == rows->count)
		return;
	rows->slot_count = 0;
	rows->count = 0;
	for (size_t i = 0; i < kept; i++)
		(void)member_set_add(rows, &rows->members[i]);
}

enum status closure_walk(struct server_store *store, const struct id *work_order, int64_t now_ms, struct closure *closure)
{
	struct walk walk = { .store = store, .closure = closure };
	const void *row;
	enum status status = records_look(server_store_records(store), RECORD_WORK_ORDER, work_order, &row);

	if (status != STATUS_OK || row == NULL)
		return status;
	walk_add(&walk, RECORD_WORK_ORDER, work_order, 0);
	for (size_t i = 0; i < closure->rows.count && status == STATUS_OK; i++)
		status = walk_from(&walk, i);
	if (status == STATUS_OK)
		status = walk_history(&walk, row, now_ms);
	leave_out_missing(&closure->rows);
	return status;
}
