#include "shell/digest_listing.h"

static const struct choice scope_names[] = {
	{ SCOPE_ORG_ALL, "org.all" },
	{ SCOPE_ORG_STAFF, "org.staff" },
	{ SCOPE_TERRITORY, "territory" },
	{ SCOPE_TECHNICIAN, "tech" },
	{ SCOPE_DEPOT, "depot" },
	{ SCOPE_DEVICE, "device" },
	{ SCOPE_JOB, "job" },
	{ 0, NULL },
};

struct text scope_word(struct arena *arena, enum scope_kind kind)
{
	return choice_to_text(arena, scope_names, kind);
}

struct table *digest_listing_start(struct output *output)
{
	static const struct column columns[] = { { "scope", NULL, false }, { "of", NULL, false }, { "rows", NULL, false },
		{ "sum", NULL, false } };

	return output_table(output, "digests", columns, LENGTH(columns));
}

void digest_listing_add(struct table *table, struct arena *arena, const struct scope *scope, const struct digest *digest)
{
	struct text sum = arena_print(arena, "%016llx%016llx", (unsigned long long)digest->sum.high, (unsigned long long)digest->sum.low);
	struct cell cells[] = {
		cell_text(scope_word(arena, scope->kind)),
		cell_id(&scope->id),
		cell_integer(digest->count),
		cell_text(sum),
	};

	table_row(table, cells);
}
