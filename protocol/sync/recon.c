#include "protocol/sync/recon.h"

#include <string.h>

#include "protocol/sync/grants.h"
#include "protocol/sync/page_builder.h"

#define SMALL_COUNT 16     /* a scope of so many rows is answered whole at once */
#define HELD_MAX    1000   /* so many scopes are named at once, else by the first byte of their ids */
#define SCOPE_SIZE  17     /* of one that is named */
#define LOOK_MAX    100000 /* rows looked at in one request, before what is left waits for the next */

struct look {
	const struct recon_inquiry *inquiry;
	const struct recon_question *question;
	struct grant_entry *grants; /* open ones, in scope order */
	size_t grant_count;
	struct scope *held; /* those of the grants, once somebody asks */
	int64_t scope;      /* number of the question's */
	struct id before;   /* ids of the range come behind it … */
	struct id last;     /* … up to this */
	bool beyond;        /* the walk of a kind came to its end */
	size_t looked_at;
	struct page_builder page;
	struct recon_answer *answer;
	struct recon_digest buckets[RECON_FAN];
};

static bool is_held(const struct look *look, int64_t scope)
{
	return grants_find(look->grants, look->grant_count, scope) != NULL;
}

/* ---- the rows of a range ---- */

static void set_range(struct look *look)
{
	const struct recon_question *question = look->question;
	size_t depth = question->depth;

	memset(&look->before, 0, sizeof(look->before));
	memset(&look->last, 0xff, sizeof(look->last));
	memcpy(look->before.bytes, question->prefix, depth);
	memcpy(look->last.bytes, question->prefix, depth);
	for (size_t i = sizeof(look->before); i > 0 && !id_is_nil(&look->before); i--) /* one less */
		if (look->before.bytes[i - 1]-- != 0)
			break;
}

static enum status count_row(struct look *look, const struct id *id, const struct row_hash *hash)
{
	struct recon_digest *bucket = &look->buckets[id->bytes[look->question->depth]];

	bucket->count++;
	bucket->check += hash->low;
	return STATUS_OK;
}

/* `row` is NULL for a linked one. */
static enum status give_row(struct look *look, const struct schema *schema, const struct id *id, int64_t home, const void *row)
{
	bool linked = look->question->scope.kind == SCOPE_JOB;
	enum status status = STATUS_OK;

	if (linked && is_held(look, home)) { /* its content comes with its home */
		page_builder_name(&look->page, &look->question->scope, ENTRY_MEMBER, schema, id);
	} else {
		if (row == NULL)
			status = records_get(server_store_records(look->inquiry->store), schema->kind, id, &row);
		if (status != STATUS_OK)
			return status;
		page_builder_whole(&look->page, &look->question->scope, schema, row);
	}
	if (look->page.raw_size < look->inquiry->raw_max)
		return STATUS_OK;
	look->answer->until_kind = schema->kind;
	look->answer->until = *id;
	return STATUS_BUSY;
}

static enum status take_row(struct look *look, enum record_kind kind, const struct id *id, const struct server_row *meta, const void *row)
{
	look->looked_at++;
	return look->question->form == RECON_BUCKETS ? count_row(look, id, &meta->hash)
						     : give_row(look, schema_find(kind), id, meta->home, row);
}

struct home_walk {
	struct look *look;
	enum record_kind kind;
};

static enum status take_home_row(void *context, const void *row, const struct server_row *meta)
{
	struct home_walk *walk = context;

	walk->look->beyond = id_compare(row_id(row), &walk->look->last) > 0;
	return walk->look->beyond ? STATUS_BUSY : take_row(walk->look, walk->kind, row_id(row), meta, row);
}

static enum status take_link(void *context, const struct member *member)
{
	struct look *look = context;
	struct server_row meta;
	enum status status = server_store_row(look->inquiry->store, member->kind, &member->id, &meta);

	return status == STATUS_OK ? take_row(look, member->kind, &member->id, &meta, NULL) : status;
}

/* Rows of one kind, by an index over the range. */
static enum status walk_kind(struct look *look, enum record_kind kind, const struct id *after)
{
	const struct member links = { .scope = look->scope, .kind = kind, .id = *after };
	struct home_walk walk = { look, kind };
	enum status status;

	look->beyond = false;
	status = look->question->scope.kind == SCOPE_JOB
			 ? server_store_links_by_id(look->inquiry->store, &links, &look->last, take_link, look)
			 : server_store_by_id(look->inquiry->store, kind, look->scope, after, take_home_row, &walk);
	server_store_reset_rows(look->inquiry->store);
	return status == STATUS_BUSY && look->beyond ? STATUS_OK : status;
}

static enum status walk_range(struct look *look)
{
	const struct recon_question *question = look->question;
	const struct schema *schema;
	enum status status = STATUS_OK;

	set_range(look);
	for (size_t i = 0; (schema = schema_at(i)) != NULL && status == STATUS_OK; i++) {
		bool resumed = schema->kind == question->after_kind && id_compare(&question->after, &look->before) > 0;
		if (schema->kind >= question->after_kind)
			status = walk_kind(look, schema->kind, resumed ? &question->after : &look->before);
	}
	return status;
}

/* ---- what was counted before ---- */

static struct recon_counted *find_counted(struct recon_cache *cache, const struct scope_state *state)
{
	for (size_t i = 0; i < RECON_CACHE_SIZE; i++)
		if (cache->counted[i].scope == state->number && cache->counted[i].gseq == state->gseq)
			return &cache->counted[i];
	return NULL;
}

