/* The knowledge base: list, show, search. */
#include <stdio.h>

#include "device_agent/commands.h"
#include "device_agent/device.h"
#include "device_agent/kb_search.h"
#include "protocol/domain/kb_article.h"
#include "shell/listing.h"

#define LIST_LIMIT     50
#define SEARCH_LIMIT   10
#define QUERY_SIZE_MAX 4096

struct article_listing {
	struct table *table;
	int64_t left;
};

/* Ends the walk with STATUS_NOT_FOUND once there are enough: nobody waits for the rest to be read. */
static enum status list_article(void *user, const void *row, const struct row_meta *meta)
{
	struct article_listing *listing = user;

	(void)meta;
	if (listing->left-- == 0)
		return STATUS_NOT_FOUND;
	table_record(listing->table, row);
	return STATUS_OK;
}

enum status command_kb_list(struct context *context)
{
	static const char *const fields[] = { "number", "language", "title", "product", "state", NULL };
	struct article_listing listing = { .left = arguments_integer(context->arguments, "limit", LIST_LIMIT) };
	enum status status;

	listing.table = output_rows(context->output, "articles", &kb_article_schema, fields);
	status = table_scan(local_device_records(context), &kb_article_schema, &(struct id){ 0 }, list_article, &listing);
	if (status == STATUS_NOT_FOUND)
		output_line(context->output, "There are more: --limit N, or \"truckroll kb search WORDS\".");
	else if (status == STATUS_OK && table_row_count(listing.table) == 0)
		output_line(context->output, "No articles have come yet.");
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status command_kb_show(struct context *context)
{
	return listing_kb_article(context, local_device_records(context), arguments_text(context->arguments, "ARTICLE"));
}

struct hit_listing {
	struct context *context;
	struct table *table; /* for people, and for one question */
	json_t *list;        /* of several questions; NULL: none */
	size_t count;
};

static struct text number_of(struct context *context, const struct id *id)
{
	void *row;

	if (table_get(local_device_records(context), &kb_article_schema, id, context->arena, &row, NULL) != STATUS_OK)
		return text_of("");
	return ((const struct kb_article *)row)->number;
}

static json_t *text_to_json(struct text text)
{
	return json_stringn(text.data == NULL ? "" : text.data, text.size);
}

static json_t *hit_to_json(const struct kb_hit *hit, struct text number)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:s}", "number", text_to_json(number), "title", text_to_json(hit->title), "product",
		text_to_json(hit->product), "excerpt", text_to_json(hit->excerpt), "id", id_to_text(&hit->id).characters);
}

static enum status list_hit(void *user, const struct kb_hit *hit)
{
	struct hit_listing *listing = user;
	struct text number = number_of(listing->context, &hit->id);
	struct cell cells[] = { cell_text(number), cell_text(hit->title), cell_text(hit->product), cell_text(hit->excerpt),
		cell_id(&hit->id) };

	listing->count++;
	if (listing->table != NULL)
		table_row(listing->table, cells);
	if (listing->list != NULL)
		(void)json_array_append_new(listing->list, hit_to_json(hit, number));
	return STATUS_OK;
}

static const struct column hit_columns[] = { { "number", NULL, false }, { "title", NULL, false }, { "product", NULL, false },
	{ "excerpt", NULL, false }, { "id", NULL, true } };

static enum status answer_one(struct context *context, struct text query, int64_t limit)
{
	struct hit_listing listing = { .context = context };
	enum status status;

	listing.table = output_table(context->output, "articles", hit_columns, LENGTH(hit_columns));
	status = kb_search_query(local_device_of(context)->store, query, limit, list_hit, &listing);
	if (status == STATUS_OK && listing.count == 0)
		output_line(context->output, "No article has these words.");
	return status;
}

/* One of several questions: an object in the list, or a heading with a table. */
static enum status answer_of_many(struct context *context, struct text query, int64_t limit, json_t *answers)
{
	struct hit_listing listing = { .context = context };
	enum status status;

	if (output_style_of(context->output)->json) {
		listing.list = json_array();
		(void)json_array_append_new(answers, json_pack("{s:s%, s:o}", "query", query.data, query.size, "articles", listing.list));
	} else {
		output_heading(context->output, arena_print(context->arena, "%.*s", TEXT_ARGUMENTS(query)).data);
		listing.table = output_table(context->output, "articles", hit_columns, LENGTH(hit_columns));
	}
	status = kb_search_query(local_device_of(context)->store, query, limit, list_hit, &listing);
	if (status == STATUS_OK && listing.count == 0)
		output_line(context->output, "No article has these words.");
	return status;
}

static enum status answer_lines(struct context *context, int64_t limit)
{
	json_t *answers = json_array();
	char line[QUERY_SIZE_MAX];
	enum status status = STATUS_OK;

	while (status == STATUS_OK && fgets(line, sizeof(line), stdin) != NULL) {
		struct text query = text_trim(text_of(line));
		if (!text_valid(query))
			status = fail(STATUS_INVALID, "standard input: a line is not UTF-8 text");
		else if (query.size > 0)
			status = answer_of_many(context, arena_copy_text(context->arena, query), limit, answers);
	}
	if (status == STATUS_OK && ferror(stdin) != 0)
		status = fail(STATUS_CORRUPT, "standard input cannot be read");
	output_json(context->output, "answers", answers);
	return status;
}

enum status command_kb_search(struct context *context)
{
	int64_t limit = arguments_integer(context->arguments, "limit", SEARCH_LIMIT);
	size_t behind = 0;
	enum status status;

	if (arguments_flag(context->arguments, "stdin"))
		status = answer_lines(context, limit);
	else if (arguments_count(context->arguments, "WORD") == 0)
		return fail(STATUS_INVALID, "say what to look for: truckroll kb search WORD...");
	else
		status = answer_one(context, arguments_joined(context->arguments, context->arena, "WORD"), limit);
	if (status == STATUS_OK)
		status = kb_index_behind(local_device_of(context)->store, &behind);
	if (status == STATUS_OK && behind > 0)
		output_warning(context->output, "Articles not in the search index yet: %zu. The agent or \"truckroll sync\" adds them.",
			behind);
	return status;
}
