#include "protocol/sync/pull.h"

#include <string.h>

#include "protocol/domain/revision.h"
#include "protocol/sync/grants.h"
#include "protocol/sync/page_builder.h"
#include "protocol/sync/pull_position.h"
#include "protocol/sync/row_range.h"

#define CUT_LISTS_MAX ((size_t)40 * 1024) /* bytes of a cut that leave room for what else an answer says */
#define DIGEST_SIZE   40                  /* at most, of one scope in a cut */
#define SCOPE_SIZE    18
#define PAGE_ROWS_MAX 4096 /* narrow rows: whoever works on the device waits while it takes a page in */
#define ROW_RAW_LARGE 400  /* bytes: a scope that fills no page with such rows shares none */

struct gather {
	const struct pull_question *question;
	struct server_state state;
	const struct grant_entry *grants;
	size_t grant_count;
	struct pull_position position;
	struct scope scope; /* being read */
	int64_t since;      /* of the device's cursor */
	bool whole_scope;   /* every row of it, however old */
	bool owes_rows;     /* see is_owed() */
	const struct schema *schema;
	struct page_builder page;
	struct pull_shared shared;
	const struct row_range *until; /* the page ends with this range; NULL: when it is full */
};

static bool is_full(const struct gather *gather)
{
	return gather->page.raw_size >= gather->question->raw_max || gather->page.row_count >= PAGE_ROWS_MAX;
}

static void add_whole(struct gather *gather, const struct schema *schema, const void *row)
{
	page_builder_whole(&gather->page, &gather->scope, schema, row);
}

/* A row that the device holds as it was: only what changed since, when that is known. */
static void add_changed(struct gather *gather, const struct schema *schema, const void *row)
{
	const struct pull_question *question = gather->question;
	uint64_t mask;

	if (question->ring == NULL || question->pull.own_rows ||
		!change_ring_union(question->ring, schema->kind, row_id(row),
			gather->position.low + (question->bug == BUG_PATCH_OF_LATER_BASE), &mask))
		add_whole(gather, schema, row);
	else
		page_builder_patch(&gather->page, &gather->scope, schema, row, mask);
}

static void add_id(struct gather *gather, enum entry_type type, const struct schema *schema, const struct id *id)
{
	page_builder_name(&gather->page, &gather->scope, type, schema, id);
}

/* Whose rows are left out, since the device has them; 0: nobody's. */
static int64_t author_left_out(const struct gather *gather)
{
	bool first_pass = gather->position.low == gather->since; /* later: an earlier page may hold the row as it was before */

	return first_pass && !gather->position.with_own ? gather->question->chain : 0;
}

static bool is_own(const struct gather *gather, const struct server_row *meta)
{
	return meta->author != 0 && meta->author == author_left_out(gather);
}

static enum status gather_row(void *context, const void *row, const struct server_row *meta)
{
	struct gather *gather = context;

	if (gather->until != NULL && row_range_is_behind(gather->until, gather->schema->kind, row_id(row))) {
		gather->position.kind = gather->until->last_kind;
		gather->position.id = gather->until->last;
		return STATUS_BUSY;
	}
	gather->position.gseq = gather->whole_scope ? 0 : meta->gseq;
	gather->position.id = *row_id(row);
	gather->position.shared = false;
	if (gather->question->bug == BUG_ROW_LOST_AT_RESUME && gather->page.raw_size + ID_SIZE >= gather->question->raw_max)
		return STATUS_BUSY;
	if (gather->whole_scope) /* also its own: what it made in a scope that it did not hold, it could not keep */
		add_whole(gather, gather->schema, row);
	else
		add_changed(gather, gather->schema, row);
	return is_full(gather) ? STATUS_BUSY : STATUS_OK;
}

static bool holds(const struct gather *gather, int64_t scope)
{
	const struct grant_entry *grant = grants_find(gather->grants, gather->grant_count, scope); /* load_grants() left one of each */

	return grant != NULL && grant->until_gseq == 0;
}

/* Earlier pages, or answers of the repair that ends with this pull, left the content of linked rows to this scope, which was held then;
 * but it ended since, and what of it was still to come does not. */
static bool is_owed(const struct gather *gather, const struct grant_entry *grant)
{
	bool nothing_before = gather->position.low == gather->since && !gather->question->pull.all_digests;

	return !nothing_before && grant != NULL && grant->until_gseq > gather->position.low;
}

