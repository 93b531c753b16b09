#include "protocol/transport/transport.h"

enum status transport_send(struct transport *transport, struct bytes request)
{
	if (request.size > TRANSPORT_BODY_MAX)
		return fail(STATUS_INVALID, "a request of %zu bytes does not fit the carrier, which takes %zu", request.size,
			TRANSPORT_BODY_MAX);
	return transport->operations->send(transport, request);
}

enum status transport_receive(struct transport *transport, int timeout_ms, struct arena *arena, struct bytes *out_reply)
{
	return transport->operations->receive(transport, timeout_ms, arena, out_reply);
}

void transport_count(const struct transport *transport, uint64_t *out_sent, uint64_t *out_received)
{
	transport->operations->count(transport, out_sent, out_received);
}

int transport_descriptor(const struct transport *transport)
{
	return transport->operations->descriptor == NULL ? -1 : transport->operations->descriptor(transport);
}

void transport_close(struct transport *transport)
{
	if (transport != NULL)
		transport->operations->close(transport);
}
