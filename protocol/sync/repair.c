#include "protocol/sync/repair.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/sync/cut.h"
#include "protocol/wire/body.h"

#define ROWS_WHOLE_MAX  16 /* a range that has more here is asked about by buckets, one that has less for its rows */
#define ASK_SIZE_MAX    ((size_t)40 * 1024)
#define BUCKETS_SIZE    ((size_t)RECON_FAN * 11)
#define QUESTION_SIZE   ((size_t)40)
#define REPAIR_SIZE_MAX ((size_t)4 * 1024 * 1024)

/* ---- what is kept of a repair ---- */

static enum status fail_unreadable(void)
{
	return fail(STATUS_CORRUPT, "replica.db does not say what of its repair is left; that begins anew");
}

static void write_question(struct writer *writer, const struct recon_question *question)
{
	write_u8(writer, (uint8_t)question->form);
	write_u8(writer, (uint8_t)question->depth);
	if (question->form == RECON_SCOPES) {
		write_raw(writer, question->prefix, question->depth);
		return;
	}
	write_scope(writer, &question->scope);
	write_raw(writer, question->prefix, sizeof(question->prefix));
	write_varint(writer, question->after_kind);
	write_id(writer, &question->after);
}

static enum status read_question(struct reader *reader, struct recon_question *out_question)
{
	struct recon_question question = { .form = (enum recon_form)read_u8(reader) };
	enum status status;

	question.depth = read_u8(reader);
	if (question.form == RECON_SCOPES && question.depth <= RECON_DEPTH_MAX) {
		read_raw(reader, question.prefix, question.depth);
	} else if (question.form != RECON_SCOPES) {
		status = read_scope(reader, &question.scope);
		if (status != STATUS_OK)
			return status;
		read_raw(reader, question.prefix, sizeof(question.prefix));
		question.after_kind = (enum record_kind)read_varint_max(reader, UINT16_MAX);
		question.after = read_id(reader);
	}
	if (reader->bad || question.form > RECON_ROWS || question.depth > RECON_DEPTH_MAX)
		return fail_unreadable();
	*out_question = question;
	return STATUS_OK;
}

static enum status keep(struct device_store *store, struct arena *arena, const struct repair *repair)
{
	struct writer writer = writer_in(arena, REPAIR_SIZE_MAX);

	write_u8(&writer, repair->answered);
	write_count(&writer, repair->tries);
	write_cursor(&writer, &repair->since);
	write_varint(&writer, repair->question_count);
	for (size_t i = 0; i < repair->question_count; i++)
		write_question(&writer, &repair->questions[i]);
	if (writer.overflow)
		return fail(STATUS_CORRUPT, "repair: %zu questions are left to ask; it must be fetched again", repair->question_count);
	return device_store_put_repair(store, writer_bytes(&writer));
}

enum status repair_load(struct device_store *store, struct arena *arena, struct repair *out_repair)
{
	struct repair repair = { 0 };
	struct bytes kept;
	struct reader reader;
	enum status status = device_store_repair(store, arena, &kept);

	repair.under_way = status == STATUS_OK && kept.size > 0;
	if (repair.under_way) {
		reader = reader_of(kept);
		repair.answered = read_u8(&reader) != 0;
		repair.tries = read_count(&reader);
		repair.since = read_cursor(&reader);
		repair.question_count = (size_t)read_varint_max(&reader, reader_left(&reader) / 2);
		repair.questions = arena_allocate_array(arena, repair.question_count, sizeof(*repair.questions));
		for (size_t i = 0; i < repair.question_count && status == STATUS_OK; i++)
			status = read_question(&reader, &repair.questions[i]);
		if (status == STATUS_OK && (reader.bad || reader_left(&reader) > 0))
			status = fail_unreadable();
	}
	if (status == STATUS_OK)
		*out_repair = repair;
	return status;
}

/* ---- beginning and ending ---- */

