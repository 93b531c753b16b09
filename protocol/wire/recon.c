#include "protocol/wire/recon.h"

#include <sodium.h>
#include <string.h>

#include "protocol/wire/body.h"

#define BUCKETS_DEPTH_MAX (RECON_DEPTH_MAX - 1) /* what is below it has a byte more */

/* ---- questions ---- */

static void write_digest(struct writer *writer, const struct recon_digest *digest)
{
	write_count(writer, digest->count);
	if (digest->count != 0)
		write_u64(writer, digest->check);
}

static struct recon_digest read_digest(struct reader *reader)
{
	struct recon_digest digest = { .count = read_count(reader) };

	if (digest.count != 0)
		digest.check = read_u64(reader);
	return digest;
}

static void write_row_name(struct writer *writer, enum record_kind kind, const struct id *id)
{
	write_varint(writer, kind);
	if (kind != RECORD_NONE)
		write_id(writer, id);
}

static void read_row_name(struct reader *reader, enum record_kind *out_kind, struct id *out_id)
{
	*out_kind = (enum record_kind)read_varint_max(reader, UINT16_MAX);
	if (*out_kind != RECORD_NONE)
		*out_id = read_id(reader);
}

static void write_question(struct writer *writer, const struct recon_question *question)
{
	write_u8(writer, (uint8_t)(question->form + 4 * question->depth));
	if (question->form == RECON_SCOPES) {
		write_raw(writer, question->prefix, question->depth);
		write_digest(writer, &question->digest);
		return;
	}
	write_scope(writer, &question->scope);
	write_raw(writer, question->prefix, question->depth);
	if (question->form == RECON_WHOLE)
		write_digest(writer, &question->digest);
	else if (question->form == RECON_ROWS)
		write_row_name(writer, question->after_kind, &question->after);
	for (size_t i = 0; question->form == RECON_BUCKETS && i < RECON_FAN; i++)
		write_digest(writer, &question->buckets[i]);
}

void recon_request_encode(struct writer *writer, const struct recon_request *request)
{
	if (request->count > RECON_QUESTIONS_MAX)
		writer->overflow = true;
	write_varint(writer, request->count);
	for (size_t i = 0; i < request->count && !writer->overflow; i++)
		write_question(writer, &request->questions[i]);
}

static enum status read_buckets(struct reader *reader, struct arena *arena, const struct recon_digest **out_buckets)
{
	struct recon_digest *buckets;

	if (reader_left(reader) < RECON_FAN)
		return fail(STATUS_CORRUPT, "recon: buckets are cut");
	buckets = arena_allocate_array(arena, RECON_FAN, sizeof(*buckets));
	for (size_t i = 0; i < RECON_FAN; i++)
		buckets[i] = read_digest(reader);
	*out_buckets = buckets;
	return STATUS_OK;
}

static enum status read_question(struct reader *reader, struct arena *arena, struct recon_question *out_question)
{
	static const size_t depth_max[] = {
		[RECON_SCOPES] = 1, [RECON_WHOLE] = 0, [RECON_BUCKETS] = BUCKETS_DEPTH_MAX, [RECON_ROWS] = RECON_DEPTH_MAX
	};
	uint8_t lead = read_u8(reader);
	struct recon_question question = { .form = (enum recon_form)(lead % 4), .depth = lead / 4 };
	enum status status = STATUS_OK;

	if (question.depth > depth_max[question.form])
		return fail(STATUS_CORRUPT, "recon: a prefix of %zu bytes", question.depth);
	if (question.form != RECON_SCOPES)
		status = read_scope(reader, &question.scope);
	if (status != STATUS_OK)
		return status;
	read_raw(reader, question.prefix, question.depth);
	if (question.form == RECON_SCOPES || question.form == RECON_WHOLE)
		question.digest = read_digest(reader);
	else if (question.form == RECON_ROWS)
		read_row_name(reader, &question.after_kind, &question.after);
	else
		status = read_buckets(reader, arena, &question.buckets);
	*out_question = question;
	return status;
}

