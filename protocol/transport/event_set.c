#include "protocol/transport/event_set.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum status event_set_open(struct event_set *set)
{
	set->events = epoll_create1(EPOLL_CLOEXEC);
	set->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (set->events < 0 || set->timer < 0 || !event_set_add(set, set->timer, EPOLLIN))
		return fail(STATUS_CANNOT_WRITE, "no descriptor is left for the link (%s)", error_to_text(errno));
	return STATUS_OK;
}

void event_set_close(struct event_set *set)
{
	if (set->timer >= 0)
		(void)close(set->timer);
	if (set->events >= 0)
		(void)close(set->events);
	*set = (struct event_set){ .events = -1, .timer = -1 };
}

bool event_set_timer(const struct event_set *set, int64_t after_ms)
{
	struct itimerspec time = { 0 };

	if (after_ms >= 0) {
		time.it_value.tv_sec = (time_t)(after_ms / 1000);
		time.it_value.tv_nsec = (long)(after_ms % 1000) * 1000000;
	}
	if (after_ms == 0)
		time.it_value.tv_nsec = 1; /* 0 would stop it */
	return timerfd_settime(set->timer, 0, &time, NULL) == 0;
}

static bool control(const struct event_set *set, int operation, int descriptor, uint32_t what)
{
	struct epoll_event event = { .events = what, .data.fd = descriptor };

	return epoll_ctl(set->events, operation, descriptor, &event) == 0;
}

bool event_set_add(const struct event_set *set, int descriptor, uint32_t what)
{
	return control(set, EPOLL_CTL_ADD, descriptor, what);
}

bool event_set_change(const struct event_set *set, int descriptor, uint32_t what)
{
	return control(set, EPOLL_CTL_MOD, descriptor, what);
}

void event_set_remove(const struct event_set *set, int descriptor)
{
	(void)control(set, EPOLL_CTL_DEL, descriptor, 0);
}
