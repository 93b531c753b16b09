/* What goes into the device's core, as a value: every call that device_core.h offers is one of these, and who watches the core (a flight
 * recorder, device_tap) sees each before it is worked on and what came of it. The same value fed to a core that stands the same, and is
 * given the same by its surroundings, leads to the same effects. */
#ifndef TRUCKROLL_SYNC_DEVICE_EVENT_H
#define TRUCKROLL_SYNC_DEVICE_EVENT_H

#include "protocol/sync/device_core.h"

/* Numbers are on disk: never reuse one. */
enum device_event_kind {
	DEVICE_EVENT_CREATE = 1, /* device_core_create() itself */
	DEVICE_EVENT_OPERATION = 2,
	DEVICE_EVENT_GO = 3,
	DEVICE_EVENT_ALLOW = 4,
	DEVICE_EVENT_CHECK = 5,
	DEVICE_EVENT_LEISURE = 6,
	DEVICE_EVENT_REPLY = 7,
	DEVICE_EVENT_LOST = 8,
	DEVICE_EVENT_INCIDENT = 9,
	DEVICE_EVENT_FILES = 10,
	DEVICE_EVENT_TICK = 11,
	DEVICE_EVENT_COMMITTED = 12,
	DEVICE_EVENT_WRITE_BUNDLE = 13,
	DEVICE_EVENT_READ_BUNDLE = 14,
	DEVICE_EVENT_CUT = 15,
	DEVICE_EVENT_BUNDLE_KEPT = 16,
	DEVICE_EVENT_KIND_COUNT,
};

/* Of the members behind `kind` those count that the call has. */
struct device_event {
	enum device_event_kind kind;
	bool now;                          /* GO */
	enum carrier_class carrier;        /* ALLOW */
	enum delivery_class class_max;     /* ALLOW */
	int64_t most;                      /* LEISURE: rows; WRITE_BUNDLE: bytes of files */
	int64_t told_at_ms;                /* BUNDLE_KEPT */
	struct cursor stands;              /* BUNDLE_KEPT */
	enum status result;                /* COMMITTED */
	struct bytes frame;                /* REPLY, READ_BUNDLE */
	struct text what, detail;          /* INCIDENT; NUL-terminated */
	const struct operation *operation; /* OPERATION */
};

/* Where answers go, for events that have any. */
struct device_answer {
	struct arena *arena;          /* OPERATION: texts of the verdict */
	struct verdict *verdict;      /* OPERATION */
	struct id *operation_id;      /* OPERATION */
	bool *done;                   /* LEISURE */
	device_envelope_take take;    /* WRITE_BUNDLE */
	void *context;                /* … its own */
	struct device_bundle *bundle; /* WRITE_BUNDLE */
	enum bundle_finding *finding; /* READ_BUNDLE */
};

/* Does what the call of this kind does, CREATE excepted, which is a programming error. */
enum status device_core_feed(struct device_core *core, const struct device_event *event, const struct device_answer *answer);

/* Who watches. Everything that is given is valid during the call. */
struct device_tap {
	void *context;
	void (*begin)(void *context, const struct device_event *event);
	void (*end)(void *context, enum status status);
	void (*effect)(void *context, const struct device_effect *effect); /* it is taken out of the core */
	/* The room on the disk, which the core tells the server: `measured` is what the core was to say; it says what is returned. */
	int64_t (*room)(void *context, int64_t measured);
};

/* The word of a kind, "reply"; NULL for none. */
const char *device_event_to_text(enum device_event_kind kind);

#endif
