/* Devices: invitation, approval, revocation. */
#include <string.h>

#include "protocol/domain/device.h"
#include "server/commands.h"
#include "server/enrolment_desk.h"
#include "shell/lookup.h"

/* Who listens so is found by each name of its machine. */
static const char *const all_addresses[] = { "tcp://*:", "tcp://:", "tcp://0.0.0.0:", "tcp://[::]:" };

static bool is_at_all_addresses(const char *url)
{
	for (size_t i = 0; i < LENGTH(all_addresses); i++)
		if (strncmp(url, all_addresses[i], strlen(all_addresses[i])) == 0)
			return true;
	return false;
}

/* Where devices find the serving process; its host is not known when it listens on all of them, or is not running. */
static const char *address_for_devices(const struct context *context)
{
	const struct office *office = office_of(context);
	int port = office->listener == NULL ? 7450 : listener_port(office->listener);
	const char *url = office->listener == NULL ? "" : office->listen_url.data;
	const char *colon = strrchr(url, ':');

	if (port == 0)
		return url;
	if (colon == NULL || is_at_all_addresses(url))
		return arena_print(context->arena, "tcp://THIS-HOST:%d", port).data;
	return arena_print(context->arena, "%.*s:%d", (int)(colon - url), url, port).data;
}

enum status command_device_invite(struct context *context)
{
	char code[TICKET_CODE_LENGTH + 1];
	struct id technician;
	int64_t minutes = arguments_integer(context->arguments, "minutes", 10);
	enum status status = office_find(context, RECORD_TECHNICIAN, arguments_text(context->arguments, "technician"), &technician);

	if (status == STATUS_OK)
		status = enrolment_desk_invite(office_of(context), &technician, context->now_ms, minutes * 60000, code);
	if (status != STATUS_OK)
		return status;
	output_value(context->output, "code", "code", cell_string(code));
	output_value(context->output, "valid_until", NULL, cell_time(context->now_ms + minutes * 60000));
	output_line(context->output, "On the device: truckroll enroll %s --server %s", code, address_for_devices(context));
	return STATUS_OK;
}

struct device_listing {
	struct context *context;
	struct table *table;
};

static struct cell cell_named(const struct device_listing *listing, const struct id *id)
{
	return cell_text(lookup_name(server_store_storage(office_of(listing->context)->store), listing->context->arena, id));
}

static enum status list_pending(void *context, const struct ticket_entry *ticket)
{
	struct device_listing *listing = context;

	if (ticket->state == TICKET_STATE_PENDING && !ticket_is_expired(ticket, listing->context->now_ms)) {
		const struct cell cells[] = { cell_id(&ticket->device), cell_text(ticket->device_name),
			cell_named(listing, &ticket->technician), cell_name("state.device", text_of("pending")), cell_time(0),
			cell_text(ticket->words) };

		table_row(listing->table, cells);
	}
	return STATUS_OK;
}

static enum status list_device(void *context, const struct device_entry *device)
{
	struct device_listing *listing = context;
	int64_t live_at_ms = server_core_last_seen_ms(office_of(listing->context)->core, &device->id);
	int64_t seen_at_ms = live_at_ms > device->last_seen_at_ms ? live_at_ms : device->last_seen_at_ms;
	const struct cell cells[] = { cell_id(&device->id), cell_named(listing, &device->id), cell_named(listing, &device->technician),
		cell_name("state.device", choice_to_text(listing->context->arena, device_state_names, device->state)),
		cell_time(seen_at_ms), cell_string("") };

	table_row(listing->table, cells);
	return STATUS_OK;
}

enum status command_device_list(struct context *context)
{
	static const struct column columns[] = { { "id", NULL, false }, { "name", NULL, false }, { "technician", NULL, false },
		{ "state", NULL, false }, { "seen_at", NULL, false }, { "words", "six words", false } };
	struct device_listing listing = { context, output_table(context->output, "devices", columns, LENGTH(columns)) };
	enum status status = server_store_each_ticket(office_of(context)->store, list_pending, &listing);

	if (status == STATUS_OK)
		status = server_store_each_device(office_of(context)->store, list_device, &listing);
	if (status == STATUS_OK && table_row_count(listing.table) == 0)
		output_line(context->output, "No device yet: invite one with \"truckrolld device invite --technician NAME\".");
	return status;
}

enum status command_device_approve(struct context *context)
{
	struct id device;
	enum status status = enrolment_desk_approve(context, arguments_text(context->arguments, "DEVICE"), &device);

	if (status != STATUS_OK)
		return status;
	output_value(context->output, "device", NULL, cell_id(&device));
	output_line(context->output, "The device is in. Its next sync fetches its data.");
	return STATUS_OK;
}

enum status command_device_refuse(struct context *context)
{
	enum status status = enrolment_desk_refuse(context, arguments_text(context->arguments, "DEVICE"));

	if (status == STATUS_OK)
		output_line(context->output, "Turned away. A new try needs a new code.");
	return status;
}

/* The record's state tells everybody and ends the grants; the entry's state stops its frames. One commit. Its connections go as well: while
 * they last they take the place of others. */
enum status command_device_revoke(struct context *context)
{
	struct office *office = office_of(context);
	enum device_state state = arguments_flag(context->arguments, "stolen") ? DEVICE_STATE_STOLEN : DEVICE_STATE_DRAINING;
	const struct schema *schema = schema_find(RECORD_DEVICE);
	struct operation operation = { .head = { .kind = OPERATION_EDIT, .record = RECORD_DEVICE } };
	struct device *revoked;
	struct id id;
	void *row;
	enum status status = office_get(context, RECORD_DEVICE, arguments_text(context->arguments, "DEVICE"), &row);

	if (status != STATUS_OK)
		return status;
	revoked = row_copy(context->arena, schema, row);
	if (revoked->state == DEVICE_STATE_STOLEN && state != DEVICE_STATE_STOLEN)
		return fail(STATUS_REFUSED, "this device is stolen and stays so; when it is found, enrol it as a new one");
	revoked->state = state;
	operation.head.subject = revoked->id;
	operation.arguments = revoked;
	operation.old_values = row;
	operation.mask = UINT64_C(1) << schema_field(schema, text_of("state"))->tag;
	status = server_core_revoke(office->core, &revoked->id, state);
	if (status != STATUS_OK) {
		office_abandon(office);
		return status;
	}
	status = office_run(context, &operation, &id);
	if (office->listener != NULL)
		listener_close_owner(office->listener, &revoked->id);
	if (status == STATUS_OK)
		output_line(context->output, arguments_flag(context->arguments, "stolen")
			? "Revoked as stolen: what still comes from it is kept aside and not applied, and nothing is sent to it."
			: "Revoked: it may still send what it did before, and fetches nothing more.");
	return status;
}
