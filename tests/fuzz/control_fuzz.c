/* Bytes on the control socket. Even first byte: a request to the owner; odd: a reply to the caller. What decodes is the same after it was
 * encoded again. */
#include <stdlib.h>

#include "shell/control_message.h"
#include "tests/fuzz/target.h"

static struct bytes body_of(struct bytes message)
{
	insist(message.size >= CONTROL_HEAD_SIZE);
	return (struct bytes){ message.data + CONTROL_HEAD_SIZE, message.size - CONTROL_HEAD_SIZE };
}

static void try_request(struct arena *arena, struct bytes body)
{
	struct control_request request, again;
	struct bytes message;

	if (control_request_decode(arena, body, &request) != STATUS_OK)
		return;
	insist(request.word_count <= CONTROL_WORDS_MAX && request.width >= 0);
	if (control_request_encode(arena, &request, &message) != STATUS_OK)
		return; /* escapes made it too large */
	insist(control_request_decode(arena, body_of(message), &again) == STATUS_OK);
	insist(again.word_count == request.word_count && again.now_ms == request.now_ms && again.width == request.width);
	for (size_t i = 0; i < request.word_count; i++)
		insist(text_equal(request.words[i], again.words[i]));
	insist(text_equal(request.working_dir, again.working_dir) && text_equal(request.zone, again.zone));
}

static void try_reply(struct arena *arena, struct bytes body)
{
	struct control_reply reply, again;

	if (control_reply_decode(arena, body, &reply) != STATUS_OK)
		return;
	insist(reply.exit_code >= 0 && reply.exit_code <= 255);
	insist(control_reply_decode(arena, body_of(control_reply_encode(arena, &reply)), &again) == STATUS_OK);
	insist(again.exit_code == reply.exit_code && text_equal(reply.out, again.out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes body = { data + 1, size - 1 };
	struct arena arena = { 0 };

	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		try_request(&arena, body);
	else
		try_reply(&arena, body);
	arena_finish(&arena);
	return 0;
}
