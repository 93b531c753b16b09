/* The tables of the known forms. */
#include "protocol/domain/account.h"
#include "protocol/domain/asset.h"
#include "protocol/domain/kb_article.h"
#include "protocol/domain/movement.h"
#include "protocol/domain/part.h"
#include "protocol/domain/service_request.h"
#include "protocol/domain/site.h"
#include "protocol/domain/stock_location.h"
#include "protocol/domain/work_order.h"
#include "protocol/domain/work_order_cost.h"
#include "protocol/wire/chain.h"
#include "server/import_format.h"

/* Machines come without owner and place; each fleet gets one of both, the same whichever file is first. */
static const struct fleet {
	const char *kind; /* as assets.csv calls its machines; NULL: all others */
	const char *account;
	const char *account_key;
	const char *site;
	const char *site_key;
} fleets[] = {
	{ "hydraulic excavator", "Excavator fleet (imported)", "account/excavators", "Excavator yard (imported)", "site/excavators" },
	{ NULL, "Machine fleet (imported)", "account/machines", "Machine hall (imported)", "site/machines" },
};

#define EXCAVATORS (&fleets[0])
#define MACHINES   (&fleets[1])

static const struct fleet aircraft = { NULL, "Aircraft fleet (imported)", "account/aircraft", "Hangar (imported)", "site/aircraft" };

static struct id imported_id(const char *key)
{
	return id_imported(text_of(IMPORT_SOURCE), text_of(key));
}

static const struct fleet *fleet_of(struct text kind)
{
	const struct fleet *fleet = fleets;

	while (fleet->kind != NULL && !text_equals(kind, fleet->kind))
		fleet++;
	return fleet;
}

/* Hands out the fleet's account and site. */
static void hand_out_fleet(struct import_pass *pass, struct import_draft *draft, const struct fleet *fleet)
{
	struct account account = {
		.id = imported_id(fleet->account_key),
		.name = text_of(fleet->account),
		.kind = ACCOUNT_KIND_INTERNAL,
		.territory_id = pass->options->territory_id,
		.source = text_of(IMPORT_SOURCE),
		.source_id = text_of(fleet->account_key),
	};
	struct site site = {
		.id = imported_id(fleet->site_key),
		.account_id = account.id,
		.territory_id = pass->options->territory_id,
		.name = text_of(fleet->site),
	};

	import_implied(pass, draft, RECORD_ACCOUNT, &account);
	import_implied(pass, draft, RECORD_SITE, &site);
}

/* Fills what assets.csv and a work order that only names the machine say alike. */
static void fill_asset(struct import_pass *pass, const struct fleet *fleet, struct text kind, struct text key, struct asset *asset)
{
	struct text name = arena_print(pass->row_arena, "%.*s %.*s", TEXT_ARGUMENTS(kind), TEXT_ARGUMENTS(key));
	bool lower = name.data[0] >= 'a' && name.data[0] <= 'z';

	asset->name = text_trim(arena_print(pass->row_arena, "%c%s", lower ? name.data[0] - 'a' + 'A' : name.data[0], name.data + 1));
	asset->site_id = imported_id(fleet->site_key);
	asset->territory_id = pass->options->territory_id;
	asset->source = text_of(IMPORT_SOURCE);
	asset->source_id = key;
}

/* clang-format off */
static const struct import_word order_types[] = {
	{ "PM01", "break_fix" },
	{ "PM02", "preventive" },
	{ NULL,   "break_fix" },
};

