#include "protocol/sync/parked.h"

#include "protocol/domain/device.h"
#include "protocol/domain/operation_outcome.h"
#include "protocol/sync/intake.h"
#include "protocol/sync/publish.h"
#include "protocol/sync/sight.h"
#include "protocol/wire/operation_codec.h"

/* Operations that waited for a record which has just appeared, collected before any of them is decided. */
struct parked_list {
	struct arena *arena;
	struct id *ids;
	size_t count;
	size_t capacity;
	size_t written; /* outcomes that are others now */
};

static enum status collect_parked(void *context, const void *row)
{
	struct parked_list *list = context;
	const struct operation_outcome *outcome = row;

	if (outcome->outcome != OUTCOME_PARKED)
		return STATUS_OK;
	list->ids = arena_grow(list->arena, list->ids, list->count, &list->capacity, sizeof(*list->ids));
	list->ids[list->count++] = outcome->id;
	return STATUS_OK;
}

/* What waits for the records that an operation has just made. */
static enum status collect_for_changes(struct ingest *ingest, const struct overlay *overlay, struct parked_list *list)
{
	struct records *records = server_store_records(ingest->commit->store);
	enum status status = STATUS_OK;

	for (size_t i = 0; i < overlay_change_count(overlay) && status == STATUS_OK; i++) {
		struct change change;
		if (overlay_change(overlay, i, &change) == STATUS_OK && change.before == NULL && change.kind != RECORD_OPERATION)
			status = records_each(records, RECORD_OPERATION, "waits_for", row_id(change.after), collect_parked, list);
	}
	return status;
}

/* Its bytes as they came, or as a person corrected them. STATUS_NOT_FOUND: it is not parked; STATUS_NEWER: they cannot be read. */
static enum status read_parked(struct ingest *ingest, const struct id *id, struct operation *out_operation, struct intake *out_intake)
{
	struct server_store *store = ingest->commit->store;
	struct bytes canonical;
	const void *row;
	enum status status = server_store_logged(store, id, ingest->arena, &out_intake->log);

	*out_intake = (struct intake){
		.ingest = ingest, .operation = out_operation, .log = out_intake->log, .records = server_store_records(store)
	};
	if (status == STATUS_OK)
		status = records_get(out_intake->records, RECORD_OPERATION, id, &row);
	if (status != STATUS_OK)
		return status;
	out_intake->device = ((const struct operation_outcome *)row)->device_id;
	canonical = out_intake->log.canonical;
	status = server_store_corrected(store, id, ingest->arena, &canonical);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	if (operation_decode(ingest->arena, canonical, out_operation) != STATUS_OK)
		return fail(STATUS_NEWER, "this version cannot read operation %.8s", id_to_text(id).characters);
	return STATUS_OK;
}

static bool changes_anything(const struct overlay *overlay)
{
	struct change change;

	for (size_t i = 0; i < overlay_change_count(overlay); i++)
		if (overlay_change(overlay, i, &change) != STATUS_NOT_FOUND)
			return true;
	return false;
}

/* The same operation, the same id, decided again on what is there now. Its author is sent the result, when it is another. */
static enum status decide_again(struct intake *intake, struct parked_list *more, struct verdict *out_verdict)
{
	struct ingest *ingest = intake->ingest;
	const struct id *id = &intake->log.id;
	struct overlay overlay;
	enum status status = intake_decide(intake, &overlay, out_verdict);

	if (status == STATUS_OK && intake_is_overwriting(intake, &overlay))
		return fail(STATUS_REFUSED, "another record has the id of operation %.8s: it can only be discarded",
			id_to_text(id).characters);
	if (status == STATUS_OK && out_verdict->outcome == OUTCOME_PARKED && !changes_anything(&overlay))
		return STATUS_OK;
	if (status == STATUS_OK && out_verdict->outcome == OUTCOME_APPLIED)
		status = records_remove(&overlay.records, RECORD_OPERATION, id);
	if (status == STATUS_OK)
		status = publish_changes(ingest->commit, &overlay, 0);
	if (status == STATUS_OK)
		status = server_store_log_outcome(ingest->commit->store, id, out_verdict->outcome, ingest->commit->gseq);
	more->written += status == STATUS_OK;
	return status == STATUS_OK && out_verdict->outcome != OUTCOME_PARKED ? collect_for_changes(ingest, &overlay, more) : status;
}

