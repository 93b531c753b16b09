/* Files that devices sent. */
#include "server/commands.h"
#include "server/office.h"
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
	enum status status = file_find(context, server_store_storage(office->store), &attachment);

	if (status == STATUS_OK)
		status = file_hand_out(context, office->blobs, &attachment);
	if (status == STATUS_NOT_FOUND && file_chosen(context, &attachment).size > 0)
		return fail(STATUS_NOT_FOUND, "the file is not here yet: its device sends it when nothing else waits");
	return status;
}