static const struct import_mapping excavator_order[] = {
	{ "wo_id",         "number",              .rule = IMPORT_KEY,   .required = true },
	{ "asset_id",      NULL,                  .rule = IMPORT_USED,  .required = true },
	{ "date",          "planned_start_at_ms", .rule = IMPORT_TAKE,  .required = true },
	{ "date",          "closed_at_ms",        .rule = IMPORT_TAKE },
	{ "raw_text",      "title",               .rule = IMPORT_CUT,   .required = true },
	{ "wo_type",       "type",                .rule = IMPORT_WORDS, .words = order_types },
	{ "cost",          NULL,                  .rule = IMPORT_CENTS },
	{ "failure_mode",  "problem_code",        .rule = IMPORT_TAKE },
	{ "action",        "action_code",         .rule = IMPORT_TAKE },
	{ "system",        "description",         .rule = IMPORT_LABEL, .label = "System" },
	{ "part",          "description",         .rule = IMPORT_LABEL, .label = "Part" },
	{ "location",      "description",         .rule = IMPORT_LABEL, .label = "Location" },
	{ "func_location", "description",         .rule = IMPORT_LABEL, .label = "Functional location" },
	{ .column = NULL },
};

static const struct import_mapping aircraft_order[] = {
	{ "wo_id",            "number",       .rule = IMPORT_KEY,   .required = true },
	{ "problem",          "title",        .rule = IMPORT_CUT,   .required = true },
	{ "problem_state",    "problem_code", .rule = IMPORT_TAKE },
	{ "cause_found",      "cause_code",   .rule = IMPORT_TAKE },
	{ "action_verb",      "action_code",  .rule = IMPORT_TAKE },
	{ "action",           "description",  .rule = IMPORT_LABEL, .label = "Action" },
	{ "problem_location", "description",  .rule = IMPORT_LABEL, .label = "Location" },
	{ "problem_part",     "description",  .rule = IMPORT_LABEL, .label = "Part" },
	{ "action_part",      "description",  .rule = IMPORT_LABEL, .label = "Part worked on" },
	{ .column = NULL },
};

static const struct import_word replacement_types[] = {
	{ "proactive", "preventive" },
	{ "reactive",  "break_fix" },
	{ NULL,        "break_fix" },
};

static const struct import_mapping replacement[] = {
	{ "datetime",  "planned_start_at_ms", .rule = IMPORT_TIME,  .required = true },
	{ "datetime",  "closed_at_ms",        .rule = IMPORT_TIME },
	{ "asset_id",  NULL,                  .rule = IMPORT_USED,  .required = true },
	{ "component", "description",         .rule = IMPORT_LABEL, .required = true, .label = "Part" },
	{ "kind",      "type",                .rule = IMPORT_WORDS, .required = true, .words = replacement_types },
	{ .column = NULL },
};

static const struct import_mapping failure[] = {
	{ "datetime",  "planned_start_at_ms", .rule = IMPORT_TIME,  .required = true },
	{ "datetime",  "closed_at_ms",        .rule = IMPORT_TIME },
	{ "asset_id",  NULL,                  .rule = IMPORT_USED,  .required = true },
	{ "component", "description",         .rule = IMPORT_LABEL, .required = true, .label = "Part" },
	{ .column = NULL },
};

static const struct import_word request_states[] = {
	{ "Open",        "new" },
	{ "Assigned",    "triage" },
	{ "In Progress", "in_work" },
	{ "Closed",      "closed" },
	{ NULL,          "new" },
};

static const struct import_word request_channels[] = {
	{ "PHONE",   "phone" },
	{ "ONLINE",  "portal" },
	{ "MOBILE",  "portal" },
	{ "UNKNOWN", "integration" },
	{ NULL,      "integration" },
};

static const struct import_mapping city_request[] = {
	{ "unique_key",             NULL,           .rule = IMPORT_KEY,   .required = true },
	{ "created_date",           "opened_at_ms", .rule = IMPORT_TIME,  .required = true },
	{ "complaint_type",         "problem_code", .rule = IMPORT_TAKE,  .required = true },
	{ "descriptor",             NULL,           .rule = IMPORT_USED },
	{ "location_type",          "text",         .rule = IMPORT_LABEL, .label = "Place" },
	{ "agency",                 "text",         .rule = IMPORT_LABEL, .label = "Agency" },
	{ "resolution_description", "text",         .rule = IMPORT_LABEL, .label = "Resolution" },
	{ "status",                 "state",        .rule = IMPORT_WORDS, .required = true, .words = request_states },
	{ "open_data_channel_type", "channel",      .rule = IMPORT_WORDS, .words = request_channels },
	{ "community_board",        NULL,           .rule = IMPORT_USED },
	{ .column = NULL },
};

