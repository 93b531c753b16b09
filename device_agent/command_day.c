/* What the day looks like: visits, one order, the van. */
#include <inttypes.h>
#include <string.h>

#include "device_agent/commands.h"
#include "device_agent/visits.h"
#include "protocol/domain/asset.h"
#include "protocol/domain/balance.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/note.h"
#include "protocol/domain/part.h"
#include "protocol/domain/site.h"
#include "protocol/sync/closure.h"
#include "shell/listing.h"
#include "shell/lookup.h"
#include "shell/outcome_words.h"
#include "shell/time_text.h"

#define TODAY_WIDE 120 /* columns of a terminal that has room for the address, the asset and the open tasks */

/* ---- today ---- */

/* Open visits whenever they were planned, and what was planned for or done on this day. */
static bool is_of_today(const struct context *context, const struct visit *visit)
{
	int64_t today = time_day(context->at_ms, context->zone);

	return visit_state_find(visit->state)->open ||
	       (visit->planned_start_at_ms != 0 && time_day(visit->planned_start_at_ms, context->zone) == today) ||
	       (visit->finished_at_ms != 0 && time_day(visit->finished_at_ms, context->zone) == today);
}

/* A record of the replica in the command's arena; NULL when there is none. */
static const void *look(struct context *context, const struct schema *schema, const struct id *id)
{
	void *row;

	if (id_is_nil(id) || table_get(local_device_records(context), schema, id, context->arena, &row, NULL) != STATUS_OK)
		return NULL;
	return row;
}

static void add_visit(struct context *context, struct table *table, const struct visit *visit)
{
	const struct work_order *order = visit_order(context, visit);
	const struct site *site = order == NULL ? NULL : look(context, &site_schema, &order->site_id);
	const struct asset *asset = order == NULL ? NULL : look(context, &asset_schema, &order->asset_id);
	struct text state = choice_to_text(context->arena, visit_state_names, visit->state);
	struct task_list tasks;

	if (listing_load_tasks(context, local_device_records(context), &visit->work_order_id, &tasks) != STATUS_OK)
		tasks = (struct task_list){ 0 };
	struct cell cells[] = {
		cell_time(visit->planned_start_at_ms),
		cell_text(catalogue_word(context->arena, context->language, "state.visit", state)),
		cell_text(state),
		cell_text(order == NULL ? text_of("") : order->number),
		cell_text(order == NULL ? text_of(catalogue_translate(context->language, "(not here yet)")) : order->title),
		cell_text(site == NULL ? text_of("") : site->name),
		cell_text(site == NULL ? text_of("") : site->address),
		cell_text(asset == NULL ? text_of("") : asset->name),
		cell_id(&visit->id),
		cell_id(&visit->work_order_id),
		cell_time(visit->planned_end_at_ms),
		order == NULL ? cell_none() : cell_integer(order->priority),
		cell_integer((int64_t)listing_open_tasks(&tasks)),
	};

	table_row(table, cells);
}

static bool is_left_to_show(const char *column)
{
	return strcmp(column, "address") == 0 || strcmp(column, "asset") == 0 || strcmp(column, "open_tasks") == 0;
}

/* A small terminal shows where to go and what for; "show" has the rest. */
static struct table *today_table(struct context *context)
{
	static const struct column wide[] = {
		{ "planned_start_at", "start", false },
		{ "state_words", "state", false },
		{ "state", NULL, true },
		{ "number", NULL, false },
		{ "title", NULL, false },
		{ "site", NULL, false },
		{ "address", NULL, false },
		{ "asset", NULL, false },
		{ "visit", NULL, false },
		{ "work_order", NULL, true },
		{ "planned_end_at", NULL, true },
		{ "priority", NULL, true },
		{ "open_tasks", NULL, false },
	};
	size_t width = output_style_of(context->output)->width;
	struct column *columns = arena_copy(context->arena, wide, sizeof(wide));

	for (size_t i = 0; i < LENGTH(wide); i++)
		if (width > 0 && width < TODAY_WIDE && is_left_to_show(columns[i].name))
			columns[i].json_only = true;
	return output_table(context->output, "visits", columns, LENGTH(wide));
}

