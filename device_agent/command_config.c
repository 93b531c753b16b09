/* Settings of this device: listed, or one of them said anew. */
#include "device_agent/command_terms.h"
#include "device_agent/commands.h"
#include "device_agent/link.h"
#include "device_agent/settings.h"

static void list_settings(struct context *context, const struct config *config)
{
	static const struct column columns[] = { { "setting", NULL, false }, { "value", NULL, false }, { "words", "meaning", false } };
	struct table *table = output_table(context->output, "settings", columns, LENGTH(columns));

	for (size_t i = 0; device_setting_rows[i].key != NULL; i++)
		table_row(table, (const struct cell[]){ cell_string(device_setting_rows[i].key),
					 cell_text(config->values[i]),
					 cell_string(catalogue_translate(context->language, device_setting_rows[i].help)) });
}

static enum status change(struct context *context)
{
	struct local_device *device = local_device_of(context);
	struct text key = arguments_text(context->arguments, "SETTING"), value = arguments_text(context->arguments, "VALUE");
	enum status status;

	if (key.size == 0)
		return STATUS_OK;
	if (!arguments_has(context->arguments, "VALUE"))
		return fail(STATUS_INVALID, "say also the value: \"truckroll config %.*s VALUE\"", TEXT_ARGUMENTS(text_cut(key, 60)));
	status = device_settings_change(context->arena, device->dir, text_trim(key), text_trim(value));
	if (status == STATUS_OK && device->link != NULL)
		status = link_settings(device->link);
	return status == STATUS_OFFLINE ? STATUS_OK : status;
}

enum status command_config(struct context *context)
{
	struct config config;
	enum status status = change(context);

	if (status == STATUS_OK)
		status = device_settings_read(context->arena, local_device_of(context)->dir, &config);
	if (status != STATUS_OK)
		return status;
	list_settings(context, &config);
	return terms_tell(context);
}
