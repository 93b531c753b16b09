/* The bodies of fixed form: what decodes is the one form of what it decodes to. First byte: which, and 9 to 17: in the
 * short form, where there is one. */
#include <stdlib.h>

#include "protocol/wire/message.h"
#include "protocol/wire/recon.h"
#include "tests/fuzz/target.h"

#define BODY_MAX     ((size_t)4 * 1024 * 1024)
#define MEMORY_LIMIT ((size_t)64 * 1024 * 1024)

static const struct common_ground ground = { .incarnation = { { 1 } }, .epoch = { { 2 } } };

/* One of each, so that one function can try them all. */
union body {
	struct hello hello;
	struct pull pull;
	struct welcome welcome;
	struct cut cut;
	struct wire_fault fault;
	struct recon_request recon;
	struct recon_reply recon_reply;
	int64_t after_ms;
};

static enum status decode(unsigned which, struct bytes input, const struct common_ground *known, struct arena *arena, union body *body)
{
	const struct section section = { which == 1 ? SECTION_PULL : SECTION_CUT, known != NULL, input };

	switch (which) {
	case 0:
		return hello_decode(input, &body->hello);
	case 1:
		return pull_decode_within(&section, known, &body->pull);
	case 2:
		return welcome_decode(input, &body->welcome);
	case 3:
		return cut_decode_within(&section, known, arena, &body->cut);
	case 4:
		return fault_decode(input, &body->fault);
	case 7:
		return recon_request_decode(input, arena, &body->recon);
	case 8:
		return recon_reply_decode(input, arena, &body->recon_reply);
	default:
		return again_decode(input, &body->after_ms);
	}
}

static void encode(unsigned which, const union body *body, const struct common_ground *known, struct writer *writer)
{
	switch (which) {
	case 0:
		hello_encode(writer, &body->hello);
		break;
	case 1:
		insist(pull_encode_within(writer, &body->pull, known) == (known != NULL));
		break;
	case 2:
		welcome_encode(writer, &body->welcome);
		break;
	case 3:
		insist(cut_encode_within(writer, &body->cut, known) == (known != NULL));
		break;
	case 4:
		fault_encode(writer, &body->fault);
		break;
	case 7:
		recon_request_encode(writer, &body->recon);
		break;
	case 8:
		recon_reply_encode(writer, &body->recon_reply);
		break;
	default:
		again_encode(writer, body->after_ms);
		break;
	}
}

/* Its runs of numbers may be written in several ways; the numbers are the same. */
static void try_decided(struct arena *arena, struct bytes input, const struct common_ground *known)
{
	struct section section = { SECTION_DECIDED, known != NULL, input };
	struct decided decided, again;
	struct writer writer = writer_in(arena, BODY_MAX);

	if (decided_decode_within(&section, known, arena, &decided) != STATUS_OK)
		return;
	insist(decided.unlike_count <= UNLIKE_COUNT_MAX);
	for (size_t i = 0; i < decided.unlike_count; i++)
		insist(decided.unlike[i] <= decided.seq && (i == 0 || decided.unlike[i] > decided.unlike[i - 1]));
	insist(decided_encode_within(&writer, &decided, known) == (known != NULL));
	if (writer.overflow)
		return;
	section.body = writer_bytes(&writer);
	insist(decided_decode_within(&section, known, arena, &again) == STATUS_OK);
	insist(again.unlike_count == decided.unlike_count && again.seq == decided.seq && again.gseq == decided.gseq);
	for (size_t i = 0; i < decided.unlike_count; i++)
		insist(decided.unlike[i] == again.unlike[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct common_ground *known = size > 0 && data[0] / 9 == 1 ? &ground : NULL;
	struct bytes input = { data + 1, size - 1 };
	struct arena arena = { 0 };
	union body body;

	if (size == 0)
		return 0;
	if (data[0] % 9 == 6) {
		try_decided(&arena, input, known);
	} else if (decode(data[0] % 9, input, known, &arena, &body) == STATUS_OK) {
		struct writer writer = writer_in(&arena, BODY_MAX);
		encode(data[0] % 9, &body, known, &writer);
		insist(bytes_equal(writer_bytes(&writer), input));
	}
	insist(arena.used <= MEMORY_LIMIT);
	arena_finish(&arena);
	return 0;
}