enum status repair_forget(struct device_store *store)
{
	enum status status = device_store_clear_ranges(store);

	return status == STATUS_OK ? device_store_put_repair(store, (struct bytes){ 0 }) : status;
}

/* Every scope held is asked about, and whether they are the right ones. */
static enum status begin(struct device_store *store, struct arena *arena, int64_t tries)
{
	struct repair repair = { .tries = tries, .question_count = 1 };
	struct replica replica;
	enum status status = replica_open(&replica, store, arena);

	if (status == STATUS_OK)
		status = device_store_clear_ranges(store);
	if (status != STATUS_OK)
		return status;
	repair.questions = arena_allocate_array(arena, replica.scope_count + 1, sizeof(*repair.questions));
	repair.questions[0].form = RECON_SCOPES;
	for (size_t i = 0; i < replica.scope_count; i++)
		if (!replica.scopes[i].dropped)
			repair.questions[repair.question_count++] =
				(struct recon_question){ .form = RECON_WHOLE, .scope = replica.scopes[i].scope };
	return keep(store, arena, &repair);
}

enum status repair_restart(struct device_store *store, struct arena *arena)
{
	struct repair repair;
	enum status status = repair_load(store, arena, &repair);

	return status == STATUS_OK && repair.under_way ? begin(store, arena, repair.tries) : status;
}

static enum status prepare(struct device_store *store, struct arena *arena, struct replica_state *state, const struct repair *repair)
{
	bool fetch = state->cursor.gseq == 0;
	enum status status = device_store_clear_staged(store);

	if (status == STATUS_OK)
		status = device_store_put_resume(store, (struct bytes){ 0 });
	if (status == STATUS_OK)
		status = fetch ? repair_forget(store) : begin(store, arena, repair->tries);
	return status == STATUS_OK ? device_store_put_replica(store, state) : status;
}

/* One that cannot be read begins anew: what is missing of it shows in the questions. */
static enum status load_next_try(struct device_store *store, struct arena *arena, bool failed, struct repair *out_repair)
{
	enum status status = repair_load(store, arena, out_repair);

	if (status == STATUS_OK)
		out_repair->tries += out_repair->tries == 0 || failed;
	if (status != STATUS_CORRUPT)
		return status;
	*out_repair = (struct repair){ .tries = 1 };
	return STATUS_OK;
}

enum status repair_prepare(struct device_store *store, struct arena *arena, int64_t acknowledged_seq, bool failed, bool *out_fetch)
{
	struct replica_state state;
	struct repair repair;
	enum status status = device_store_replica(store, &state);

	if (status == STATUS_OK)
		status = load_next_try(store, arena, failed, &repair);
	if (status == STATUS_OK)
		status = device_store_begin(store, false);
	if (status != STATUS_OK)
		return status;
	if (state.settled_seq > acknowledged_seq) /* the server forgot that it had decided them */
		state.settled_seq = acknowledged_seq;
	*out_fetch = repair.tries > REPAIR_TRIES_MAX && state.cursor.gseq != 0 && !device_store_seeding(store);
	if (*out_fetch || device_store_seeding(store))
		state.cursor = (struct cursor){ 0 };
	status = prepare(store, arena, &state, &repair);
	if (status == STATUS_OK)
		return device_store_commit(store);
	device_store_rollback(store);
	return status;
}

/* ---- asking ---- */

/* How many of the questions go into one request. */
static size_t ask_count(const struct repair *repair)
{
	size_t count = 0, size = 0;

	while (count < repair->question_count && count < RECON_QUESTIONS_MAX && size < ASK_SIZE_MAX)
		size += repair->questions[count++].form == RECON_BUCKETS ? BUCKETS_SIZE : QUESTION_SIZE;
	return count;
}

static struct id_span span_of(const struct recon_question *question)
{
	struct id_span span;