/* As its author may: it may have named what it could not know of before that was there. The office, which is no device, names anything. */
static enum status go_on_by_itself(struct intake *intake, struct parked_list *more, struct verdict *out_verdict)
{
	struct ingest *ingest = intake->ingest;
	struct server_store *store = ingest->commit->store;
	struct device_sight sight;
	struct device_entry device;
	struct grant_entry *grants = NULL;
	size_t count = 0;
	enum status status = server_store_device(store, &intake->device, &device);

	if (status == STATUS_NOT_FOUND)
		return decide_again(intake, more, out_verdict);
	if (status == STATUS_OK)
		status = server_store_grants(store, &intake->device, INT64_MAX, ingest->arena, &grants, &count);
	if (status != STATUS_OK)
		return status;
	device_sight_init(&sight, store, ingest->arena, &intake->device, grants, count);
	intake->sight = device_sight_of(&sight, intake->operation);
	return decide_again(intake, more, out_verdict);
}

/* What waited goes on, or waits on. */
static enum status decide_next(struct ingest *ingest, struct parked_list *list, const struct id *id)
{
	struct operation operation;
	struct intake intake;
	struct verdict verdict;
	enum status status = read_parked(ingest, id, &operation, &intake);

	return status == STATUS_OK ? go_on_by_itself(&intake, list, &verdict) : status;
}

static bool is_its_own_failure(enum status status)
{
	return status == STATUS_NOT_FOUND || status == STATUS_NEWER || status == STATUS_REFUSED || status == STATUS_INVALID;
}

/* One that this version cannot read, or that may not go on, stays parked: it never stands in the way of the commit that woke it. */
static enum status decide_woken(struct ingest *ingest, struct parked_list *list, size_t from)
{
	enum status status = STATUS_OK;

	for (size_t i = from; i < list->count && status == STATUS_OK; i++) {
		status = decide_next(ingest, list, &list->ids[i]);
		if (is_its_own_failure(status))
			status = STATUS_OK;
	}
	return status;
}

enum status parked_decide_for(struct ingest *ingest, const struct overlay *overlay)
{
	struct parked_list list = { .arena = ingest->arena };
	enum status status = collect_for_changes(ingest, overlay, &list);

	return status == STATUS_OK ? decide_woken(ingest, &list, 0) : status;
}

/* ---- what names a record that its device did not have ---- */

/* The office names anything: what it waits for is not there. What a device was revoked with is a person's. */
static enum status may_go_on(struct intake *intake, bool *out_may)
{
	struct device_entry device;
	enum status status = server_store_device(intake->ingest->commit->store, &intake->device, &device);

	*out_may = status == STATUS_OK && device.state == DEVICE_STATE_ACTIVE;
	return status;
}

static enum status look_again(struct ingest *ingest, const struct id *id, struct parked_list *list)
{
	struct operation operation;
	struct intake intake;
	struct verdict verdict;
	bool may = false;
	enum status status = read_parked(ingest, id, &operation, &intake);

	if (status == STATUS_OK)
		status = may_go_on(&intake, &may);
	if (status == STATUS_OK && may)
		status = go_on_by_itself(&intake, list, &verdict);
	return is_its_own_failure(status) ? STATUS_OK : status;
}

enum status parked_look_again(struct ingest *ingest, struct parked_place *after, size_t most, size_t *out_written)
{
	struct parked_place place = *after;
	struct parked_list woken = { .arena = ingest->arena };
	struct id *ids;
	size_t count;
	enum status status = server_store_parked_waiting(ingest->commit->store, &place, most, ingest->arena, &ids, &count);

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = look_again(ingest, &ids[i], &woken);
	if (status == STATUS_OK)
		status = decide_woken(ingest, &woken, 0);
	if (status != STATUS_OK)
		return status;
	*after = count == most ? place : (struct parked_place){ 0 };
	*out_written = woken.written;
	return STATUS_OK;
}

/* ---- what a person decides ---- */

/* A device that speaks for others than its technician is not made right by anybody. */
static enum status check_author(struct ingest *ingest, const struct intake *intake)
{
	const struct operation_head *head = &intake->operation->head;
	struct device_entry device;
	enum status status = server_store_device(ingest->commit->store, &intake->device, &device);

