#include "protocol/sync/reply.h"

#include "protocol/domain/revision.h"
#include "protocol/sync/pull.h"
#include "protocol/sync/recon.h"
#include "protocol/wire/dictionary.h"

#define ROOM_FOR_HEADS 32 /* of sections, and for the outlook */
#define PAGE_RAW_MIN ((size_t)8 * 1024)
#define PAGE_RAW_MAX ((size_t)900 * 1024) /* below what a frame may unpack to */
#define DECIDED_SIZE_MAX ((size_t)16 * 1024) /* leaves most of a frame to the page */

void reply_init(struct reply *reply, struct arena *arena, size_t *page_raw_max, size_t size_max)
{
	*reply = (struct reply){ .arena = arena, .writer = writer_in(arena, size_max), .size_max = size_max, .page_raw_max = page_raw_max };
}

static struct writer body_writer(const struct reply *reply)
{
	return writer_in(reply->arena, 16 * FRAME_SIZE_MAX);
}

void reply_fault(struct reply *reply, const struct wire_fault *fault)
{
	struct writer body = body_writer(reply);

	fault_encode(&body, fault);
	section_write(&reply->writer, SECTION_ERROR, writer_bytes(&body));
}

struct welcome reply_make_welcome(const struct hello *hello, const struct server_state *state, const struct device_entry *device,
	const struct chain_state *chain, int64_t now_ms, int64_t lease_until_ms)
{
	return (struct welcome){
		.incarnation = hello->incarnation,
		.incarnation_known = chain->number != 0,
		.rolled_back = chain->last_seq > hello->next_seq - 1 ||
			       (chain->last_seq == hello->next_seq - 1 && !hash_equal(&chain->last_hash, &hello->chain_hash)),
		.last_seq = chain->last_seq,
		.chain_hash = chain->last_hash,
		.epoch = state->epoch,
		.gseq = state->gseq,
		.time_ms = now_ms,
		.device_state = device->state,
		.lease_until_ms = lease_until_ms,
		.backup_gseq = state->backup_gseq,
		.schema_revision = schema_revision(),
		.handler_revision = HANDLER_REVISION,
	};
}

void reply_answers(struct reply *reply, const uint8_t ephemeral[static BOX_PUBLIC_SIZE])
{
	section_write(&reply->writer, SECTION_ANSWERS, (struct bytes){ ephemeral, ANSWERS_SIZE });
}

void reply_welcome(struct reply *reply, const struct welcome *welcome)
{
	struct writer body = body_writer(reply);

	welcome_encode(&body, welcome);
	section_write(&reply->writer, SECTION_WELCOME, writer_bytes(&body));
}

/* Every seq after `settled_seq`: one run. */
static void make_all_unlike(struct arena *arena, struct decided *decided, int64_t settled_seq)
{
	int64_t *unlike = arena_allocate_array(arena, (size_t)(decided->seq - settled_seq), sizeof(*unlike));

	for (int64_t seq = settled_seq + 1; seq <= decided->seq; seq++)
		unlike[seq - settled_seq - 1] = seq;
	decided->unlike = unlike;
	decided->unlike_count = (size_t)(decided->seq - settled_seq);
}

enum status reply_decided(
	struct reply *reply, struct server_store *store, const struct chain_state *chain, int64_t settled_seq, bool *out_all_unlike)
{
	struct decided decided = {
		.incarnation = chain->incarnation, .seq = chain->last_seq, .chain_hash = chain->last_hash, .gseq = chain->last_gseq
	};
	struct writer body = writer_in(reply->arena, DECIDED_SIZE_MAX);
	int64_t *unlike;
	bool brief;
	enum status status;

