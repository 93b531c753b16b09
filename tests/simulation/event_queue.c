#include "tests/simulation/event_queue.h"

#include <stdlib.h>

const char *event_to_text(enum event_kind kind)
{
	/* clang-format off */
	static const char *const names[EVENT_COUNT] = {
		[EVENT_REQUEST]        = "request",
		[EVENT_REPLY]          = "reply",
		[EVENT_LOST]           = "lost",
		[EVENT_FLUSH]          = "flush",
		[EVENT_WORK]           = "work",
		[EVENT_OFFICE]         = "office",
		[EVENT_LINK_DOWN]      = "link-down",
		[EVENT_LINK_UP]        = "link-up",
		[EVENT_KILL_DEVICE]    = "kill-device",
		[EVENT_START_DEVICE]   = "start-device",
		[EVENT_KILL_SERVER]    = "kill-server",
		[EVENT_START_SERVER]   = "start-server",
		[EVENT_COPY_DEVICE]    = "copy-device",
		[EVENT_RESTORE_DEVICE] = "restore-device",
		[EVENT_BACK_UP_SERVER] = "back-up-server",
		[EVENT_RESTORE_SERVER] = "restore-server",
		[EVENT_CLOG]           = "clog",
		[EVENT_CLONE]          = "clone",
		[EVENT_REVOKE]         = "revoke",
		[EVENT_CLOCK]          = "clock",
		[EVENT_ROT]            = "rot",
		[EVENT_METERED]        = "metered",
		[EVENT_LEISURE]        = "leisure",
		[EVENT_FULL_DEVICE]    = "full-device",
		[EVENT_ROOM_DEVICE]    = "room-device",
		[EVENT_FULL_SERVER]    = "full-server",
		[EVENT_ROOM_SERVER]    = "room-server",
		[EVENT_BUNDLE_OUT]     = "bundle-out",
		[EVENT_BUNDLE_IN]      = "bundle-in",
		[EVENT_BUNDLE_FOR]     = "bundle-for",
		[EVENT_BUNDLE_TO]      = "bundle-to",
		[EVENT_BUNDLE_CARRY]   = "bundle-carry",
		[EVENT_BUNDLE_FETCH]   = "bundle-fetch",
		[EVENT_HEAL]           = "heal",
	};
	/* clang-format on */

	return (unsigned)kind < EVENT_COUNT ? names[kind] : "unknown";
}

static bool before(const struct event *left, const struct event *right)
{
	return left->at_ms != right->at_ms ? left->at_ms < right->at_ms : left->tie < right->tie;
}

static void exchange(struct event *left, struct event *right)
{
	struct event kept = *left;

	*left = *right;
	*right = kept;
}

static void sift_up(struct event_queue *queue, size_t at)
{
	for (; at > 0 && before(&queue->events[at], &queue->events[(at - 1) / 2]); at = (at - 1) / 2)
		exchange(&queue->events[at], &queue->events[(at - 1) / 2]);
}

static void sift_down(struct event_queue *queue, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= queue->count)
			return;
		if (child + 1 < queue->count && before(&queue->events[child + 1], &queue->events[child]))
			child++;
		if (!before(&queue->events[child], &queue->events[at]))
			return;
		exchange(&queue->events[child], &queue->events[at]);
		at = child;
	}
}

void event_queue_add(struct event_queue *queue, struct stream *ties, const struct event *event)
{
	if (queue->count == queue->capacity) {
		queue->capacity = queue->capacity == 0 ? 64 : 2 * queue->capacity;
		queue->events = realloc(queue->events, queue->capacity * sizeof(*queue->events));
		if (queue->events == NULL)
			abort();
	}
	queue->events[queue->count] = *event;
	stream_fill(ties, &queue->events[queue->count].tie, sizeof(event->tie));
	sift_up(queue, queue->count++);
}

bool event_queue_peek(const struct event_queue *queue, int64_t *out_at_ms)
{
	if (queue->count == 0)
		return false;
	*out_at_ms = queue->events[0].at_ms;
	return true;
}

bool event_queue_take(struct event_queue *queue, struct event *out_event)
{
	if (queue->count == 0)
		return false;
	*out_event = queue->events[0];
	queue->events[0] = queue->events[--queue->count];
	sift_down(queue, 0);
	return true;
}

void event_queue_drop(struct event_queue *queue, bool (*drop)(const struct event *event))
{
	size_t kept = 0;

	for (size_t i = 0; i < queue->count; i++) {
		if (drop(&queue->events[i]))
			free(queue->events[i].bytes);
		else
			queue->events[kept++] = queue->events[i];
	}
	queue->count = kept;
	for (size_t i = kept; i > 0; i--)
		sift_down(queue, i - 1);
}

void event_queue_finish(struct event_queue *queue)
{
	for (size_t i = 0; i < queue->count; i++)
		free(queue->events[i].bytes);
	free(queue->events);
	*queue = (struct event_queue){ 0 };
}