enum status recon_request_decode(struct bytes body, struct arena *arena, struct recon_request *out_request)
{
	struct reader reader = reader_of(body);
	size_t most = reader_left(&reader) / 2 < RECON_QUESTIONS_MAX ? reader_left(&reader) / 2 : RECON_QUESTIONS_MAX;
	size_t count = (size_t)read_varint_max(&reader, most);
	struct recon_question *questions = arena_allocate_array(arena, count, sizeof(*questions));
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = read_question(&reader, arena, &questions[i]);
	if (status == STATUS_OK)
		status = reader_end(&reader, "recon");
	if (status == STATUS_OK)
		*out_request = (struct recon_request){ questions, count };
	return status;
}

/* ---- answers ---- */

static void write_answer(struct writer *writer, const struct recon_answer *answer)
{
	write_u8(writer, (uint8_t)answer->verdict);
	if (answer->verdict == RECON_DIFFERING)
		write_raw(writer, answer->differing, sizeof(answer->differing));
	if (answer->verdict == RECON_ANSWERED)
		write_row_name(writer, answer->until_kind, &answer->until);
	if (answer->verdict != RECON_HELD)
		return;
	write_varint(writer, answer->scope_count);
	for (size_t i = 0; i < answer->scope_count; i++)
		write_scope(writer, &answer->scopes[i]);
}

void recon_reply_encode(struct writer *writer, const struct recon_reply *reply)
{
	write_cursor(writer, &reply->cursor);
	write_varint(writer, reply->count);
	for (size_t i = 0; i < reply->count; i++)
		write_answer(writer, &reply->answers[i]);
	write_bytes(writer, reply->page);
}

static enum status read_scopes(struct reader *reader, struct arena *arena, struct recon_answer *answer)
{
	size_t count = (size_t)read_varint_max(reader, reader_left(reader));
	struct scope *scopes = arena_allocate_array(arena, count, sizeof(*scopes));
	enum status status = STATUS_OK;

	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = read_scope(reader, &scopes[i]);
	answer->scopes = scopes;
	answer->scope_count = count;
	return status;
}

static enum status read_answer(struct reader *reader, struct arena *arena, struct recon_answer *out_answer)
{
	struct recon_answer answer = { .verdict = (enum recon_verdict)read_u8(reader) };
	enum status status = STATUS_OK;

	if (answer.verdict > RECON_HELD)
		return fail(STATUS_NEWER, "recon: answer %d is not known here; update this program", (int)answer.verdict);
	if (answer.verdict == RECON_DIFFERING)
		read_raw(reader, answer.differing, sizeof(answer.differing));
	else if (answer.verdict == RECON_ANSWERED)
		read_row_name(reader, &answer.until_kind, &answer.until);
	else if (answer.verdict == RECON_HELD)
		status = read_scopes(reader, arena, &answer);
	*out_answer = answer;
	return status;
}

enum status recon_reply_decode(struct bytes body, struct arena *arena, struct recon_reply *out_reply)
{
	struct reader reader = reader_of(body);
	struct recon_reply reply = { .cursor = read_cursor(&reader) };
	size_t most = reader_left(&reader) < RECON_QUESTIONS_MAX ? reader_left(&reader) : RECON_QUESTIONS_MAX;
	struct recon_answer *answers;
	enum status status = STATUS_OK;

	reply.count = (size_t)read_varint_max(&reader, most);
	answers = arena_allocate_array(arena, reply.count, sizeof(*answers));
	for (size_t i = 0; i < reply.count && status == STATUS_OK; i++)
		status = read_answer(&reader, arena, &answers[i]);
	if (status != STATUS_OK)
		return status;
	reply.answers = answers;
	reply.page = read_bytes(&reader, reader_left(&reader));
	status = reader_end(&reader, "recon");
	if (status == STATUS_OK)
		*out_reply = reply;
	return status;
}

uint64_t recon_scope_check(const struct scope *scope)
{
	static const uint8_t key[crypto_shorthash_siphashx24_KEYBYTES] = "truckroll/row/v1";
	uint8_t room[32], hash[ROW_HASH_SIZE];
	struct writer writer = { .data = room, .capacity = sizeof(room), .size_max = sizeof(room) };

	write_scope(&writer, scope);
	crypto_shorthash_siphashx24(hash, writer.data, writer.size, key);
	return row_hash_from_bytes(hash).low;
}

bool recon_scope_concerns(const struct recon_question *question, const struct scope *scope)
{
	return memcmp(scope->id.bytes, question->prefix, question->depth) == 0;
}
