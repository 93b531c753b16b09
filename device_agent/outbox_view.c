#include "device_agent/outbox_view.h"

#include "protocol/domain/visit.h"
#include "protocol/domain/work_order.h"
#include "protocol/wire/operation_codec.h"
#include "shell/lookup.h"
#include "shell/outcome_words.h"

enum status outbox_marks_read(struct device_store *store, struct outbox_marks *out_marks)
{
	struct outbox_state outbox;
	struct replica_state replica;
	enum status status = device_store_outbox(store, &outbox);

	if (status == STATUS_OK)
		status = device_store_replica(store, &replica);
	if (status != STATUS_OK)
		return status;
	*out_marks = (struct outbox_marks){ .incarnation = outbox.incarnation, .last_seq = outbox.last_seq };
	if (id_equal(&replica.incarnation, &outbox.incarnation)) { /* else the replica is fresh and knows nothing of this one */
		out_marks->settled_seq = replica.settled_seq;
		out_marks->decided_seq = replica.decided_seq;
	}
	return STATUS_OK;
}

struct item_walk {
	struct context *context;
	struct local_device *device;
	struct outbox_marks marks;
	bool told; /* outcomes of this device's operations are given to it */
	outbox_item_visit visit;
	void *user;
	bool exceptions; /* only what has an outcome of its own */
};

static const char *state_of(const struct outbox_marks *marks, int64_t seq)
{
	if (seq <= marks->settled_seq)
		return "settled";
	return seq <= marks->decided_seq ? "decided" : "saved";
}

static enum status walk_entry(void *user, const struct outbox_entry *entry)
{
	struct item_walk *walk = user;
	struct arena *arena = walk->context->arena;
	struct outbox_item item = { .seq = entry->seq, .id = entry->id, .state = state_of(&walk->marks, entry->seq) };
	void *row;
	enum status status =
		table_get(device_store_replica_storage(walk->device->store), &operation_outcome_schema, &entry->id, arena, &row, NULL);

	if (status == STATUS_OK)
		item.outcome = row;
	else if (status != STATUS_NOT_FOUND)
		return status;
	if (item.outcome == NULL && walk->exceptions)
		return STATUS_OK;
	status = operation_decode(arena, arena_copy_bytes(arena, entry->canonical), &item.operation);
	if (status != STATUS_OK)
		return status;
	item.forgotten = item.outcome == NULL && !walk->told && entry->seq <= walk->marks.settled_seq;
	return walk->visit(walk->user, &item);
}

/* Outcomes are at home in the device's own scope, which goes with everything else when it is revoked. */
static enum status is_told(struct device_store *store, bool *out_told)
{
	struct outbox_state outbox;
	struct digest digest;
	enum status status = device_store_outbox(store, &outbox);

	if (status == STATUS_OK)
		status = device_store_scope(store, &(struct scope){ SCOPE_DEVICE, outbox.device }, &digest);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		return status;
	*out_told = status == STATUS_OK;
	return STATUS_OK;
}

static enum status walk_outbox(struct item_walk *walk, int64_t after)
{
	enum status status = outbox_marks_read(walk->device->store, &walk->marks);

	if (status == STATUS_OK)
		status = is_told(walk->device->store, &walk->told);
	return status == STATUS_OK ? device_store_outbox_each(walk->device->store, after, walk_entry, walk) : status;
}

enum status outbox_items_each(struct context *context, struct local_device *device, int64_t after, outbox_item_visit visit, void *user)
{
	struct item_walk walk = { .context = context, .device = device, .visit = visit, .user = user };

	return walk_outbox(&walk, after);
}

enum status outbox_exceptions_each(
	struct context *context, struct local_device *device, int64_t after, outbox_item_visit visit, void *user)
{
	struct item_walk walk = { .context = context, .device = device, .exceptions = true, .visit = visit, .user = user };

	return walk_outbox(&walk, after);
}

const char *outbox_item_outcome(const struct outbox_item *item)
{
	if (item->forgotten)
		return NULL;
	return outcome_name(item->outcome == NULL ? OUTCOME_APPLIED : item->outcome->outcome);
}

struct text outbox_item_listed(struct context *context, struct storage *records, const struct outbox_item *item, struct id *issue)
{
	const struct id now = item->outcome != NULL ? item->outcome->issue_id : (struct id){ 0 };
	bool again = !id_is_nil(&now) && id_equal(&now, issue) && !output_style_of(context->output)->json;

	*issue = now;
	return again ? text_of(catalogue_find(context->language, "outcome.same_issue")) : outbox_item_words(context, records, item);
}

struct text outbox_item_words(struct context *context, struct storage *records, const struct outbox_item *item)
{
	const struct operation_outcome *outcome = item->outcome;
	struct message_value words = { .name = "words" };

	if (outcome != NULL)
		words.text = outcome_words(context, records, outcome->rule, outcome->field, outcome->detail);
	if (item->forgotten)
		return catalogue_print(context->arena, context->language, "outcome.forgotten", NULL, 0);
	return catalogue_print(context->arena, context->language,
		arena_print(context->arena, "outcome.%s", outbox_item_outcome(item)).data, &words, 1);
}
