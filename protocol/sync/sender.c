#include "protocol/sync/sender.h"

#include "protocol/domain/device.h"

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