static bool owes_rows(const struct gather *gather)
{
	for (size_t i = 0; i < gather->grant_count; i++)
		if (is_owed(gather, &gather->grants[i]))
			return true;
	return false;
}

/* A row that a job links: its content comes with its home when the device holds that, else here. */
static enum status gather_link(void *context, const struct member *member)
{
	struct gather *gather = context;
	struct server_store *store = gather->question->store;
	bool new_member = gather->whole_scope || member->from_gseq > gather->position.low;
	bool changed = gather->whole_scope || member->gseq > gather->position.low, owed;
	const struct schema *schema = schema_find(member->kind);
	struct server_row meta;
	const void *row;
	enum status status = server_store_row(store, member->kind, &member->id, &meta);

	gather->position.gseq = member->gseq;
	gather->position.kind = member->kind;
	gather->position.id = member->id;
	if (status != STATUS_OK)
		return status;
	owed = is_owed(gather, grants_find(gather->grants, gather->grant_count, meta.home));
	if (holds(gather, meta.home)) {
		if (new_member)
			add_id(gather, ENTRY_MEMBER, schema, &member->id);
	} else if (new_member || owed || (changed && !is_own(gather, &meta))) { /* new: also its own, which it could not keep */
		status = records_get(server_store_records(store), member->kind, &member->id, &row);
		if (status != STATUS_OK)
			return status;
		if (new_member || owed)
			add_whole(gather, schema, row);
		else
			add_changed(gather, schema, row);
	}
	return is_full(gather) ? STATUS_BUSY : STATUS_OK;
}

static enum status gather_left(void *context, const struct member *member)
{
	struct gather *gather = context;

	gather->position.gseq = member->gseq;
	gather->position.kind = member->kind;
	gather->position.id = member->id;
	add_id(gather, ENTRY_LEFT, schema_find(member->kind), &member->id);
	return is_full(gather) ? STATUS_BUSY : STATUS_OK;
}

static struct member place_of(const struct pull_position *position)
{
	return (struct member){ .scope = position->scope, .kind = position->kind, .id = position->id, .gseq = position->gseq };
}

static enum status feed_rows(struct gather *gather)
{
	const struct member after = place_of(&gather->position);

	return server_store_feed(gather->question->store, &after, author_left_out(gather), gather_row, gather);
}

static bool is_of_class(enum delivery_class class, enum record_kind kind)
{
	return class == CLASS_COUNT || class == delivery_class_of(kind);
}

/* Rows at home in the scope, kind by kind from where the position stands. STATUS_BUSY: the page is full. */
static enum status gather_rows(struct gather *gather)
{
	struct server_store *store = gather->question->store;
	struct pull_position *position = &gather->position;
	enum status status = STATUS_OK;

	for (size_t i = 0; (gather->schema = schema_at(i)) != NULL && status == STATUS_OK; i++) {
		if (gather->schema->kind < position->kind || !is_of_class(position->class, gather->schema->kind))
			continue;
		if (gather->schema->kind > position->kind) {
			position->kind = gather->schema->kind;
			position->gseq = gather->whole_scope ? 0 : position->low;
			memset(&position->id, gather->whole_scope ? 0 : 0xff, sizeof(position->id));
		}
		if (!gather->whole_scope && !server_store_kind_changed(store, position->kind, position->low))
			continue;
		if (gather->whole_scope)
			status = server_store_by_id(store, position->kind, position->scope, &position->id, gather_row, gather);
		else
			status = feed_rows(gather);
		server_store_reset_rows(store);
	}
	return status;
}

/* ---- pages that every device of a scope is given ---- */

static struct shared_place place_here(const struct gather *gather)
{
	const struct pull_position *position = &gather->position;

	return (struct shared_place){ .epoch = gather->state.epoch,
		.revision = schema_revision(),
		.scope = gather->scope,
		.delivery = (uint8_t)position->class,
		.kind = position->kind,
		.after = position->id };
}

/* Such pages begin where the scope does, and where one of them ends. */
static bool may_share(const struct gather *gather, const struct scope_state *scope)
{
	return gather->question->pages != NULL && gather->whole_scope && gather->position.shared &&
	       scope->digest.count >= (int64_t)(gather->question->raw_max / ROW_RAW_LARGE);
}