static const struct import_mapping trouble[] = {
	{ "trouble", NULL,      .rule = IMPORT_USED, .required = true },
	{ "trouble", "title",   .rule = IMPORT_CUT },
	{ "trouble", "symptom", .rule = IMPORT_CUT },
	{ "cause",   "cause",   .rule = IMPORT_CUT,  .required = true },
	{ "remedy",  "fix",     .rule = IMPORT_CUT,  .required = true },
	{ .column = NULL },
};

static const struct import_mapping asset_row[] = {
	{ "asset_id", NULL,    .rule = IMPORT_KEY,  .required = true },
	{ "kind",     NULL,    .rule = IMPORT_USED, .required = true },
	{ "model",    "model", .rule = IMPORT_TAKE },
	{ .column = NULL },
};

static const struct import_mapping part_row[] = {
	{ "part_no",     "number",      .rule = IMPORT_TAKE, .required = true },
	{ "type",        "type",        .rule = IMPORT_TAKE },
	{ "description", "description", .rule = IMPORT_TAKE },
	{ "section",     NULL,          .rule = IMPORT_USED },
	{ "assembly",    NULL,          .rule = IMPORT_USED },
	{ "item",        NULL,          .rule = IMPORT_USED },
	{ .column = NULL },
};

static const struct import_mapping guide[] = {
	{ "id",      "number",   .rule = IMPORT_KEY,  .required = true },
	{ "lang",    "language", .rule = IMPORT_TAKE },
	{ "title",   "title",    .rule = IMPORT_CUT,  .required = true },
	{ "device",  "product",  .rule = IMPORT_CUT },
	{ "subject", NULL,       .rule = IMPORT_USED },
	{ "steps",   "body",     .rule = IMPORT_STEPS },
	{ "url",     "body",     .rule = IMPORT_LABEL, .label = "Source" },
	{ "tools",   "tools",    .rule = IMPORT_LIST },
	{ "parts",   "parts",    .rule = IMPORT_LIST },
	{ .column = NULL },
};

static const struct import_mapping fault_report[] = {
	{ "id",      "number",   .rule = IMPORT_KEY, .required = true },
	{ "lang",    "language", .rule = IMPORT_TAKE },
	{ "text",    "body",     .rule = IMPORT_CUT, .required = true },
	{ "symptom", "symptom",  .rule = IMPORT_CUT },
	{ "cause",   "cause",    .rule = IMPORT_CUT },
	{ "fix",     "fix",      .rule = IMPORT_CUT },
	{ "other",   NULL,       .rule = IMPORT_USED }, /* a section of `text`, which is kept whole */
	{ .column = NULL },
};
/* clang-format on */

static void complete_order(struct import_pass *pass, struct import_draft *draft, struct text *out_key)
{
	struct work_order *order = draft->row;
	struct text machine = import_row_text(draft->from, "asset_id");
	struct asset asset = { .id = id_imported(text_of(IMPORT_SOURCE), machine) };

	(void)out_key;
	fill_asset(pass, EXCAVATORS, text_of(EXCAVATORS->kind), machine, &asset);
	hand_out_fleet(pass, draft, EXCAVATORS);
	import_implied(pass, draft, RECORD_ASSET, &asset);
	order->account_id = imported_id(EXCAVATORS->account_key);
	order->site_id = asset.site_id;
	order->asset_id = asset.id;
}

/* The amount stands apart from the order, which goes to devices. */
static void follow_cost(struct import_pass *pass, struct import_draft *draft)
{
	const struct work_order *order = draft->row;
	struct text key = arena_print(pass->row_arena, "%.*s|cost", TEXT_ARGUMENTS(order->source_id));
	struct work_order_cost cost = {
		.id = imported_id(key.data),
		.work_order_id = order->id,
		.cost_cents = draft->cents,
		.source = text_of(IMPORT_SOURCE),
		.source_id = key,
	};

	if (draft->cents > 0)
		import_implied(pass, draft, RECORD_WORK_ORDER_COST, &cost);
}

