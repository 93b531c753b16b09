/* Is the address that devices use still there? What stands before the server (a terminator of TLS, a name, a firewall) can be gone while
 * the server is well and hears nothing. So it asks that address for /health now and then, as a device would come. */
#ifndef TRUCKROLL_SERVER_FRONT_WATCH_H
#define TRUCKROLL_SERVER_FRONT_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/base/status.h"

#define FRONT_EVERY_MS  10000
#define FRONT_WITHIN_MS 8000 /* no answer for so long is none */
#define FRONT_FAILURES  2    /* in a row: the front is lost, after 36 s at most */

struct front_watch;

enum front_news {
	FRONT_SAME,
	FRONT_LOST,
	FRONT_BACK
};

/* `url`: as for transport_http_probe_open(), whose statuses these are. It counts as there until it was asked. */
enum status front_watch_open(const char *url, struct front_watch **out_watch);
/* Accepts NULL. */
void front_watch_close(struct front_watch *watch);

/* Readable when a tick is worth a call before its time; -1 while nothing is asked, and for NULL. Owned by the watch. */
int front_watch_descriptor(const struct front_watch *watch);
/* Call every second or so, and when the descriptor is readable. Never blocks. Accepts NULL. */
enum front_news front_watch_tick(struct front_watch *watch, int64_t now_ms);
bool front_watch_is_lost(const struct front_watch *watch);
/* Of the latest failure; names the address. */
const char *front_watch_reason(const struct front_watch *watch);

#endif
