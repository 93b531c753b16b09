/* What goes into the server's core, as a value: the server's side of device_event.h. What a caller writes into the store beside the core,
 * in a commit that it had opened, is none of it. */
#ifndef TRUCKROLL_SYNC_SERVER_EVENT_H
#define TRUCKROLL_SYNC_SERVER_EVENT_H

#include "protocol/sync/server_core.h"

/* Numbers are on disk: never reuse one. */
enum server_event_kind {
	SERVER_EVENT_CREATE = 1, /* server_core_create() itself */
	SERVER_EVENT_FRAME = 2,
	SERVER_EVENT_BUNDLE = 3,
	SERVER_EVENT_BUNDLE_FOR = 4,
	SERVER_EVENT_OPERATION = 5,
	SERVER_EVENT_ABANDON = 6,
	SERVER_EVENT_OPEN_COMMIT = 7,
	SERVER_EVENT_PARKED = 8,
	SERVER_EVENT_REVOKE = 9,
	SERVER_EVENT_QUEUE = 10,
	SERVER_EVENT_FLUSH = 11,
	SERVER_EVENT_COMMITTED = 12,
	SERVER_EVENT_PREPARE = 13,
	SERVER_EVENT_TICK = 14,
	SERVER_EVENT_INCIDENT = 15,
	SERVER_EVENT_KIND_COUNT,
};

/* Of the members behind `kind` those count that the call has. */
struct server_event {
	enum server_event_kind kind;
	uint64_t connection;               /* FRAME, BUNDLE */
	struct bytes frame;                /* FRAME, BUNDLE */
	struct id device;                  /* BUNDLE_FOR, REVOKE */
	int64_t file_bytes_max;            /* BUNDLE_FOR */
	uint32_t state;                    /* REVOKE */
	bool waiting;                      /* QUEUE */
	enum status result;                /* COMMITTED */
	const struct operation *operation; /* OPERATION */
	struct parked_order order;         /* PARKED */
	struct incident incident;          /* INCIDENT */
};

/* Where answers go, for events that have any. */
struct server_answer {
	struct verdict *verdict; /* OPERATION, PARKED */
	struct id *operation_id; /* OPERATION */
	envelope_take take;      /* BUNDLE_FOR */
	void *context;           /* … its own */
	struct server_bundle *bundle; /* … */
};

/* Does what the call of this kind does, CREATE excepted, which is a programming error. */
enum status server_core_feed(struct server_core *core, const struct server_event *event, const struct server_answer *answer);

/* Who watches. Everything that is given is valid during the call. */
struct server_tap {
	void *context;
	void (*begin)(void *context, const struct server_event *event);
	void (*end)(void *context, enum status status);
	void (*effect)(void *context, const struct server_effect *effect); /* it is taken out of the core */
};

/* The word of a kind, "frame"; NULL for none. */
const char *server_event_to_text(enum server_event_kind kind);

#endif