static struct row_range range_of(const struct gather *gather, const struct shared_page *page)
{
	const struct pull_position *position = &gather->position;

	return (struct row_range){ .scope = position->scope,
		.class = position->class,
		.first_kind = position->kind,
		.after = position->id,
		.last_kind = page->kind,
		.last = page->last };
}

/* The page that lies ready, and whether its rows are still those of the scope: what left it, or changed, is not given to who comes now. */
static enum status find_shared(struct gather *gather, const struct shared_place *place, const struct scope_state *scope, bool *out_there,
	bool *out_current)
{
	const struct server_state *state = &gather->state;
	struct shared_page *page = &gather->shared.page;
	struct row_range range;
	bool changed = false;
	enum status status = STATUS_OK;

	*out_there = page_cache_find(gather->question->pages, place, gather->question->arena, page) && page->gseq <= state->gseq;
	*out_current = *out_there && (scope->gseq <= page->gseq || page->gseq >= state->horizon);
	if (!*out_current || scope->gseq <= page->gseq)
		return STATUS_OK;
	range = range_of(gather, page);
	status = row_range_changed(gather->question->store, &range, page->gseq, &changed);
	*out_current = status == STATUS_OK && !changed;
	if (*out_current)
		page_cache_vouch(gather->question->pages, place, state->gseq);
	return status;
}

/* The next rows of the scope, apart from what the page holds so far: alone when they fill a page, so that it is the next device's, too;
 * else behind that. */
static enum status gather_apart(struct gather *gather, const struct shared_place *place)
{
	const struct page_builder before = gather->page;
	const struct pull_position start = gather->position;
	struct page_builder rows;
	enum status status;

	gather->page = (struct page_builder){ .arena = before.arena };
	status = gather_rows(gather);
	if (status != STATUS_OK && status != STATUS_BUSY)
		return status;
	rows = gather->page;
	if (before.group_count > 0 && (status == STATUS_BUSY || before.raw_size + rows.raw_size >= gather->question->raw_max ||
					      before.row_count + rows.row_count > PAGE_ROWS_MAX)) {
		gather->page = before;
		gather->position = start;
		return STATUS_BUSY;
	}
	gather->page = before;
	page_builder_append(&gather->page, &rows);
	gather->shared = (struct pull_shared){ 0 };
	if (status == STATUS_BUSY) {
		gather->position.shared = true;
		gather->shared.built = true;
		gather->shared.place = *place;
		gather->shared.page = (struct shared_page){ gather->state.gseq, gather->position.kind, gather->position.id, { 0 } };
	}
	return status;
}

/* As gather_rows(), by pages that lie ready where there are. One that is built anew ends where it did, so that the next ones fit. */
static enum status gather_scope_rows(struct gather *gather, const struct scope_state *scope)
{
	const struct shared_place place = place_here(gather);
	struct row_range range;
	bool there = false, current = false;
	enum status status;

	if (!may_share(gather, scope))
		return gather_rows(gather);
	status = find_shared(gather, &place, scope, &there, &current);
	if (status != STATUS_OK)
		return status;
	if (!current) {
		range = range_of(gather, &gather->shared.page);
		gather->until = there ? &range : NULL;
		status = gather_apart(gather, &place);
		gather->until = NULL;
		return status;
	}
	if (gather->page.group_count == 0) {
		gather->shared.found = true;
		gather->position.kind = gather->shared.page.kind;
		gather->position.id = gather->shared.page.last;
	}
	return STATUS_BUSY;
}

static enum status gather_links(struct gather *gather)
{
	const struct member after = place_of(&gather->position);

	return server_store_link_feed(gather->question->store, &after, gather_link, gather);
}

static enum status gather_lefts(struct gather *gather)
{
	const struct member after = place_of(&gather->position);

	if (gather->position.low == 0) /* who holds nothing has nothing to lose; others may hold rows of a new scope by a job */
		return STATUS_OK;
	return server_store_left_feed(gather->question->store, &after, gather_left, gather);
}

static void begin_part(struct gather *gather, enum pass_part part)
{
	struct pull_position *position = &gather->position;
	bool whole = part != PART_LEFT && (gather->whole_scope || (part == PART_LINKS && gather->owes_rows));

	position->part = part;
	position->shared = part == PART_ROWS;
	position->kind = whole || part == PART_ROWS ? RECORD_NONE : RECORD_KIND_MAX;
	position->gseq = whole ? 0 : position->low;
	memset(&position->id, whole ? 0 : 0xff, sizeof(position->id));
}

