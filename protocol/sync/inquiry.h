/* A device's request while it waits: for the commit of what it brought to be durable, or for news. */
#ifndef TRUCKROLL_SYNC_INQUIRY_H
#define TRUCKROLL_SYNC_INQUIRY_H

#include "protocol/wire/message.h"
#include "protocol/wire/session.h"

struct inquiry {
	struct inquiry *next;
	uint64_t connection;
	uint8_t session_id[SESSION_ID_SIZE]; /* of a session frame */
	bool by_envelope;                    /* a hello: answered with a welcome */
	struct id device;
	struct id incarnation;
	struct hello hello;
	uint8_t ephemeral[BOX_PUBLIC_SIZE]; /* the device's, by_envelope */
	struct wire_fault fault;
	bool has_pull;
	struct pull pull; /* resume points into resume_bytes */
	uint8_t resume_bytes[64];
	int64_t deadline_ms; /* monotonic; of a parked poll */
};

/* A new one, alone; freed with free(). */
struct inquiry *inquiry_create(uint64_t connection);
/* Frees it and all that follow; accepts NULL. */
void inquiry_free_all(struct inquiry *inquiry);
/* Takes the body of a pull section, with its resume token. STATUS_CORRUPT. */
enum status inquiry_take_pull(struct inquiry *inquiry, struct bytes body);

#endif