	if (chain->last_seq - settled_seq > (int64_t)UNLIKE_COUNT_MAX)
		return fail(STATUS_INVALID, "decided: %lld operations since %lld are more than one answer tells",
			(long long)(chain->last_seq - settled_seq), (long long)settled_seq);
	status = server_store_unlike(store, chain, settled_seq, reply->arena, &unlike, &decided.unlike_count);
	if (status != STATUS_OK)
		return status;
	decided.unlike = unlike;
	brief = decided_encode_within(&body, &decided, reply->ground);
	*out_all_unlike = body.overflow;
	if (body.overflow) {
		make_all_unlike(reply->arena, &decided, settled_seq);
		body = writer_in(reply->arena, DECIDED_SIZE_MAX);
		(void)decided_encode_within(&body, &decided, reply->ground);
	}
	section_put(&reply->writer, &(struct section){ SECTION_DECIDED, brief, writer_bytes(&body) });
	return STATUS_OK;
}

/* False when the page is beyond what a decoder would take. What every device of a scope may be given is kept for the next one, who may know
 * no dictionary. */
static bool encode_page(const struct reply *reply, const struct page *page, struct pull_shared *shared, struct bytes *out_body)
{
	struct writer packed = body_writer(reply), body = body_writer(reply);

	if (!shared->found) {
		page_pack(&packed, page, NULL, shared->built ? DICTIONARY_NONE : reply->dictionary);
		shared->page.packed = writer_bytes(&packed);
	}
	page_encode_packed(&body, page->resume, shared->page.packed);
	*out_body = writer_bytes(&body);
	return !packed.overflow && !body.overflow;
}

static bool encode_cut(const struct reply *reply, const struct cut *cut, struct section *out_cut)
{
	struct writer body = body_writer(reply);
	bool brief = cut_encode_within(&body, cut, reply->ground);

	*out_cut = (struct section){ SECTION_CUT, brief, writer_bytes(&body) };
	return !body.overflow;
}

/* How many raw bytes the next full page may gather so that its frame is well filled. */
static void adapt(const struct reply *reply, size_t raw_max, size_t body_size, size_t room)
{
	size_t fitting = body_size == 0 ? raw_max : raw_max * (room - room / 16) / body_size;

	if (*reply->page_raw_max < PAGE_RAW_MIN) /* a test wants them that small */
		return;
	if (fitting > raw_max + raw_max / 2)
		fitting = raw_max + raw_max / 2;
	*reply->page_raw_max = fitting < PAGE_RAW_MIN ? PAGE_RAW_MIN : fitting > PAGE_RAW_MAX ? PAGE_RAW_MAX : fitting;
}

static void write_outlook(struct reply *reply, int64_t rows)
{
	struct writer body = body_writer(reply);

	outlook_encode(&body, rows);
	section_write(&reply->writer, SECTION_OUTLOOK, writer_bytes(&body));
}

static void write_page_and_cut(struct reply *reply, const struct pull_answer *answer, struct bytes page, const struct section *cut)
{
	if (answer->rows_ahead > 0)
		write_outlook(reply, answer->rows_ahead);
	if (answer->page.group_count > 0 || answer->page.resume.size > 0)
		section_write(&reply->writer, SECTION_PAGE, page);
	if (answer->cut_follows)
		section_put(&reply->writer, cut);
	if (answer->shared.found)
		page_cache_given(reply->pages);
	if (answer->shared.built && answer->shared.page.packed.size <= SHARED_PAGE_PACKED_MAX)
		page_cache_keep(reply->pages, &answer->shared.place, &answer->shared.page);
}

static void write_again(struct reply *reply)
{
	struct writer body = body_writer(reply);

	again_encode(&body, 0);
	section_write(&reply->writer, SECTION_AGAIN, writer_bytes(&body));
}

/* The sections' bodies. False: together they pass `room`, or the page the device's budget. */
static bool encode_answer(
	const struct reply *reply, struct pull_answer *answer, size_t room, size_t budget, struct bytes *out_page, struct section *out_cut)
{
	*out_cut = (struct section){ 0 };
	return encode_page(reply, &answer->page, &answer->shared, out_page) &&
	       (!answer->cut_follows || encode_cut(reply, &answer->cut, out_cut)) && out_page->size + out_cut->body.size <= room &&
	       out_page->size <= budget;
}

