#include "device_agent/kb_search.h"

#include <assert.h>

#include "device_agent/store_parts.h"
#include "protocol/base/buffer.h"
#include "protocol/domain/kb_article.h"

#define WORDS_MAX      16
#define WORD_SIZE_MAX  64
#define QUERY_SIZE_MAX 4096

/* ---- the index ---- */

static enum status run_with_number(struct storage *replica, enum statement_id which, int64_t number)
{
	struct statement *statement = NULL;
	enum status status = statement_get(replica, which, &statement);

	if (status == STATUS_OK) {
		statement_bind_integer(statement, 1, number);
		status = statement_run(statement);
	}
	statement_reset(statement);
	return status;
}

/* The first column of a statement about one id. */
static enum status ask_with_id(struct storage *replica, enum statement_id which, const struct id *id, int64_t *out_number)
{
	struct statement *statement = NULL;
	enum status status = statement_get(replica, which, &statement);

	if (status == STATUS_OK) {
		statement_bind_id(statement, 1, id);
		status = statement_step(statement);
	}
	if (status == STATUS_OK)
		*out_number = statement_integer(statement, 0);
	statement_reset(statement);
	return status;
}

static enum status forget_article(struct storage *replica, const struct id *id)
{
	int64_t row;
	enum status status = ask_with_id(replica, STATEMENT_KB_INDEXED, id, &row);

	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status == STATUS_OK)
		status = run_with_number(replica, STATEMENT_KB_SEARCH_REMOVE, row);
	return status == STATUS_OK ? run_with_number(replica, STATEMENT_KB_INDEXED_REMOVE, row) : status;
}

static enum status add_article(struct storage *replica, const struct kb_article *article)
{
	struct statement *put = NULL;
	int64_t row;
	enum status status = ask_with_id(replica, STATEMENT_KB_INDEXED_PUT, &article->id, &row);

	if (status == STATUS_OK)
		status = statement_get(replica, STATEMENT_KB_SEARCH_PUT, &put);
	if (status == STATUS_OK) {
		statement_bind_integer(put, 1, row);
		statement_bind_text(put, 2, article->title);
		statement_bind_text(put, 3, article->product);
		statement_bind_text(put, 4, article->symptom);
		statement_bind_text(put, 5, article->cause);
		statement_bind_text(put, 6, article->fix);
		statement_bind_text(put, 7, article->body);
		status = statement_run(put);
	}
	statement_reset(put);
	return status;
}

static enum status index_article(struct device_store *store, struct storage *replica, const struct id *id)
{
	struct statement *done = NULL;
	void *article;
	enum status status = forget_article(replica, id);

	if (status == STATUS_OK) {
		status = table_get(replica, &kb_article_schema, id, &store->scratch, &article, NULL);
		if (status == STATUS_OK && ((const struct kb_article *)article)->state != KB_ARTICLE_STATE_ARCHIVED)
			status = add_article(replica, article);
		else if (status == STATUS_NOT_FOUND)
			status = STATUS_OK; /* it left the replica */
	}
	arena_reset(&store->scratch);
	if (status == STATUS_OK)
		status = statement_get(replica, STATEMENT_KB_CHANGED_DONE, &done);
	if (status == STATUS_OK) {
		statement_bind_id(done, 1, id);
		status = statement_run(done);
	}
	statement_reset(done);
	return status;
}

static enum status next_changed(struct storage *replica, struct id *id)
{
	struct statement *next = NULL;
	enum status status = statement_get(replica, STATEMENT_KB_CHANGED_NEXT, &next);

	if (status == STATUS_OK) {
		statement_bind_id(next, 1, id);
		status = statement_step(next);
	}
	if (status == STATUS_OK)
		*id = statement_id_column(next, 0);
	statement_reset(next);
	return status;
}

enum status kb_index_step(struct device_store *store, const struct clock *clock, int64_t budget_ms, bool *out_done)
{
	int64_t until_ms = clock_monotonic_ms(clock) + budget_ms;
	struct storage *replica;
	struct id id = { 0 };
	size_t behind = 0;
	enum status status = STATUS_OK;

