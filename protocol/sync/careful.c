#include "protocol/sync/careful.h"

#include <stdlib.h>
#include <string.h>

enum status careful_begin(struct careful *careful, struct server_store *store, bool on, int64_t now_ms)
{
	enum status status = server_store_any_attempt(store);

	*careful = (struct careful){ .on = on, .suspects = status == STATUS_OK, .until_ms = now_ms + CAREFUL_MS };
	careful->held_end = &careful->held;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

bool careful_concerns(const struct careful *careful, struct server_store *store, const struct id *device, const struct id *incarnation)
{
	return careful->on || (careful->suspects && server_store_attempt_of_chain(store, device, incarnation) == STATUS_OK);
}

static struct held_batch *hold(struct inquiry *waiting)
{
	struct held_batch *held = calloc(1, sizeof(*held) + waiting->batch.size);

	if (held == NULL)
		abort();
	held->waiting = waiting;
	held->handler_revision = waiting->handler_revision;
	held->size = waiting->batch.size;
	memcpy(held->body, waiting->batch.data, waiting->batch.size);
	waiting->batch = (struct bytes){ 0 };
	return held;
}

struct inquiry *careful_hold(struct careful *careful, struct inquiry *waiting)
{
	struct held_batch *held = hold(waiting);
	struct held_batch **at = &careful->held;
	struct held_batch *earlier;
	struct inquiry *displaced = NULL;

	while (*at != NULL && ((*at)->counted_seq != 0 || !id_equal(&(*at)->waiting->device, &waiting->device)))
		at = &(*at)->next;
	earlier = *at;
	*at = held;
	if (earlier != NULL) {
		displaced = earlier->waiting;
		held->next = earlier->next;
	}
	if (held->next == NULL)
		careful->held_end = &held->next;
	free(earlier);
	return displaced;
}

struct inquiry *careful_let_go(struct careful *careful)
{
	struct held_batch *held = careful->held;
	struct inquiry *waiting = held->waiting;

	careful->held = held->next;
	if (careful->held == NULL)
		careful->held_end = &careful->held;
	free(held);
	return waiting;
}

void careful_finish(struct careful *careful)
{
	while (careful->held != NULL)
		free(careful_let_go(careful));
}