enum status command_today(struct context *context)
{
	bool all = arguments_flag(context->arguments, "all");
	struct replica_state replica;
	struct own_visits visits;
	struct table *table;
	const char *warning;
	enum status status = own_visits_load(context, &visits);

	if (status == STATUS_OK)
		status = device_store_replica(local_device_of(context)->store, &replica);
	if (status != STATUS_OK)
		return status;
	own_visits_sort(&visits);
	warning = standing_note_warning(&local_device_of(context)->note, context->now_ms);
	table = today_table(context);
	for (size_t i = 0; i < visits.count; i++)
		if (all || is_of_today(context, visits.visits[i]))
			add_visit(context, table, visits.visits[i]);
	if (table_row_count(table) == 0 && replica.cursor.gseq == 0)
		output_line(context->output, "Nothing has been fetched yet: run \"truckroll sync\".");
	else if (table_row_count(table) == 0)
		output_line(context->output, "No visits for you today.");
	if (table_row_count(table) == 0 && warning != NULL)
		output_warning(context->output, "%s", catalogue_translate(context->language, warning));
	return STATUS_OK;
}

/* ---- show ---- */

/* Most frequently meant first. */
static const enum record_kind shown_kinds[] = {
	RECORD_WORK_ORDER,
	RECORD_VISIT,
	RECORD_ASSET,
	RECORD_SITE,
	RECORD_PART,
	RECORD_STOCK_LOCATION,
	RECORD_KB_ARTICLE,
	RECORD_ACCOUNT,
	RECORD_SERVICE_REQUEST,
	RECORD_ISSUE,
	RECORD_TECHNICIAN,
	RECORD_TERRITORY,
	RECORD_DEVICE,
	RECORD_NOTE,
	RECORD_MOVEMENT,
	RECORD_CONTACT,
	RECORD_TASK,
	RECORD_METER,
	RECORD_READING,
	RECORD_TIME_ENTRY,
	RECORD_ATTACHMENT,
	RECORD_TASK_ANSWER,
	RECORD_SITE_ACCESS,
};

/* By digits alone, which costs no walk over the records. */
static enum status find_by_digits(struct storage *storage, struct text which, enum record_kind *out_kind, struct id *out_id)
{
	char padded[2 * ID_SIZE + 1] = "00000000000000000000000000000000";
	struct id id;

	if (which.size < LOOKUP_DIGITS_MIN || which.size > 2 * ID_SIZE || memchr(which.data, '-', which.size) != NULL)
		return STATUS_NOT_FOUND;
	memcpy(padded, which.data, which.size);
	if (id_from_text(text_of(padded), &id) != STATUS_OK)
		return STATUS_NOT_FOUND;
	for (size_t i = 0; i < LENGTH(shown_kinds); i++) {
		enum status status = table_resolve(storage, schema_find(shown_kinds[i]), id.bytes, which.size / 2, out_id);
		if (status == STATUS_NOT_FOUND)
			continue;
		*out_kind = shown_kinds[i];
		return status == STATUS_AMBIGUOUS ? lookup_record(storage, shown_kinds[i], which, out_id) : status;
	}
	return STATUS_NOT_FOUND;
}

static enum status find_any(struct context *context, struct text which, enum record_kind *out_kind, struct id *out_id)
{
	struct storage *storage = local_device_records(context);
	const struct visit *visit;
	enum status status = find_by_digits(storage, which, out_kind, out_id);

	if (status != STATUS_NOT_FOUND)
		return status;
	*out_kind = RECORD_WORK_ORDER;
	if (visit_choose(context, OPERATION_NONE, which, &visit) == STATUS_OK) {
		*out_id = visit->work_order_id;
		return STATUS_OK;
	}
	for (size_t i = 0; i < LENGTH(shown_kinds); i++) {
		status = lookup_record(storage, shown_kinds[i], which, out_id);
		*out_kind = shown_kinds[i];
		if (status != STATUS_NOT_FOUND)
			return status;
	}
	return fail(STATUS_NOT_FOUND, "there is nothing called \"%.*s\" here", TEXT_ARGUMENTS(which));
}

