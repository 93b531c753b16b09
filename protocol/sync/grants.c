#include "protocol/sync/grants.h"

#include "protocol/domain/device.h"
#include "protocol/domain/technician.h"
#include "protocol/domain/territory_grant.h"
#include "protocol/sync/job.h"
#include "protocol/sync/window.h"

#define HISTORY_AT_A_TIME 1024 /* grants that are looked at together: memory does not grow with the organisation */

const struct grant_entry *grants_find(const struct grant_entry *grants, size_t count, int64_t scope)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (grants[middle].scope < scope)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && grants[low].scope == scope ? &grants[low] : NULL;
}

static enum status grant(struct commit *commit, const struct id *device, enum scope_kind kind, const struct id *id)
{
	struct scope scope = { .kind = kind, .id = *id };
	struct scope_state *state;
	enum status status = commit_scope(commit, &scope, &state);

	commit_note_device(commit, device);
	return status == STATUS_OK ? server_store_grant(commit->store, device, state->number, commit->gseq) : status;
}

static enum status end_grant(struct commit *commit, const struct id *device, int64_t scope)
{
	commit_note_device(commit, device);
	return server_store_ungrant(commit->store, device, scope, commit->gseq);
}

static enum status ungrant(struct commit *commit, const struct id *device, enum scope_kind kind, const struct id *id)
{
	struct scope scope = { .kind = kind, .id = *id };
	struct scope_state *state;
	enum status status = commit_look_scope(commit, &scope, &state);

	return status == STATUS_OK && state != NULL ? end_grant(commit, device, state->number) : status;
}

static enum status is_history(struct commit *commit, const struct id *work_order, bool *out_history)
{
	const void *row;
	enum status status = records_look(server_store_records(commit->store), RECORD_WORK_ORDER, work_order, &row);

	*out_history = status == STATUS_OK && row != NULL && job_is_history(row, commit->now_ms);
	return status;
}

/* Does some visit of the technician on the order still need the job? */
struct need {
	const struct id *technician;
	bool needed;
};

static enum status look_for_need(void *context, const void *row)
{
	struct need *need = context;
	const struct visit *visit = row;

	if (id_equal(&visit->technician_id, need->technician) && job_needed_in(visit->state))
		need->needed = true;
	return STATUS_OK;
}

/* One technician and one job, for each of the technician's devices. */
struct job_grant {
	struct commit *commit;
	const struct id *work_order;
	bool open;
};

static enum status set_job_grant(void *context, const void *row)
{
	const struct job_grant *job = context;
	const struct device *device = row;

	if (job->open && device->state == DEVICE_STATE_ACTIVE)
		return grant(job->commit, &device->id, SCOPE_JOB, job->work_order);
	return ungrant(job->commit, &device->id, SCOPE_JOB, job->work_order);
}

static enum status is_job_needed(struct commit *commit, const struct id *technician, const struct id *work_order, bool *out_needed)
{
	struct need need = { .technician = technician };
	bool history = false;
	enum status status =
		records_each(server_store_records(commit->store), RECORD_VISIT, "work_order_id", work_order, look_for_need, &need);

	if (status == STATUS_OK && need.needed)
		status = is_history(commit, work_order, &history);
	*out_needed = need.needed && !history;
	return status;
}

static enum status follow_visit(struct commit *commit, const struct visit *visit)
{
	struct records *records = server_store_records(commit->store);
	struct job_grant job = { .commit = commit, .work_order = &visit->work_order_id };
	enum status status = is_job_needed(commit, &visit->technician_id, &visit->work_order_id, &job.open);

	if (status != STATUS_OK)
		return status;
	return records_each(records, RECORD_DEVICE, "technician_id", &visit->technician_id, set_job_grant, &job);
}

/* Is the territory the technician's home, or given to them beside it? */
struct service {
	const struct id *territory;
	bool given;
};

static enum status look_for_grant(void *context, const void *row)
{
	struct service *service = context;
	const struct territory_grant *given = row;

	service->given = service->given || (!given->ended && id_equal(&given->territory_id, service->territory));
	return STATUS_OK;
}

static enum status serves(struct commit *commit, const struct id *technician, const struct id *territory, bool *out_serves)
{
	struct records *records = server_store_records(commit->store);
	struct service service = { .territory = territory };
	const void *row;
	enum status status = records_look(records, RECORD_TECHNICIAN, technician, &row);

	*out_serves = status == STATUS_OK && row != NULL && id_equal(&((const struct technician *)row)->territory_id, territory);
	if (status != STATUS_OK || *out_serves)
		return status;
	status = records_each(records, RECORD_TERRITORY_GRANT, "technician_id", technician, look_for_grant, &service);
	*out_serves = service.given;
	return status;
}

