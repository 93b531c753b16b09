/* What a carrier of a device waits for, as one descriptor: its sockets and a timer. */
#ifndef TRUCKROLL_TRANSPORT_EVENT_SET_H
#define TRUCKROLL_TRANSPORT_EVENT_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/status.h"

struct event_set {
	int events; /* epoll over all; readable when something happened. -1: none */
	int timer;
};

/* STATUS_CANNOT_WRITE: no descriptor is left. event_set_close() is due either way. */
enum status event_set_open(struct event_set *set);
/* The sockets stay open. */
void event_set_close(struct event_set *set);

/* Readable after so many milliseconds, until the timer is set again; 0: now; negative: never. False: the system refuses. */
bool event_set_timer(const struct event_set *set, int64_t after_ms);
/* `what`: EPOLLIN and the like; 0: it stays, and waits for nothing. False: the system refuses. */
bool event_set_add(const struct event_set *set, int descriptor, uint32_t what);
bool event_set_change(const struct event_set *set, int descriptor, uint32_t what);
void event_set_remove(const struct event_set *set, int descriptor);

#endif
