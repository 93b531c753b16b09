/* Words of the kinds of events, apart from the cores that take them: who only reads of events links neither. */
#include <stddef.h>

#include "protocol/sync/device_event.h"
#include "protocol/sync/server_event.h"

static const char *const device_words[DEVICE_EVENT_KIND_COUNT] = {
	[DEVICE_EVENT_CREATE] = "create",
	[DEVICE_EVENT_OPERATION] = "operation",
	[DEVICE_EVENT_GO] = "go",
	[DEVICE_EVENT_ALLOW] = "allow",
	[DEVICE_EVENT_CHECK] = "check",
	[DEVICE_EVENT_LEISURE] = "leisure",
	[DEVICE_EVENT_REPLY] = "reply",
	[DEVICE_EVENT_LOST] = "lost",
	[DEVICE_EVENT_INCIDENT] = "incident",
	[DEVICE_EVENT_FILES] = "files",
	[DEVICE_EVENT_TICK] = "tick",
	[DEVICE_EVENT_COMMITTED] = "committed",
	[DEVICE_EVENT_WRITE_BUNDLE] = "write_bundle",
	[DEVICE_EVENT_READ_BUNDLE] = "read_bundle",
	[DEVICE_EVENT_CUT] = "cut",
	[DEVICE_EVENT_BUNDLE_KEPT] = "bundle_kept",
};

static const char *const server_words[SERVER_EVENT_KIND_COUNT] = {
	[SERVER_EVENT_CREATE] = "create",
	[SERVER_EVENT_FRAME] = "frame",
	[SERVER_EVENT_BUNDLE] = "bundle",
	[SERVER_EVENT_BUNDLE_FOR] = "bundle_for",
	[SERVER_EVENT_OPERATION] = "operation",
	[SERVER_EVENT_ABANDON] = "abandon",
	[SERVER_EVENT_OPEN_COMMIT] = "open_commit",
	[SERVER_EVENT_PARKED] = "parked",
	[SERVER_EVENT_REVOKE] = "revoke",
	[SERVER_EVENT_QUEUE] = "queue",
	[SERVER_EVENT_FLUSH] = "flush",
	[SERVER_EVENT_COMMITTED] = "committed",
	[SERVER_EVENT_PREPARE] = "prepare",
	[SERVER_EVENT_TICK] = "tick",
	[SERVER_EVENT_INCIDENT] = "incident",
};

const char *device_event_to_text(enum device_event_kind kind)
{
	return (unsigned int)kind < LENGTH(device_words) ? device_words[kind] : NULL;
}

const char *server_event_to_text(enum server_event_kind kind)
{
	return (unsigned int)kind < LENGTH(server_words) ? server_words[kind] : NULL;
}