/* The log names neither day nor aircraft. An order without a closing time would be open: the first moment that can be told is put
 * there, which no report of a true period counts. */
#define CLOSED_UNKNOWN_WHEN_MS 1

static void complete_aircraft_order(struct import_pass *pass, struct import_draft *draft, struct text *out_key)
{
	struct work_order *order = draft->row;

	(void)out_key;
	hand_out_fleet(pass, draft, &aircraft);
	order->account_id = imported_id(aircraft.account_key);
	order->site_id = imported_id(aircraft.site_key);
	order->closed_at_ms = CLOSED_UNKNOWN_WHEN_MS;
}

/* One event is one order, whichever file tells of it: machine, component and moment are its key, and a failure reads the same in
 * both. The machine is not made here: only the table of machines knows its model. */
static void complete_component_order(struct import_pass *pass, struct import_draft *draft, struct text *out_key)
{
	struct work_order *order = draft->row;
	struct text machine = import_row_text(draft->from, "asset_id");
	struct text component = import_row_text(draft->from, "component");
	const struct field *time = schema_field(draft->schema, text_of("closed_at_ms"));
	const struct field *title = schema_field(draft->schema, text_of("title"));
	const struct field *number = schema_field(draft->schema, text_of("number"));
	bool failed = order->type == WORK_ORDER_TYPE_BREAK_FIX;
	struct text at = field_to_text(pass->row_arena, time, order);

	draft->places[schema_field(draft->schema, text_of("asset_id"))->tag] = import_row_find(draft->from, "asset_id");
	*out_key = arena_print(pass->row_arena, "%.*s|%.*s|%.*s", TEXT_ARGUMENTS(machine), TEXT_ARGUMENTS(component), TEXT_ARGUMENTS(at));
	import_draft_set(pass, draft, number,
		arena_print(pass->row_arena, "%.*s/%.*s/%.*s", TEXT_ARGUMENTS(machine), TEXT_ARGUMENTS(component), TEXT_ARGUMENTS(at)),
		import_row_find(draft->from, "component"));
	import_draft_set(pass, draft, title,
		arena_print(pass->row_arena, "%.*s %s", TEXT_ARGUMENTS(component), failed ? "failed" : "replaced before it failed"),
		import_row_find(draft->from, "component"));
	if (!failed)
		order->action_code = text_of("Replace");
	hand_out_fleet(pass, draft, MACHINES);
	order->account_id = imported_id(MACHINES->account_key);
	order->site_id = imported_id(MACHINES->site_key);
	order->asset_id = id_imported(text_of(IMPORT_SOURCE), machine);
}

/* The component that was put in: straight from the vendor, as nobody says which van it was in. */
static void follow_replacement(struct import_pass *pass, struct import_draft *draft)
{
	const struct work_order *order = draft->row;
	struct text component = import_row_text(draft->from, "component");
	struct part part = {
		.id = imported_id(arena_print(pass->row_arena, "component/%.*s", TEXT_ARGUMENTS(component)).data),
		.number = component,
		.type = text_of("component"),
	};
	struct movement use = {
		.id = imported_id(arena_print(pass->row_arena, "%.*s|part", TEXT_ARGUMENTS(order->source_id)).data),
		.type = MOVEMENT_TYPE_ISSUE,
		.part_id = part.id,
		.quantity = 1,
		.from_location_id = location_vendor,
		.to_location_id = location_customer,
		.work_order_id = order->id,
		.at_ms = order->closed_at_ms,
		.territory_id = pass->options->territory_id,
	};

	import_implied(pass, draft, RECORD_PART, &part);
	import_implied(pass, draft, RECORD_MOVEMENT, &use);
}

#define CITY_ACCOUNT_KEY "account/311"