/* It was over so long ago that facts of it may be archived. */
static void tell_archived(struct context *context, const struct work_order *order)
{
	const int64_t day_ms = (int64_t)24 * 3600 * 1000;
	int64_t since_ms = work_order_over_since_ms(order);
	const struct message_value days[] = {
		{ "days", arena_print(context->arena, "%" PRId64, movement_schema.window.days) },
		{ "long_days", arena_print(context->arena, "%" PRId64, note_schema.window.days) },
	};

	if (since_ms != 0 && context->now_ms - since_ms > movement_schema.window.days * day_ms)
		output_message(context->output, "job.archived", days, LENGTH(days));
}

/* An order with all that is here of it, and a word when that is not all there is. */
static enum status show_order(struct context *context, const struct id *id)
{
	const struct scope job = { .kind = SCOPE_JOB, .id = *id };
	struct digest digest;
	void *order;
	enum status status = listing_show_order(context, local_device_records(context), id);

	if (status == STATUS_OK)
		status = table_get(local_device_records(context), schema_find(RECORD_WORK_ORDER), id, context->arena, &order, NULL);
	if (status != STATUS_OK)
		return status;
	status = device_store_scope(local_device_of(context)->store, &job, &digest);
	if (status == STATUS_OK && digest.count >= CLOSURE_ROWS_MAX)
		listing_note_overfull(context);
	tell_archived(context, order);
	return status == STATUS_NOT_FOUND || status == STATUS_OK ? readiness_tell(context, id) : status;
}

static enum status show_record(struct context *context, enum record_kind kind, const struct id *id)
{
	struct storage *storage = local_device_records(context);
	const struct schema *schema = schema_find(kind);
	void *row;
	enum status status;

	if (kind == RECORD_WORK_ORDER)
		return show_order(context, id);
	status = table_get(storage, schema, id, context->arena, &row, NULL);
	if (status != STATUS_OK)
		return status;
	listing_read_records(context, storage);
	output_record(context->output, schema->name, schema, row);
	if (kind != RECORD_VISIT)
		return STATUS_OK;
	output_heading(context->output, catalogue_translate(context->language, "work order"));
	status = show_order(context, &((const struct visit *)row)->work_order_id);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* it comes with the next sync */
}

enum status command_show(struct context *context)
{
	struct text which = text_trim(arguments_text(context->arguments, "WHICH"));
	enum record_kind kind;
	struct id id;
	enum status status;

	if (arguments_has(context->arguments, "kind"))
		return listing_show(context, local_device_records(context), arguments_text(context->arguments, "kind"), which);
	status = find_any(context, which, &kind, &id);
	return status == STATUS_OK ? show_record(context, kind, &id) : status;
}

/* ---- van ---- */

struct stock_listing {
	struct context *context;
	struct table *table;
};

static enum status list_balance(void *user, const void *row, const struct row_meta *meta)
{
	struct stock_listing *listing = user;
	const struct balance *balance = row;
	const struct part *part = look(listing->context, &part_schema, &balance->part_id);
	struct cell cells[] = {
		cell_integer(balance->quantity),
		cell_text(part == NULL ? text_of("") : part->number),
		cell_text(part == NULL ? text_of(catalogue_translate(listing->context->language, "(not here yet)")) : part->description),
		cell_text(part == NULL ? text_of("") : part->unit),
		cell_id(&balance->part_id),
	};

	(void)meta;
	if (balance->quantity != 0)
		table_row(listing->table, cells);
	return STATUS_OK;
}

enum status command_van(struct context *context)
{
	static const struct column columns[] = { { "quantity", NULL, false }, { "number", NULL, false }, { "description", NULL, false },
		{ "unit", NULL, false }, { "part", NULL, true } };
	struct storage *storage = local_device_records(context);
	struct stock_listing listing = { .context = context };
	struct id location;
	enum status status;

	if (arguments_has(context->arguments, "location"))
		status = lookup_record(storage, RECORD_STOCK_LOCATION, arguments_text(context->arguments, "location"), &location);
	else
		status = own_van(context, &location);
	if (status != STATUS_OK)
		return status;
	output_value(context->output, "location", NULL, cell_text(lookup_name(storage, context->arena, &location)));
	listing.table = output_table(context->output, "stock", columns, LENGTH(columns));
	status = table_each(storage, &balance_schema, "location_id", &location, list_balance, &listing);
	if (status == STATUS_OK && table_row_count(listing.table) == 0)
		output_line(context->output, "Nothing is known to be there.");
	return status;
}
