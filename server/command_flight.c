/* What the server's flight recorder kept. The store is not opened: it may be what a flight is to explain. */
#include "server/commands.h"
#include "server/server_keys.h"
#include "shell/flight_command.h"

static enum status with_keys(struct context *context, enum status (*call)(struct context *context, const struct identity *identity))
{
	struct server_keys keys;
	struct identity identity = { 0 };
	enum status status;

	keys_init();
	status = server_keys_load(context->arena, context->dir, &keys, &identity);
	if (status == STATUS_OK)
		status = call(context, &identity);
	identity_wipe(&identity);
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