	memset(&span.before, 0, sizeof(span.before));
	memset(&span.last, 0xff, sizeof(span.last));
	memcpy(span.before.bytes, question->prefix, question->depth);
	memcpy(span.last.bytes, question->prefix, question->depth);
	for (size_t i = sizeof(span.before); i > 0 && !id_is_nil(&span.before); i--) /* one less */
		if (span.before.bytes[i - 1]-- != 0)
			break;
	return span;
}

struct bucket_count {
	struct recon_digest *buckets;
	size_t depth;
};

static enum status count_row(void *context, enum record_kind kind, const void *row, const struct device_row *meta)
{
	struct bucket_count *count = context;
	struct recon_digest *bucket = &count->buckets[row_id(row)->bytes[count->depth]];

	if (meta == NULL)
		return STATUS_OK;
	bucket->count++;
	bucket->check += row_hash(schema_find(kind), row).low;
	return STATUS_OK;
}

static enum status count_buckets(struct replica *replica, struct recon_question *question)
{
	struct id_span span = span_of(question);
	struct bucket_count count = { .depth = question->depth };

	count.buckets = arena_allocate_array(replica->arena, RECON_FAN, sizeof(*count.buckets));
	question->buckets = count.buckets;
	return device_store_span_each(replica->store, &question->scope, &span, count_row, &count);
}

static void count_scopes(const struct replica *replica, struct recon_question *question)
{
	for (size_t i = 0; i < replica->scope_count; i++) {
		if (replica->scopes[i].dropped || !recon_scope_concerns(question, &replica->scopes[i].scope))
			continue;
		question->digest.count++;
		question->digest.check += recon_scope_check(&replica->scopes[i].scope);
	}
}

static enum status fill_in(struct replica *replica, struct recon_question *question)
{
	const struct held_scope *held = replica_scope(replica, &question->scope);

	if (question->form == RECON_BUCKETS)
		return count_buckets(replica, question);
	if (question->form == RECON_SCOPES)
		count_scopes(replica, question);
	if (question->form == RECON_WHOLE && held != NULL)
		question->digest = (struct recon_digest){ held->digest.count, held->digest.sum.low };
	return STATUS_OK;
}

/* Over the confirmed rows: guesses are taken off, and the transaction never was. */
static enum status fill_all(struct device_store *store, struct arena *arena, struct recon_question *questions, size_t count)
{
	struct replica replica;
	bool counted = false;
	enum status status = device_store_restore_shadows(store);

	device_store_reset_rows(store);
	if (status == STATUS_OK)
		status = replica_open(&replica, store, arena);
	for (size_t i = 0; i < count && status == STATUS_OK && !counted; i++) {
		counted = questions[i].form == RECON_WHOLE;
		status = counted ? replica_recount(&replica) : STATUS_OK;
	}
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = fill_in(&replica, &questions[i]);
	return status;
}

enum status repair_ask(struct device_store *store, struct arena *arena, const struct repair *repair, struct recon_request *out_request)
{
	size_t count = ask_count(repair);
	struct recon_question *questions = arena_copy(arena, repair->questions, count * sizeof(*questions));
	enum status status = device_store_begin(store, false);

	if (status != STATUS_OK)
		return status;
	status = fill_all(store, arena, questions, count);
	device_store_rollback(store);
	if (status == STATUS_OK)
		*out_request = (struct recon_request){ questions, count };
	return status;
}

/* ---- answers ---- */

/* What is worked out from a reply. */
struct taking {
	struct device_store *store;
	struct arena *arena;
	const struct repair *repair;
	struct repair next; /* what is left to ask */
	size_t capacity;
	struct recon_question *ranges; /* answered or not held, with their answers: kept until the cut */
	struct recon_answer *answers;
	size_t range_count;
};

static void ask_later(struct taking *taking, const struct recon_question *question)
{
	struct repair *next = &taking->next;

	next->questions = arena_grow(taking->arena, next->questions, next->question_count, &taking->capacity, sizeof(*question));
	next->questions[next->question_count++] = *question;
}

