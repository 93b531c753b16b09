/* A carrier as the server sees it: requests come in, each is answered once, any number are open at once. Moves bytes; has never heard of a
 * work order. Every function is for the one thread that owns the listener. */
#ifndef TRUCKROLL_TRANSPORT_LISTENER_H
#define TRUCKROLL_TRANSPORT_LISTENER_H

#include <stdbool.h>

#include "protocol/base/clock.h"
#include "protocol/base/id.h"
#include "protocol/transport/transport.h"

#define LISTENER_PENDING_MAX     20000
#define LISTENER_CONNECTIONS_MAX 24000
#define LISTENER_BODIES_MAX      ((size_t)16 * 1024 * 1024)
#define LISTENER_OWNED_MAX       4 /* proved connections of one owner */

struct listener_limits {
	size_t pending_max; /* requests waiting for their reply, 1..65535; 0: LISTENER_PENDING_MAX. One more: its connection is closed */
	size_t connections_max; /* 0: LISTENER_CONNECTIONS_MAX. One more takes the place of one that proved nothing */
	int64_t silent_ms;  /* a connection that said nothing of sense for so long is closed; 0: 30 s */
	int64_t greeted_ms; /* one that was greeted and proved nothing since; 0: 2 min */
	size_t bodies_max;  /* bytes of what strangers are sending, but for the first 4 KiB of each, and again of what those greeted send;
			     * 0: LISTENER_BODIES_MAX */
	const struct clock *clock; /* NULL: the system's */
};

/* With what they leave out filled in. `limits` may be NULL. */
struct listener_limits listener_limits_of(const struct listener_limits *limits);

struct listener_counts {
	uint64_t received_bytes;
	uint64_t sent_bytes;
	uint64_t refused;  /* requests and connections turned away by a limit */
	uint64_t unproved; /* connections closed because they proved nothing in time */
	size_t connections; /* now */
};

/* Names one request; never 0. Stays unambiguous for the life of the listener. Its bits 24 to 31 are 0 (listener_set.h). */
struct listener_token {
	uint64_t value;
};

struct listener;

/* See the functions of the same names. */
struct listener_operations {
	int (*descriptor)(const struct listener *listener);
	int (*port)(const struct listener *listener);
	enum status (*take)(struct listener *listener, struct arena *arena, struct listener_token *out_token, struct bytes *out_request);
	void (*greet)(struct listener *listener, struct listener_token token);
	void (*validate)(struct listener *listener, struct listener_token token, const struct id *owner);
	void (*close_owner)(struct listener *listener, const struct id *owner);
	enum status (*reply)(struct listener *listener, struct listener_token token, struct bytes reply);
	void (*forget)(struct listener *listener, struct listener_token token);
	int64_t (*tick)(struct listener *listener);
	void (*count)(struct listener *listener, struct listener_counts *out_counts);
	void (*close)(struct listener *listener);
};

/* Embedded as the first member of its implementation. */
struct listener {
	const struct listener_operations *operations;
};

/* Drops what is pending. Accepts NULL. */
void listener_close(struct listener *listener);

/* Readable (poll, POLLIN) when listener_take() may have something. Owned by the listener. */
int listener_descriptor(const struct listener *listener);
/* The TCP port listened on; 0 for ipc. */
int listener_port(const struct listener *listener);

/* The next request, its bytes (at most TRANSPORT_FRAME_MAX) in `arena`. STATUS_NOT_FOUND when there is none; never blocks. */
enum status listener_take(struct listener *listener, struct arena *arena, struct listener_token *out_token, struct bytes *out_request);
/* The request made sense but may be a recording: its connection has `greeted_ms` from now to prove itself. Once for a connection.
 * Unknown tokens are ignored. */
void listener_greet(struct listener *listener, struct listener_token token);
/* The request was authentic and fresh, and `owner` (not nil) made it: its connection may stay, in the place of the owner's oldest when it
 * has LISTENER_OWNED_MAX already. A connection keeps its first owner. Unknown tokens are ignored. */
void listener_validate(struct listener *listener, struct listener_token token, const struct id *owner);
/* Closes all connections that `owner` proved. */
void listener_close_owner(struct listener *listener, const struct id *owner);
/* Answers once; the token ends. STATUS_NOT_FOUND when it ended before (its connection closed, or it was answered): not an error for a
 * parked request. STATUS_INVALID for a reply over TRANSPORT_BODY_MAX. */
enum status listener_reply(struct listener *listener, struct listener_token token, struct bytes reply);
/* Ends the token without an answer; an unknown one is ignored. */
void listener_forget(struct listener *listener, struct listener_token token);

/* Closes connections that proved nothing for too long; call at least every few seconds. Returns in how many ms the next call is due. */
int64_t listener_tick(struct listener *listener);
void listener_count(struct listener *listener, struct listener_counts *out_counts);

#endif
