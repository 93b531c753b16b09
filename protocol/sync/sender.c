#include "protocol/sync/sender.h"

#include "protocol/domain/device.h"

#define STOLEN_KEPT_MAX 10000

enum status sender_find(void *store, const struct id *sender, uint32_t key_number, struct public_keys *out_keys)
{
	struct device_entry device;
	enum status status = server_store_device(store, sender, &device);

	if (status != STATUS_OK)
		return status;
	if (device.key_number != key_number)
		return fail(STATUS_NOT_FOUND, "device: key number %u is not in use", key_number);
	*out_keys = device.keys;
	return STATUS_OK;
}

struct server_sender sender_of(struct server_store *store, const struct inquiry *inquiry)
{
	struct device_entry device;
	bool known = !inquiry->repeated && server_store_device(store, &inquiry->device, &device) == STATUS_OK;

	return (struct server_sender){ .welcome = known && (device.state == DEVICE_STATE_ACTIVE || device.state == DEVICE_STATE_DRAINING),
		.fresh = !inquiry->by_envelope,
		.device = inquiry->device };
}

bool sender_may_deliver(struct server_store *store, const struct device_entry *device)
{
	const struct scope scope = { .kind = SCOPE_DEVICE, .id = device->id };
	struct scope_state state;

	if (device->state != DEVICE_STATE_STOLEN)
		return device->state != DEVICE_STATE_PENDING;
	/* In its scope is a row for each operation that was set aside. */
	return server_store_scope(store, &scope, &state) == STATUS_OK && state.digest.count < STOLEN_KEPT_MAX;
}

void sender_note_contact(const struct live_session *live, struct device_entry *entry)
{
	if (live == NULL)
		return;
	if (live->last_seen_at_ms > entry->last_seen_at_ms)
		entry->last_seen_at_ms = live->last_seen_at_ms;
	if (live->acknowledged_gseq > entry->acknowledged_gseq)
		entry->acknowledged_gseq = live->acknowledged_gseq;
}

enum status sender_keep_contact(struct server_store *store, const struct live_session *live, struct device_entry *entry)
{
	if (entry->state != DEVICE_STATE_ACTIVE)
		return STATUS_OK;
	sender_note_contact(live, entry);
	return server_store_put_device(store, entry);
}
