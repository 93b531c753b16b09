/* A carrier as the device sees it: one outstanding request, one reply. Moves bytes; has never heard of a work order. */
#ifndef TRUCKROLL_TRANSPORT_TRANSPORT_H
#define TRUCKROLL_TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"

/* The most a carrier takes off the line for one message, with its own headers, and the most a caller gives it. */
#define TRANSPORT_FRAME_MAX ((size_t)80 * 1024)
#define TRANSPORT_BODY_MAX  (TRANSPORT_FRAME_MAX - 128)

struct transport;

struct transport_operations {
	/* Sends a request; an earlier one that was not answered is abandoned. Never blocks. */
	enum status (*send)(struct transport *transport, struct bytes request);
	/* Looks once for the reply, as transport_receive() does. `time_over`: its caller has waited as long as it will. */
	enum status (*look)(struct transport *transport, bool time_over, struct arena *arena, struct bytes *out_reply);
	/* Bytes sent and received so far, as the carrier counts them: requests and replies, with HTTP's headers; of a request that is under
	 * way perhaps nothing yet. */
	void (*count)(const struct transport *transport, uint64_t *out_sent, uint64_t *out_received);
	int (*descriptor)(const struct transport *transport);
	void (*close)(struct transport *transport);
};

/* Embedded as the first member of its implementation. */
struct transport {
	const struct transport_operations *operations;
};

/* See transport_operations, which they call. */
enum status transport_send(struct transport *transport, struct bytes request);
/* Waits up to `timeout_ms` (0: only looks) for the reply. STATUS_OK with the reply in `arena`; STATUS_NOT_FOUND when nothing came, or a
 * signal; STATUS_OFFLINE when the link is down or refused. */
enum status transport_receive(struct transport *transport, int timeout_ms, struct arena *arena, struct bytes *out_reply);
void transport_count(const struct transport *transport, uint64_t *out_sent, uint64_t *out_received);
/* Readable (poll, POLLIN) when transport_receive() with a timeout of 0 is worth a call. Owned by the transport. */
int transport_descriptor(const struct transport *transport);
/* Accepts NULL. */
void transport_close(struct transport *transport);

#endif
