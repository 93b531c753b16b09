#include <stdlib.h>

#include "protocol/wire/blob.h"
#include "protocol/wire/bundle.h"
#include "protocol/wire/carry.h"
#include "protocol/wire/message.h"
#include "protocol/wire/pack.h"
#include "protocol/wire/recon.h"
#include "tests/fuzz/target.h"

/* STATUS_OK or not makes no difference here: only crashes and memory do. */
static void ignore(enum status status)
{
	(void)status;
}

static void decode_file(const struct section *section, struct arena *arena)
{
	struct blob_offer offer;
	struct blob_wishes wishes;
	struct blob_piece piece;
	struct blob_standing *standings;
	struct bytes beginnings;
	size_t count;

	if (section->number == SECTION_HELD)
		ignore(blob_held_decode(section->body, &beginnings));
	else if (section->number == SECTION_HAVE || section->number == SECTION_BLOB_LIST)
		ignore(blob_offer_decode(section->body, &offer));
	else if (section->number == SECTION_WANT)
		ignore(blob_wishes_decode(section->body, arena, &wishes));
	else if (section->number == SECTION_HAVE_REPLY)
		ignore(blob_standings_decode(section->body, arena, &standings, &count));
	else
		ignore(blob_piece_decode(section->body, &piece));
}

static void decode_carried(const struct section *section)
{
	struct carried_piece piece;
	struct carry_wish wish;
	struct carry_reply reply;

	if (section->number == SECTION_CARRY)
		ignore(carried_piece_decode(section->body, &piece));
	else if (section->number == SECTION_CARRY_WISH)
		ignore(carry_wish_decode(section->body, &wish));
	else
		ignore(carry_reply_decode(section->body, &reply));
}

static void decode_said(const struct section *section)
{
	struct origin origin;
	struct told_incident told;
	struct wire_fault fault;

	if (section->number == SECTION_ORIGIN)
		ignore(origin_decode(section->body, &origin));
	else if (section->number == SECTION_INCIDENT)
		ignore(told_incident_decode(section->body, &told));
	else
		ignore(fault_decode(section->body, &fault));
}

static void decode_number(const struct section *section)
{
	int64_t number;

	ignore(section->number == SECTION_AGAIN ? again_decode(section->body, &number) : outlook_decode(section->body, &number));
}

static void decode_body(const struct section *section, struct arena *arena)
{
	static const struct common_ground ground = { .incarnation = { { 1 } }, .epoch = { { 2 } } };
	const struct references references = fuzz_references();
	struct hello hello;
	struct batch batch;
	struct pull pull;
	struct welcome welcome;
	struct decided decided;
	struct page page;
	struct cut cut;
	struct recon_request recon;
	struct recon_reply recon_reply;
	struct bundle_part part;

	switch (section->number) {
	case SECTION_HELLO:
		ignore(hello_decode(section->body, &hello));
		break;
	case SECTION_BATCH:
		ignore(batch_decode_within(section, &ground, arena, &references, &batch));
		break;
	case SECTION_PULL:
		ignore(pull_decode_within(section, &ground, &pull));
		break;
	case SECTION_RECON:
		ignore(recon_request_decode(section->body, arena, &recon));
		break;
	case SECTION_ORIGIN:
	case SECTION_INCIDENT:
	case SECTION_ERROR:
		decode_said(section);
		break;
	case SECTION_HAVE:
	case SECTION_BLOB_LIST:
	case SECTION_WANT:
	case SECTION_CHUNK:
	case SECTION_CHUNK_REPLY:
	case SECTION_HAVE_REPLY:
	case SECTION_HELD:
		decode_file(section, arena);
		break;
	case SECTION_CARRY:
	case SECTION_CARRY_WISH:
	case SECTION_CARRY_REPLY:
		decode_carried(section);
		break;
	case SECTION_RECON_REPLY:
		ignore(recon_reply_decode(section->body, arena, &recon_reply));
		break;
	case SECTION_WELCOME:
		ignore(welcome_decode(section->body, &welcome));
		break;
	case SECTION_DECIDED:
		ignore(decided_decode_within(section, &ground, arena, &decided));
		break;
	case SECTION_PAGE:
		ignore(page_decode(section->body, arena, &references, &page));
		break;
	case SECTION_CUT:
		ignore(cut_decode_within(section, &ground, arena, &cut));
		break;
	case SECTION_AGAIN:
	case SECTION_ANSWERS:
	case SECTION_OUTLOOK:
		decode_number(section);
		break;
	case SECTION_PART:
		ignore(bundle_part_decode(section->body, &part));
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 }, scratch = { 0 };
	struct section *sections;
	size_t count;

	if (size <= FRAME_SIZE_MAX && sections_read((struct bytes){ data, size }, &arena, &sections, &count) == STATUS_OK) {
		for (size_t i = 0; i < count; i++) {
			decode_body(&sections[i], &scratch);
			if (scratch.used > 2 * COLUMNS_MEMORY_MAX)
				abort();
			arena_reset(&scratch);
		}
	}
	arena_finish(&arena);
	arena_finish(&scratch);
	return 0;
}