static void keep_counted(struct look *look, const struct scope_state *state)
{
	struct recon_cache *cache = look->inquiry->cache;
	struct recon_counted *oldest = &cache->counted[0];

	for (size_t i = 1; i < RECON_CACHE_SIZE; i++)
		if (cache->counted[i].used < oldest->used)
			oldest = &cache->counted[i];
	*oldest = (struct recon_counted){ .scope = state->number, .gseq = state->gseq, .used = ++cache->uses };
	memcpy(oldest->buckets, look->buckets, sizeof(oldest->buckets));
}

/* A scope that no commit has changed since it was counted whole is not counted again. */
static enum status count_buckets(struct look *look, const struct scope_state *state)
{
	struct recon_cache *cache = look->question->depth == 0 ? look->inquiry->cache : NULL;
	struct recon_counted *counted = cache != NULL ? find_counted(cache, state) : NULL;
	enum status status;

	memset(look->buckets, 0, sizeof(look->buckets));
	if (counted == NULL) {
		status = walk_range(look);
		if (status == STATUS_OK && cache != NULL)
			keep_counted(look, state);
		return status;
	}
	counted->used = ++cache->uses;
	memcpy(look->buckets, counted->buckets, sizeof(look->buckets));
	return STATUS_OK;
}

/* ---- the questions ---- */

static enum status look_at_rows(struct look *look)
{
	enum status status = walk_range(look);

	look->answer->verdict = RECON_ANSWERED;
	return status == STATUS_BUSY ? STATUS_OK : status;
}

static enum status look_at_buckets(struct look *look, const struct scope_state *state)
{
	enum status status = count_buckets(look, state);

	for (size_t i = 0; i < RECON_FAN; i++) {
		const struct recon_digest *there = &look->question->buckets[i], *here = &look->buckets[i];
		if (there->count == here->count && there->check == here->check)
			continue;
		look->answer->verdict = RECON_DIFFERING;
		look->answer->differing[i / 8] |= (uint8_t)(1 << i % 8);
	}
	return status;
}

static enum status look_at_whole(struct look *look, const struct digest *here)
{
	const struct recon_digest *there = &look->question->digest;

	if (there->count == here->count && there->check == here->sum.low)
		return STATUS_OK;
	look->answer->verdict = RECON_OTHER;
	return here->count <= SMALL_COUNT ? look_at_rows(look) : STATUS_OK;
}

static enum status load_held(struct look *look)
{
	struct scope *held = arena_allocate_array(look->inquiry->arena, look->grant_count, sizeof(*held));
	enum status status = STATUS_OK;

	for (size_t i = 0; i < look->grant_count && status == STATUS_OK; i++) {
		struct scope_state state;
		status = server_store_scope_by_number(look->inquiry->store, look->grants[i].scope, &held[i], &state);
	}
	look->held = held;
	return status;
}

static void name_scopes(struct look *look, size_t count)
{
	struct scope *scopes = arena_allocate_array(look->inquiry->arena, count, sizeof(*scopes));

	look->answer->verdict = RECON_HELD;
	look->answer->scopes = scopes;
	for (size_t i = 0; i < look->grant_count; i++)
		if (recon_scope_concerns(look->question, &look->held[i]))
			scopes[look->answer->scope_count++] = look->held[i];
	look->page.raw_size += count * SCOPE_SIZE; /* they share the room with the rows */
}

static enum status look_at_scopes(struct look *look)
{
	const struct recon_digest *there = &look->question->digest;
	struct recon_digest here = { 0 };
	enum status status = look->held == NULL ? load_held(look) : STATUS_OK;

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < look->grant_count; i++) {
		if (!recon_scope_concerns(look->question, &look->held[i]))
			continue;
		here.count++;
		here.check += recon_scope_check(&look->held[i]);
	}
	look->looked_at += look->grant_count;
	if (there->count == here.count && there->check == here.check)
		return STATUS_OK;
	if (here.count > HELD_MAX && look->question->depth == 0)
		look->answer->verdict = RECON_OTHER;
	else
		name_scopes(look, (size_t)here.count);
	return STATUS_OK;
}

static enum status look_at(struct look *look)
{
	struct scope_state state;
	enum status status;

	if (look->question->form == RECON_SCOPES)
		return look_at_scopes(look);
	status = server_store_scope(look->inquiry->store, &look->question->scope, &state);
	if (status != STATUS_OK)
		return status;
	look->scope = state.number;
	if (!is_held(look, state.number)) {
		look->answer->verdict = RECON_NOT_HELD;
		return STATUS_OK;
	}
	if (look->question->form == RECON_WHOLE)
		return look_at_whole(look, &state.digest);
	return look->question->form == RECON_BUCKETS ? look_at_buckets(look, &state) : look_at_rows(look);
}

enum status recon_look(const struct recon_inquiry *inquiry, struct recon_finding *out_finding)
{
	const struct recon_request *request = inquiry->request;
	struct look look = { .inquiry = inquiry, .page = { .arena = inquiry->arena } };
	struct recon_answer *answers = arena_allocate_array(inquiry->arena, request->count, sizeof(*answers));
	struct server_state state;
	size_t count = 0;
	enum status status = server_store_state(inquiry->store, &state);

	if (status == STATUS_OK)
		status = server_store_grants(
			inquiry->store, &inquiry->device, INT64_MAX, inquiry->arena, &look.grants, &look.grant_count);
	while (status == STATUS_OK && count < request->count && look.page.raw_size < inquiry->raw_max && look.looked_at < LOOK_MAX) {
		look.question = &request->questions[count];
		look.answer = &answers[count++];
		look.looked_at++;
		status = look_at(&look);
	}
	if (status != STATUS_OK)
		return status;
	*out_finding = (struct recon_finding){
		.reply = { .cursor = { state.epoch, state.gseq }, .answers = answers, .count = count },
		.page = { .groups = look.page.groups, .group_count = look.page.group_count },
		.looked_at = look.looked_at,
	};
	return STATUS_OK;
}