/* One territory for each of a technician's devices. */
struct territory_scope {
	struct commit *commit;
	const struct id *territory;
	bool open;
};

static enum status set_territory(void *context, const void *row)
{
	const struct territory_scope *scope = context;
	const struct device *device = row;

	if (scope->open && device->state == DEVICE_STATE_ACTIVE)
		return grant(scope->commit, &device->id, SCOPE_TERRITORY, scope->territory);
	return ungrant(scope->commit, &device->id, SCOPE_TERRITORY, scope->territory);
}

static enum status follow_territory(struct commit *commit, const struct id *technician, const struct id *territory)
{
	struct territory_scope scope = { .commit = commit, .territory = territory };
	enum status status = serves(commit, technician, territory, &scope.open);

	if (status != STATUS_OK)
		return status;
	return records_each(server_store_records(commit->store), RECORD_DEVICE, "technician_id", technician, set_territory, &scope);
}

/* One device and all that its technician has. */
struct device_jobs {
	struct commit *commit;
	const struct device *device;
};

static enum status grant_given_territory(void *context, const void *row)
{
	const struct device_jobs *jobs = context;
	const struct territory_grant *given = row;

	return given->ended ? STATUS_OK : grant(jobs->commit, &jobs->device->id, SCOPE_TERRITORY, &given->territory_id);
}

static enum status grant_visit_job(void *context, const void *row)
{
	const struct device_jobs *jobs = context;
	const struct visit *visit = row;

	bool history = false;
	enum status status = STATUS_OK;

	if (!job_needed_in(visit->state))
		return STATUS_OK;
	status = is_history(jobs->commit, &visit->work_order_id, &history);
	if (status != STATUS_OK || history)
		return status;
	return grant(jobs->commit, &jobs->device->id, SCOPE_JOB, &visit->work_order_id);
}

/* What a device is to hold follows from its record; only a job needs a look at the visits. */
static enum status is_wanted(struct commit *commit, const struct device *device, const struct scope *scope, bool *out_wanted)
{
	bool needed = false;
	enum status status = STATUS_OK;

	if (scope->kind == SCOPE_JOB)
		status = is_job_needed(commit, &device->technician_id, &scope->id, &needed);
	else if (scope->kind == SCOPE_TERRITORY)
		status = serves(commit, &device->technician_id, &scope->id, &needed);
	*out_wanted = needed || scope->kind == SCOPE_ORG_ALL || scope->kind == SCOPE_DEVICE ||
		      (scope->kind == SCOPE_TECHNICIAN && id_equal(&scope->id, &device->technician_id));
	return status;
}

/* The device is another technician's now: what it held for the one before goes. */
static enum status end_unwanted(struct commit *commit, const struct device *device)
{
	struct grant_entry *grants;
	size_t count;
	enum status status = server_store_grants(commit->store, &device->id, INT64_MAX, commit->arena, &grants, &count);

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		struct scope_state state;
		struct scope scope;
		bool wanted = true;
		if (grants[i].until_gseq != 0)
			continue;
		status = server_store_scope_by_number(commit->store, grants[i].scope, &scope, &state);
		if (status == STATUS_OK)
			status = is_wanted(commit, device, &scope, &wanted);
		if (status == STATUS_OK && !wanted)
			status = end_grant(commit, &device->id, grants[i].scope);
	}
	return status;
}

static enum status follow_device(struct commit *commit, const struct device *device)
{
	struct records *records = server_store_records(commit->store);
	struct device_jobs jobs = { .commit = commit, .device = device };
	const struct id nil = { 0 };
	const void *row;
	enum status status = records_look(records, RECORD_TECHNICIAN, &device->technician_id, &row);

	if (status != STATUS_OK)
		return status;
	if (device->state != DEVICE_STATE_ACTIVE)
		return grants_end_all(commit, &device->id);
	status = grant(commit, &device->id, SCOPE_ORG_ALL, &nil);
	if (status == STATUS_OK)
		status = grant(commit, &device->id, SCOPE_DEVICE, &device->id);
	if (status == STATUS_OK)
		status = grant(commit, &device->id, SCOPE_TECHNICIAN, &device->technician_id);
	if (status == STATUS_OK && row != NULL)
		status = grant(commit, &device->id, SCOPE_TERRITORY, &((const struct technician *)row)->territory_id);
	if (status == STATUS_OK)
		status = records_each(
			records, RECORD_TERRITORY_GRANT, "technician_id", &device->technician_id, grant_given_territory, &jobs);
	if (status == STATUS_OK)
		status = records_each(records, RECORD_VISIT, "technician_id", &device->technician_id, grant_visit_job, &jobs);
	return status == STATUS_OK ? end_unwanted(commit, device) : status;
}

