/* Does a listener still take connections? nng 1.5.2 can stop doing so for good while its port stays open: a connection that
 * breaks during the greeting ends in a pause that is sometimes never over. So now and then one connection is made to the own
 * port; when nothing arrives, the owner listens anew. TCP only. One thread. */
#ifndef TRUCKROLL_TRANSPORT_LISTENER_WATCH_H
#define TRUCKROLL_TRANSPORT_LISTENER_WATCH_H

#include <nng/nng.h>
#include <stdbool.h>
#include <stdint.h>

#define LISTENER_WATCH_EVERY_MS 1000 /* what connects to a deaf listener meanwhile costs a descriptor for good (decision 10) */
#define LISTENER_WATCH_WAIT_MS  3000

struct listener_watch {
	int descriptor;    /* of the connection being tried; -1: none */
	int64_t next_ms;   /* when to try, or when to give up waiting; 0: not begun */
	uint64_t accepted; /* connections ever, when the try began */
};

/* Finishing closes a connection that is being tried. */
void listener_watch_init(struct listener_watch *watch);
void listener_watch_finish(struct listener_watch *watch);

/* Call every second or so. `accepted` counts the connections that the listener ever took. True when a try went unnoticed: listen anew. */
bool listener_watch_tick(struct listener_watch *watch, nng_listener listener, int64_t now_ms, uint64_t accepted);

#endif