/* The nearest thing to a place that the file tells. */
static struct id hand_out_board(struct import_pass *pass, struct import_draft *draft, const struct account *account)
{
	struct text board = import_row_text(draft->from, "community_board");
	struct site site = {
		.id = imported_id(arena_print(pass->row_arena, "site/311/%.*s", TEXT_ARGUMENTS(board)).data),
		.account_id = account->id,
		.territory_id = pass->options->territory_id,
		.name = arena_print(pass->row_arena, "Community board %.*s (imported)", TEXT_ARGUMENTS(board)),
	};

	if (board.size == 0)
		return (struct id){ .bytes = { 0 } };
	import_implied(pass, draft, RECORD_SITE, &site);
	return site.id;
}

static void complete_city_request(struct import_pass *pass, struct import_draft *draft, struct text *out_key)
{
	struct service_request *request = draft->row;
	struct text descriptor = import_row_text(draft->from, "descriptor");
	struct account account = {
		.id = imported_id(CITY_ACCOUNT_KEY),
		.name = text_of("City service requests (imported)"),
		.kind = ACCOUNT_KIND_CUSTOMER,
		.territory_id = pass->options->territory_id,
		.source = text_of(IMPORT_SOURCE),
		.source_id = text_of(CITY_ACCOUNT_KEY),
	};

	import_implied(pass, draft, RECORD_ACCOUNT, &account);
	request->account_id = account.id;
	request->site_id = hand_out_board(pass, draft, &account);
	import_draft_cut(pass, draft, schema_field(draft->schema, text_of("text")),
		arena_print(pass->row_arena, "%.*s%s%.*s%s%.*s", TEXT_ARGUMENTS(request->problem_code), descriptor.size > 0 ? ": " : "",
			TEXT_ARGUMENTS(descriptor), request->text.size > 0 ? "\n" : "", TEXT_ARGUMENTS(request->text)),
		import_row_find(draft->from, "descriptor"));
	*out_key = arena_print(pass->row_arena, "311/%.*s", TEXT_ARGUMENTS(*out_key));
}

/* The table is of an engine's maker and written in English; it numbers nothing. */
static void complete_trouble(struct import_pass *pass, struct import_draft *draft, struct text *out_key)
{
	struct kb_article *article = draft->row;

	article->language = text_of("en");
	article->state = KB_ARTICLE_STATE_VALIDATED;
	*out_key = arena_print(pass->row_arena, "trouble/%.*s", TEXT_ARGUMENTS(import_row_text(draft->from, "trouble")));
}

static void complete_asset(struct import_pass *pass, struct import_draft *draft, struct text *out_key)
{
	struct text kind = import_row_text(draft->from, "kind");
	const struct fleet *fleet = fleet_of(kind);

	hand_out_fleet(pass, draft, fleet);
	fill_asset(pass, fleet, kind, *out_key, draft->row);
}

/* A number stands in several assemblies, and twice in one with other items: each is a row of the catalogue and a part here. */
static void complete_part(struct import_pass *pass, struct import_draft *draft, struct text *out_key)
{
	struct part *part = draft->row;
	struct text section = import_row_text(draft->from, "section");
	struct text assembly = import_row_text(draft->from, "assembly");
	struct text item = import_row_text(draft->from, "item");
	const struct field *field = schema_field(draft->schema, text_of("assembly"));
	const char *between = section.size > 0 && assembly.size > 0 ? " / " : "";

	import_draft_set(pass, draft, field,
		arena_print(pass->row_arena, "%.*s%s%.*s", TEXT_ARGUMENTS(section), between, TEXT_ARGUMENTS(assembly)),
		import_row_find(draft->from, "assembly"));
	*out_key = arena_print(
		pass->row_arena, "%.*s|%.*s|%.*s", TEXT_ARGUMENTS(part->number), TEXT_ARGUMENTS(assembly), TEXT_ARGUMENTS(item));
}