/* What a scope links comes with the jobs, what left it when nothing comes by class. */
static bool has_part(const struct gather *gather, enum pass_part part)
{
	enum delivery_class class = gather->position.class;

	return class == CLASS_COUNT || part == PART_ROWS || (part == PART_LINKS && class == CLASS_JOBS);
}

static enum status gather_part(struct gather *gather, const struct scope_state *scope)
{
	if (!has_part(gather, gather->position.part))
		return STATUS_OK;
	if (gather->position.part == PART_ROWS)
		return gather_scope_rows(gather, scope);
	return gather->position.part == PART_LINKS ? gather_links(gather) : gather_lefts(gather);
}

/* One scope from where the position stands to its end. */
static enum status gather_scope(struct gather *gather, const struct grant_entry *grant, bool resumed)
{
	struct scope_state state;
	enum status status = server_store_scope_by_number(gather->question->store, grant->scope, &gather->scope, &state);

	if (status != STATUS_OK)
		return status;
	gather->whole_scope = gather->position.low == 0 || grant->from_gseq > gather->position.low;
	gather->position.scope = grant->scope;
	if (!gather->whole_scope && state.gseq <= gather->position.low && !(gather->owes_rows && gather->scope.kind == SCOPE_JOB))
		return STATUS_OK;
	if (!resumed)
		begin_part(gather, gather->scope.kind == SCOPE_JOB ? PART_LINKS : PART_ROWS);
	for (;;) {
		status = gather_part(gather, &state);
		if (status != STATUS_OK || gather->position.part == PART_LEFT)
			return status;
		begin_part(gather, PART_LEFT);
	}
}

/* The rows of one class, or of all, from where the position stands. STATUS_BUSY: the page is full. */
static enum status gather_class(struct gather *gather, bool resumed)
{
	int64_t from = resumed ? gather->position.scope : 0;