/* Rows of the scope here, confirmed ones and guesses alike: which form a question takes, no more. */
static bool is_large(const struct taking *taking, const struct scope *scope)
{
	struct digest digest;

	return device_store_scope(taking->store, scope, &digest) == STATUS_OK && digest.count > ROWS_WHOLE_MAX;
}

static void take_differing(struct taking *taking, const struct recon_question *question, const struct recon_answer *answer,
	const struct recon_digest *buckets)
{
	for (size_t i = 0; i < RECON_FAN; i++) {
		struct recon_question below = { .form = RECON_ROWS, .scope = question->scope, .depth = question->depth + 1 };
		if ((answer->differing[i / 8] >> i % 8 & 1) == 0)
			continue;
		memcpy(below.prefix, question->prefix, question->depth);
		below.prefix[question->depth] = (uint8_t)i;
		if (buckets[i].count > ROWS_WHOLE_MAX && below.depth < RECON_DEPTH_MAX)
			below.form = RECON_BUCKETS;
		ask_later(taking, &below);
	}
}

static void take_other(struct taking *taking, const struct recon_question *question)
{
	struct recon_question next = *question;

	if (question->form == RECON_WHOLE) {
		next.form = is_large(taking, &question->scope) ? RECON_BUCKETS : RECON_ROWS;
		ask_later(taking, &next);
		return;
	}
	next.depth = 1;
	for (size_t i = 0; i < RECON_FAN; i++) { /* scopes by the first byte of their ids */
		next.prefix[0] = (uint8_t)i;
		ask_later(taking, &next);
	}
}

static void take_held(struct taking *taking, const struct recon_answer *answer)
{
	for (size_t i = 0; i < answer->scope_count; i++) {
		const struct recon_question fetch = { .form = RECON_ROWS, .scope = answer->scopes[i] };
		struct digest digest;
		if (device_store_scope(taking->store, &fetch.scope, &digest) != STATUS_OK || digest.count < 0)
			ask_later(taking, &fetch);
	}
}

static void keep_range(struct taking *taking, const struct recon_question *question, const struct recon_answer *answer)
{
	struct recon_question rest = *question;

	taking->ranges[taking->range_count] = *question;
	taking->ranges[taking->range_count].form = RECON_ROWS;
	taking->answers[taking->range_count++] = *answer;
	if (answer->verdict != RECON_ANSWERED || answer->until_kind == RECORD_NONE)
		return;
	rest.form = RECON_ROWS;
	rest.after_kind = answer->until_kind;
	rest.after = answer->until;
	ask_later(taking, &rest);
}

static enum status take_answer(struct taking *taking, const struct recon_question *question, const struct recon_answer *answer)
{
	/* clang-format off */
	static const uint8_t fitting[] = { /* bit v: verdict v may answer that form */
		[RECON_SCOPES]  = 1 << RECON_SAME | 1 << RECON_OTHER | 1 << RECON_HELD,
		[RECON_WHOLE]   = 1 << RECON_SAME | 1 << RECON_OTHER | 1 << RECON_ANSWERED | 1 << RECON_NOT_HELD,
		[RECON_BUCKETS] = 1 << RECON_SAME | 1 << RECON_DIFFERING | 1 << RECON_NOT_HELD,
		[RECON_ROWS]    = 1 << RECON_ANSWERED | 1 << RECON_NOT_HELD,
	};
	/* clang-format on */
	if ((fitting[question->form] >> answer->verdict & 1) == 0)
		return fail(STATUS_CORRUPT, "recon: answer %d to a question of form %d", (int)answer->verdict, (int)question->form);
	switch (answer->verdict) {
	case RECON_SAME:
		break;
	case RECON_OTHER:
		if (question->form == RECON_SCOPES && question->depth > 0)
			return fail(STATUS_CORRUPT, "recon: scopes are to be asked about by more than their first byte");
		take_other(taking, question);
		break;
	case RECON_DIFFERING:
		take_differing(taking, question, answer, question->buckets);
		break;
	case RECON_HELD:
		take_held(taking, answer);
		break;
	case RECON_ANSWERED:
	case RECON_NOT_HELD:
		keep_range(taking, question, answer);
		break;
	}
	return STATUS_OK;
}

