/* Files: which are here, and getting one. */
#include "device_agent/commands.h"
#include "device_agent/link.h"
#include "protocol/sync/blob_store.h"
#include "shell/file_listing.h"
#include "shell/lookup.h"

enum status command_file_list(struct context *context)
{
	struct storage *storage = local_device_records(context);
	struct text which = arguments_text(context->arguments, "ORDER");
	struct id order = { 0 };
	enum status status = which.size == 0 ? STATUS_OK : lookup_record(storage, RECORD_WORK_ORDER, which, &order);

	return status == STATUS_OK ? file_listing(context, storage, local_device_of(context)->blobs, &order) : status;
}

/* It is fetched when the device is on line. */
static enum status ask_for(struct context *context, const struct hash *id)
{
	struct local_device *device = local_device_of(context);
	enum status status = blob_list_add(device->blobs, BLOB_WANT, id);

	if (status != STATUS_OK)
		return status;
	device_core_files(device->core);
	if (device->link != NULL)
		status = link_go(device->link, true);
	if (status != STATUS_OK && status != STATUS_OFFLINE)
		return status;
	output_value(context->output, "asked_for", NULL, cell_boolean(true));
	output_message(context->output, "file.asked", NULL, 0);
	return STATUS_OK;
}

enum status command_file_get(struct context *context)
{
	struct local_device *device = local_device_of(context);
	struct attachment attachment = { 0 };
	struct hash id;
	enum status status = file_find(
		context, local_device_records(context), arguments_text(context->arguments, "ATTACHMENT"), &attachment);

	if (status == STATUS_OK)
		status = file_hand_out(context, device->blobs, &attachment);
	if (status != STATUS_NOT_FOUND || file_chosen(context, &attachment).size == 0)
		return status;
	status = blob_from_text(file_chosen(context, &attachment), &id);
	return status == STATUS_OK ? ask_for(context, &id) : status;
}