static void complete_guide(struct import_pass *pass, struct import_draft *draft, struct text *out_key)
{
	struct kb_article *article = draft->row;
	const struct field *parts = schema_field(draft->schema, text_of("parts"));

	(void)out_key;
	if (article->parts.size == 0)
		import_draft_set(pass, draft, parts, import_row_text(draft->from, "subject"), import_row_find(draft->from, "subject"));
	article->state = KB_ARTICLE_STATE_VALIDATED;
}

#define TITLE_MIN 12
#define TITLE_MAX 150

/* The first sentence of a Chinese report. */
static struct text first_sentence(struct text text)
{
	static const char *const ends[] = { "。", "；", "！", "？", "\n" };
	struct text cut = text_cut(text, TITLE_MAX);

	for (size_t at = TITLE_MIN; at < cut.size; at++)
		for (size_t i = 0; i < LENGTH(ends); i++) {
			struct text end = text_of(ends[i]);
			if (at + end.size <= cut.size && text_equal((struct text){ .data = cut.data + at, .size = end.size }, end))
				return text_trim((struct text){ .data = cut.data, .size = at });
		}
	return text_trim(cut);
}

static void complete_fault_report(struct import_pass *pass, struct import_draft *draft, struct text *out_key)
{
	struct kb_article *article = draft->row;

	(void)pass;
	(void)out_key;
	article->title = first_sentence(article->symptom.size >= TITLE_MIN ? article->symptom : article->body);
	article->state = KB_ARTICLE_STATE_NOT_VALIDATED;
}

const struct import_format import_formats[] = {
	{
		.title = "work orders of excavators (CSV)",
		.record = RECORD_WORK_ORDER,
		.signature = { "wo_id", "asset_id", "date", "raw_text", "wo_type", "cost" },
		.mappings = excavator_order,
		.complete = complete_order,
		.follow = follow_cost,
	},
	{
		.title = "work orders of aircraft (CSV)",
		.record = RECORD_WORK_ORDER,
		.signature = { "wo_id", "problem", "action", "problem_part", "problem_state", "action_part", "action_verb" },
		.mappings = aircraft_order,
		.complete = complete_aircraft_order,
	},
	{
		.title = "replaced components (CSV)",
		.record = RECORD_WORK_ORDER,
		.signature = { "datetime", "asset_id", "component", "kind" },
		.mappings = replacement,
		.complete = complete_component_order,
		.follow = follow_replacement,
	},
	{
		.title = "failed components (CSV)",
		.record = RECORD_WORK_ORDER,
		.signature = { "datetime", "asset_id", "component" },
		.mappings = failure,
		.complete = complete_component_order,
	},
	{
		.title = "city service requests (CSV)",
		.record = RECORD_SERVICE_REQUEST,
		.signature = { "unique_key", "created_date", "complaint_type", "descriptor", "status", "community_board" },
		.mappings = city_request,
		.complete = complete_city_request,
	},
	{
		.title = "troubleshooting table (CSV)",
		.record = RECORD_KB_ARTICLE,
		.signature = { "trouble", "cause", "remedy" },
		.mappings = trouble,
		.group = "trouble",
		.complete = complete_trouble,
	},
	{
		.title = "machines (CSV)",
		.record = RECORD_ASSET,
		.signature = { "asset_id", "kind", "model", "age_years" },
		.mappings = asset_row,
		.complete = complete_asset,
	},
	{
		.title = "parts catalogue (CSV)",
		.record = RECORD_PART,
		.signature = { "part_no", "type", "description", "assembly", "item" },
		.mappings = part_row,
		.complete = complete_part,
	},
	{
		.title = "repair guides (JSON lines)",
		.record = RECORD_KB_ARTICLE,
		.json = true,
		.signature = { "id", "lang", "title", "device", "steps" },
		.mappings = guide,
		.complete = complete_guide,
	},
	{
		.title = "fault reports (JSON lines)",
		.record = RECORD_KB_ARTICLE,
		.json = true,
		.signature = { "id", "lang", "text", "symptom", "cause", "fix" },
		.mappings = fault_report,
		.complete = complete_fault_report,
	},
	{ .title = NULL },
};