	for (size_t i = 0; i < gather->grant_count; i++) {
		const struct grant_entry *grant = &gather->grants[i];
		enum status status;
		if ((grant->until_gseq != 0 && gather->question->bug != BUG_SCOPE_NOT_CHECKED) || grant->scope < from)
			continue;
		status = gather_scope(gather, grant, resumed && grant->scope == from);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* One pass: a first sync brings class after class. */
static enum status gather_pass(struct gather *gather, bool resumed)
{
	enum status status;

	gather->owes_rows = owes_rows(gather);
	status = gather_class(gather, resumed);
	while (status == STATUS_OK && gather->position.class < CLASS_KNOWLEDGE) {
		gather->position.class ++;
		status = gather_class(gather, false);
	}
	return status;
}

/* ---- words about scopes ---- */

enum word {
	WORD_NONE,
	WORD_DIGEST,
	WORD_DROPPED
};

/* What the device is to hear of a scope beyond the words that pages gave. Who holds nothing has nothing to drop but what these pages
 * brought. */
static enum status word_for(
	const struct gather *gather, const struct grant_entry *grant, struct scope_digest *out_digest, enum word *out_word)
{
	int64_t known = gather->position.words_gseq != 0 ? gather->position.words_gseq : gather->since;
	int64_t held = known != 0 ? known : gather->position.first_gseq;
	bool all = gather->question->pull.all_digests && gather->position.words_gseq == 0;
	struct scope_state state;
	enum status status = server_store_scope_by_number(gather->question->store, grant->scope, &out_digest->scope, &state);

	if (status != STATUS_OK)
		return status;
	out_digest->digest = state.digest;
	if (grant->until_gseq != 0)
		*out_word = grant->until_gseq > held ? WORD_DROPPED : WORD_NONE;
	else
		*out_word = all || state.gseq > known || grant->from_gseq > known ? WORD_DIGEST : WORD_NONE;
	return STATUS_OK;
}

static void add_word(struct gather *gather, enum word word, const struct scope_digest *digest)
{
	if (word == WORD_DIGEST)
		page_builder_digest(&gather->page, digest);
	else
		page_builder_dropped(&gather->page, &digest->scope);
}

/* Words in pages, from behind the position's scope on. STATUS_BUSY: the page is full. */
static enum status gather_words(struct gather *gather)
{
	for (size_t i = 0; i < gather->grant_count; i++) {
		const struct grant_entry *grant = &gather->grants[i];
		struct scope_digest digest;
		enum word word;
		enum status status;
		if (grant->scope <= gather->position.scope)
			continue;
		status = word_for(gather, grant, &digest, &word);
		if (status != STATUS_OK)
			return status;
		gather->position.scope = grant->scope;
		if (word != WORD_NONE)
			add_word(gather, word, &digest);
		if (is_full(gather))
			return STATUS_BUSY;
	}
	return STATUS_OK;
}

/* Digests of scopes that changed, and what the device holds when that changed and pages did not tell. */
static enum status make_cut(struct gather *gather, struct cut *out_cut)
{
	struct arena *arena = gather->question->arena;
	struct scope_digest *digests = arena_allocate_array(arena, gather->grant_count, sizeof(*digests));
	struct scope *dropped = arena_allocate_array(arena, gather->grant_count, sizeof(*dropped));
	struct scope *held = arena_allocate_array(arena, gather->grant_count, sizeof(*held));
	struct cut cut = { .cursor = { gather->state.epoch, gather->state.gseq }, .digests = digests, .dropped = dropped, .held = held };
	bool grants_changed = gather->since == 0 || gather->question->pull.all_digests;

	for (size_t i = 0; i < gather->grant_count; i++) {
		const struct grant_entry *grant = &gather->grants[i];
		struct scope_digest digest;
		enum word word;
		enum status status = word_for(gather, grant, &digest, &word);
		if (status != STATUS_OK)
			return status;
		grants_changed = grants_changed || grant->until_gseq != 0 || grant->from_gseq > gather->since;
		if (word == WORD_DROPPED)
			dropped[cut.dropped_count++] = digest.scope;
		if (word == WORD_DIGEST)
			digests[cut.digest_count++] = digest;
		if (grant->until_gseq == 0)
			held[cut.held_count++] = digest.scope;
	}
	if (!grants_changed || gather->position.words_gseq != 0)
		cut.held_count = 0;
	*out_cut = cut;
	return STATUS_OK;
}

static bool is_small(const struct cut *cut)
{
	return cut->digest_count * DIGEST_SIZE + (cut->dropped_count + cut->held_count) * SCOPE_SIZE <= CUT_LISTS_MAX;
}

/* Grants by scope: of several the latest, which comes last. */
static enum status load_grants(struct gather *gather, int64_t since)
{
	struct grant_entry *grants;
	size_t count, kept = 0;
	enum status status = server_store_grants(
		gather->question->store, &gather->question->device->id, since, gather->question->arena, &grants, &count);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++) { /* several of one scope stand together */
		kept -= kept > 0 && grants[kept - 1].scope == grants[i].scope;
		grants[kept++] = grants[i];
	}
	gather->grants = grants;
	gather->grant_count = kept;
	return STATUS_OK;
}

static enum status gather_init(struct gather *gather, const struct pull_question *question)
{
	enum status status = server_store_state(question->store, &gather->state);

	gather->question = question;
	gather->page.arena = question->arena;
	if (status != STATUS_OK)
		return status;
	gather->since = id_equal(&question->pull.cursor.epoch, &gather->state.epoch) ? question->pull.cursor.gseq : 0;
	return load_grants(gather, gather->since);
}

static void begin_pass(struct gather *gather, int64_t low)
{
	struct pull_position *position = &gather->position;

	*position = (struct pull_position){ .first_gseq = position->first_gseq,
		.pass_gseq = gather->state.gseq,
		.low = low,
		.words_gseq = position->words_gseq,
		.class = low == 0 ? CLASS_CONTROL : CLASS_COUNT,
		.with_own = position->with_own };
}

/* Where the device stands; from the beginning also when the pages before left out what is wanted now, or when another version gave the
 * token. True: in the middle of a pass. */
static bool take_up(struct gather *gather)
{
	struct bytes token = gather->question->pull.resume;
	bool with_own = gather->question->pull.own_rows || gather->question->chain == 0;

	if (token.size > 0 && pull_position_decode(token, &gather->position) && gather->position.with_own == with_own)
		return true;
	gather->position = (struct pull_position){ .first_gseq = gather->state.gseq, .with_own = with_own };
	begin_pass(gather, gather->since);
	return false;
}

/* Passes until one sees nothing commit meanwhile, or the page is full. What nobody needs is a cut that does not fit: then pages bring the
 * words first, and what commits while they do makes another pass. */
static enum status gather_all(struct gather *gather, struct cut *out_cut)
{
	struct pull_position *position = &gather->position;
	bool resumed = take_up(gather);
	enum status status;