/* Question and answer together, in one piece: bytes(request) ‖ reply. */
static enum status keep_answers(struct taking *taking, const struct recon_reply *reply)
{
	const struct recon_request request = { taking->ranges, taking->range_count };
	struct recon_reply kept = *reply;
	struct writer questions = writer_in(taking->arena, 4 * FRAME_SIZE_MAX), range = writer_in(taking->arena, 8 * FRAME_SIZE_MAX);

	if (taking->range_count == 0)
		return STATUS_OK;
	kept.answers = taking->answers;
	kept.count = taking->range_count;
	recon_request_encode(&questions, &request);
	write_bytes(&range, writer_bytes(&questions));
	recon_reply_encode(&range, &kept);
	return device_store_keep_range(taking->store, writer_bytes(&range));
}

static enum status take_reply(struct taking *taking, const struct recon_reply *reply, const struct recon_question *asked)
{
	const struct repair *repair = taking->repair;
	enum status status = STATUS_OK;

	taking->ranges = arena_allocate_array(taking->arena, reply->count, sizeof(*taking->ranges));
	taking->answers = arena_allocate_array(taking->arena, reply->count, sizeof(*taking->answers));
	for (size_t i = 0; i < reply->count && status == STATUS_OK; i++)
		status = take_answer(taking, &asked[i], &reply->answers[i]);
	for (size_t i = reply->count; i < repair->question_count && status == STATUS_OK; i++)
		ask_later(taking, &repair->questions[i]);
	if (status == STATUS_OK)
		status = keep_answers(taking, reply);
	return status == STATUS_OK ? keep(taking->store, taking->arena, &taking->next) : status;
}

static bool is_same_life(const struct repair *repair, const struct cursor *cursor)
{
	return !repair->answered || (id_equal(&repair->since.epoch, &cursor->epoch) && repair->since.gseq <= cursor->gseq);
}

static bool has_differing(const struct recon_reply *reply)
{
	for (size_t i = 0; i < reply->count; i++)
		if (reply->answers[i].verdict == RECON_DIFFERING)
			return true;
	return false;
}

enum status repair_take(struct device_store *store, struct arena *arena, const struct repair *repair, struct bytes body)
{
	struct taking taking = { .store = store, .arena = arena, .repair = repair, .next = { .tries = repair->tries, .answered = true } };
	struct recon_request asked = { repair->questions, ask_count(repair) };
	struct recon_reply reply;
	enum status status = recon_reply_decode(body, arena, &reply);

	if (status == STATUS_OK && has_differing(&reply)) /* with the counts, which are what they were when they were asked */
		status = repair_ask(store, arena, repair, &asked);
	if (status != STATUS_OK)
		return status;
	if (reply.count == 0 || reply.count > asked.count || !is_same_life(repair, &reply.cursor))
		return fail(STATUS_CORRUPT, "recon: %zu answers to %zu questions, or of another life of the server", reply.count,
			asked.count);
	taking.next.since = repair->answered ? repair->since : reply.cursor;
	status = device_store_begin(store, false);
	if (status != STATUS_OK)
		return status;
	status = take_reply(&taking, &reply, asked.questions);
	if (status == STATUS_OK)
		return device_store_commit(store);
	device_store_rollback(store);
	return status;
}

/* ---- in the cut ---- */

struct row_name {
	struct scope scope;
	enum record_kind kind;
	struct id id;
};

struct row_list {
	struct arena *arena;
	struct row_name *rows;
	size_t count;
	size_t capacity;
};

/* A range being replaced. */
struct replacing {
	struct replica *replica;
	const struct recon_question *range;
	const struct recon_answer *answer;
	const struct row_name *named; /* rows of the page, sorted */
	size_t named_count;
	struct row_name *extra; /* rows here that the page does not name */
	size_t extra_count;
	size_t extra_capacity;
};