static enum status follow_technician(struct commit *commit, const struct change *change)
{
	const struct technician *before = change->before, *after = change->after;
	enum status status;

	if (before == NULL || id_equal(&before->territory_id, &after->territory_id))
		return STATUS_OK;
	status = follow_territory(commit, &after->id, &before->territory_id);
	return status == STATUS_OK ? follow_territory(commit, &after->id, &after->territory_id) : status;
}

static enum status follow_grant(struct commit *commit, const struct territory_grant *given)
{
	return follow_territory(commit, &given->technician_id, &given->territory_id);
}

/* The states and people that grants depend on did not change: most operations end here. */
static bool same_visit_grant(const struct visit *before, const struct visit *after)
{
	return before != NULL && id_equal(&before->technician_id, &after->technician_id) &&
	       job_needed_in(before->state) == job_needed_in(after->state);
}

struct visit_list {
	struct arena *arena;
	struct visit *visits; /* their texts are the store's */
	size_t count;
	size_t capacity;
};

static enum status collect_visit(void *context, const void *row)
{
	struct visit_list *list = context;

	list->visits = arena_grow(list->arena, list->visits, list->count, &list->capacity, sizeof(*list->visits));
	list->visits[list->count++] = *(const struct visit *)row;
	return STATUS_OK;
}

/* An order is opened again, with what happened; when it was history, it is the job of those who were there. */
static enum status follow_order(struct commit *commit, const struct work_order *before, const struct work_order *after)
{
	struct visit_list list = { .arena = commit->arena };
	enum status status;

	if (before == NULL || !work_order_is_over(before) || work_order_is_over(after))
		return STATUS_OK;
	status = window_reopen(commit, &after->id);
	if (status != STATUS_OK || !job_is_history(before, commit->now_ms))
		return status;
	commit_note_job(commit, &after->id);
	status = records_each(server_store_records(commit->store), RECORD_VISIT, "work_order_id", &after->id, collect_visit, &list);
	for (size_t i = 0; i < list.count && status == STATUS_OK; i++)
		status = follow_visit(commit, &list.visits[i]);
	return status;
}

enum status grants_follow(struct commit *commit, const struct change *change)
{
	if (change->after == NULL)
		return STATUS_OK;
	if (change->kind == RECORD_VISIT)
		return same_visit_grant(change->before, change->after) ? STATUS_OK : follow_visit(commit, change->after);
	if (change->kind == RECORD_WORK_ORDER)
		return follow_order(commit, change->before, change->after);
	if (change->kind == RECORD_DEVICE)
		return follow_device(commit, change->after);
	if (change->kind == RECORD_TECHNICIAN)
		return follow_technician(commit, change);
	if (change->kind == RECORD_TERRITORY_GRANT)
		return follow_grant(commit, change->after);
	return STATUS_OK;
}

enum status grants_end_all(struct commit *commit, const struct id *device)
{
	struct grant_entry *grants;
	size_t count;
	enum status status = server_store_grants(commit->store, device, INT64_MAX, commit->arena, &grants, &count);

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		if (grants[i].until_gseq == 0)
			status = end_grant(commit, device, grants[i].scope);
	return status;
}

static enum status end_of_history(struct commit *commit, const struct job_grant_entry *grant, struct arena *arena, size_t *ended)
{
	bool history;
	enum status status = is_history(commit, &grant->work_order, &history);

	if (status != STATUS_OK || !history)
		return status;
	if (!id_is_nil(&grant->device))
		status = end_grant(commit, &grant->device, grant->scope);
	if (status == STATUS_OK)
		status = job_end(commit, &grant->work_order, arena);
	++*ended;
	return status;
}

enum status grants_end_history(struct commit *commit, size_t *out_ended)
{
	struct arena listed = { 0 }, scratch = { 0 };
	struct job_grant_entry after = { 0 }, *grants = NULL;
	size_t count = HISTORY_AT_A_TIME;
	enum status status = STATUS_OK;

	*out_ended = 0;
	while (status == STATUS_OK && count == HISTORY_AT_A_TIME) {
		count = 0;
		arena_reset(&listed);
		status = server_store_job_grants(commit->store, &after, HISTORY_AT_A_TIME, &listed, &grants, &count);
		for (size_t i = 0; i < count && status == STATUS_OK; i++) {
			status = end_of_history(commit, &grants[i], &scratch, out_ended);
			arena_reset(&scratch);
			after = grants[i];
		}
		server_store_reset_rows(commit->store); /* the orders that were looked at */
	}
	arena_finish(&listed);
	arena_finish(&scratch);
	return status;
}
