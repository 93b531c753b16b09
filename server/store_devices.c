/* Devices' keys and progress, and the tickets they enrol with. */
#include "server/store_inner.h"

static enum status read_keys(struct statement *statement, int column, struct public_keys *out_keys)
{
	enum status status = store_read_raw(statement, column, out_keys->sign, SIGN_PUBLIC_SIZE, "signing key");

	return status == STATUS_OK ? store_read_raw(statement, column + 1, out_keys->box, BOX_PUBLIC_SIZE, "receiving key") : status;
}

static enum status read_device(struct statement *statement, struct device_entry *out_device)
{
	struct device_entry device = {
		.id = statement_id_column(statement, 0),
		.technician = statement_id_column(statement, 1),
		.key_number = (uint32_t)statement_integer(statement, 4),
		.state = (uint32_t)statement_integer(statement, 5),
		.lease_until_ms = statement_integer(statement, 6),
		.acknowledged_gseq = statement_integer(statement, 7),
		.last_seen_at_ms = statement_integer(statement, 8),
	};
	enum status status = read_keys(statement, 2, &device.keys);

	if (status == STATUS_OK)
		*out_device = device;
	return status;
}

enum status server_store_device(struct server_store *store, const struct id *id, struct device_entry *out_device)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_DEVICE_GET, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, id);
	status = statement_step(statement);
	if (status == STATUS_OK)
		status = read_device(statement, out_device);
	else if (status == STATUS_NOT_FOUND)
		status = fail(STATUS_NOT_FOUND, "there is no device %s", id_to_text(id).characters);
	statement_reset(statement);
	return status;
}

enum status server_store_put_device(struct server_store *store, const struct device_entry *device)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_DEVICE_PUT, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, &device->id);
	statement_bind_id(statement, 2, &device->technician);
	store_bind_raw(statement, 3, device->keys.sign, SIGN_PUBLIC_SIZE);
	store_bind_raw(statement, 4, device->keys.box, BOX_PUBLIC_SIZE);
	statement_bind_integer(statement, 5, device->key_number);
	statement_bind_integer(statement, 6, device->state);
	statement_bind_integer(statement, 7, device->lease_until_ms);
	statement_bind_integer(statement, 8, device->acknowledged_gseq);
	statement_bind_integer(statement, 9, device->last_seen_at_ms);
	return store_run(statement);
}

enum status server_store_each_device(struct server_store *store, device_visit visit, void *context)
{
	struct device_entry device;
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_DEVICE_EACH, &statement);

	if (status != STATUS_OK)
		return status;
	while (statement_next(statement, &status)) {
		status = read_device(statement, &device);
		if (status == STATUS_OK)
			status = visit(context, &device);
	}
	statement_reset(statement);
	return status;
}

enum status server_store_bundle_told(struct server_store *store, const struct id *device, struct bundle_told *out_told)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_BUNDLE_TOLD_GET, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	status = statement_step(statement);
	if (status == STATUS_OK)
		*out_told = (struct bundle_told){
			.incarnation = statement_id_column(statement, 0),
			.cursor = { statement_id_column(statement, 1), statement_integer(statement, 2) },
			.settled_seq = statement_integer(statement, 3),
			.own_rows = statement_integer(statement, 4) != 0,
		};
	statement_reset(statement);
	return status;
}

enum status server_store_put_bundle_told(struct server_store *store, const struct id *device, const struct bundle_told *told)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_BUNDLE_TOLD_PUT, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, device);
	statement_bind_id(statement, 2, &told->incarnation);
	statement_bind_id(statement, 3, &told->cursor.epoch);
	statement_bind_integer(statement, 4, told->cursor.gseq);
	statement_bind_integer(statement, 5, told->settled_seq);
	statement_bind_integer(statement, 6, told->own_rows);
	return store_run(statement);
}

/* ---- tickets ---- */

/* Texts are borrowed from the statement. */
static enum status read_ticket(struct statement *statement, struct ticket_entry *out_ticket)
{
	struct ticket_entry ticket = {
		.ticket.id = statement_id_column(statement, 0),
		.technician = statement_id_column(statement, 2),
		.device_name = statement_text(statement, 3),
		.platform = statement_text(statement, 4),
		.created_at_ms = statement_integer(statement, 5),
		.expires_at_ms = statement_integer(statement, 6),
		.failures = statement_integer(statement, 7),
		.state = (enum ticket_state)statement_integer(statement, 8),
		.device = statement_id_column(statement, 9),
		.words = statement_text(statement, 12),
	};
	enum status status = store_read_raw(statement, 1, ticket.ticket.key, TICKET_KEY_SIZE, "ticket key");

	if (status == STATUS_OK)
		status = read_keys(statement, 10, &ticket.device_keys);
	if (status == STATUS_OK)
		*out_ticket = ticket;
	return status;
}

enum status server_store_ticket(struct server_store *store, const struct id *id, struct arena *arena, struct ticket_entry *out_ticket)
{
	struct ticket_entry ticket = { 0 };
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_TICKET_GET, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, id);
	status = statement_step(statement);
	if (status == STATUS_OK)
		status = read_ticket(statement, &ticket);
	else if (status == STATUS_NOT_FOUND)
		status = fail(STATUS_NOT_FOUND, "there is no such invitation");
	if (status == STATUS_OK) {
		ticket.device_name = arena_copy_text(arena, ticket.device_name);
		ticket.platform = arena_copy_text(arena, ticket.platform);
		ticket.words = arena_copy_text(arena, ticket.words);
		*out_ticket = ticket;
	}
	statement_reset(statement);
	return status;
}

enum status server_store_put_ticket(struct server_store *store, const struct ticket_entry *ticket)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_TICKET_PUT, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_id(statement, 1, &ticket->ticket.id);
	store_bind_raw(statement, 2, ticket->ticket.key, TICKET_KEY_SIZE);
	statement_bind_id(statement, 3, &ticket->technician);
	statement_bind_text(statement, 4, ticket->device_name);
	statement_bind_text(statement, 5, ticket->platform);
	statement_bind_integer(statement, 6, ticket->created_at_ms);
	statement_bind_integer(statement, 7, ticket->expires_at_ms);
	statement_bind_integer(statement, 8, ticket->failures);
	statement_bind_integer(statement, 9, ticket->state);
	statement_bind_id(statement, 10, &ticket->device);
	store_bind_raw(statement, 11, ticket->device_keys.sign, SIGN_PUBLIC_SIZE);
	store_bind_raw(statement, 12, ticket->device_keys.box, BOX_PUBLIC_SIZE);
	statement_bind_text(statement, 13, ticket->words);
	return store_run(statement);
}

enum status server_store_forget_tickets(struct server_store *store, int64_t before_ms)
{
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_TICKET_FORGET, &statement);

	if (status != STATUS_OK)
		return status;
	statement_bind_integer(statement, 1, before_ms);
	return store_run(statement);
}

enum status server_store_each_ticket(struct server_store *store, ticket_visit visit, void *context)
{
	struct ticket_entry ticket;
	struct statement *statement = NULL;
	enum status status = statement_get(store->storage, STATEMENT_TICKET_EACH, &statement);

	if (status != STATUS_OK)
		return status;
	while (statement_next(statement, &status)) {
		status = read_ticket(statement, &ticket);
		if (status == STATUS_OK)
			status = visit(context, &ticket);
	}
	statement_reset(statement);
	return status;
}
