/* One device's connection as the live carrier has it over TCP: thousands of them hang on one epoll. One request at a time. */
#ifndef TRUCKROLL_TESTS_BENCH_LOAD_LINE_H
#define TRUCKROLL_TESTS_BENCH_LOAD_LINE_H

#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/status.h"
#include "protocol/transport/sp_stream.h"

struct line {
	int descriptor; /* -1: closed */
	int epoll;      /* what it hangs on */
	void *owner;    /* what epoll gives back */
	uint32_t request; /* number of the latest */
	bool writing;   /* epoll waits for room, too */
	uint8_t *out;   /* what is still to be sent; owned */
	size_t out_size, out_sent;
	struct sp_stream stream; /* what comes in */
	uint64_t sent, received; /* payload bytes, of all connections so far */
	int64_t connections;
};

void line_init(struct line *line, int epoll, void *owner);
/* Hangs up. */
void line_close(struct line *line);

/* Sends a request, over a new connection to 127.0.0.1:`port` when there is none; `source`: the last byte of the own address, 127.0.0.x.
 * STATUS_OFFLINE: it cannot be. */
enum status line_send(struct line *line, uint16_t port, uint8_t source, struct bytes frame);
/* What epoll found it ready for. STATUS_OK with a reply to the latest request, in `arena`; STATUS_NOT_FOUND: nothing whole yet;
 * STATUS_OFFLINE: the connection is gone. */
enum status line_ready(struct line *line, struct arena *arena, struct bytes *out_reply);

#endif
