#include "device_agent/visits.h"

#include <stdlib.h>
#include <string.h>

#include "shell/lookup.h"

#define CANDIDATES_TOLD_MAX 5

struct loading {
	struct context *context;
	struct own_visits *visits;
};

static enum status load_visit(void *context, const void *row, const struct row_meta *meta)
{
	struct loading *loading = context;
	struct own_visits *visits = loading->visits;
	struct arena *arena = loading->context->arena;

	(void)meta;
	visits->visits = arena_grow(arena, visits->visits, visits->count, &visits->capacity, sizeof(struct visit *));
	visits->visits[visits->count++] = row_copy(arena, &visit_schema, row);
	return STATUS_OK;
}

static enum status load_by(struct context *context, const char *index_field, const struct id *key, struct own_visits *out_visits)
{
	struct loading loading = { context, out_visits };

	*out_visits = (struct own_visits){ 0 };
	return table_each(local_device_records(context), &visit_schema, index_field, key, load_visit, &loading);
}

enum status own_visits_load(struct context *context, struct own_visits *out_visits)
{
	return load_by(context, "technician_id", &local_device_of(context)->keys.technician, out_visits);
}

/* What is under way first, then by planned start; without one last. */
static int compare_visits(const void *left, const void *right)
{
	const struct visit *a = *(const struct visit *const *)left, *b = *(const struct visit *const *)right;
	bool a_under_way = visit_state_find(a->state)->under_way, b_under_way = visit_state_find(b->state)->under_way;
	uint64_t a_start = (uint64_t)a->planned_start_at_ms - 1, b_start = (uint64_t)b->planned_start_at_ms - 1;

	if (a_under_way != b_under_way)
		return a_under_way ? -1 : 1;
	if (a_start != b_start)
		return a_start < b_start ? -1 : 1;
	return id_compare(&a->id, &b->id);
}

void own_visits_sort(struct own_visits *visits)
{
	if (visits->count > 1)
		qsort(visits->visits, visits->count, sizeof(struct visit *), compare_visits);
}

const struct work_order *visit_order(struct context *context, const struct visit *visit)
{
	void *row;

	if (table_get(local_device_records(context), &work_order_schema, &visit->work_order_id, context->arena, &row, NULL) != STATUS_OK)
		return NULL;
	return row;
}

struct text visit_words(struct context *context, const struct visit *visit)
{
	const struct work_order *order = visit_order(context, visit);

	if (order == NULL)
		return arena_print(context->arena, "%.8s", id_to_text(&visit->id).characters);
	if (order->number.size == 0)
		return order->title;
	return arena_print(context->arena, "%.*s %.*s", TEXT_ARGUMENTS(order->number), TEXT_ARGUMENTS(order->title));
}

#define IN(state) (UINT32_C(1) << VISIT_STATE_##state)
#define STEPS_MAX 4

