#include "server/front_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "protocol/base/memory.h"
#include "protocol/transport/http_client.h"

struct front_watch {
	struct transport *transport;
	int64_t next_ms; /* when to ask, or, while it is asked, when to give up; 0: not begun */
	bool asking;
	int failures; /* in a row */
	char reason[REASON_SIZE];
};

enum status front_watch_open(const char *url, struct front_watch **out_watch)
{
	struct transport *transport = NULL;
	enum status status = transport_http_probe_open(url, &transport);

	if (status != STATUS_OK)
		return status;
	*out_watch = memory_zeroed(1, sizeof(**out_watch));
	(*out_watch)->transport = transport;
	return STATUS_OK;
}

void front_watch_close(struct front_watch *watch)
{
	if (watch == NULL)
		return;
	transport_close(watch->transport);
	free(watch);
}

int front_watch_descriptor(const struct front_watch *watch)
{
	return watch == NULL || !watch->asking ? -1 : transport_descriptor(watch->transport); /* an answer too late is nobody's */
}

bool front_watch_is_lost(const struct front_watch *watch)
{
	return watch != NULL && watch->failures >= FRONT_FAILURES;
}

const char *front_watch_reason(const struct front_watch *watch)
{
	return watch->reason;
}

static enum front_news take_answer(struct front_watch *watch, int64_t now_ms, enum status status)
{
	bool lost = front_watch_is_lost(watch);

	watch->asking = false;
	watch->next_ms = now_ms + FRONT_EVERY_MS;
	watch->failures = status == STATUS_OK ? 0 : watch->failures + 1;
	if (status != STATUS_OK)
		(void)snprintf(watch->reason, sizeof(watch->reason), "%s", fail_reason());
	if (front_watch_is_lost(watch) == lost)
		return FRONT_SAME;
	return lost ? FRONT_BACK : FRONT_LOST;
}

static enum front_news ask(struct front_watch *watch, int64_t now_ms)
{
	enum status status = transport_send(watch->transport, (struct bytes){ 0 });

	if (status != STATUS_OK)
		return take_answer(watch, now_ms, status);
	watch->asking = true;
	watch->next_ms = now_ms + FRONT_WITHIN_MS;
	return FRONT_SAME;
}

enum front_news front_watch_tick(struct front_watch *watch, int64_t now_ms)
{
	struct arena arena = { 0 };
	struct bytes reply;
	enum status status;

	if (watch == NULL || (!watch->asking && now_ms < watch->next_ms))
		return FRONT_SAME;
	if (!watch->asking)
		return ask(watch, now_ms);
	status = transport_receive(watch->transport, 0, &arena, &reply);
	if (status == STATUS_NOT_FOUND && now_ms >= watch->next_ms)
		status = fail(STATUS_OFFLINE, "there is no answer within %d s", FRONT_WITHIN_MS / 1000);
	arena_finish(&arena);
	return status == STATUS_NOT_FOUND ? FRONT_SAME : take_answer(watch, now_ms, status);
}