static int compare_rows(enum record_kind left_kind, const struct id *left, enum record_kind right_kind, const struct id *right)
{
	return left_kind != right_kind ? (left_kind < right_kind ? -1 : 1) : id_compare(left, right);
}

static int compare_names(const void *left_pointer, const void *right_pointer)
{
	const struct row_name *left = left_pointer, *right = right_pointer;

	if (left->scope.kind != right->scope.kind)
		return left->scope.kind < right->scope.kind ? -1 : 1;
	if (!id_equal(&left->scope.id, &right->scope.id))
		return id_compare(&left->scope.id, &right->scope.id);
	return compare_rows(left->kind, &left->id, right->kind, &right->id);
}

static enum status note_extra(void *context, enum record_kind kind, const void *row, const struct device_row *meta)
{
	struct replacing *replacing = context;
	const struct recon_question *range = replacing->range;
	const struct recon_answer *answer = replacing->answer;
	const struct row_name name = { range->scope, kind, *row_id(row) };

	(void)meta;
	if (range->after_kind != RECORD_NONE && compare_rows(kind, &name.id, range->after_kind, &range->after) <= 0)
		return STATUS_OK;
	if (answer->until_kind != RECORD_NONE && compare_rows(kind, &name.id, answer->until_kind, &answer->until) > 0)
		return STATUS_OK;
	if (replacing->named_count > 0 &&
		bsearch(&name, replacing->named, replacing->named_count, sizeof(name), compare_names) != NULL)
		return STATUS_OK;
	replacing->extra = arena_grow(
		replacing->replica->arena, replacing->extra, replacing->extra_count, &replacing->extra_capacity, sizeof(name));
	replacing->extra[replacing->extra_count++] = name;
	return STATUS_OK;
}

static enum status replace_range(struct replacing *replacing, enum seeded_bug bug, struct repair_tally *tally)
{
	struct replica *replica = replacing->replica;
	const struct recon_question *range = replacing->range;
	struct id_span span = span_of(range);
	enum status status;

	if (replacing->answer->verdict == RECON_NOT_HELD) {
		replica_drop(replica, &range->scope);
		return STATUS_OK;
	}
	status = replica_hold(replica, &range->scope);
	if (status == STATUS_OK)
		status = device_store_span_each(replica->store, &range->scope, &span, note_extra, replacing);
	if (bug == BUG_RANGE_NOT_REPLACED)
		replacing->extra_count = 0;
	for (size_t i = 0; i < replacing->extra_count && status == STATUS_OK; i++)
		status = replica_leave(replica, &range->scope, replacing->extra[i].kind, &replacing->extra[i].id);
	tally->removed += (int64_t)replacing->extra_count;
	return status;
}

/* The rows of a page by name, sorted. */
static void name_rows(struct arena *arena, const struct page *page, struct row_name **out_names, size_t *out_count)
{
	size_t count = 0, capacity = 0;
	struct row_name *names = NULL;

	for (size_t i = 0; i < page->group_count; i++)
		for (size_t k = 0; k < page->groups[i].count; k++) {
			names = arena_grow(arena, names, count, &capacity, sizeof(*names));
			names[count++] = (struct row_name){
				page->groups[i].scope, page->groups[i].schema->kind, *row_id(page->groups[i].rows[k])
			};
		}
	if (count > 0)
		qsort(names, count, sizeof(*names), compare_names);
	*out_names = names;
	*out_count = count;
}

static enum status note_guess(void *context, const struct shadow *shadow)
{
	struct row_list *list = context;

	list->rows = arena_grow(list->arena, list->rows, list->count, &list->capacity, sizeof(*list->rows));
	list->rows[list->count++] = (struct row_name){ .kind = shadow->kind, .id = shadow->id };
	return STATUS_OK;
}

