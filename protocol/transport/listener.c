#include "protocol/transport/listener.h"

#include <assert.h>

#define SILENT_MS  30000
#define GREETED_MS 120000 /* a welcome and an answer of 64 KiB each over 10 kbit/s */

struct listener_limits listener_limits_of(const struct listener_limits *limits)
{
	struct listener_limits whole = { 0 };

	if (limits != NULL)
		whole = *limits;
	if (whole.pending_max == 0)
		whole.pending_max = LISTENER_PENDING_MAX;
	if (whole.connections_max == 0)
		whole.connections_max = LISTENER_CONNECTIONS_MAX;
	if (whole.bodies_max == 0)
		whole.bodies_max = LISTENER_BODIES_MAX;
	if (whole.silent_ms == 0)
		whole.silent_ms = SILENT_MS;
	if (whole.greeted_ms == 0)
		whole.greeted_ms = GREETED_MS;
	if (whole.clock == NULL)
		whole.clock = clock_system();
	assert(whole.pending_max <= UINT16_MAX);
	return whole;
}

void listener_close(struct listener *listener)
{
	if (listener != NULL)
		listener->operations->close(listener);
}

int listener_descriptor(const struct listener *listener)
{
	return listener->operations->descriptor(listener);
}

int listener_port(const struct listener *listener)
{
	return listener->operations->port(listener);
}

enum status listener_take(struct listener *listener, struct arena *arena, struct listener_token *out_token, struct bytes *out_request)
{
	return listener->operations->take(listener, arena, out_token, out_request);
}

void listener_greet(struct listener *listener, struct listener_token token)
{
	listener->operations->greet(listener, token);
}

void listener_validate(struct listener *listener, struct listener_token token, const struct id *owner)
{
	listener->operations->validate(listener, token, owner);
}

void listener_close_owner(struct listener *listener, const struct id *owner)
{
	listener->operations->close_owner(listener, owner);
}

enum status listener_reply(struct listener *listener, struct listener_token token, struct bytes reply)
{
	if (reply.size > TRANSPORT_BODY_MAX)
		return fail(
			STATUS_INVALID, "a reply of %zu bytes does not fit the carrier, which takes %zu", reply.size, TRANSPORT_BODY_MAX);
	return listener->operations->reply(listener, token, reply);
}

void listener_forget(struct listener *listener, struct listener_token token)
{
	listener->operations->forget(listener, token);
}

int64_t listener_tick(struct listener *listener)
{
	return listener->operations->tick(listener);
}

void listener_count(struct listener *listener, struct listener_counts *out_counts)
{
	listener->operations->count(listener, out_counts);
}
