#include "protocol/sync/sight.h"

#include "protocol/sync/grants.h"

enum status sight_device_had(struct server_store *store, const struct id *device, enum record_kind kind, const struct id *id)
{
	struct server_row row;
	enum status status = server_store_row(store, kind, id, &row);

	return status == STATUS_OK ? server_store_reaches(store, device, kind, id, row.home) : status;
}

/* What a device makes has its operation's id: it may name that before it is sent it back. */
static enum status made(const struct device_sight *sight, const struct id *id)
{
	struct logged_operation logged;
	struct chain_state chain = { 0 };
	enum status status = server_store_logged(sight->store, id, sight->arena, &logged);

	if (status == STATUS_OK)
		status = server_store_chain_by_number(sight->store, logged.chain, &chain);
	return status == STATUS_OK && !id_equal(&chain.device, &sight->device) ? STATUS_NOT_FOUND : status;
}

static enum status reaches(struct sight *base, enum record_kind kind, const struct id *id)
{
	const struct device_sight *sight = (const struct device_sight *)base;
	struct server_row row;
	enum status status = server_store_row(sight->store, kind, id, &row);

	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status != STATUS_OK || grants_find(sight->grants, sight->grant_count, row.home) != NULL)
		return status;
	status = server_store_reaches(sight->store, &sight->device, kind, id, row.home);
	return status == STATUS_NOT_FOUND && !id_equal(id, &sight->edited) ? made(sight, id) : status;
}

void device_sight_init(struct device_sight *sight, struct server_store *store, struct arena *arena, const struct id *device,
	const struct grant_entry *grants, size_t grant_count)
{
	*sight = (struct device_sight){
		.sight = { reaches }, .store = store, .arena = arena, .device = *device, .grants = grants, .grant_count = grant_count
	};
}

struct sight *device_sight_of(struct device_sight *sight, const struct operation *operation)
{
	sight->edited = operation->head.kind == OPERATION_EDIT ? operation->head.subject : (struct id){ 0 };
	return &sight->sight;
}
