#include "protocol/sync/inquiry.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/base/memory.h"
#include "protocol/wire/blob.h"
#include "protocol/wire/recon.h"

struct inquiry *inquiry_create(uint64_t connection)
{
	struct inquiry *inquiry = memory_zeroed(1, sizeof(*inquiry));

	inquiry->connection = connection;
	return inquiry;
}

void inquiry_free(struct inquiry *inquiry)
{
	if (inquiry != NULL) {
		free(inquiry->recon);
		free(inquiry->blob);
	}
	free(inquiry);
}

void inquiry_free_all(struct inquiry *inquiry)
{
	while (inquiry != NULL) {
		struct inquiry *next = inquiry->next;
		inquiry_free(inquiry);
		inquiry = next;
	}
}

void inquiry_put_last(struct inquiry *waiting, struct inquiry ***end)
{
	waiting->next = NULL;
	**end = waiting;
	*end = &waiting->next;
}

/* The server makes the ids of devices by chance: nobody chooses their place. */
static struct inquiry **bucket_of(struct hello_index *index, const struct id *device)
{
	uint64_t hash;

	memcpy(&hash, device->bytes, sizeof(hash));
	return &index->buckets[(size_t)(hash * UINT64_C(0x9E3779B97F4A7C15) >> 32) % HELLO_BUCKETS];
}

void hello_index_add(struct hello_index *index, struct inquiry *inquiry)
{
	struct inquiry **bucket = bucket_of(index, &inquiry->device);

	if (!inquiry->by_envelope || inquiry->by_bundle)
		return;
	inquiry->older_hello = *bucket;
	*bucket = inquiry;
	index->count++;
}

void hello_index_clear(struct hello_index *index)
{
	if (index->count > 0)
		memset(index->buckets, 0, sizeof(index->buckets));
	index->count = 0;
}

enum status inquiry_judge_hello(
	struct inquiry *hello, struct hello_index *waiting, const struct session_table *sessions, int64_t now_ms)
{
	struct hello_trace trace = session_table_trace(sessions, &hello->device, hello->ephemeral, now_ms);

	for (const struct inquiry *other = *bucket_of(waiting, &hello->device); other != NULL; other = other->older_hello) {
		bool same_device = id_equal(&other->device, &hello->device);

		waiting->looked_at++;
		trace.of_device += same_device;
		trace.of_key += same_device && memcmp(other->ephemeral, hello->ephemeral, sizeof(hello->ephemeral)) == 0;
	}
	hello->repeated = trace.of_key > 0;
	hello->without_page = hello->repeated || trace.of_device >= HELLO_PAGES_MAX;
	if (trace.key_proved || trace.of_key >= HELLO_ANSWERS_MAX)
		return fail(STATUS_REFUSED, "hello: its key came before and had its answers");
	return STATUS_OK;
}

void inquiry_acknowledge(const struct inquiry *inquiry, const struct id *epoch, struct live_session *live)
{
	const struct cursor *cursor = &inquiry->pull.cursor;

	if (inquiry->pull.all_digests) /* of a repair under way: its rows are not held for good yet */
		return;
	if (inquiry->has_pull && inquiry->fault.code == 0 && id_equal(&cursor->epoch, epoch) && cursor->gseq > live->acknowledged_gseq)
		live->acknowledged_gseq = cursor->gseq;
}

const struct common_ground *inquiry_ground(const struct inquiry *inquiry)
{
	return inquiry->by_envelope ? NULL : &inquiry->ground;
}

/* With its resume token; an inquiry without page has none. */
static enum status take_pull(struct inquiry *inquiry, const struct section *section)
{
	enum status status = pull_decode_within(section, inquiry_ground(inquiry), &inquiry->pull);

	if (status != STATUS_OK)
		return status;
	if (inquiry->pull.resume.size > 0)
		memcpy(inquiry->resume_bytes, inquiry->pull.resume.data, inquiry->pull.resume.size);
	inquiry->pull.resume.data = inquiry->resume_bytes;
	inquiry->has_pull = !inquiry->without_page;
	return STATUS_OK;
}