	if (!device_store_seeding(store))
		status = kb_index_behind(store, &behind);
	if (status == STATUS_OK && behind == 0)
		*out_done = true;
	if (status != STATUS_OK || behind == 0)
		return status;
	status = device_replica(store, &replica);
	if (status == STATUS_OK)
		status = storage_begin(replica, false);
	if (status != STATUS_OK)
		return status;
	do {
		status = next_changed(replica, &id);
		if (status == STATUS_OK)
			status = index_article(store, replica, &id);
	} while (status == STATUS_OK && clock_monotonic_ms(clock) < until_ms);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		storage_rollback(replica);
		return status;
	}
	*out_done = status == STATUS_NOT_FOUND;
	return storage_commit(replica);
}

enum status kb_index_behind(struct device_store *store, size_t *out_count)
{
	int64_t count = 0;
	enum status status = device_integer(store, STATEMENT_KB_CHANGED_COUNT, &count);

	if (status == STATUS_OK)
		*out_count = (size_t)count;
	return status;
}

/* ---- the question ---- */

/* As the index cuts words, near enough: ASCII letters and digits, and everything beyond ASCII. */
static bool in_word(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

struct words {
	struct text words[WORDS_MAX];
	size_t count;
};

static struct words split(struct text text)
{
	struct words words = { 0 };

	for (size_t at = 0; at < text.size && words.count < WORDS_MAX;) {
		size_t start = at;
		while (at < text.size && in_word(text.data[at]))
			at++;
		if (at > start)
			words.words[words.count++] = text_cut((struct text){ text.data + start, at - start }, WORD_SIZE_MAX);
		else
			at++;
	}
	return words;
}

/* Each word is a quoted string, so that nothing a person types is an operator. Words hold no quotes. */
static struct text make_query(struct arena *arena, const struct words *words, const char *between)
{
	struct writer writer = writer_in(arena, QUERY_SIZE_MAX);

	for (size_t i = 0; i < words->count; i++) {
		struct text separator = text_of(i == 0 ? "" : between);
		write_raw(&writer, separator.data, separator.size);
		write_u8(&writer, '"');
		write_raw(&writer, words->words[i].data, words->words[i].size);
		write_u8(&writer, '"');
	}
	write_u8(&writer, '*'); /* the last word may be unfinished */
	assert(!writer.overflow);
	return (struct text){ (const char *)writer_bytes(&writer).data, writer_bytes(&writer).size };
}

static enum status find(struct device_store *store, struct text query, int64_t limit, kb_visit visit, void *context, size_t *out_count)
{
	struct statement *each = NULL;
	size_t count = 0;
	enum status status = device_statement(store, STATEMENT_KB_SEARCH_FIND, &each);

	if (status == STATUS_OK) {
		statement_bind_text(each, 1, query);
		statement_bind_integer(each, 2, limit);
	}
	while (statement_next(each, &status)) {
		struct kb_hit hit = { .id = statement_id_column(each, 0),
			.title = statement_text(each, 1),
			.product = statement_text(each, 2),
			.excerpt = statement_text(each, 3) };

		count++;
		status = visit(context, &hit);
	}
	if (status == STATUS_OK)
		*out_count = count;
	statement_reset(each);
	return status;
}

enum status kb_search_query(struct device_store *store, struct text text, int64_t limit, kb_visit visit, void *context)
{
	struct words words = split(text_valid(text) ? text : (struct text){ 0 });
	struct arena arena = { 0 };
	size_t found = 0;
	enum status status = STATUS_OK;

	if (words.count > 0)
		status = find(store, make_query(&arena, &words, " "), limit, visit, context, &found);
	if (status == STATUS_OK && found == 0 && words.count > 1)
		status = find(store, make_query(&arena, &words, " OR "), limit, visit, context, &found);
	arena_finish(&arena);
	return status;
}
