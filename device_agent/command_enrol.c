/* Joining an organisation, and where its server is. */
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "device_agent/commands.h"
#include "device_agent/device.h"
#include "device_agent/enrol.h"
#include "device_agent/link.h"
#include "shell/file.h"
#include "shell/lock.h"
#include "shell/time_text.h"

#define LOCK_WAIT_MS 5000
#define MINUTE_MS    INT64_C(60000)
#define PORT_DEFAULT "7450"

/* "office.example", "tcp://office.example" and "office.example:7450" are tcp:// addresses. */
static struct text complete_url(struct arena *arena, struct text url)
{
	const char *tcp = "tcp://", *host, *behind;

	url = arena_copy_text(arena, text_trim(url));
	host = url.data;
	if (strncmp(host, tcp, strlen(tcp)) == 0)
		host += strlen(tcp);
	else if (strstr(host, "://") != NULL)
		return url;
	behind = strrchr(host, ']');
	return arena_print(arena, "%s%s%s", tcp, host, strchr(behind == NULL ? host : behind, ':') == NULL ? ":" PORT_DEFAULT : "");
}

/* More than a server can have are left for route_read() to refuse. */
static struct text complete_urls(struct arena *arena, struct text list)
{
	struct text whole = text_of(""), rest = list;

	for (size_t i = 0; i < ROUTE_MAX; i++) {
		const char *comma = memchr(rest.data, ',', rest.size);
		struct text url = { rest.data, comma == NULL ? rest.size : (size_t)(comma - rest.data) };
		whole = arena_print(
			arena, "%.*s%s%.*s", TEXT_ARGUMENTS(whole), i == 0 ? "" : ",", TEXT_ARGUMENTS(complete_url(arena, url)));
		if (comma == NULL)
			return whole;
		rest = (struct text){ comma + 1, rest.size - url.size - 1 };
	}
	return arena_print(arena, "%.*s,%.*s", TEXT_ARGUMENTS(whole), TEXT_ARGUMENTS(rest));
}

static void write_at_once(int descriptor, struct text text)
{
	if (descriptor >= 0 && write(descriptor, text.data, text.size) < 0)
		return; /* nobody reads: the office has the words as well */
}

static int64_t wait_ms(const struct context *context)
{
	return 1000 * arguments_integer(context->arguments, "wait", 600);
}

/* As a person is told of a longer wait, and not less than it is. */
static int64_t whole_minutes(int64_t ms)
{
	return ms < MINUTE_MS ? ms : (ms + MINUTE_MS - 1) / MINUTE_MS * MINUTE_MS;
}

/* The words must be seen while the command waits; scripts get them as a first object on a line of its own. */
static void show_words(void *user, struct text words)
{
	struct context *context = user;
	const struct output_style *style = output_style_of(context->output);

	if (style->json) {
		write_at_once(style->stdout_descriptor,
			arena_print(context->arena, "{\"words\": \"%.*s\", \"waiting\": true}\n", TEXT_ARGUMENTS(words)));
		return;
	}
	output_line(context->output, "Six words: %.*s", TEXT_ARGUMENTS(words));
	output_line(context->output,
		"The office sees six words, too. When they are the same, it lets this device in. Waiting, %.*s at most ...",
		TEXT_ARGUMENTS(duration_print(context->arena, whole_minutes(wait_ms(context)))));
	output_flush(context->output);
}

static void tell_who(struct context *context, const struct keystore *keys, struct text keys_directory)
{
	output_value(context->output, "device", NULL, cell_id(&keys->identity.id));
	output_value(context->output, "device_name", "name", cell_text(keys->device_name));
	output_value(context->output, "technician", NULL, cell_text(keys->technician_name));
	output_json(context->output, "technician_id", json_string(id_to_text(&keys->technician).characters));
	if (keys->organisation_name.size > 0)
		output_value(context->output, "organisation", NULL, cell_text(keys->organisation_name));
	output_value(context->output, "server", NULL, cell_text(keys->url));
	output_value(context->output, "keys", NULL, cell_text(keys_directory));
	output_line(context->output, "You are in. \"truckroll sync\" fetches your data; \"truckroll agent\" keeps it fresh.");
}

enum status command_enroll(struct context *context)
{
	struct utsname machine = { 0 };
	struct enrol_options options = { .dir = context->dir,
		.keys_directory = local_device_keys_directory(context),
		.code = arguments_text(context->arguments, "CODE"),
		.url = complete_urls(context->arena, arguments_text(context->arguments, "server")),
		.name = arguments_text(context->arguments, "name"),
		.wait_ms = wait_ms(context),
		.bench = arguments_flag(context->arguments, "bench"),
		.clock = context->clock,
		.show_words = show_words,
		.context = context };
	struct lock lock = { .descriptor = -1 };
	struct keystore keys = { 0 };
	enum status status;

	if (uname(&machine) != 0)
		memcpy(machine.nodename, "device", sizeof("device"));
	if (options.name.size == 0)
		options.name = text_of(machine.nodename);
	options.platform = arena_print(context->arena, "%s %s", machine.sysname, machine.machine);
	status = directory_make(context->dir.data);
	if (status == STATUS_OK)
		status = lock_take(context->dir.data, "truckroll enroll", LOCK_WAIT_MS, &lock);
	if (status == STATUS_OK)
		status = enrol_device(context->arena, &options, &keys);
	if (status == STATUS_OK)
		tell_who(context, &keys, options.keys_directory);
	keystore_wipe(&keys);
	lock_release(&lock);
	return status;
}

/* An agent goes on with the new ones at once. */
static enum status change_addresses(struct context *context, struct text addresses)
{
	struct local_device *device = local_device_of(context);
	struct keystore keys = device->keys;
	struct route route;
	enum status status = route_read(context->arena, addresses, &route);

	if (status != STATUS_OK)
		return status;
	keys.url = addresses;
	status = keystore_save(context->arena, device->keys_directory, &keys);
	keystore_wipe(&keys);
	if (status != STATUS_OK)
		return status;
	device->keys.url = arena_copy_text(&device->arena, addresses);
	return device->link == NULL ? STATUS_OK : link_reroute(device->link);
}

enum status command_server(struct context *context)
{
	struct local_device *device = local_device_of(context);
	enum status status = STATUS_OK;

	if (arguments_has(context->arguments, "URL[,URL]"))
		status = change_addresses(context, complete_urls(context->arena, arguments_text(context->arguments, "URL[,URL]")));
	if (status == STATUS_OK)
		output_value(context->output, "server", NULL, cell_text(device->keys.url));
	return status;
}
