/* Incidents: what went wrong by itself, and that somebody has seen it. */
#include <string.h>

#include "server/commands.h"
#include "server/office.h"
#include "shell/lookup.h"

#define VALUES_MAX 8

struct incident_listing {
	struct context *context;
	struct storage *storage;
	struct table *table;
};

static struct text name_of(const struct incident_listing *listing, const struct id *id)
{
	return id_is_nil(id) ? catalogue_print(listing->context->arena, listing->context->language, "word.server", NULL, 0)
			     : lookup_name(listing->storage, listing->context->arena, id);
}

/* What happened and what is to be done. */
static struct text words_of(const struct incident_listing *listing, const struct incident *incident)
{
	struct arena *arena = listing->context->arena;
	const char *key = arena_print(arena, "incident.%s", incident_word(incident->kind)).data;
	struct message_value values[VALUES_MAX] = {
		{ "device", name_of(listing, &incident->device) },
		{ "operation", arena_print(arena, "%.8s", id_to_text(&incident->subject).characters) },
	};
	size_t count = 2 + detail_values(arena, arena_copy_text(arena, incident->detail), values + 2, VALUES_MAX - 2);

	return catalogue_print(arena, listing->context->language, key, values, count);
}

static enum status list_incident(void *user, const struct kept_incident *kept)
{
	struct incident_listing *listing = user;
	const struct cell cells[] = {
		cell_integer(kept->number),
		cell_string(incident_word(kept->incident.kind)),
		cell_text(name_of(listing, &kept->incident.device)),
		cell_id(&kept->incident.device),
		cell_time(kept->last_at_ms),
		cell_time(kept->first_at_ms),
		cell_integer(kept->count),
		cell_text(words_of(listing, &kept->incident)),
		cell_text(arena_copy_text(listing->context->arena, kept->incident.detail)),
		cell_id(&kept->incident.subject),
		cell_time(kept->acknowledged_at_ms),
		cell_text(arena_copy_text(listing->context->arena, kept->note)),
	};

	table_row(listing->table, cells);
	return STATUS_OK;
}

enum status command_incidents(struct context *context)
{
	static const struct column known[] = { { "number", "#", false }, { "kind", NULL, true }, { "device", NULL, false },
		{ "device_id", NULL, true }, { "last_at", "last time", false }, { "first_at", NULL, true }, { "count", "times", false },
		{ "words", NULL, false }, { "detail", NULL, true }, { "operation", NULL, true }, { "acknowledged_at", "seen to", true },
		{ "note", NULL, true } };
	struct office *office = office_of(context);
	bool all = arguments_flag(context->arguments, "all");
	struct column *columns = arena_copy(context->arena, known, sizeof(known));
	struct incident_listing listing = { context, server_store_storage(office->store), NULL };
	enum status status;

	for (size_t i = 0; all && i < LENGTH(known); i++)
		if (strcmp(known[i].name, "acknowledged_at") == 0 || strcmp(known[i].name, "note") == 0)
			columns[i].json_only = false;
	listing.table = output_table(context->output, "incidents", columns, LENGTH(known));
	status = server_store_each_incident(
		office->store, all, arguments_integer(context->arguments, "limit", 50), list_incident, &listing);

	if (status == STATUS_OK && table_row_count(listing.table) == 0)
		output_line(context->output, "Nothing happened that an operator should know of.");
	return status;
}

enum status command_incident_acknowledge(struct context *context)
{
	struct office *office = office_of(context);
	enum status status = server_core_open_commit(office->core);

	if (status == STATUS_OK)
		status = server_store_acknowledge(office->store, arguments_integer(context->arguments, "NUMBER", 0), context->now_ms,
			arguments_text(context->arguments, "text"));
	if (status != STATUS_OK) {
		office_abandon(office);
		return status;
	}
	status = office_settle(office);
	if (status == STATUS_OK)
		output_line(context->output, "Acknowledged: it is told no more, unless it happens again.");
	return status;
}
