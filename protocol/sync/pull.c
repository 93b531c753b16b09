#include "protocol/sync/pull.h"

#include <string.h>

#include "protocol/sync/page_builder.h"

/* The parts of a scope's pass, in order. */
enum pass_part {
	PART_ROWS,
	PART_LINKS,
	PART_LEFT,
	PART_COUNT
};

/* Where a pass stands; what the resume token holds. A pass goes once over all scopes; changes that commit meanwhile are the next pass's. */
struct position {
	int64_t pass_gseq; /* state when the pass began */
	int64_t low;       /* rows after it are wanted: the cursor's gseq, later the last pass's */
	int64_t scope;     /* number of the scope being read */
	enum pass_part part;
	enum record_kind kind;
	int64_t gseq; /* of the last row given (0: rows are read by id) */
	struct id id;
	bool with_own; /* rows that the device computed by itself are among those given */
};

struct gather {
	const struct pull_question *question;
	struct server_state state;
	const struct grant_entry *grants;
	size_t grant_count;
	struct position position;
	struct scope scope; /* being read */
	int64_t since;      /* of the device's cursor */
	bool whole_scope;   /* every row of it, however old */
	const struct schema *schema;
	struct page_builder page;
};

static bool is_full(const struct gather *gather)
{
	return gather->page.raw_size >= gather->question->raw_max;
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

static bool is_own(const struct gather *gather, const struct server_row *meta)
{
	bool first_pass = gather->position.low == gather->since; /* later: an earlier page may hold the row as it was before */

	return first_pass && !gather->position.with_own && meta->author != 0 && meta->author == gather->question->chain;
}

static enum status gather_row(void *context, const void *row, const struct server_row *meta)
{
	struct gather *gather = context;

	gather->position.gseq = gather->whole_scope ? 0 : meta->gseq;
	gather->position.id = *row_id(row);
	if (gather->question->bug == BUG_ROW_LOST_AT_RESUME && gather->page.raw_size + ID_SIZE >= gather->question->raw_max)
		return STATUS_BUSY;
	if (gather->whole_scope) /* also its own: what it made in a scope that it did not hold, it could not keep */
		add_whole(gather, gather->schema, row);
	else if (!is_own(gather, meta))
		add_changed(gather, gather->schema, row);
	return is_full(gather) ? STATUS_BUSY : STATUS_OK;
}

static bool holds(const struct gather *gather, int64_t scope)
{
	for (size_t i = 0; i < gather->grant_count; i++)
		if (gather->grants[i].scope == scope && gather->grants[i].until_gseq == 0)
			return true;
	return false;
}

/* A row that a job links: its content comes with its home when the device holds that, else here. */
static enum status gather_link(void *context, const struct member *member)
{
	struct gather *gather = context;
	struct server_store *store = gather->question->store;
	bool new_member = gather->whole_scope || member->from_gseq > gather->position.low;
	const struct schema *schema = schema_find(member->kind);
	struct server_row meta;
	const void *row;
	enum status status = server_store_row(store, member->kind, &member->id, &meta);

	gather->position.gseq = member->gseq;
	gather->position.kind = member->kind;
	gather->position.id = member->id;
	if (status != STATUS_OK)
		return status;
	if (holds(gather, meta.home)) {
		if (new_member)
			add_id(gather, ENTRY_MEMBER, schema, &member->id);
	} else if (new_member || !is_own(gather, &meta)) { /* its own, but until now in no scope of it: it could not keep it */
		status = records_get(server_store_records(store), member->kind, &member->id, &row);
		if (status != STATUS_OK)
			return status;
		if (new_member)
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

static struct member place_of(const struct position *position)
{
	return (struct member){ .scope = position->scope, .kind = position->kind, .id = position->id, .gseq = position->gseq };
}

static enum status feed_rows(struct gather *gather)
{
	const struct member after = place_of(&gather->position);

	return server_store_feed(gather->question->store, &after, gather_row, gather);
}

/* Rows at home in the scope, kind by kind from where the position stands. STATUS_BUSY: the page is full. */
static enum status gather_rows(struct gather *gather)
{
	struct server_store *store = gather->question->store;
	struct position *position = &gather->position;
	enum status status = STATUS_OK;

	for (size_t i = 0; (gather->schema = schema_at(i)) != NULL && status == STATUS_OK; i++) {
		if (gather->schema->kind < position->kind)
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
	struct position *position = &gather->position;
	bool whole = gather->whole_scope && part != PART_LEFT;

	position->part = part;
	position->kind = whole || part == PART_ROWS ? RECORD_NONE : RECORD_KIND_MAX;
	position->gseq = whole ? 0 : position->low;
	memset(&position->id, whole ? 0 : 0xff, sizeof(position->id));
}

/* One scope from where the position stands to its end. */
static enum status gather_scope(struct gather *gather, const struct grant_entry *grant, bool resumed)
{
	static enum status (*const parts[PART_COUNT])(struct gather *) = {
		[PART_ROWS] = gather_rows,
		[PART_LINKS] = gather_links,
		[PART_LEFT] = gather_lefts,
	};
	struct scope_state state;
	enum status status = server_store_scope_by_number(gather->question->store, grant->scope, &gather->scope, &state);

	if (status != STATUS_OK)
		return status;
	gather->whole_scope = gather->position.low == 0 || grant->from_gseq > gather->position.low;
	gather->position.scope = grant->scope;
	if (!gather->whole_scope && state.gseq <= gather->position.low)
		return STATUS_OK;
	if (!resumed)
		begin_part(gather, gather->scope.kind == SCOPE_JOB ? PART_LINKS : PART_ROWS);
	for (;;) {
		status = parts[gather->position.part](gather);
		if (status != STATUS_OK || gather->position.part == PART_LEFT)
			return status;
		begin_part(gather, PART_LEFT);
	}
}

/* One pass from where the position stands. STATUS_BUSY: the page is full. */
static enum status gather_pass(struct gather *gather, bool resumed)
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

static struct bytes position_encode(struct arena *arena, const struct position *position)
{
	struct writer writer = writer_in(arena, 64);

	write_varint(&writer, (uint64_t)position->pass_gseq);
	write_varint(&writer, (uint64_t)position->low);
	write_varint(&writer, (uint64_t)position->scope);
	write_u8(&writer, (uint8_t)position->part);
	write_u8(&writer, (uint8_t)position->kind);
	write_varint(&writer, (uint64_t)position->gseq);
	write_raw(&writer, &position->id, sizeof(position->id));
	write_u8(&writer, position->with_own);
	return writer_bytes(&writer);
}

static bool position_decode(struct bytes token, struct position *out_position)
{
	struct reader reader = reader_of(token);
	struct position position = { 0 };

	position.pass_gseq = (int64_t)read_varint_max(&reader, INT64_MAX);
	position.low = (int64_t)read_varint_max(&reader, INT64_MAX);
	position.scope = (int64_t)read_varint_max(&reader, INT64_MAX);
	position.part = (enum pass_part)read_u8(&reader);
	position.kind = (enum record_kind)read_u8(&reader);
	position.gseq = (int64_t)read_varint_max(&reader, INT64_MAX);
	read_raw(&reader, &position.id, sizeof(position.id));
	position.with_own = read_u8(&reader) != 0;
	*out_position = position;
	return !reader.bad && reader_left(&reader) == 0 && position.part < PART_COUNT && position.kind <= RECORD_KIND_MAX;
}

/* Digests of scopes that changed, and what the device holds when that changed. */
static enum status make_cut(struct gather *gather, int64_t since, struct cut *out_cut)
{
	struct arena *arena = gather->question->arena;
	struct scope_digest *digests = arena_allocate_array(arena, gather->grant_count, sizeof(*digests));
	struct scope *dropped = arena_allocate_array(arena, gather->grant_count, sizeof(*dropped));
	struct scope *held = arena_allocate_array(arena, gather->grant_count, sizeof(*held));
	struct cut cut = { .cursor = { gather->state.epoch, gather->state.gseq }, .digests = digests, .dropped = dropped, .held = held };
	bool all = gather->question->pull.all_digests, grants_changed = since == 0 || all;

	for (size_t i = 0; i < gather->grant_count; i++) {
		const struct grant_entry *grant = &gather->grants[i];
		struct scope_state state;
		struct scope scope;
		enum status status = server_store_scope_by_number(gather->question->store, grant->scope, &scope, &state);
		if (status != STATUS_OK)
			return status;
		grants_changed = grants_changed || grant->until_gseq != 0 || grant->from_gseq > since;
		if (grant->until_gseq != 0) {
			dropped[cut.dropped_count++] = scope;
			continue;
		}
		held[cut.held_count++] = scope;
		if (all || state.gseq > since || grant->from_gseq > since)
			digests[cut.digest_count++] = (struct scope_digest){ scope, state.digest };
	}
	if (!grants_changed)
		cut.held_count = 0;
	*out_cut = cut;
	return STATUS_OK;
}

/* Grants by scope: an ended one counts only when the scope is not held again. */
static enum status load_grants(struct gather *gather, int64_t since)
{
	struct grant_entry *grants;
	size_t count, kept = 0;
	enum status status = server_store_grants(
		gather->question->store, &gather->question->device->id, since, gather->question->arena, &grants, &count);

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++) { /* several of one scope stand together */
		if (kept > 0 && grants[kept - 1].scope == grants[i].scope) {
			if (grants[i].until_gseq == 0)
				grants[kept - 1] = grants[i];
			continue;
		}
		grants[kept++] = grants[i];
	}
	gather->grants = grants;
	gather->grant_count = kept;
	return STATUS_OK;
}

static enum status gather_init(struct gather *gather, const struct pull_question *question, int64_t *out_since)
{
	enum status status = server_store_state(question->store, &gather->state);

	gather->question = question;
	gather->page.arena = question->arena;
	if (status != STATUS_OK)
		return status;
	*out_since = id_equal(&question->pull.cursor.epoch, &gather->state.epoch) ? question->pull.cursor.gseq : 0;
	gather->since = *out_since;
	return load_grants(gather, *out_since);
}

/* Passes until one sees nothing commit meanwhile, or the page is full. */
static enum status gather_all(struct gather *gather, int64_t since)
{
	bool resumed = gather->question->pull.resume.size > 0;
	bool with_own = gather->question->pull.own_rows || gather->question->chain == 0;
	enum status status = STATUS_OK;

	/* From the beginning also when the pages before left out what is wanted now, or when another version gave the token. */
	if (resumed && (!position_decode(gather->question->pull.resume, &gather->position) || gather->position.with_own != with_own))
		resumed = false;
	if (!resumed)
		gather->position = (struct position){ .pass_gseq = gather->state.gseq, .low = since, .with_own = with_own };
	while (status == STATUS_OK) {
		status = gather_pass(gather, resumed);
		if (status != STATUS_OK || gather->position.pass_gseq == gather->state.gseq)
			break;
		gather->position = (struct position){
			.pass_gseq = gather->state.gseq, .low = gather->position.pass_gseq, .with_own = with_own
		};
		resumed = false;
	}
	return status;
}

/* Would it have to be told of rows that left before the horizon? Rows of a pass under way lie here as of its beginning. */
static bool is_too_old(const struct gather *gather, int64_t since)
{
	const struct bytes resume = gather->question->pull.resume;
	int64_t horizon = gather->state.horizon;
	struct position position;

	if (gather->question->pull.cursor.gseq != 0 && since == 0) /* of another epoch */
		return true;
	if (since != 0 && since < horizon)
		return true;
	return resume.size > 0 && position_decode(resume, &position) &&
	       (position.pass_gseq < horizon || (position.low != 0 && position.low < horizon));
}

enum status pull_answer(const struct pull_question *question, struct pull_answer *out_answer)
{
	struct gather gather = { 0 };
	struct pull_answer answer = { 0 };
	int64_t since = 0;
	enum status status = gather_init(&gather, question, &since);

	if (status == STATUS_OK && is_too_old(&gather, since)) {
		bool other_epoch = since == 0 && question->pull.cursor.gseq != 0;
		*out_answer = (struct pull_answer){ .too_old = true, .horizon = other_epoch ? 0 : gather.state.horizon };
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		status = gather_all(&gather, since);
	if (status != STATUS_OK && status != STATUS_BUSY)
		return status;
	answer.page = (struct page){ .groups = gather.page.groups, .group_count = gather.page.group_count };
	if (status == STATUS_BUSY) {
		answer.page.resume = position_encode(question->arena, &gather.position);
	} else {
		status = make_cut(&gather, since, &answer.cut);
		if (status != STATUS_OK)
			return status;
		answer.cut_follows = true;
	}
	answer.empty = gather.page.group_count == 0 && answer.cut_follows && question->pull.resume.size == 0 &&
		       since == gather.state.gseq && !question->pull.all_digests;
	*out_answer = answer;
	return STATUS_OK;
}

enum status pull_has_news(const struct pull_question *question, bool *out_news)
{
	struct gather gather = { 0 };
	int64_t since = 0;
	bool news = false;
	enum status status = gather_init(&gather, question, &since);

	for (size_t i = 0; i < gather.grant_count && status == STATUS_OK && !news; i++) {
		struct scope_state state;
		struct scope scope;
		status = server_store_scope_by_number(question->store, gather.grants[i].scope, &scope, &state);
		news = status == STATUS_OK &&
		       (state.gseq > since || gather.grants[i].from_gseq > since || gather.grants[i].until_gseq != 0);
	}
	if (status == STATUS_OK)
		*out_news = news || is_too_old(&gather, since);
	return status;
}
