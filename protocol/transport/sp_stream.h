/* What one peer says over a stream, as nanomsg's SP ("Scalability Protocols") has it over TCP and IPC: a greeting of 8 bytes, then
 * messages, each a length (over IPC behind a byte 1) and a body. Both ends read them here, and nng's sockets can be at the other. Moves no
 * bytes itself: it says where the next ones go. One thread.
 * sp-tcp-mapping-01, sp-ipc-mapping-01 and sp-request-reply-01 of nanomsg's rfc folder. */
#ifndef TRUCKROLL_TRANSPORT_SP_STREAM_H
#define TRUCKROLL_TRANSPORT_SP_STREAM_H

#include <stdbool.h>

#include "protocol/base/arena.h"

#define SP_GREETING_SIZE 8
#define SP_HEAD_MAX      9
#define SP_NUMBER_SIZE   4
#define SP_HEADER_MAX    32 /* of a message: the hops it came by, 4 bytes each, and the number of its request */
#define SP_ROOM_FIRST    ((size_t)4 * 1024)

enum sp_step {
	SP_MORE,    /* more bytes are needed */
	SP_MESSAGE, /* one is whole */
	SP_BROKEN,  /* that is not SP, not what this end hears, or larger than TRANSPORT_FRAME_MAX: hang up */
};

struct sp_stream {
	bool local;              /* as over IPC */
	const uint8_t *greeting; /* what the peer is to say first */
	bool greeted;
	uint8_t head[SP_HEAD_MAX];
	size_t head_got;
	uint8_t *body; /* malloc'ed as its bytes come */
	size_t size;   /* that the head states */
	size_t got;
	size_t room;
};

/* What the end that asks and the end that replies greet with, over either. */
extern const uint8_t sp_request_greeting[SP_GREETING_SIZE], sp_reply_greeting[SP_GREETING_SIZE];

/* `greeting`: the peer's, one of the two. */
struct sp_stream sp_stream_of(bool local, const uint8_t *greeting);
/* Drops what has come of a message; the next one begins. */
void sp_stream_clear(struct sp_stream *stream);

/* How large the body will be in memory when the next bytes are taken: what sp_stream_room() allocates. */
size_t sp_stream_next_size(const struct sp_stream *stream);
/* Where the next bytes go; at least one, and never more than to the end of a message. Valid until the next call for this stream. */
uint8_t *sp_stream_room(struct sp_stream *stream, size_t *out_size);
/* So many bytes (1 to what sp_stream_room() said) were put there. After SP_MESSAGE: sp_stream_clear(). */
enum sp_step sp_stream_took(struct sp_stream *stream, size_t count);

/* The whole message as header and body, views of it. SP_BROKEN: it has no number; SP_MORE: it came by more hops than are kept, and is
 * passed over. */
enum sp_step sp_stream_parts(const struct sp_stream *stream, struct bytes *out_header, struct bytes *out_body);

/* The head of a message of `size` bytes; returns its own size. */
size_t sp_head(bool local, size_t size, uint8_t out_head[static SP_HEAD_MAX]);

/* ---- the end that asks ---- */

/* The number of the request after this one; the first comes after 0. */
uint32_t sp_next_number(uint32_t number);
/* The head of a request of `size` bytes, with its number; returns its own size. */
size_t sp_request_head(bool local, uint32_t number, size_t size, uint8_t out_head[static SP_HEAD_MAX + SP_NUMBER_SIZE]);
/* True when the whole message replies to that request, with the reply, a view. */
bool sp_stream_reply(const struct sp_stream *stream, uint32_t number, struct bytes *out_reply);

#endif