	if (status == STATUS_NOT_FOUND) /* the office's own */
		return STATUS_OK;
	if (status == STATUS_OK && (head->role != ROLE_TECHNICIAN || !id_equal(&head->actor, &device.technician)))
		return fail(STATUS_REFUSED,
			"operation %.8s speaks for somebody else than its device's technician: it can only be discarded",
			id_to_text(&intake->log.id).characters);
	return status;
}

static enum status check_correction(const struct operation *was, const struct operation *corrected)
{
	if (was->head.kind != OPERATION_CREATE && was->head.kind != OPERATION_EDIT)
		return fail(STATUS_REFUSED, "only what makes or edits a record has values to correct");
	if (corrected->head.kind != was->head.kind || corrected->head.record != was->head.record || corrected->mask != was->mask ||
		!id_equal(&corrected->head.subject, &was->head.subject))
		return fail(STATUS_REFUSED, "a correction gives other values to what the operation set, and nothing else");
	return operation_validate(corrected);
}

static enum status discard(struct intake *intake, struct text reason, struct verdict *out_verdict)
{
	struct arena *arena = intake->ingest->arena;
	char *plain = arena_copy(arena, reason.data, reason.size);
	const char *detail;
	enum status status;

	for (size_t i = 0; i < reason.size; i++) /* it must not end its own value */
		if (plain[i] == ';')
			plain[i] = ',';
	detail = arena_print(arena, "reason=%.*s", (int)reason.size, plain).data;
	*out_verdict = (struct verdict){
		.outcome = OUTCOME_REJECTED, .rule = text_of(rule_find(RULE_DISCARDED)->word), .detail = text_of(detail)
	};
	status = intake_tell(intake, OUTCOME_REJECTED, RULE_DISCARDED, detail);
	return status == STATUS_OK ? server_store_log_outcome(intake->ingest->commit->store, &intake->log.id, OUTCOME_REJECTED,
					     intake->ingest->commit->gseq)
				   : status;
}

static struct bytes canonical_of(struct arena *arena, const struct operation *operation)
{
	struct writer writer = writer_in(arena, OPERATION_SIZE_MAX);

	operation_encode(&writer, operation);
	if (writer.overflow)
		return (struct bytes){ 0 };
	return writer_bytes(&writer);
}

static enum status go_on(struct intake *intake, const struct parked_order *order, struct verdict *out_verdict)
{
	struct ingest *ingest = intake->ingest;
	struct parked_list list = { .arena = ingest->arena };
	enum status status = check_author(ingest, intake);

	if (status == STATUS_OK && order->decision == PARKED_CORRECTED) {
		status = check_correction(intake->operation, order->corrected);
		intake->operation = order->corrected;
	}
	if (status == STATUS_OK)
		status = decide_again(intake, &list, out_verdict);
	return status == STATUS_OK ? decide_woken(ingest, &list, 0) : status;
}

enum status parked_carry_out(struct ingest *ingest, const struct parked_order *order, struct verdict *out_verdict)
{
	struct operation operation;
	struct intake intake;
	struct bytes canonical = { 0 };
	enum status status = read_parked(ingest, &order->operation, &operation, &intake);

	if (status == STATUS_NOT_FOUND || (status == STATUS_OK && intake.log.outcome != OUTCOME_PARKED))
		return fail(STATUS_REFUSED, "operation %.8s is not parked: \"truckrolld trace\" tells what became of it",
			id_to_text(&order->operation).characters);
	if (status != STATUS_OK)
		return status;
	if (order->decision == PARKED_DISCARDED)
		status = discard(&intake, order->reason, out_verdict);
	else
		status = go_on(&intake, order, out_verdict);
	if (status == STATUS_OK && order->decision == PARKED_CORRECTED) {
		canonical = canonical_of(ingest->arena, order->corrected);
		if (canonical.size == 0)
			return fail(STATUS_INVALID, "an operation is larger than %zu bytes", OPERATION_SIZE_MAX);
	}
	return status == STATUS_OK ? server_store_put_parked_decision(ingest->commit->store, &order->operation, order->decision, canonical,
					     order->reason, ingest->received_at_ms)
				   : status;
}