	for (;;) {
		if (position->part != PART_WORDS)
			status = gather_pass(gather, resumed);
		else
			status = gather_words(gather);
		if (status != STATUS_OK)
			return status;
		if (position->part == PART_WORDS)
			position->words_gseq = position->pass_gseq;
		resumed = false;
		if (position->pass_gseq != gather->state.gseq) {
			begin_pass(gather, position->pass_gseq);
			continue;
		}
		status = make_cut(gather, out_cut);
		if (status != STATUS_OK || is_small(out_cut))
			return status;
		position->part = PART_WORDS;
		position->scope = 0;
	}
}

/* Would it have to be told of rows that left before the horizon? Rows of a pass under way lie here as of its beginning. */
static bool is_too_old(const struct gather *gather)
{
	const struct bytes resume = gather->question->pull.resume;
	int64_t horizon = gather->state.horizon;
	struct pull_position position;

	if (gather->question->pull.cursor.gseq != 0 && gather->since == 0) /* of another epoch */
		return true;
	if (gather->since != 0 && gather->since < horizon)
		return true;
	return resume.size > 0 && pull_position_decode(resume, &position) &&
	       (position.first_gseq < horizon || (position.low != 0 && position.low < horizon));
}

/* Rows of the scopes that come whole: what changed in the others is not known before it is read. */
static enum status count_ahead(const struct gather *gather, int64_t *out_rows)
{
	enum status status = STATUS_OK;

	*out_rows = 0;
	for (size_t i = 0; i < gather->grant_count && status == STATUS_OK; i++) {
		const struct grant_entry *grant = &gather->grants[i];
		struct scope scope;
		struct scope_state state;
		if (grant->until_gseq != 0 || (gather->since != 0 && grant->from_gseq <= gather->since))
			continue;
		status = server_store_scope_by_number(gather->question->store, grant->scope, &scope, &state);
		if (status == STATUS_OK)
			*out_rows += state.digest.count;
	}
	return status;
}

enum status pull_answer(const struct pull_question *question, struct pull_answer *out_answer)
{
	struct gather gather = { 0 };
	struct pull_answer answer = { 0 };
	enum status status = gather_init(&gather, question);

	if (status == STATUS_OK && is_too_old(&gather)) {
		bool other_epoch = gather.since == 0 && question->pull.cursor.gseq != 0;
		*out_answer = (struct pull_answer){ .too_old = true, .horizon = other_epoch ? 0 : gather.state.horizon };
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		status = gather_all(&gather, &answer.cut);
	if (status != STATUS_OK && status != STATUS_BUSY)
		return status;
	answer.page = (struct page){ .groups = gather.page.groups, .group_count = gather.page.group_count };
	answer.shared = gather.shared;
	answer.cut_follows = status == STATUS_OK;
	if (status == STATUS_BUSY) {
		answer.page.resume = pull_position_encode(question->arena, &gather.position);
		status = question->pull.resume.size == 0 ? count_ahead(&gather, &answer.rows_ahead) : STATUS_OK;
		if (status != STATUS_OK)
			return status;
	}
	answer.empty = gather.page.group_count == 0 && answer.cut_follows && question->pull.resume.size == 0 &&
		       gather.since == gather.state.gseq && !question->pull.all_digests;
	*out_answer = answer;
	return STATUS_OK;
}

enum status pull_has_news(const struct pull_question *question, bool *out_news)
{
	struct gather gather = { 0 };
	bool news = false;
	enum status status = gather_init(&gather, question);

	for (size_t i = 0; i < gather.grant_count && status == STATUS_OK && !news; i++) {
		struct scope_state state;
		struct scope scope;
		status = server_store_scope_by_number(question->store, gather.grants[i].scope, &scope, &state);
		news = status == STATUS_OK &&
		       (state.gseq > gather.since || gather.grants[i].from_gseq > gather.since || gather.grants[i].until_gseq != 0);
	}
	if (status == STATUS_OK)
		*out_news = news || is_too_old(&gather);
	return status;
}
