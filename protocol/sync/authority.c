#include "protocol/sync/authority.h"

#include "protocol/domain/device.h"
#include "protocol/wire/operation_codec.h"

/* The commit that the author of the chain's latest operation had seen; 0 when that cannot be told. */
static enum status find_base(
	struct server_store *store, struct arena *arena, const struct chain_state *chain, const struct id *epoch, int64_t *out_base_gseq)
{
	struct id latest; /* not always that of the chain's head: what is sent again keeps its first one */
	struct logged_operation logged;
	struct operation operation;
	enum status status = server_store_logged_id(store, chain->number, chain->last_seq, &latest);

	if (status == STATUS_OK)
		status = server_store_logged(store, &latest, arena, &logged);
	*out_base_gseq = 0;
	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	if (operation_decode(arena, logged.canonical, &operation) == STATUS_OK && id_equal(&operation.head.base_epoch, epoch))
		*out_base_gseq = operation.head.base_gseq;
	return STATUS_OK;
}

static enum status find_grants(struct authority *authority, struct server_store *store, struct arena *arena)
{
	struct grant_entry *grants = NULL;
	size_t count = 0;
	enum status status = server_store_grants(store, &authority->device->id, 0, arena, &grants, &count);

	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		int64_t until = grants[i].until_gseq == 0 ? INT64_MAX : grants[i].until_gseq;
		if (i == 0 || grants[i].from_gseq < authority->granted_from)
			authority->granted_from = grants[i].from_gseq;
		if (until > authority->granted_until)
			authority->granted_until = until;
	}
	return status;
}

enum status authority_open(struct authority *authority, struct server_store *store, struct arena *arena, const struct device_entry *device,
	const struct chain_state *chain, int64_t now_ms)
{
	struct server_state state;
	enum status status = server_store_state(store, &state);

	*authority = (struct authority){ .device = device, .now_ms = now_ms };
	if (status != STATUS_OK)
		return status;
	authority->epoch = state.epoch;
	if (device->state == DEVICE_STATE_ACTIVE)
		return STATUS_OK;
	status = find_base(store, arena, chain, &state.epoch, &authority->base_gseq);
	return status == STATUS_OK ? find_grants(authority, store, arena) : status;
}

/* Of a device that is revoked and may still deliver. The base of an operation is the device's word: it cannot be later than
 * the last grant's end, and neither go back nor lie before what the device said that it had. */
static const char *drained_too_late(struct authority *authority, const struct operation_head *head)
{
	const struct device_entry *device = authority->device;
	int64_t before = authority->base_gseq;

	if (!id_equal(&head->base_epoch, &authority->epoch))
		return "reason=other_epoch";
	authority->base_gseq = head->base_gseq;
	if (authority->now_ms > device->lease_until_ms + DRAIN_MS)
		return "reason=after_lease";
	if (head->base_gseq < authority->granted_from || head->base_gseq > authority->granted_until)
		return "reason=nothing_granted";
	if (head->base_gseq < before || head->base_gseq < device->acknowledged_gseq)
		return "reason=seen_less";
	return NULL;
}

/* A device speaks for its technician and for nobody else, and names no ids for what it makes. */
static bool speaks_for_itself(const struct device_entry *device, const struct operation *operation)
{
	return operation->head.role == ROLE_TECHNICIAN && id_equal(&operation->head.actor, &device->technician) &&
	       (operation->head.kind != OPERATION_CREATE || id_is_nil(&operation->head.subject));
}

enum rule authority_judge(struct authority *authority, const struct operation *operation, const char **out_detail)
{
	*out_detail = "role=device;reason=speaks_for_others";
	if (!speaks_for_itself(authority->device, operation))
		return RULE_NOT_ALLOWED;
	if (authority->bug == BUG_STALE_GRANT)
		return RULE_NONE;
	*out_detail = "reason=stolen";
	if (authority->device->state == DEVICE_STATE_STOLEN)
		return RULE_REVOKED;
	*out_detail = authority->device->state == DEVICE_STATE_DRAINING ? drained_too_late(authority, &operation->head) : NULL;
	return *out_detail == NULL ? RULE_NONE : RULE_REVOKED;
}