/* Where a visit stands that an operation is obviously about: the first set that holds any decides. */
static const struct obvious {
	enum operation_kind kind;
	const char *verb;
	uint32_t steps[STEPS_MAX];
	uint32_t taken; /* the step with which that was done already: said twice, it is not about another visit */
} obvious[] = {
	{ OPERATION_ACCEPT, "accept", { IN(DISPATCHED) }, 0 },
	{ OPERATION_DECLINE, "decline", { IN(DISPATCHED), IN(ACCEPTED) }, 0 },
	{ OPERATION_DELAY, "delay", { IN(TRAVELLING), IN(ACCEPTED), IN(DISPATCHED) }, 0 },
	{ OPERATION_TRAVEL, "travel to", { IN(TRAVELLING), IN(ACCEPTED), IN(DISPATCHED) }, IN(TRAVELLING) },
	{ OPERATION_ARRIVE, "arrive at", { IN(TRAVELLING), IN(ON_SITE), IN(ACCEPTED), IN(DISPATCHED) }, IN(ON_SITE) },
	{ OPERATION_PAUSE, "pause", { IN(ON_SITE) }, 0 },
	{ OPERATION_RESUME, "resume", { IN(PAUSED) }, 0 },
	{ OPERATION_FINISH, "finish", { IN(ON_SITE), IN(PAUSED), IN(TRAVELLING), IN(ACCEPTED) }, 0 },
	{ OPERATION_ABORT, "abort", { IN(ON_SITE), IN(PAUSED), IN(TRAVELLING), IN(ACCEPTED) }, 0 },
	{ OPERATION_USE_PART, "use parts on", { IN(ON_SITE), IN(PAUSED), IN(TRAVELLING), IN(ACCEPTED) }, 0 },
	{ OPERATION_RETURN_PART, "return parts from", { IN(ON_SITE), IN(PAUSED), IN(TRAVELLING), IN(ACCEPTED) }, 0 },
	{ OPERATION_ANSWER_TASK, "check", { IN(ON_SITE), IN(PAUSED), IN(TRAVELLING), IN(ACCEPTED) }, 0 },
	{ OPERATION_READ_METER, "read a meter on", { IN(ON_SITE), IN(PAUSED), IN(TRAVELLING), IN(ACCEPTED) }, 0 },
	{ OPERATION_ADD_PHOTO, "take a photo on", { IN(ON_SITE), IN(PAUSED), IN(TRAVELLING), IN(ACCEPTED) }, 0 },
	{ OPERATION_LOG_TIME, "log time on", { IN(ON_SITE), IN(PAUSED), IN(TRAVELLING), IN(ACCEPTED) }, 0 },
	{ OPERATION_SIGN, "have signed", { IN(ON_SITE), IN(PAUSED), IN(TRAVELLING), IN(ACCEPTED) }, 0 },
	{ OPERATION_REOPEN_VISIT, "reopen", { IN(DONE) }, 0 },
};
static const struct obvious nothing_obvious = { .verb = "work on" };

/* Keeps those in one of the states. */
static struct own_visits in_states(struct context *context, const struct own_visits *visits, uint32_t states)
{
	struct own_visits kept = { .visits = arena_allocate_array(context->arena, visits->count + 1, sizeof(struct visit *)) };

	for (size_t i = 0; i < visits->count; i++)
		if ((uint32_t)visits->visits[i]->state < VISIT_STATE_COUNT && (states >> visits->visits[i]->state & 1) != 0)
			kept.visits[kept.count++] = visits->visits[i];
	return kept;
}

static const struct obvious *obvious_of(enum operation_kind kind)
{
	for (size_t i = 0; i < LENGTH(obvious); i++)
		if (obvious[i].kind == kind)
			return &obvious[i];
	return &nothing_obvious;
}

static struct own_visits furthest(struct context *context, const struct obvious *row, const struct own_visits *visits)
{
	struct own_visits kept = { 0 };

	for (size_t step = 0; step < STEPS_MAX && kept.count == 0; step++)
		kept = in_states(context, visits, row->steps[step]);
	return kept;
}

static bool was_taken(const struct obvious *row, const struct visit *visit)
{
	return (row->taken >> visit->state & 1) != 0;
}

/* Of several that the words fit. When the first of them is the one that it was said of already, all that it may be about. */
static struct own_visits best_of(struct context *context, const struct obvious *row, const struct own_visits *found)
{
	struct own_visits best = furthest(context, row, found);
	uint32_t states = 0;

	if (best.count > 0 && was_taken(row, best.visits[0])) {
		for (size_t step = 0; step < STEPS_MAX; step++)
			states |= row->steps[step];
		best = in_states(context, found, states);
	}
	return best.count > 0 ? best : *found;
}

static enum status fail_ambiguous(struct context *context, const struct own_visits *visits)
{
	struct text list = { 0 };

	for (size_t i = 0; i < visits->count && i < CANDIDATES_TOLD_MAX; i++)
		list = arena_print(context->arena, "%.*s%s%.8s (%.*s)", TEXT_ARGUMENTS(list), i == 0 ? "" : ", ",
			id_to_text(&visits->visits[i]->id).characters, TEXT_ARGUMENTS(visit_words(context, visits->visits[i])));
	return fail(STATUS_AMBIGUOUS, "%zu visits come into question: %.*s%s; name one", visits->count, TEXT_ARGUMENTS(list),
		visits->count > CANDIDATES_TOLD_MAX ? ", ..." : "");
}

