/* The control socket DIR/sock: command lines of the same user, answered by the process that owns the store.
 * One request and one reply per connection: 4 bytes length (little-endian), then that many bytes of JSON. */
#ifndef TRUCKROLL_SHELL_CONTROL_H
#define TRUCKROLL_SHELL_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/base/arena.h"
#include "protocol/base/clock.h"
#include "protocol/base/status.h"
#include "protocol/base/text.h"

#define CONTROL_REQUEST_MAX ((size_t)1024 * 1024)
#define CONTROL_REPLY_MAX ((size_t)16 * 1024 * 1024)
#define CONTROL_CLIENTS_MAX 64
#define CONTROL_WORDS_MAX 4096
#define CONTROL_READ_TIMEOUT_MS 5000   /* from being accepted to a whole request */
#define CONTROL_WRITE_TIMEOUT_MS 30000 /* to take the whole reply */
#define CONTROL_STARVED_MS 500         /* without a descriptor to spare: until the next try to take a caller in */
#define CONTROL_COMPLAIN_MS 3600000    /* between two complaints about that */

struct control_request {
	const struct text *words; /* argv without the program's name */
	size_t word_count;
	struct text working_dir;
	struct text language; /* "en", "zh" */
	struct text zone;     /* $TZ of the caller; may be empty */
	int64_t now_ms;
	int64_t width; /* of the caller's terminal, 0: none */
};

/* `out` is cut, with a note in `err`, when it does not fit a message. */
struct control_reply {
	int exit_code;
	struct text out;
	struct text err;
};

/* Answers a request; everything in `arena` ends when the reply is sent. Runs in the thread that calls control_step(). */
typedef void (*control_handler)(void *context, struct arena *arena, const struct control_request *request, struct control_reply *out_reply);

struct control;

/* Listens on DIR/sock, mode 0600. The caller holds the lock of `dir`, so a socket that is there already is stale
 * and is replaced. `clock` is borrowed. STATUS_CANNOT_WRITE, STATUS_INVALID (path too long). */
enum status control_open(const char *dir, const struct clock *clock, struct control **out_control);
/* Cuts all clients off and removes the socket; accepts NULL. */
void control_close(struct control *control);

#define CONTROL_POLL_MAX (CONTROL_CLIENTS_MAX + 1)
/* Fills what to poll for (nothing to give back); returns how many (at most CONTROL_POLL_MAX). */
size_t control_poll(const struct control *control, struct pollfd *out_polls);
/* Milliseconds until control_step() has something to do by itself (a caller to cut off, or to hear again); -1: nothing. */
int control_timeout_ms(const struct control *control);
/* Does what can be done without waiting: accepts, reads, answers, writes, cuts off clients that are slow. When
 * CONTROL_CLIENTS_MAX are there, others wait in the system's queue until one leaves; when the process has no descriptor to spare, for
 * CONTROL_STARVED_MS at a time. */
void control_step(struct control *control, control_handler handler, void *context);
/* True once when callers had to wait for want of a descriptor, and then not for CONTROL_COMPLAIN_MS: someone should be told. */
bool control_take_starved(struct control *control);

/* Asks and waits. STATUS_NOT_FOUND when nobody listens, STATUS_BUSY when there is no answer in time or the owner ended
 * before it (then the outcome is unknown), STATUS_CORRUPT for a malformed one. The reply is in `arena`. `timeout_ms` is for
 * connecting and sending; the answer may take as long as the command does, up to `answer_ms` (-1: no limit). */
enum status control_call(const char *dir, struct arena *arena, const struct control_request *request, int timeout_ms, int answer_ms,
			 struct control_reply *out_reply);

#endif