static enum status take_recon(struct inquiry *inquiry, struct arena *arena, struct bytes body)
{
	struct recon_request request;
	enum status status = recon_request_decode(body, arena, &request);

	if (status == STATUS_OK && inquiry->by_envelope)
		status = fail(STATUS_CORRUPT, "recon: only a session's frame brings one");
	if (status != STATUS_OK)
		return status;
	inquiry->recon = memory_copy(body.data, body.size);
	inquiry->recon_size = body.size;
	inquiry->has_pull = false; /* it is answered in the place of one */
	inquiry->without_page = true;
	return STATUS_OK;
}

static enum status check_piece(const struct section *section, struct arena *arena)
{
	struct blob_offer offer;
	struct blob_wishes wishes;
	struct blob_piece piece;
	struct carried_piece carried;
	struct carry_wish wish;
	struct bytes beginnings;

	if (section->number == SECTION_HAVE)
		return blob_offer_decode(section->body, &offer);
	if (section->number == SECTION_HELD)
		return blob_held_decode(section->body, &beginnings);
	if (section->number == SECTION_CARRY)
		return carried_piece_decode(section->body, &carried);
	if (section->number == SECTION_CARRY_WISH)
		return carry_wish_decode(section->body, &wish);
	if (section->number == SECTION_WANT)
		return blob_wishes_decode(section->body, arena, &wishes);
	return blob_piece_decode(section->body, &piece);
}

/* One in a request: of a session's frame, or of a bundle's envelope, which HELD is only of. */
static enum status take_piece(struct inquiry *inquiry, struct arena *arena, const struct section *section)
{
	bool held = section->number == SECTION_HELD;
	bool of_bundle = section->number == SECTION_HAVE || section->number == SECTION_CHUNK || held;
	enum status status = check_piece(section, arena);

	if (status == STATUS_OK && (inquiry->by_bundle ? !of_bundle : inquiry->by_envelope || held))
		status = fail(STATUS_CORRUPT, "file: no hello brings a piece or asks for one, and a bundle only brings files");
	if (status == STATUS_OK && inquiry->blob != NULL)
		status = fail(STATUS_CORRUPT, "file: one piece in a request");
	if (status != STATUS_OK)
		return status;
	inquiry->blob = memory_copy(section->body.data, section->body.size);
	inquiry->blob_size = section->body.size;
	inquiry->blob_section = section->number;
	return STATUS_OK;
}

enum status inquiry_take_section(struct inquiry *inquiry, struct arena *arena, const struct section *section)
{
	switch (section->number) {
	case SECTION_HELLO:
		return hello_decode(section->body, &inquiry->hello);
	case SECTION_PULL:
		return take_pull(inquiry, section);
	case SECTION_RECON:
		return take_recon(inquiry, arena, section->body);
	case SECTION_HAVE:
	case SECTION_WANT:
	case SECTION_CHUNK:
	case SECTION_CARRY:
	case SECTION_CARRY_WISH:
	case SECTION_HELD:
		return take_piece(inquiry, arena, section);
	case SECTION_ORIGIN:
		return origin_decode(section->body, &inquiry->origin);
	case SECTION_BATCH:
	case SECTION_INCIDENT:
		return STATUS_OK; /* their turn comes when all else was read */
	case SECTION_WELCOME:
	case SECTION_DECIDED:
	case SECTION_PAGE:
	case SECTION_CUT:
	case SECTION_AGAIN:
	case SECTION_ERROR:
	case SECTION_RECON_REPLY:
	case SECTION_HAVE_REPLY:
	case SECTION_CHUNK_REPLY:
	case SECTION_BLOB_LIST:
	case SECTION_PART:
	case SECTION_OUTLOOK:
	case SECTION_CARRY_REPLY:
	case SECTION_ANSWERS:
		break;
	}
	return fail(STATUS_CORRUPT, "request: section %d belongs in a reply", (int)section->number);
}
