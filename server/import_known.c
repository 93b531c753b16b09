/* The tables of the known forms. */
#include "protocol/domain/account.h"
#include "protocol/domain/asset.h"
#include "protocol/domain/kb_article.h"
#include "protocol/domain/part.h"
#include "protocol/domain/site.h"
#include "protocol/domain/work_order.h"
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

	import_parent(pass, draft, RECORD_ACCOUNT, &account);
	import_parent(pass, draft, RECORD_SITE, &site);
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
	{ "cost",          "cost_cents",          .rule = IMPORT_CENTS },
	{ "failure_mode",  "problem_code",        .rule = IMPORT_TAKE },
	{ "action",        "action_code",         .rule = IMPORT_TAKE },
	{ "system",        "description",         .rule = IMPORT_LABEL, .label = "System" },
	{ "part",          "description",         .rule = IMPORT_LABEL, .label = "Part" },
	{ "location",      "description",         .rule = IMPORT_LABEL, .label = "Location" },
	{ "func_location", "description",         .rule = IMPORT_LABEL, .label = "Functional location" },
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
	import_parent(pass, draft, RECORD_ASSET, &asset);
	order->account_id = imported_id(EXCAVATORS->account_key);
	order->site_id = asset.site_id;
	order->asset_id = asset.id;
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