/* One row more than a budget is sent; more than a frame cannot be. */
static enum status answer_pull(struct reply *reply, struct pull_question *question, size_t budget, bool decided_news)
{
	enum status status = STATUS_OK;

	for (; status == STATUS_OK; question->raw_max /= 2) {
		size_t room = reply->size_max - reply->writer.size - ROOM_FOR_HEADS;
		struct pull_answer answer;
		struct section cut;
		struct bytes page;
		status = pull_answer(question, &answer);
		if (status != STATUS_OK)
			return status;
		if (answer.too_old) {
			reply_fault(reply, &(struct wire_fault){ WIRE_ERROR_EPOCH, answer.horizon });
			return STATUS_OK;
		}
		if (answer.empty && !decided_news) {
			write_again(reply);
			return STATUS_OK;
		}
		if (encode_answer(reply, &answer, room, question->raw_max <= 1 ? room : budget, &page, &cut)) {
			if (answer.page.resume.size > 0 && budget == FRAME_SIZE_MAX && !answer.shared.found)
				adapt(reply, question->raw_max, page.size, room);
			write_page_and_cut(reply, &answer, page, &cut);
			reply->resume = answer.page.resume;
			return STATUS_OK;
		}
		if (question->raw_max <= 1)
			return fail(STATUS_INVALID, "page: one row and its cut pass a frame (%zu bytes)", page.size + cut.body.size);
		if (answer.shared.found)
			question->pages = NULL; /* what fits beside the rest of this answer is this device's alone */
	}
	return status;
}

enum status reply_pull(struct reply *reply, struct server_store *store, const struct change_ring *ring, const struct device_entry *device,
	const struct chain_state *chain, const struct pull *pull)
{
	size_t budget = pull->byte_budget > 0 && pull->byte_budget < (int64_t)FRAME_SIZE_MAX ? (size_t)pull->byte_budget : FRAME_SIZE_MAX;
	struct pull_question question = { .store = store,
		.ring = ring,
		.pages = budget == FRAME_SIZE_MAX ? reply->pages : NULL,
		.arena = reply->arena,
		.device = device,
		.chain = chain->number,
		.pull = *pull,
		.raw_max = *reply->page_raw_max,
		.bug = reply->bug };
	bool decided_news = chain->last_seq > pull->settled_seq, all_unlike = false;
	enum status status = decided_news ? reply_decided(reply, store, chain, pull->settled_seq, &all_unlike) : STATUS_OK;

	if (all_unlike)
		question.chain = 0;
	return status == STATUS_OK ? answer_pull(reply, &question, budget, decided_news) : status;
}

enum status reply_recon(
	struct reply *reply, struct server_store *store, struct recon_cache *cache, const struct id *device, struct bytes body)
{
	struct recon_request request;
	struct recon_inquiry inquiry = {
		.store = store, .cache = cache, .arena = reply->arena, .request = &request, .raw_max = *reply->page_raw_max
	};
	enum status status = recon_request_decode(body, reply->arena, &request);

	inquiry.device = *device;
	for (; status == STATUS_OK; inquiry.raw_max /= 2) {
		size_t room = reply->size_max - reply->writer.size - 16;
		struct writer writer = body_writer(reply);
		struct recon_finding finding;
		bool fits = true;

		status = recon_look(&inquiry, &finding);
		if (status != STATUS_OK)
			break;
		reply->looked_at += finding.looked_at;
		if (finding.page.group_count > 0)
			fits = encode_page(reply, &finding.page, &(struct pull_shared){ 0 }, &finding.reply.page);
		recon_reply_encode(&writer, &finding.reply);
		if (fits && !writer.overflow && writer.size <= room) {
			section_write(&reply->writer, SECTION_RECON_REPLY, writer_bytes(&writer));
			return STATUS_OK;
		}
		if (inquiry.raw_max <= 1)
			return fail(STATUS_INVALID, "recon: one row passes a frame (%zu bytes)", writer.size);
	}
	return status;
}

struct bytes reply_bytes(const struct reply *reply)
{
	return writer_bytes(&reply->writer);
}