static enum status choose_obvious(
	struct context *context, enum operation_kind kind, const struct own_visits *own, const struct visit **out_visit)
{
	const struct obvious *row = obvious_of(kind);
	struct own_visits found = furthest(context, row, own);

	if (found.count > 0 && was_taken(row, found.visits[0]))
		return fail(STATUS_AMBIGUOUS, "that was said of %.*s already: name the visit if another is meant",
			TEXT_ARGUMENTS(visit_words(context, found.visits[0])));
	if (found.count == 0)
		return fail(STATUS_NOT_FOUND, "you have no visit to %s now; \"truckroll today\" lists your visits",
			catalogue_translate(context->language, row->verb));
	if (found.count > 1)
		return fail_ambiguous(context, &found);
	*out_visit = found.visits[0];
	return STATUS_OK;
}

static bool id_begins(const struct id *id, struct text digits)
{
	struct id_text text = id_to_text(id);

	return digits.size >= LOOKUP_DIGITS_MIN && digits.size < sizeof(text.characters) &&
	       memcmp(text.characters, digits.data, digits.size) == 0;
}

/* Own visits that the words fit, without a look at anything else. */
static struct own_visits matching(struct context *context, const struct own_visits *own, struct text which)
{
	struct own_visits kept = { .visits = arena_allocate_array(context->arena, own->count + 1, sizeof(struct visit *)) };

	for (size_t i = 0; i < own->count; i++) {
		const struct work_order *order;
		bool fits = id_begins(&own->visits[i]->id, which) || id_begins(&own->visits[i]->work_order_id, which);
		order = fits ? NULL : visit_order(context, own->visits[i]);
		if (fits || (order != NULL && lookup_alike(order->number, which)))
			kept.visits[kept.count++] = own->visits[i];
	}
	return kept;
}

/* Somebody else's visit, or none that was told to this technician: work on it is a fact all the same. */
static enum status choose_any(struct context *context, struct text which, struct own_visits *out_found)
{
	struct storage *storage = local_device_records(context);
	struct id id;
	void *row;
	enum status status = lookup_record(storage, RECORD_VISIT, which, &id);

	if (status == STATUS_OK) {
		status = table_get(storage, &visit_schema, &id, context->arena, &row, NULL);
		if (status != STATUS_OK)
			return status;
		out_found->visits = arena_allocate_array(context->arena, 1, sizeof(struct visit *));
		out_found->visits[0] = row;
		out_found->count = 1;
		return STATUS_OK;
	}
	if (status != STATUS_NOT_FOUND)
		return status;
	if (lookup_record(storage, RECORD_WORK_ORDER, which, &id) != STATUS_OK)
		return fail(STATUS_NOT_FOUND, "there is no visit or work order \"%.*s\" here; \"truckroll today\" lists yours",
			TEXT_ARGUMENTS(which));
	return load_by(context, "work_order_id", &id, out_found);
}

enum status visit_choose(struct context *context, enum operation_kind kind, struct text which, const struct visit **out_visit)
{
	struct own_visits own, found, best;
	enum status status = own_visits_load(context, &own);

	which = text_trim(which);
	if (status == STATUS_OK && which.size == 0)
		return choose_obvious(context, kind, &own, out_visit);
	if (status != STATUS_OK)
		return status;
	found = matching(context, &own, which);
	if (found.count == 0)
		status = choose_any(context, which, &found);
	if (status != STATUS_OK)
		return status;
	if (found.count == 0)
		return fail(STATUS_NOT_FOUND, "work order \"%.*s\" has no visit here", TEXT_ARGUMENTS(which));
	best = found.count > 1 ? best_of(context, obvious_of(kind), &found) : found;
	if (best.count > 1)
		return fail_ambiguous(context, &best);
	*out_visit = best.visits[0];
	return STATUS_OK;
}
