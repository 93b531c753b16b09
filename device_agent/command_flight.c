/* What the device's flight recorder kept. Its store is not opened: it may be what a flight is to explain. */
#include "device_agent/commands.h"
#include "device_agent/device.h"
#include "shell/flight_command.h"

static enum status with_keys(struct context *context, enum status (*call)(struct context *context, const struct identity *identity))
{
	struct keystore keys = { 0 };
	enum status status;

	keys_init();
	status = keystore_load(context->arena, local_device_keys_directory(context), &keys);
	if (status == STATUS_OK)
		status = call(context, &keys.identity);
	keystore_wipe(&keys);
	return status;
}

enum status command_flight_list(struct context *context)
{
	return with_keys(context, flight_list);
}

enum status command_flight_show(struct context *context)
{
	return with_keys(context, flight_show);
}

enum status command_flight_export(struct context *context)
{
	return with_keys(context, flight_export);
}
