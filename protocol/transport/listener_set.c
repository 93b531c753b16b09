#include "protocol/transport/listener_set.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "protocol/base/memory.h"

#define MEMBER_SHIFT 24 /* of the bits that members leave free in their tokens */
#define MEMBER_MASK  (UINT64_C(0xff) << MEMBER_SHIFT)

struct listener_set {
	struct listener base;
	struct listener *members[LISTENER_SET_MAX];
	size_t count;
	size_t turn; /* who is asked first: none keeps the others waiting */
	int events;
};

static struct listener *member_of(const struct listener *base, struct listener_token *token)
{
	const struct listener_set *set = (const struct listener_set *)base;
	size_t position = (token->value & MEMBER_MASK) >> MEMBER_SHIFT;

	token->value &= ~MEMBER_MASK;
	return position < set->count ? set->members[position] : NULL;
}

static int set_descriptor(const struct listener *base)
{
	return ((const struct listener_set *)base)->events;
}

int listener_set_port(const struct listener *set, size_t position)
{
	const struct listener_set *all = (const struct listener_set *)set;

	return position < all->count ? listener_port(all->members[position]) : 0;
}

static int set_port(const struct listener *base)
{
	return listener_set_port(base, 0);
}

static enum status set_take(struct listener *base, struct arena *arena, struct listener_token *out_token, struct bytes *out_request)
{
	struct listener_set *set = (struct listener_set *)base;
	enum status status = STATUS_NOT_FOUND;

	for (size_t i = 0; i < set->count && status == STATUS_NOT_FOUND; i++) {
		size_t position = set->turn++ % set->count;
		status = listener_take(set->members[position], arena, out_token, out_request);
		if (status == STATUS_OK)
			out_token->value |= (uint64_t)position << MEMBER_SHIFT;
	}
	return status;
}

static void set_greet(struct listener *base, struct listener_token token)
{
	struct listener *member = member_of(base, &token);

	if (member != NULL)
		listener_greet(member, token);
}

static void set_validate(struct listener *base, struct listener_token token, const struct id *owner)
{
	struct listener *member = member_of(base, &token);

	if (member != NULL)
		listener_validate(member, token, owner);
}

static void set_close_owner(struct listener *base, const struct id *owner)
{
	struct listener_set *set = (struct listener_set *)base;

	for (size_t i = 0; i < set->count; i++)
		listener_close_owner(set->members[i], owner);
}

static enum status set_reply(struct listener *base, struct listener_token token, struct bytes reply)
{
	struct listener *member = member_of(base, &token);

	return member == NULL ? STATUS_NOT_FOUND : listener_reply(member, token, reply);
}

static void set_forget(struct listener *base, struct listener_token token)
{
	struct listener *member = member_of(base, &token);

	if (member != NULL)
		listener_forget(member, token);
}

static int64_t set_tick(struct listener *base)
{
	struct listener_set *set = (struct listener_set *)base;
	int64_t soonest = INT64_MAX;

	for (size_t i = 0; i < set->count; i++) {
		int64_t due = listener_tick(set->members[i]);
		soonest = due < soonest ? due : soonest;
	}
	return soonest;
}

static void set_count(struct listener *base, struct listener_counts *out_counts)
{
	struct listener_set *set = (struct listener_set *)base;
	struct listener_counts sum = { 0 };

	for (size_t i = 0; i < set->count; i++) {
		struct listener_counts counts;
		listener_count(set->members[i], &counts);
		sum.received_bytes += counts.received_bytes;
		sum.sent_bytes += counts.sent_bytes;
		sum.refused += counts.refused;
		sum.unproved += counts.unproved;
		sum.connections += counts.connections;
	}
	*out_counts = sum;
}

static void set_close(struct listener *base)
{
	struct listener_set *set = (struct listener_set *)base;

	for (size_t i = 0; i < set->count; i++)
		listener_close(set->members[i]);
	if (set->events >= 0)
		(void)close(set->events);
	free(set);
}

static const struct listener_operations operations = {
	.descriptor = set_descriptor,
	.port = set_port,
	.take = set_take,
	.greet = set_greet,
	.validate = set_validate,
	.close_owner = set_close_owner,
	.reply = set_reply,
	.forget = set_forget,
	.tick = set_tick,
	.count = set_count,
	.close = set_close,
};

enum status listener_set_make(struct listener **out_set)
{
	struct listener_set *set = memory_zeroed(1, sizeof(*set));

	set->base.operations = &operations;
	set->events = epoll_create1(EPOLL_CLOEXEC);
	if (set->events < 0) {
		free(set);
		return fail(STATUS_CANNOT_WRITE, "no descriptor is left for the listeners (%s)", error_to_text(errno));
	}
	*out_set = (struct listener *)set;
	return STATUS_OK;
}

enum status listener_set_add(struct listener *set, struct listener *listener)
{
	struct listener_set *all = (struct listener_set *)set;
	struct epoll_event event = { .events = EPOLLIN };

	assert(all->count < LISTENER_SET_MAX);
	if (epoll_ctl(all->events, EPOLL_CTL_ADD, listener_descriptor(listener), &event) != 0) {
		listener_close(listener);
		return fail(STATUS_CANNOT_WRITE, "a listener cannot be watched (%s)", error_to_text(errno));
	}
	all->members[all->count++] = listener;
	return STATUS_OK;
}
