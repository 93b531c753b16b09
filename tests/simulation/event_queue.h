/* What is going to happen, in the order of virtual time; ties are broken by chance. */
#ifndef TRUCKROLL_TESTS_SIMULATION_EVENT_QUEUE_H
#define TRUCKROLL_TESTS_SIMULATION_EVENT_QUEUE_H

#include <stdbool.h>

#include "protocol/base/text.h"
#include "tests/simulation/stream.h"

enum event_kind {
	EVENT_REQUEST, /* bytes arrive at the server */
	EVENT_REPLY,   /* bytes arrive at a device, if it still waits on that connection */
	EVENT_LOST,    /* a device learns that its connection is gone */
	EVENT_FLUSH,   /* nothing more is waiting to come in at the server */
	EVENT_WORK,    /* a technician does something */
	EVENT_OFFICE,  /* the office does something */
	EVENT_LINK_DOWN,
	EVENT_LINK_UP,
	EVENT_KILL_DEVICE, /* now, or in the middle of a later call */
	EVENT_START_DEVICE,
	EVENT_KILL_SERVER,
	EVENT_START_SERVER,
	EVENT_COPY_DEVICE,    /* a backup of both files is taken */
	EVENT_RESTORE_DEVICE, /* and put back */
	EVENT_BACK_UP_SERVER, /* and the server tells of it */
	EVENT_RESTORE_SERVER,
	EVENT_CLOG,           /* as EVENT_LINK_DOWN, with all the others */
	EVENT_CLONE,          /* a copy of both files runs beside them */
	EVENT_REVOKE,
	EVENT_CLOCK,
	EVENT_ROT, /* rows of the replica change behind its back */
	EVENT_METERED, /* what its link may carry changes */
	EVENT_LEISURE, /* nobody wants anything of the device for a moment */
	EVENT_FULL_DEVICE,
	EVENT_ROOM_DEVICE,
	EVENT_FULL_SERVER,
	EVENT_ROOM_SERVER,
	EVENT_BUNDLE_OUT, /* a device writes a bundle for the office … */
	EVENT_BUNDLE_IN,  /* … which is given to the server; connection 1: as it was written */
	EVENT_BUNDLE_FOR, /* the server writes one for a device … */
	EVENT_BUNDLE_TO,  /* … which is given to a device, likewise */
	EVENT_BUNDLE_CARRY, /* … or to a device that carries it; */
	EVENT_BUNDLE_FETCH, /* that hands out the answers it has got */
	EVENT_HEAL,
	EVENT_COUNT,
};

struct event {
	int64_t at_ms;
	uint64_t tie;
	enum event_kind kind;
	unsigned node; /* device number */
	uint64_t connection;
	uint8_t *bytes; /* owned by the event */
	size_t size;
};

struct event_queue {
	struct event *events; /* a heap */
	size_t count;
	size_t capacity;
};

const char *event_to_text(enum event_kind kind);

/* Takes over event->bytes. */
void event_queue_add(struct event_queue *queue, struct stream *ties, const struct event *event);
/* The earliest; false when there is none. */
bool event_queue_peek(const struct event_queue *queue, int64_t *out_at_ms);
/* The caller frees event->bytes. */
bool event_queue_take(struct event_queue *queue, struct event *out_event);
/* Drops the events for which `drop` says so. */
void event_queue_drop(struct event_queue *queue, bool (*drop)(const struct event *event));
void event_queue_finish(struct event_queue *queue);

#endif
