#include "protocol/sync/job.h"

#include <string.h>


/* What a job's scope holds, from its work order on: references that are followed, and rows that point back. */
static const struct {
	enum record_kind from;
	const char *field; /* of `from` when followed, of `to` when `children` */
	enum record_kind to;
	bool children;
} closure[] = {
	/* clang-format off */
	{ RECORD_WORK_ORDER,      "site_id",       RECORD_SITE,            false },
	{ RECORD_WORK_ORDER,      "account_id",    RECORD_ACCOUNT,         false },
	{ RECORD_WORK_ORDER,      "asset_id",      RECORD_ASSET,           false },
	{ RECORD_WORK_ORDER,      "request_id",    RECORD_SERVICE_REQUEST, false },
	{ RECORD_WORK_ORDER,      "work_order_id", RECORD_VISIT,           true  },
	{ RECORD_WORK_ORDER,      "work_order_id", RECORD_NOTE,            true  },
	{ RECORD_WORK_ORDER,      "work_order_id", RECORD_TASK,            true  },
	{ RECORD_WORK_ORDER,      "work_order_id", RECORD_TASK_ANSWER,     true  },
	{ RECORD_WORK_ORDER,      "work_order_id", RECORD_TIME_ENTRY,      true  },
	{ RECORD_WORK_ORDER,      "work_order_id", RECORD_ATTACHMENT,      true  },
	{ RECORD_WORK_ORDER,      "work_order_id", RECORD_READING,         true  },
	{ RECORD_TASK,            "asset_id",      RECORD_ASSET,           false },
	{ RECORD_TASK,            "meter_id",      RECORD_METER,           false },
	{ RECORD_SITE,            "account_id",    RECORD_ACCOUNT,         false },
	{ RECORD_SITE,            "site_id",       RECORD_SITE_ACCESS,     true  },
	{ RECORD_ACCOUNT,         "account_id",    RECORD_CONTACT,         true  },
	{ RECORD_ASSET,           "site_id",       RECORD_SITE,            false },
	{ RECORD_ASSET,           "merged_into_id", RECORD_ASSET,           false },
	{ RECORD_ASSET,           "asset_id",      RECORD_METER,           true  },
	/* clang-format on */
};

bool job_parent_of_row(enum record_kind kind, const void *row, struct member *out_parent)
{
	for (size_t i = 0; i < LENGTH(closure); i++) {
		const struct field *field;
		if (!closure[i].children || closure[i].to != kind)
			continue;
		field = schema_field(schema_find(kind), text_of(closure[i].field));
		*out_parent = (struct member){ .kind = closure[i].from };
		memcpy(&out_parent->id, field_at(field, row), sizeof(out_parent->id));
		return !id_is_nil(&out_parent->id);
	}
	return false;
}

bool job_of_row(enum record_kind kind, const void *row, struct id *out_work_order)
{
	struct member parent = { .kind = kind, .id = *row_id(row) };

	if (kind != RECORD_WORK_ORDER && (!job_parent_of_row(kind, row, &parent) || parent.kind != RECORD_WORK_ORDER))
		return false;
	*out_work_order = parent.id;
	return true;
}

bool job_references_changed(const struct change *change)
{
	for (size_t i = 0; i < LENGTH(closure); i++) {
		const struct field *field;
		if (closure[i].from != change->kind || closure[i].children)
			continue;
		field = schema_field(schema_find(change->kind), text_of(closure[i].field));
		if (!field_equal(field, change->before, change->after))
			return true;
	}
	return false;
}

bool job_is_history(const struct work_order *order, int64_t now_ms)
{
	int64_t over_at_ms = order->closed_at_ms > order->cancelled_at_ms ? order->closed_at_ms : order->cancelled_at_ms;

	return over_at_ms != 0 && now_ms - over_at_ms > JOB_LIFE_MS;
}

bool job_needed_in(enum visit_state state)
{
	return state == VISIT_STATE_DISPATCHED || state == VISIT_STATE_ACCEPTED || state == VISIT_STATE_TRAVELLING ||
	       state == VISIT_STATE_ON_SITE || state == VISIT_STATE_PAUSED || state == VISIT_STATE_DONE;
}

/* The rows of a job, found breadth first. */
struct walk {
	struct commit *commit;
	struct arena *scratch;
	struct records *records;
	struct member *rows;
	size_t count;
	size_t capacity;
	bool sent;                 /* a visit of it is or was out with a technician */
	enum record_kind visiting; /* kind of the children being visited */
};

static void walk_add(struct walk *walk, enum record_kind kind, const struct id *id)
{
	if (id_is_nil(id) || walk->count == JOB_ROWS_MAX)
		return;
	for (size_t i = 0; i < walk->count; i++)
		if (walk->rows[i].kind == kind && id_equal(&walk->rows[i].id, id))
			return;
	walk->rows = arena_grow(walk->scratch, walk->rows, walk->count, &walk->capacity, sizeof(*walk->rows));
	walk->rows[walk->count++] = (struct member){ .kind = kind, .id = *id };
}

static enum status walk_child(void *context, const void *row)
{
	struct walk *walk = context;

