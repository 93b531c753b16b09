#include "protocol/transport/transport.h"

#include <poll.h>

#include "protocol/base/clock.h"

enum status transport_send(struct transport *transport, struct bytes request)
{
	if (request.size > TRANSPORT_BODY_MAX)
		return fail(STATUS_INVALID, "a request of %zu bytes does not fit the carrier, which takes %zu", request.size,
			TRANSPORT_BODY_MAX);
	return transport->operations->send(transport, request);
}

enum status transport_receive(struct transport *transport, int timeout_ms, struct arena *arena, struct bytes *out_reply)
{
	int64_t until_ms = clock_monotonic_ms(clock_system()) + timeout_ms;

	for (;;) {
		struct pollfd ready = { .fd = transport_descriptor(transport), .events = POLLIN };
		int64_t left_ms = until_ms - clock_monotonic_ms(clock_system());
		enum status status = transport->operations->look(transport, left_ms <= 0 && timeout_ms > 0, arena, out_reply);

		if (status != STATUS_NOT_FOUND || left_ms <= 0)
			return status;
		if (poll(&ready, 1, (int)left_ms) < 0)
			return STATUS_NOT_FOUND; /* a signal: the caller looks what it was */
	}
}

void transport_count(const struct transport *transport, uint64_t *out_sent, uint64_t *out_received)
{
	transport->operations->count(transport, out_sent, out_received);
}

int transport_descriptor(const struct transport *transport)
{
	return transport->operations->descriptor(transport);
}

void transport_close(struct transport *transport)
{
	if (transport != NULL)
		transport->operations->close(transport);
}
