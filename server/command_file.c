/* Files that belong to records: those that devices sent, and those that the office attaches. */
#include <string.h>

#include "protocol/sync/blob_store.h"
#include "server/commands.h"
#include "server/office.h"
#include "shell/file.h"
#include "shell/file_listing.h"
#include "shell/lookup.h"

enum status command_file_list(struct context *context)
{
	struct storage *storage = server_store_storage(office_of(context)->store);
	struct text which = arguments_text(context->arguments, "ORDER");
	struct id order = { 0 };
	enum status status = which.size == 0 ? STATUS_OK : lookup_record(storage, RECORD_WORK_ORDER, which, &order);

	return status == STATUS_OK ? file_listing(context, storage, office_of(context)->blobs, &order) : status;
}

enum status command_file_get(struct context *context)
{
	struct office *office = office_of(context);
	struct attachment attachment = { 0 };
	enum status status = file_find(
		context, server_store_storage(office->store), arguments_text(context->arguments, "ATTACHMENT"), &attachment);

	if (status == STATUS_OK)
		status = file_hand_out(context, office->blobs, &attachment);
	if (status == STATUS_NOT_FOUND && file_chosen(context, &attachment).size > 0)
		return fail(STATUS_NOT_FOUND, "the file is not here yet: its device sends it when nothing else waits");
	return status;
}

/* Keeps the file that was named, and notes what is known of it. */
static enum status keep(struct context *context, struct attachment *attachment)
{
	struct text path = path_join(context->arena, context->working_dir, arguments_text(context->arguments, "FILE"));
	struct bytes content;
	struct hash id;
	enum status status = file_read(context->arena, path.data, BLOB_FILE_MAX, &content);

	if (status == STATUS_NOT_FOUND && context->forwarded)
		status = office_cannot_see(context);
	if (status == STATUS_OK)
		status = blob_keep(office_of(context)->blobs, context->arena, content, &id);
	if (status != STATUS_OK)
		return status;
	attachment->blob = arena_copy_text(context->arena, text_of(blob_to_text(&id).characters));
	attachment->size = (int64_t)content.size;
	attachment->media_type = file_media_type(content);
	if (strncmp(attachment->media_type.data, "image/", 6) != 0)
		attachment->kind = ATTACHMENT_KIND_DOCUMENT;
	return STATUS_OK;
}

enum status command_file_add(struct context *context)
{
	struct attachment attachment = { .caption = arguments_text(context->arguments, "caption") };
	struct operation operation = {
		.head = { .kind = OPERATION_CREATE, .record = RECORD_ATTACHMENT },
		.arguments = &attachment,
	};
	const struct schema *schema;
	struct id id;
	enum status status = lookup_kind(arguments_text(context->arguments, "KIND"), &schema);

	if (status == STATUS_OK && !attachment_fits(schema->kind))
		status = fail(STATUS_INVALID,
			"no file can be attached to a %s: name a work_order, visit, service_request, account, site or asset", schema->name);
	if (status == STATUS_OK)
		status = office_find(context, schema->kind, arguments_text(context->arguments, "WHICH"), &attachment.record_id);
	if (status != STATUS_OK)
		return status;
	attachment.record = schema->kind;
	status = keep(context, &attachment);
	if (status == STATUS_OK)
		status = office_run(context, &operation, &id);
	if (status == STATUS_OK)
		output_value(context->output, "id", NULL, cell_id(&id));
	return status;
}