	walk_add(walk, walk->visiting, row_id(row));
	if (walk->visiting == RECORD_VISIT && job_needed_in(((const struct visit *)row)->state))
		walk->sent = true;
	return STATUS_OK;
}

/* What the row at `position` leads to. */
static enum status walk_from(struct walk *walk, size_t position)
{
	struct member from = walk->rows[position];
	const void *row;
	enum status status = records_look(walk->records, from.kind, &from.id, &row);

	if (status != STATUS_OK)
		return status;
	if (row == NULL) { /* named but not there: it will be linked when it comes */
		walk->rows[position].kind = RECORD_NONE;
		return STATUS_OK;
	}
	for (size_t i = 0; i < LENGTH(closure) && status == STATUS_OK; i++) {
		if (closure[i].from != from.kind)
			continue;
		if (closure[i].children) {
			walk->visiting = closure[i].to;
			status = records_each(walk->records, closure[i].to, closure[i].field, &from.id, walk_child, walk);
		} else {
			walk_add(walk, closure[i].to, field_at(schema_field(schema_find(from.kind), text_of(closure[i].field)), row));
		}
	}
	return status;
}

/* The links as stored. */
struct comparison {
	struct arena *scratch;
	struct member *links;
	size_t count;
	size_t capacity;
};

static enum status collect_link(void *context, const struct member *member)
{
	struct comparison *comparison = context;

	comparison->links = arena_grow(
		comparison->scratch, comparison->links, comparison->count, &comparison->capacity, sizeof(*comparison->links));
	comparison->links[comparison->count++] = *member;
	return STATUS_OK;
}

static bool contains(const struct member *rows, size_t count, const struct member *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].kind == wanted->kind && id_equal(&rows[i].id, &wanted->id))
			return true;
	return false;
}

static enum status link_row(struct commit *commit, struct scope_state *job, const struct member *row)
{
	struct server_row meta;
	enum status status = server_store_row(commit->store, row->kind, &row->id, &meta);

	if (status == STATUS_OK)
		status = server_store_put_link(commit->store, job->number, row->kind, &row->id, commit->gseq);
	if (status == STATUS_OK)
		status = server_store_forget_left(commit->store, job->number, row->kind, &row->id);
	if (status == STATUS_OK)
		commit_adjust(commit, job, NULL, &meta.hash);
	return status;
}

static enum status unlink_row(struct commit *commit, struct scope_state *job, const struct member *row)
{
	struct server_row meta;
	enum status status = server_store_row(commit->store, row->kind, &row->id, &meta);

	if (status == STATUS_OK)
		status = server_store_remove_link(commit->store, job->number, row->kind, &row->id);
	if (status == STATUS_OK)
		status = server_store_put_left(commit->store, job->number, row->kind, &row->id, commit->gseq);
	if (status == STATUS_OK)
		commit_adjust(commit, job, &meta.hash, NULL);
	return status;
}

/* Makes the stored links those of the walk. */
static enum status store_links(struct walk *walk, const struct id *work_order)
{
	struct commit *commit = walk->commit;
	struct scope scope = { .kind = SCOPE_JOB, .id = *work_order };
	struct comparison stored = { .scratch = walk->scratch };
	struct scope_state *job;
	enum status status = commit_scope(commit, &scope, &job);

	if (status != STATUS_OK)
		return status;
	status = server_store_link_feed(commit->store, &(struct member){ .scope = job->number }, collect_link, &stored);
	for (size_t i = 0; i < walk->count && status == STATUS_OK; i++)
		if (walk->rows[i].kind != RECORD_NONE && !contains(stored.links, stored.count, &walk->rows[i]))
			status = link_row(commit, job, &walk->rows[i]);
	for (size_t i = 0; i < stored.count && status == STATUS_OK; i++)
		if (!contains(walk->rows, walk->count, &stored.links[i]))
			status = unlink_row(commit, job, &stored.links[i]);
	return status;
}

static enum status see_visit(void *context, const void *row)
{
	struct walk *walk = context;

	walk->sent |= job_needed_in(((const struct visit *)row)->state);
	return STATUS_OK;
}

enum status job_walk(struct commit *commit, const struct id *work_order, struct arena *scratch)
{
	struct walk walk = { .commit = commit, .scratch = scratch, .records = server_store_records(commit->store) };
	const void *row;
	enum status status = records_look(walk.records, RECORD_WORK_ORDER, work_order, &row);

	if (status != STATUS_OK || row == NULL)
		return status;
	if (work_order_is_over(row)) { /* most are history; what was sent to somebody still gets what comes late */
		status = records_each(walk.records, RECORD_VISIT, "work_order_id", work_order, see_visit, &walk);
		if (status != STATUS_OK || !walk.sent)
			return status;
	}
	walk_add(&walk, RECORD_WORK_ORDER, work_order);
	for (size_t i = 0; i < walk.count && status == STATUS_OK; i++)
		status = walk_from(&walk, i);
	if (status != STATUS_OK || !walk.sent)
		return status;
	return store_links(&walk, work_order);
}