enum status repair_note_guesses(struct replica *replica, struct repair_tally *out_tally)
{
	struct row_list list = { .arena = replica->arena };
	enum status status = device_store_shadow_each(replica->store, note_guess, &list);

	if (list.count > 0)
		qsort(list.rows, list.count, sizeof(*list.rows), compare_names);
	*out_tally = (struct repair_tally){ .guessed = list.rows, .guessed_count = list.count };
	return status;
}

static bool is_guessed(const struct repair_tally *tally, enum record_kind kind, const struct id *id)
{
	const struct row_name name = { .kind = kind, .id = *id };

	return tally->guessed_count > 0 && bsearch(&name, tally->guessed, tally->guessed_count, sizeof(name), compare_names) != NULL;
}

static enum status tally_row(struct replica *replica, const struct schema *schema, const void *row, struct repair_tally *tally)
{
	const void *here;
	enum status status = records_look(device_store_records(replica->store), schema->kind, row_id(row), &here);

	if (status != STATUS_OK || is_guessed(tally, schema->kind, row_id(row)))
		return status;
	tally->added += here == NULL;
	tally->changed += here != NULL && !row_equal(schema, here, row);
	return STATUS_OK;
}

static enum status tally_page(struct replica *replica, const struct page *page, struct repair_tally *tally)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < page->group_count && status == STATUS_OK; i++) {
		const struct page_group *group = &page->groups[i];
		if (group->type != ENTRY_WHOLE && group->type != ENTRY_MEMBER)
			return fail(STATUS_CORRUPT, "recon: its page has entries of type %d", (int)group->type);
		for (size_t k = 0; k < group->count && group->type == ENTRY_WHOLE && status == STATUS_OK; k++)
			status = tally_row(replica, group->schema, group->rows[k], tally);
		device_store_reset_rows(replica->store);
	}
	return status;
}

struct applying {
	struct replica *replica;
	enum seeded_bug bug;
	struct repair_tally *tally;
};

static enum status replace_all(
	struct applying *applying, const struct recon_request *request, const struct recon_reply *reply, const struct page *page)
{
	struct row_name *named;
	size_t named_count;
	enum status status = tally_page(applying->replica, page, applying->tally);

	name_rows(applying->replica->arena, page, &named, &named_count);
	for (size_t i = 0; i < reply->count && status == STATUS_OK; i++) {
		struct replacing replacing = { .replica = applying->replica,
			.range = &request->questions[i],
			.answer = &reply->answers[i],
			.named = named,
			.named_count = named_count };
		status = replace_range(&replacing, applying->bug, applying->tally);
	}
	return status == STATUS_OK ? cut_apply_page(applying->replica, page) : status;
}

static enum status apply_kept(void *context, struct bytes kept)
{
	struct applying *applying = context;
	struct arena arena = { 0 };
	struct reader reader = reader_of(kept);
	struct bytes questions = read_bytes(&reader, reader_left(&reader));
	struct recon_request request;
	struct recon_reply reply;
	struct page page = { 0 };
	enum status status = recon_request_decode(questions, &arena, &request);

	if (status == STATUS_OK)
		status = recon_reply_decode(read_view(&reader, reader_left(&reader)), &arena, &reply);
	if (status == STATUS_OK && reply.count != request.count)
		status = fail(STATUS_CORRUPT, "replica.db holds %zu answers to %zu questions", reply.count, request.count);
	if (status == STATUS_OK && reply.page.size > 0)
		status = page_decode(reply.page, &arena, device_store_references(applying->replica->store), &page);
	if (status == STATUS_OK)
		status = replace_all(applying, &request, &reply, &page);
	arena_finish(&arena);
	return status;
}

enum status repair_apply(struct replica *replica, enum seeded_bug bug, struct repair_tally *tally)
{
	struct applying applying = { .replica = replica, .bug = bug, .tally = tally };

	return device_store_ranges_each(replica->store, apply_kept, &applying);
}
